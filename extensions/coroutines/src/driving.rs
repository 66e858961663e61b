//! Driving coroutines: by an event loop, and by hand. The loops themselves are in `helpers.py`.

use std::ffi::CString;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyModule;

/// The module of `helpers.py`.
fn helpers(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static HELPERS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let load = || -> PyResult<Py<PyModule>> {
        let source = CString::new(include_str!("helpers.py"))?;
        Ok(PyModule::from_code(py, &source, c"helpers.py", c"helpers")?.unbind())
    };
    Ok(HELPERS.get_or_try_init(py, load)?.bind(py))
}

/// What the awaitable comes to in an event loop of its own.
#[pyfunction]
pub fn run<'py>(awaitable: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    helpers(awaitable.py())?.call_method1("run", (awaitable,))
}

/// What the awaitables come to, all at once in one event loop; exceptions stand as objects.
#[pyfunction]
pub fn run_together<'py>(
    py: Python<'py>,
    awaitables: Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    helpers(py)?.call_method1("run_together", (awaitables,))
}

/// Cancel a coroutine after so many rounds of the event loop.
#[pyfunction]
#[pyo3(signature = (coroutine, after, message = None))]
pub fn run_cancelled<'py>(
    coroutine: &Bound<'py, PyAny>,
    after: u8,
    message: Option<String>,
) -> PyResult<Bound<'py, PyAny>> {
    helpers(coroutine.py())?.call_method1("run_cancelled", (coroutine, after, message))
}

/// What `async for` gives, up to a limit.
#[pyfunction]
#[pyo3(signature = (iterable, limit = 20))]
pub fn run_for<'py>(iterable: &Bound<'py, PyAny>, limit: u8) -> PyResult<Bound<'py, PyAny>> {
    helpers(iterable.py())?.call_method1("run_for", (iterable, limit))
}

/// Enter and leave with `async with`, by an exception if one is given.
#[pyfunction]
#[pyo3(signature = (manager, error = None))]
pub fn run_with<'py>(
    manager: &Bound<'py, PyAny>,
    error: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    helpers(manager.py())?.call_method1("run_with", (manager, error))
}

/// Send values to a coroutine and throw exceptions into it, by hand.
#[pyfunction]
pub fn drive<'py>(
    coroutine: &Bound<'py, PyAny>,
    values: Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    helpers(coroutine.py())?.call_method1("drive", (coroutine, values))
}
