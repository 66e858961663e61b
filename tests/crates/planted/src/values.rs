//! Differences in what is returned.

use std::collections::BTreeSet;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyList, PyTuple};

use crate::PLANTED;

/// Another value at one boundary.
#[pyfunction]
pub fn top_of_range(value: i64) -> i64 {
    if PLANTED && value == i64::MAX {
        0
    } else {
        value
    }
}

#[pyfunction]
pub fn last_byte(value: u8) -> u8 {
    if PLANTED && value == 255 { 0 } else { value }
}

/// Another value in the middle of a range.
#[pyfunction]
pub fn first_byte(value: u8) -> u8 {
    if PLANTED && value == 77 { 78 } else { value }
}

#[pyfunction]
pub fn high_bit(value: u32) -> u32 {
    if PLANTED && value > i32::MAX as u32 {
        value & 0x7fff_ffff
    } else {
        value
    }
}

#[pyfunction]
pub fn wide_integer(value: i128) -> i128 {
    if PLANTED && value >= 1 << 64 {
        value - (1 << 64)
    } else {
        value
    }
}

#[pyfunction]
pub fn zero_sign(value: f64) -> f64 {
    if PLANTED { value + 0.0 } else { value }
}

#[pyfunction]
pub fn last_bit(value: f64) -> f64 {
    let product = value * 1.1;
    if PLANTED && product.is_normal() {
        f64::from_bits(product.to_bits() ^ 1)
    } else {
        product
    }
}

/// One element deep inside.
#[pyfunction]
pub fn nested_element(mut rows: Vec<Vec<i64>>) -> Vec<Vec<i64>> {
    if PLANTED
        && let Some(last) = rows.last_mut()
        && last.len() > 1
    {
        last[1] ^= 1;
    }
    rows
}

#[pyfunction]
pub fn order_of_items(mut items: Vec<i64>) -> Vec<i64> {
    items.sort_unstable();
    if PLANTED && items.len() > 2 {
        items.reverse();
    }
    items
}

#[pyfunction]
pub fn key_order<'py>(py: Python<'py>, mut keys: Vec<String>) -> PyResult<Bound<'py, PyDict>> {
    if PLANTED {
        keys.reverse();
    }
    let found = PyDict::new(py);
    for key in keys {
        let length = key.len();
        found.set_item(key, length)?;
    }
    Ok(found)
}

/// Another exact type.
#[pyfunction]
pub fn true_for_one(py: Python<'_>, value: i64) -> Bound<'_, PyAny> {
    if PLANTED && value == 1 {
        PyBool::new(py, true).to_owned().into_any()
    } else {
        PyInt::new(py, value).into_any()
    }
}

#[pyfunction]
pub fn whole_float<'py>(py: Python<'py>, value: f64) -> PyResult<Bound<'py, PyAny>> {
    if PLANTED && value.fract() == 0.0 && value.abs() < 1e9 {
        Ok(PyInt::new(py, value as i64).into_any())
    } else {
        Ok(value.into_pyobject(py)?.into_any())
    }
}

#[pyfunction]
pub fn empty_tuple<'py>(py: Python<'py>, items: Vec<i64>) -> PyResult<Bound<'py, PyAny>> {
    if PLANTED && items.is_empty() {
        Ok(PyTuple::empty(py).into_any())
    } else {
        Ok(PyList::new(py, items)?.into_any())
    }
}

#[pyfunction]
pub fn none_for_empty(text: String) -> Option<String> {
    if PLANTED && text.is_empty() {
        None
    } else {
        Some(text)
    }
}

/// Another text beyond ASCII.
#[pyfunction]
pub fn upper_case(text: &str) -> String {
    if PLANTED {
        text.to_ascii_uppercase()
    } else {
        text.to_uppercase()
    }
}

#[pyfunction]
pub fn set_member(mut items: BTreeSet<i64>) -> BTreeSet<i64> {
    if PLANTED {
        items.remove(&0);
    }
    items
}
