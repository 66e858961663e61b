//! State of the module itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyModule;

static KEPT: Mutex<Vec<Py<PyAny>>> = Mutex::new(Vec::new());
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Keep an object for the whole process; how many are kept.
#[pyfunction]
pub fn remember(object: Py<PyAny>) -> usize {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push(object);
    kept.len()
}

/// What is kept.
#[pyfunction]
pub fn remembered(py: Python<'_>) -> Vec<Py<PyAny>> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter().map(|object| object.clone_ref(py)).collect()
}

/// Let go of all, when the lock is no longer held: what dies may come back here.
#[pyfunction]
pub fn forget_all() -> usize {
    let kept = std::mem::take(&mut *KEPT.lock().unwrap_or_else(PoisonError::into_inner));
    CALLS.store(0, Ordering::SeqCst);
    kept.len()
}

/// How often this was called since everything was forgotten.
#[pyfunction]
pub fn tally() -> u64 {
    CALLS.fetch_add(1, Ordering::SeqCst) + 1
}

/// Set an attribute of the module through PyO3, and read it back through Python.
#[pyfunction]
#[pyo3(pass_module)]
pub fn set_in_module<'py>(
    module: &Bound<'py, PyModule>,
    name: &str,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let name = format!("kept_{name}");
    module.add(&name, value)?;
    let found = module.getattr(name.as_str())?;
    module.delattr(name.as_str())?;
    Ok(found)
}
