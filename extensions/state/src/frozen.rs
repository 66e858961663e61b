//! Frozen classes, whose state lies in locks and cells of its own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, TryLockError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// A frozen class with a lock, a value that is made once, and an atomic number.
#[pyclass(module = "sample_state", frozen, subclass, weakref)]
pub struct Frozen {
    #[pyo3(get)]
    name: String,
    notes: Mutex<Vec<String>>,
    made: PyOnceLock<Py<PyAny>>,
    total: AtomicI64,
}

impl Frozen {
    /// A callback that comes back to the same object finds the lock held: it is refused, and does not wait for ever.
    fn locked<R>(&self, work: impl FnOnce(&mut Vec<String>) -> PyResult<R>) -> PyResult<R> {
        match self.notes.try_lock() {
            Ok(mut notes) => work(&mut notes),
            Err(TryLockError::WouldBlock) => Err(PyRuntimeError::new_err("the notes are locked")),
            Err(TryLockError::Poisoned(_)) => Err(PyRuntimeError::new_err("the notes are lost")),
        }
    }
}

#[pymethods]
impl Frozen {
    #[new]
    fn new(name: String) -> Self {
        Self {
            name,
            notes: Mutex::default(),
            made: PyOnceLock::new(),
            total: AtomicI64::new(0),
        }
    }

    fn note(&self, text: String) -> PyResult<usize> {
        self.locked(|notes| {
            notes.push(text);
            Ok(notes.len())
        })
    }

    #[getter]
    fn notes(&self) -> PyResult<Vec<String>> {
        self.locked(|notes| Ok(notes.clone()))
    }

    /// Call the function while the lock is held. A panic there poisons the lock.
    #[pyo3(signature = (function, panics = false))]
    fn while_locked<'py>(
        slf: &Bound<'py, Self>,
        function: &Bound<'py, PyAny>,
        panics: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.get().locked(|notes| {
            let result = function.call1((slf, notes.len()))?;
            assert!(!panics, "the lock is held");
            Ok(result)
        })
    }

    /// A value that the first call makes; if making it fails, the next call tries again.
    fn made_once(&self, py: Python<'_>, function: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let make = || function.call0().map(Bound::unbind);
        Ok(self.made.get_or_try_init(py, make)?.clone_ref(py))
    }

    /// Add, wrapping around; `total` can be read meanwhile.
    fn add(&self, amount: i64) -> i64 {
        self.total
            .fetch_add(amount, Ordering::SeqCst)
            .wrapping_add(amount)
    }

    #[getter]
    fn total(&self) -> i64 {
        self.total.load(Ordering::SeqCst)
    }
}

/// Frozen, compared and hashed by its fields.
#[pyclass(
    module = "sample_state",
    frozen,
    eq,
    ord,
    hash,
    get_all,
    str = "{year}/{number}"
)]
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    year: i32,
    number: u8,
}

#[pymethods]
impl Stamp {
    #[new]
    fn new(year: i32, number: u8) -> Self {
        Self { year, number }
    }
}
