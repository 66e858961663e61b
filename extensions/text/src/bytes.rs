//! The bytes-like types.

use std::borrow::Cow;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyByteArray, PyBytes};

/// The longest object that these functions make.
const SIZE_LIMIT_BYTES: usize = 4096;

/// Every byte of `data` xor `key`. Only `bytes` are taken.
#[pyfunction]
pub fn bytes_xor(data: &[u8], key: u8) -> Vec<u8> {
    data.iter().map(|byte| byte ^ key).collect()
}

/// Borrow from `bytes`, copy from `bytearray`; which of the two it was, and the bytes.
#[pyfunction]
pub fn cow_bytes(data: Cow<'_, [u8]>) -> (bool, Vec<u8>) {
    (matches!(data, Cow::Borrowed(_)), data.into_owned())
}

/// Anything that a vector of bytes can be taken from: bytes-like objects and sequences of integers.
#[pyfunction]
pub fn to_vec(data: Vec<u8>) -> (usize, Vec<u8>) {
    (data.len(), data)
}

/// Length and checksum of bytes that Rust keeps alive beside the Python object.
#[pyfunction]
pub fn checksum(data: PyBackedBytes) -> (usize, u32) {
    let sum = data
        .iter()
        .fold(1_u32, |sum, byte| sum.rotate_left(5) ^ u32::from(*byte));
    (data.len(), sum)
}

/// The byte at `index`, through Rust's own indexing: a position outside panics.
#[pyfunction]
pub fn index_bytes(data: &Bound<'_, PyBytes>, index: usize) -> u8 {
    data.as_bytes()[index]
}

/// Refuse what is too large.
fn checked_size(size: usize) -> PyResult<usize> {
    if size > SIZE_LIMIT_BYTES {
        return Err(PyValueError::new_err(format!(
            "{size} is more than {SIZE_LIMIT_BYTES} bytes"
        )));
    }
    Ok(size)
}

/// New `bytes` of `size` bytes that Rust fills in place, or an error from the middle of that.
#[pyfunction]
#[pyo3(signature = (size, fill = 0, fail = false))]
pub fn make_bytes(
    py: Python<'_>,
    size: usize,
    fill: u8,
    fail: bool,
) -> PyResult<Bound<'_, PyBytes>> {
    PyBytes::new_with(py, checked_size(size)?, |buffer| {
        buffer.fill(fill);
        if fail {
            return Err(PyValueError::new_err("failed while filling"));
        }
        Ok(())
    })
}

/// `bytearray(source)`, through the C-API, with `tail` added.
#[pyfunction]
pub fn make_bytearray<'py>(
    source: &Bound<'py, PyAny>,
    tail: &[u8],
) -> PyResult<Bound<'py, PyByteArray>> {
    // A number would be a size.
    if let Ok(size) = source.extract::<usize>() {
        checked_size(size)?;
    }
    let made = PyByteArray::from(source)?;
    let start = made.len();
    made.resize(start + tail.len())?;
    for (offset, byte) in tail.iter().enumerate() {
        made.set_item(start + offset, byte)?;
    }
    Ok(made)
}

/// Change a `bytearray` in place: set its size, and its last byte. What it held before is returned.
#[pyfunction]
pub fn grow_bytearray(data: &Bound<'_, PyByteArray>, size: usize, last: u8) -> PyResult<Vec<u8>> {
    let before = data.to_vec();
    data.resize(checked_size(size)?)?;
    // CPython leaves new bytes as they are, so that only written ones may be looked at.
    for index in before.len()..size {
        data.set_item(index, 0)?;
    }
    if !data.is_empty() {
        data.set_item(-1, last)?;
    }
    Ok(before)
}
