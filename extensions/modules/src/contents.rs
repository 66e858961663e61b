//! What the modules hold.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

create_exception!(
    sample_modules._native,
    ShelfError,
    PyValueError,
    "What can go wrong with shelves."
);

static INITS: AtomicUsize = AtomicUsize::new(0);

/// Count one more execution of the module.
pub fn count_init() {
    INITS.fetch_add(1, Ordering::SeqCst);
}

/// How often the module was executed in this process.
pub fn inits() -> usize {
    INITS.load(Ordering::SeqCst)
}

/// Twice a number.
#[pyfunction]
pub fn double(value: i64) -> PyResult<i64> {
    value
        .checked_mul(2)
        .ok_or_else(|| ShelfError::new_err(format!("{value} is too much for a shelf")))
}

/// Three times a number.
#[pyfunction]
pub fn triple(value: i64) -> PyResult<i64> {
    value
        .checked_mul(3)
        .ok_or_else(|| ShelfError::new_err(format!("{value} is too much for a shelf")))
}

/// The name of the module that a function was called through, which PyO3 hands over.
#[pyfunction]
#[pyo3(pass_module)]
pub fn whole_name(module: &Bound<'_, PyModule>, suffix: &str) -> PyResult<String> {
    Ok(format!("{}{suffix}", module.name()?))
}

/// A class of the native module that Python extends.
#[pyclass(subclass, dict, module = "sample_modules._native")]
pub struct Shelf {
    #[pyo3(get, set)]
    label: String,
}

#[pymethods]
impl Shelf {
    #[new]
    #[pyo3(signature = (label = "shelf".to_owned(), *_rest))]
    fn new(label: String, _rest: &Bound<'_, pyo3::types::PyTuple>) -> Self {
        Self { label }
    }
}

/// A class of the inner module.
#[pyclass(frozen, module = "sample_modules._native.inner")]
pub struct Book {
    #[pyo3(get)]
    title: String,
}

#[pymethods]
impl Book {
    #[new]
    fn new(title: String) -> Self {
        Self { title }
    }

    fn __reduce__(slf: Bound<'_, Self>) -> (Bound<'_, PyAny>, (String,)) {
        let title = slf.get().title.clone();
        (slf.get_type().into_any(), (title,))
    }
}
