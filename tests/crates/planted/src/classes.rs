//! Differences in state, identity and lifetime of objects.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::PLANTED;

/// Another value at the third call only.
#[pyclass(module = "planted")]
#[derive(Default)]
pub struct ThirdCall {
    calls: u32,
}

#[pymethods]
impl ThirdCall {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn count(&mut self) -> u32 {
        self.calls += 1;
        if PLANTED && self.calls == 3 {
            4
        } else {
            self.calls
        }
    }
}

/// Another value for instances of a subclass only.
#[pyclass(module = "planted", subclass)]
pub struct OnlySubclass;

#[pymethods]
impl OnlySubclass {
    #[new]
    fn new() -> Self {
        Self
    }

    fn kind(slf: &Bound<'_, Self>) -> bool {
        PLANTED && !slf.is_exact_instance_of::<Self>()
    }
}

/// What was written is read back changed.
#[pyclass(module = "planted")]
pub struct Attribute {
    value: i64,
}

#[pymethods]
impl Attribute {
    #[new]
    fn new(value: i64) -> Self {
        Self { value }
    }

    #[getter]
    fn value(&self) -> i64 {
        self.value
    }

    #[setter]
    fn set_value(&mut self, value: i64) {
        self.value = if PLANTED && value < 0 { 0 } else { value };
    }
}

/// A write that is refused, or not.
#[pyclass(module = "planted")]
pub struct Settable {
    limit: u8,
}

#[pymethods]
impl Settable {
    #[new]
    fn new() -> Self {
        Self { limit: 1 }
    }

    #[getter]
    fn limit(&self) -> u8 {
        self.limit
    }

    #[setter]
    fn set_limit(&mut self, limit: u8) -> PyResult<()> {
        if !PLANTED && limit > 100 {
            return Err(PyValueError::new_err("too much"));
        }
        self.limit = limit.min(100);
        Ok(())
    }
}

/// Returns itself, or an object that looks the same.
#[pyclass(module = "planted")]
pub struct MeOrAnother;

#[pymethods]
impl MeOrAnother {
    #[new]
    fn new() -> Self {
        Self
    }

    fn me(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        if PLANTED {
            Bound::new(slf.py(), Self)
        } else {
            Ok(slf)
        }
    }

    fn __repr__(&self) -> &'static str {
        "MeOrAnother()"
    }
}

/// Says when it dies, on the native stream.
#[pyclass(module = "planted")]
pub struct Dropped;

#[pymethods]
impl Dropped {
    #[new]
    fn new() -> Self {
        Self
    }

    fn touch(&self) -> bool {
        true
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        if !PLANTED {
            println!("dropped");
        }
    }
}

/// Keeps what it was given longer than it says.
#[pyclass(module = "planted")]
pub struct Keeping {
    object: Option<Py<PyAny>>,
}

#[pymethods]
impl Keeping {
    #[new]
    fn new(object: Py<PyAny>) -> Self {
        Self {
            object: Some(object),
        }
    }

    fn release(&mut self) -> bool {
        let object = self.object.take();
        let held = object.is_some();
        if PLANTED {
            std::mem::forget(object);
        }
        held
    }
}

/// Not planted: says when it dies in both builds, for what others keep or leak.
#[pyclass(module = "planted")]
pub struct Witness;

#[pymethods]
impl Witness {
    #[new]
    fn new() -> Self {
        Self
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        println!("witness gone");
    }
}
