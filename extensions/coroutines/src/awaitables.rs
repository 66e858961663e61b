//! Classes that can be awaited, iterated with `async for`, and entered with `async with`.

use pyo3::exceptions::{PyStopAsyncIteration, PyStopIteration, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyAny;

/// Comes to its value after returning control this many times. Awaiting it twice goes on where it was.
#[pyclass(module = "sample_coroutines", subclass)]
pub struct Later {
    #[pyo3(get)]
    left: u8,
    value: Py<PyAny>,
}

#[pymethods]
impl Later {
    #[new]
    #[pyo3(signature = (value, times = 0))]
    fn new(value: Py<PyAny>, times: u8) -> Self {
        Self { left: times, value }
    }

    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<()> {
        if self.left == 0 {
            return Err(PyStopIteration::new_err((self.value.clone_ref(py),)));
        }
        self.left -= 1;
        Ok(())
    }
}

/// Counts down with `async for`. It ends by returning nothing, by raising `StopAsyncIteration`, or by another exception.
#[pyclass(module = "sample_coroutines")]
pub struct Countdown {
    #[pyo3(get)]
    left: u8,
    ending: String,
}

#[pymethods]
impl Countdown {
    #[new]
    #[pyo3(signature = (start, ending = "nothing".to_owned()))]
    fn new(start: u8, ending: String) -> Self {
        Self {
            left: start,
            ending,
        }
    }

    fn __aiter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __anext__(&mut self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        if self.left > 0 {
            self.left -= 1;
            let value = self.left.into_pyobject(py)?.into_any().unbind();
            // Every other item is not there at once.
            let later = Later::new(value, self.left % 2);
            return Ok(Some(Py::new(py, later)?.into_any()));
        }
        match self.ending.as_str() {
            "nothing" => Ok(None),
            "stop" => Err(PyStopAsyncIteration::new_err("at the end")),
            "number" => Ok(Some(1_i64.into_pyobject(py)?.into_any().unbind())),
            other => Err(PyValueError::new_err(other.to_owned())),
        }
    }
}

/// Opened and closed with `async with`; it swallows exceptions or lets them through.
#[pyclass(module = "sample_coroutines")]
pub struct Gate {
    #[pyo3(get)]
    passed: u32,
    swallows: bool,
}

#[pymethods]
impl Gate {
    #[new]
    #[pyo3(signature = (swallows = false))]
    fn new(swallows: bool) -> Self {
        Self {
            passed: 0,
            swallows,
        }
    }

    async fn __aenter__(slf: Py<Self>) -> PyResult<Py<Self>> {
        crate::functions::yield_now().await;
        Python::attach(|py| slf.try_borrow_mut(py).map(|mut gate| gate.passed += 1))?;
        Ok(slf)
    }

    async fn __aexit__(
        slf: Py<Self>,
        exception_type: Py<PyAny>,
        _exception: Py<PyAny>,
        _traceback: Py<PyAny>,
    ) -> PyResult<bool> {
        crate::functions::yield_now().await;
        Python::attach(|py| Ok(slf.try_borrow(py)?.swallows && !exception_type.is_none(py)))
    }
}
