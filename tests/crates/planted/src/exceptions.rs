//! Differences in each part of an exception.

use pyo3::exceptions::{PyAttributeError, PyLookupError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::PLANTED;

fn refuse(value: i64) -> PyResult<i64> {
    if value < 0 {
        Err(PyValueError::new_err("negative"))
    } else {
        Ok(value)
    }
}

#[pyfunction]
pub fn error_class(value: i64) -> PyResult<i64> {
    if PLANTED && value < 0 {
        return Err(PyRuntimeError::new_err("negative"));
    }
    refuse(value)
}

#[pyfunction]
pub fn error_text(value: i64) -> PyResult<i64> {
    if PLANTED && value < 0 {
        return Err(PyValueError::new_err("negative!"));
    }
    refuse(value)
}

/// Other arguments behind the same text.
#[pyfunction]
pub fn error_data(value: i64) -> PyResult<i64> {
    if value < 0 {
        let third = if PLANTED { "a.txt" } else { "b.txt" };
        let error = PyOSError::new_err((2, "negative"));
        Python::attach(|py| error.value(py).setattr("args", (2, third)))?;
        return Err(error);
    }
    Ok(value)
}

#[pyfunction]
pub fn error_missing(value: i64) -> PyResult<i64> {
    if PLANTED && value == -1 {
        Ok(value)
    } else {
        refuse(value)
    }
}

#[pyfunction]
pub fn error_notes(py: Python<'_>, value: i64) -> PyResult<i64> {
    let error = PyValueError::new_err("negative");
    error
        .value(py)
        .call_method1("add_note", (if PLANTED { "other" } else { "note" },))?;
    if value < 0 { Err(error) } else { Ok(value) }
}

#[pyfunction]
pub fn error_cause(py: Python<'_>, value: i64) -> PyResult<i64> {
    let error = PyValueError::new_err("negative");
    let text = if PLANTED { "second" } else { "first" };
    error.set_cause(py, Some(PyLookupError::new_err(text)));
    if value < 0 { Err(error) } else { Ok(value) }
}

#[pyfunction]
pub fn error_context(py: Python<'_>, value: i64) -> PyResult<i64> {
    let error = PyValueError::new_err("negative");
    let context = PyLookupError::new_err("before");
    if !PLANTED {
        error.value(py).setattr("__context__", context.value(py))?;
    }
    if value < 0 { Err(error) } else { Ok(value) }
}

#[pyfunction]
pub fn error_suppress(py: Python<'_>, value: i64) -> PyResult<i64> {
    let error = PyValueError::new_err("negative");
    error.value(py).setattr("__suppress_context__", PLANTED)?;
    if value < 0 { Err(error) } else { Ok(value) }
}

#[pyfunction]
pub fn error_attribute(py: Python<'_>, value: i64) -> PyResult<i64> {
    let error = PyAttributeError::new_err("negative");
    error
        .value(py)
        .setattr("name", if PLANTED { "other" } else { "name" })?;
    if value < 0 { Err(error) } else { Ok(value) }
}
