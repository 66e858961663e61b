//! What only Python can make.

use std::ffi::CString;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyModule, PyType};

use crate::ledger::Ledger;

/// The module of `helpers.py`.
fn helpers(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static HELPERS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let load = || -> PyResult<Py<PyModule>> {
        let source = CString::new(include_str!("helpers.py"))?;
        Ok(PyModule::from_code(py, &source, c"helpers.py", c"helpers")?.unbind())
    };
    Ok(HELPERS.get_or_try_init(py, load)?.bind(py))
}

/// A subclass in Python: "Plain", "Finalised", "Resurrected" (moves into the shelter), "Failing" or "Slotted".
#[pyfunction]
pub fn make_subclass<'py>(
    base: &Bound<'py, PyType>,
    finaliser: &str,
    ledger: &Bound<'py, Ledger>,
    shelter: &Bound<'py, PyList>,
) -> PyResult<Bound<'py, PyAny>> {
    helpers(base.py())?.call_method1("make_subclass", (base, finaliser, ledger, shelter))
}

/// A weak reference whose callback writes into the ledger, and may fail.
#[pyfunction]
#[pyo3(signature = (watched, ledger, label, *, fails = false))]
pub fn watch<'py>(
    watched: &Bound<'py, PyAny>,
    ledger: &Bound<'py, Ledger>,
    label: &str,
    fails: bool,
) -> PyResult<Bound<'py, PyAny>> {
    helpers(watched.py())?.call_method1("watch", (watched, ledger, label, fails))
}
