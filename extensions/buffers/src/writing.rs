//! Buffers of any object, written.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;

use crate::reading::with_element;

fn write_as<'py, T>(
    object: &Bound<'py, PyAny>,
    values: &Bound<'py, PyAny>,
    order: &str,
) -> PyResult<()>
where
    T: Element + FromPyObjectOwned<'py>,
{
    let py = object.py();
    let values: Vec<T> = values.extract()?;
    let buffer = PyBuffer::<T>::get(object)?;
    match order {
        "C" => buffer.copy_from_slice(py, &values),
        "F" => buffer.copy_from_fortran_slice(py, &values),
        _ => Err(PyValueError::new_err(format!(
            "no order is called {order:?}"
        ))),
    }
}

/// Put values into all items of a buffer; `"F"` fills the first dimension fastest.
#[pyfunction]
#[pyo3(signature = (object, element, values, order = "C"))]
pub fn write<'py>(
    object: &Bound<'py, PyAny>,
    element: &str,
    values: &Bound<'py, PyAny>,
    order: &str,
) -> PyResult<()> {
    with_element!(element, write_as(object, values, order))
}

fn fill_as<'py, T>(object: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> PyResult<bool>
where
    T: Element + FromPyObjectOwned<'py>,
{
    let value: T = value.extract().map_err(Into::into)?;
    let buffer = PyBuffer::<T>::get(object)?;
    #[expect(
        deprecated,
        reason = "published crates use it, and it needs no unsafe code here"
    )]
    let Some(items) = buffer.as_mut_slice(object.py()) else {
        return Ok(false);
    };
    for item in items {
        item.set(value);
    }
    Ok(true)
}

/// Put one value into all items of a buffer, in place: false if it is read-only or has gaps.
#[pyfunction]
pub fn fill<'py>(
    object: &Bound<'py, PyAny>,
    element: &str,
    value: &Bound<'py, PyAny>,
) -> PyResult<bool> {
    with_element!(element, fill_as(object, value))
}

/// Double the floats of a buffer in place; in which order they lie without gaps, if they do.
#[pyfunction]
#[expect(
    deprecated,
    reason = "published crates use it, and it needs no unsafe code here"
)]
pub fn scale(buffer: PyBuffer<f64>, py: Python<'_>) -> Vec<&'static str> {
    let mut found = Vec::new();
    if buffer.as_slice(py).is_some() {
        found.push("C");
    }
    if buffer.as_fortran_slice(py).is_some() {
        found.push("F");
    }
    let items = buffer
        .as_mut_slice(py)
        .or_else(|| buffer.as_fortran_mut_slice(py));
    for item in items.into_iter().flatten() {
        item.set(item.get() * 2.0);
    }
    found
}

/// Add one to the byte at these indices, and give the one that was there.
#[pyfunction]
pub fn change_item(buffer: PyBuffer<u8>, indices: Vec<usize>) -> PyResult<u8> {
    let inside = indices.len() == buffer.dimensions()
        && indices
            .iter()
            .zip(buffer.shape())
            .all(|(index, items)| index < items);
    if !inside || buffer.readonly() {
        return Err(PyIndexError::new_err(format!(
            "nothing can be changed at {indices:?}"
        )));
    }
    let pointer = buffer.get_ptr(&indices).cast::<u8>();
    // SAFETY: a byte that can be written, and nobody else runs meanwhile.
    let before = unsafe { pointer.read() };
    // SAFETY: as above.
    unsafe { pointer.write(before.wrapping_add(1)) };
    Ok(before)
}

/// Copy the bytes of one buffer into another, which may be the same memory; then how many there were.
#[pyfunction]
pub fn copy_between(py: Python<'_>, source: PyBuffer<u8>, target: PyBuffer<u8>) -> PyResult<usize> {
    let bytes = source.to_vec(py)?;
    target.copy_from_slice(py, &bytes)?;
    Ok(bytes.len())
}
