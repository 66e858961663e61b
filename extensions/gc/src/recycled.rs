//! Objects that are made and freed often.

use pyo3::PyTraverseError;
use pyo3::PyVisit;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::ledger::{Ledger, Receipt};

/// Made from a list of three free ones.
#[pyclass(module = "sample_gc", freelist = 3, weakref)]
pub struct Recycled {
    _receipt: Receipt,
    #[pyo3(get, set)]
    held: Option<Py<PyAny>>,
}

#[pymethods]
impl Recycled {
    /// Raises `ValueError` if the label is empty: then nothing was made.
    #[new]
    #[pyo3(signature = (ledger, label, held = None))]
    fn new(ledger: &Ledger, label: &str, held: Option<Py<PyAny>>) -> PyResult<Self> {
        let receipt = ledger.receipt("Recycled", label);
        if label.is_empty() {
            return Err(PyValueError::new_err("no label"));
        }
        Ok(Self {
            _receipt: receipt,
            held,
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.held)
    }

    fn __clear__(&mut self) {
        self.held = None;
    }
}

/// Call a class this many times with the ledger and a label. Keep this many objects at a time. Say how many were made.
#[pyfunction]
pub fn churn(
    class: &Bound<'_, PyType>,
    ledger: &Bound<'_, Ledger>,
    count: u16,
    keep: u8,
) -> PyResult<usize> {
    let mut kept = std::collections::VecDeque::new();
    let mut made = 0;
    for number in 0..count {
        kept.push_back(class.call1((ledger, format!("{number}")))?);
        made += 1;
        if kept.len() > usize::from(keep) {
            kept.pop_front();
        }
    }
    Ok(made)
}
