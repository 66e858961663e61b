//! A buffer that Rust keeps, for as long as its object is told to.

use std::sync::Mutex;

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Keeps the buffer of an object: while it does, the memory stays where it is.
#[pyclass(frozen, module = "sample_buffers")]
pub struct Holder {
    buffer: Mutex<Option<PyUntypedBuffer>>,
}

impl Holder {
    fn take(&self) -> Option<PyUntypedBuffer> {
        self.buffer.lock().ok().and_then(|mut held| held.take())
    }
}

#[pymethods]
impl Holder {
    #[new]
    fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self {
            buffer: Mutex::new(Some(PyUntypedBuffer::get(object)?)),
        })
    }

    /// Whether the buffer is still held.
    #[getter]
    fn active(&self) -> bool {
        self.buffer.lock().is_ok_and(|held| held.is_some())
    }

    /// The object whose buffer this is, while it is held.
    #[getter]
    fn object<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let held = self.buffer.lock().ok()?;
        held.as_ref().and_then(|buffer| buffer.obj(py).cloned())
    }

    /// The bytes that lie there now.
    fn read(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        let held = self
            .buffer
            .lock()
            .map_err(|_| PyValueError::new_err("broken"))?;
        let buffer = held
            .as_ref()
            .ok_or_else(|| PyValueError::new_err("nothing is held"))?;
        buffer.as_typed::<u8>()?.to_vec(py)
    }

    /// Give the buffer back; whether there was one.
    fn release(&self, py: Python<'_>) -> bool {
        // Taken out first: the exporter's own code runs while it is released.
        match self.take() {
            Some(buffer) => {
                buffer.release(py);
                true
            }
            None => false,
        }
    }

    /// Drop the buffer in a thread that Python has never seen.
    fn release_elsewhere(&self, py: Python<'_>) -> bool {
        let Some(buffer) = self.take() else {
            return false;
        };
        py.detach(|| std::thread::spawn(move || drop(buffer)).join().is_ok())
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        _class: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> bool {
        self.release(py);
        false
    }
}
