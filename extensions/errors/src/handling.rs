//! Exceptions that Python raises and Rust catches.

use pyo3::exceptions::{
    PyBaseException, PyException, PyLookupError, PyOSError, PyRuntimeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::raising::SampleError;

/// What Rust can tell of an exception.
#[derive(IntoPyObject)]
pub struct Caught<'py> {
    class: Bound<'py, PyString>,
    args: Bound<'py, PyAny>,
    text: String,
    kinds: Vec<&'static str>,
    traceback: bool,
    cause: Option<String>,
    context: Option<String>,
}

/// The name of an exception's class and its text.
fn summary(py: Python<'_>, error: &PyErr) -> PyResult<String> {
    let class = error.get_type(py).qualname()?;
    Ok(format!("{class}: {}", error.value(py).str()?))
}

/// Call `function` and tell what it raises, or hand its result back.
#[pyfunction]
#[pyo3(signature = (function, *args))]
pub fn inspect<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
) -> PyResult<(Option<Bound<'py, PyAny>>, Option<Caught<'py>>)> {
    let py = function.py();
    let error = match function.call1(args) {
        Ok(value) => return Ok((Some(value), None)),
        Err(error) => error,
    };
    let mut kinds = Vec::new();
    if error.is_instance_of::<PyException>(py) {
        kinds.push("Exception");
    }
    if error.is_instance_of::<PyValueError>(py) {
        kinds.push("ValueError");
    }
    if error.is_instance_of::<PyLookupError>(py) {
        kinds.push("LookupError");
    }
    if error.is_instance_of::<PyOSError>(py) {
        kinds.push("OSError");
    }
    if error.is_instance_of::<SampleError>(py) {
        kinds.push("SampleError");
    }
    let summarise = |linked: Option<PyErr>| linked.map(|each| summary(py, &each)).transpose();
    let caught = Caught {
        class: error.get_type(py).qualname()?,
        args: error.value(py).getattr("args")?,
        text: error.to_string(),
        kinds,
        traceback: error.traceback(py).is_some(),
        cause: summarise(error.cause(py))?,
        context: summarise(error.context(py))?,
    };
    Ok((None, Some(caught)))
}

/// Call `function`; what it raises is fetched and raised again as it is.
#[pyfunction]
pub fn reraise<'py>(py: Python<'py>, function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    function.call0().map_err(|error| error.clone_ref(py))
}

/// Call `function`; what it raises becomes the cause of a `SampleError` with this message.
#[pyfunction]
pub fn translate<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyAny>,
    message: String,
) -> PyResult<Bound<'py, PyAny>> {
    function.call0().map_err(|error| {
        let translated = SampleError::new_err(message);
        translated.set_cause(py, Some(error));
        translated
    })
}

/// The first result that comes without an exception; if none does, the last exception, with the
/// others as contexts one inside the other.
#[pyfunction]
#[pyo3(signature = (*functions))]
pub fn first_success<'py>(functions: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let py = functions.py();
    let mut last = PyRuntimeError::new_err("no function was given");
    for function in functions {
        match function.call0() {
            Ok(value) => return Ok(value),
            Err(error) => {
                // An exception that comes twice would be its own context.
                if !error.value(py).is(last.value(py)) {
                    error.set_context(py, Some(last));
                }
                last = error;
            }
        }
    }
    Err(last)
}

/// Call `function` and ignore exceptions of these classes; whether one was ignored.
#[pyfunction]
pub fn ignore<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyAny>,
    classes: &Bound<'py, PyAny>,
) -> PyResult<(bool, Option<Bound<'py, PyAny>>)> {
    match function.call0() {
        Ok(value) => Ok((false, Some(value))),
        Err(error) if error.matches(py, classes)? => Ok((true, None)),
        Err(error) => Err(error),
    }
}

/// Whether an exception is one of these classes, by `matches` and by `is_instance`.
#[pyfunction]
pub fn matches_any(
    py: Python<'_>,
    error: Bound<'_, PyBaseException>,
    classes: &Bound<'_, PyAny>,
) -> PyResult<(bool, bool)> {
    let error = PyErr::from(error);
    Ok((error.matches(py, classes)?, error.is_instance(py, classes)))
}

/// Put an object into Python's error indicator and take it out: is it the same, and what is it now?
#[pyfunction]
pub fn round_trip<'py>(
    py: Python<'py>,
    value: Bound<'py, PyAny>,
) -> PyResult<(bool, bool, Option<Py<PyBaseException>>)> {
    PyErr::from_value(value.clone()).restore(py);
    let occurred = PyErr::occurred(py);
    let taken = PyErr::take(py);
    let same = taken
        .as_ref()
        .is_some_and(|error| error.value(py).is(&value));
    Ok((occurred, same, taken.map(|error| error.into_value(py))))
}

/// The texts of an exception and its causes, and of its contexts, at most ten each.
#[pyfunction]
pub fn chain_of(
    py: Python<'_>,
    error: Bound<'_, PyBaseException>,
) -> PyResult<(Vec<String>, Vec<String>)> {
    let mut causes = Vec::new();
    let mut next = Some(PyErr::from(error.clone()));
    while let Some(each) = next.filter(|_| causes.len() < 10) {
        causes.push(summary(py, &each)?);
        next = each.cause(py);
    }
    let mut contexts = Vec::new();
    let mut next = PyErr::from(error).context(py);
    while let Some(each) = next.filter(|_| contexts.len() < 10) {
        contexts.push(summary(py, &each)?);
        next = each.context(py);
    }
    Ok((causes, contexts))
}

/// Call `function` and take the traceback off what it raises: was there one before, and after?
#[pyfunction]
pub fn drop_traceback(py: Python<'_>, function: &Bound<'_, PyAny>) -> Option<(bool, bool)> {
    let error = function.call0().err()?;
    let before = error.traceback(py).is_some();
    error.set_traceback(py, None);
    Some((before, error.traceback(py).is_some()))
}
