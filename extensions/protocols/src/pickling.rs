//! The ways to be pickled and copied.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// By arguments for the constructor.
#[pyclass(module = "sample_protocols", subclass, frozen, eq)]
#[derive(PartialEq)]
pub struct ByArguments {
    #[pyo3(get)]
    number: i64,
    #[pyo3(get)]
    text: String,
}

#[pymethods]
impl ByArguments {
    #[new]
    fn new(number: i64, text: String) -> PyResult<Self> {
        if text == "no" {
            return Err(PyValueError::new_err("not that text"));
        }
        Ok(Self { number, text })
    }

    fn __getnewargs__(&self) -> (i64, &str) {
        (self.number, &self.text)
    }

    fn __repr__(&self) -> String {
        format!("ByArguments({}, {:?})", self.number, self.text)
    }
}

/// By a state of its own, which need not be one that it takes.
#[pyclass(module = "sample_protocols", subclass, dict)]
pub struct ByState {
    #[pyo3(get, set)]
    state: Py<PyAny>,
}

#[pymethods]
impl ByState {
    #[new]
    #[pyo3(signature = (state = None))]
    fn new(state: Option<Py<PyAny>>, py: Python<'_>) -> Self {
        Self {
            state: state.unwrap_or_else(|| py.None()),
        }
    }

    fn __getstate__(&self, py: Python<'_>) -> Py<PyAny> {
        self.state.clone_ref(py)
    }

    fn __setstate__(&mut self, state: Bound<'_, PyAny>) -> PyResult<()> {
        if state.is_instance_of::<pyo3::types::PyFloat>() {
            return Err(PyValueError::new_err("no float is a state"));
        }
        self.state = state.unbind();
        Ok(())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("ByState({})", self.state.bind(py).repr()?))
    }
}

/// By nothing: an object with data of Rust that nobody can see.
#[pyclass(module = "sample_protocols", subclass)]
pub struct Unpicklable {
    #[pyo3(get)]
    number: i64,
}

#[pymethods]
impl Unpicklable {
    #[new]
    #[pyo3(signature = (number = 0))]
    fn new(number: i64) -> Self {
        Self { number }
    }
}
