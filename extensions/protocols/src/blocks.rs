//! Context managers and things to await.

use pyo3::exceptions::{PyRuntimeError, PyStopAsyncIteration, PyStopIteration};
use pyo3::prelude::*;
use pyo3::types::PyType;

/// Its answers on entry and on exit are whatever it was made with; a callable is called.
#[pyclass(module = "sample_protocols", subclass)]
pub struct Manager {
    on_enter: Py<PyAny>,
    on_exit: Py<PyAny>,
    #[pyo3(get)]
    seen: Vec<Option<String>>,
}

fn called<'py>(held: &Py<PyAny>, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    let held = held.bind(py);
    if held.is_callable() {
        held.call0()
    } else {
        Ok(held.clone())
    }
}

impl Manager {
    fn note(&mut self, class: Option<&Bound<'_, PyType>>) -> PyResult<()> {
        let name = class.map(|class| class.name()).transpose()?;
        self.seen.push(name.map(|name| name.to_string()));
        Ok(())
    }
}

#[pymethods]
impl Manager {
    #[new]
    fn new(on_enter: Py<PyAny>, on_exit: Py<PyAny>) -> Self {
        Self {
            on_enter,
            on_exit,
            seen: Vec::new(),
        }
    }

    fn __enter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        called(&self.on_enter, py)
    }

    fn __exit__<'py>(
        &mut self,
        class: Option<&Bound<'py, PyType>>,
        _value: &Bound<'py, PyAny>,
        traceback: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.note(class)?;
        called(&self.on_exit, traceback.py())
    }

    /// For `async with`: awaited, it gives what `__enter__` does.
    fn __aenter__(&self, py: Python<'_>) -> Ticket {
        Ticket {
            left: 1,
            result: self.on_enter.clone_ref(py),
        }
    }

    fn __aexit__<'py>(
        &mut self,
        class: Option<&Bound<'py, PyType>>,
        _value: &Bound<'py, PyAny>,
        traceback: &Bound<'py, PyAny>,
    ) -> PyResult<Ticket> {
        self.note(class)?;
        Ok(Ticket {
            left: 1,
            result: self.on_exit.clone_ref(traceback.py()),
        })
    }
}

/// Has no way out.
#[pyclass(module = "sample_protocols")]
pub struct OnlyEnter;

#[pymethods]
impl OnlyEnter {
    #[new]
    fn new() -> Self {
        Self
    }

    fn __enter__(&self) -> &'static str {
        "entered"
    }
}

/// Awaited, it yields a few numbers and then gives its result; a callable is called for it.
#[pyclass(module = "sample_protocols", subclass)]
pub struct Ticket {
    left: u8,
    result: Py<PyAny>,
}

#[pymethods]
impl Ticket {
    #[new]
    fn new(left: u8, result: Py<PyAny>) -> Self {
        Self { left, result }
    }

    fn __await__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<u8> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(left)
            }
            None => {
                let result = called(&self.result, py)?.unbind();
                Err(PyStopIteration::new_err((result,)))
            }
        }
    }
}

/// What `await` gets is whatever it was made with.
#[pyclass(module = "sample_protocols", subclass)]
pub struct Awaitable {
    iterator: Py<PyAny>,
}

#[pymethods]
impl Awaitable {
    #[new]
    fn new(iterator: Py<PyAny>) -> Self {
        Self { iterator }
    }

    fn __await__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        called(&self.iterator, py)
    }
}

/// For `async for`: every second step fails if it is told so.
#[pyclass(module = "sample_protocols", subclass)]
pub struct Stream {
    left: u8,
    fails: bool,
}

#[pymethods]
impl Stream {
    #[new]
    #[pyo3(signature = (left, *, fails = false))]
    fn new(left: u8, fails: bool) -> Self {
        Self { left, fails }
    }

    fn __aiter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __anext__(&mut self, py: Python<'_>) -> PyResult<Ticket> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(PyStopAsyncIteration::new_err("the end"));
        };
        self.left = left;
        if self.fails && left % 2 == 1 {
            return Err(PyRuntimeError::new_err(left));
        }
        let result = left.into_pyobject(py)?.into_any().unbind();
        Ok(Ticket { left: 1, result })
    }
}
