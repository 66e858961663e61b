//! Warnings, and exceptions that are written instead of raised.

use std::ffi::CString;

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;

/// `warnings.warn(message, category, stacklevel)`, through the C-API.
#[pyfunction]
#[pyo3(signature = (category, message, stacklevel = 1))]
pub fn warn(category: &Bound<'_, PyAny>, message: String, stacklevel: i32) -> PyResult<()> {
    PyErr::warn(category.py(), category, &CString::new(message)?, stacklevel)
}

/// `warnings.warn_explicit(...)`, through the C-API.
#[pyfunction]
#[pyo3(signature = (category, message, filename, line, module = None, registry = None))]
pub fn warn_explicit(
    category: &Bound<'_, PyAny>,
    message: String,
    filename: String,
    line: i32,
    module: Option<String>,
    registry: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let module = module.map(CString::new).transpose()?;
    PyErr::warn_explicit(
        category.py(),
        category,
        &CString::new(message)?,
        &CString::new(filename)?,
        line,
        module.as_deref(),
        registry,
    )
}

/// Write an exception with its causes to `sys.stderr`, as Python does at its end.
#[pyfunction]
pub fn display(py: Python<'_>, error: Bound<'_, PyBaseException>) {
    PyErr::from(error).display(py);
}

/// Hand an exception to `sys.unraisablehook`, with the object where it came from.
#[pyfunction]
#[pyo3(signature = (error, object = None))]
pub fn unraisable(
    py: Python<'_>,
    error: Bound<'_, PyBaseException>,
    object: Option<&Bound<'_, PyAny>>,
) {
    PyErr::from(error).write_unraisable(py, object);
}
