//! Class attributes that are computed, and properties whose conversions come back to the same object.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

static COMPUTED: AtomicU32 = AtomicU32::new(0);

/// Has attributes that are computed when the class is made, and once only.
#[pyclass(module = "sample_state", subclass)]
pub struct Settings {}

#[pymethods]
impl Settings {
    #[classattr]
    const LIMIT: u8 = 10;

    #[classattr]
    fn defaults(py: Python<'_>) -> PyResult<Py<PyDict>> {
        let defaults = PyDict::new(py);
        defaults.set_item("computed", COMPUTED.fetch_add(1, Ordering::SeqCst) + 1)?;
        Ok(defaults.unbind())
    }

    /// An instance of another class of the module, made while this class is made.
    #[classattr]
    fn example(py: Python<'_>) -> PyResult<Py<Converted>> {
        Py::new(
            py,
            Converted {
                number: 7,
                reads: 0,
            },
        )
    }

    #[new]
    fn new() -> Self {
        Self {}
    }

    /// What the class attributes are, looked up on the class.
    #[classmethod]
    fn all<'py>(class: &Bound<'py, PyType>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        Ok((class.getattr("LIMIT")?, class.getattr("defaults")?))
    }
}

/// A number whose setter converts: the conversion may read, set or delete this very number.
#[pyclass(module = "sample_state")]
pub struct Converted {
    number: i64,
    reads: u32,
}

#[pymethods]
impl Converted {
    #[new]
    fn new(number: i64) -> Self {
        Self { number, reads: 0 }
    }

    /// Reading counts, so it borrows for changing.
    #[getter]
    fn number(&mut self) -> i64 {
        self.reads += 1;
        self.number
    }

    /// The value is converted before the object is borrowed.
    #[setter]
    fn set_number(&mut self, number: i64) {
        self.number = number;
    }

    #[deleter]
    fn delete_number(&mut self) -> PyResult<()> {
        if self.number == 0 {
            return Err(PyAttributeError::new_err("there is no number"));
        }
        self.number = 0;
        Ok(())
    }

    #[getter]
    fn late(&self) -> i64 {
        self.number
    }

    /// The value is converted while the object is borrowed for changing.
    #[setter]
    fn set_late(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.number = value.extract()?;
        Ok(())
    }

    #[getter]
    fn reads(&self) -> u32 {
        self.reads
    }

    /// Set the number through Python while it is borrowed for reading, by any way that Python knows.
    fn set_while_read(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<i64> {
        let held = slf.try_borrow()?;
        slf.setattr("number", value)?;
        Ok(held.number)
    }

    fn __index__(&self) -> i64 {
        self.number
    }
}
