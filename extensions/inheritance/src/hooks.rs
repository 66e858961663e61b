//! Classes that take part when others are made, and some that cannot be made or extended.

use std::sync::Mutex;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

/// Writes down which classes extend it, and is generic.
#[pyclass(module = "sample_inheritance", subclass)]
pub struct Plugin {
    #[pyo3(get)]
    name: Option<String>,
}

#[pymethods]
impl Plugin {
    #[new]
    fn new() -> Self {
        Self { name: None }
    }

    /// Gives each class what it was made with.
    #[classmethod]
    #[pyo3(signature = (*, order = 0, **options))]
    fn __init_subclass__(
        class: &Bound<'_, PyType>,
        order: i64,
        options: Option<Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        class.setattr("order", order)?;
        class.setattr("options", options)
    }

    #[classmethod]
    fn __class_getitem__<'py>(
        class: &Bound<'py, PyType>,
        parameter: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let alias = class.py().import("types")?.getattr("GenericAlias")?;
        alias.call1((class, parameter))
    }

    /// As an attribute of another class it is told its name there.
    fn __set_name__(&mut self, owner: &Bound<'_, PyType>, name: &str) -> PyResult<()> {
        if name == "refused" {
            let words = format!("{} has no {name}", owner.name()?);
            return Err(pyo3::exceptions::PyRuntimeError::new_err(words));
        }
        self.name = Some(name.to_owned());
        Ok(())
    }

    fn __repr__(&self) -> String {
        format!("Plugin({:?})", self.name)
    }
}

/// Has no constructor of its own and can be extended all the same.
#[pyclass(module = "sample_inheritance", subclass, frozen)]
pub struct Unmade {
    calls: Mutex<u32>,
}

#[pymethods]
impl Unmade {
    /// An instance, which only Rust can make.
    #[staticmethod]
    fn instance() -> Self {
        Self {
            calls: Mutex::new(0),
        }
    }

    fn called(&self) -> u32 {
        let mut calls = self
            .calls
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *calls += 1;
        *calls
    }
}

/// Cannot be extended.
#[pyclass(module = "sample_inheritance")]
pub struct Sealed {
    #[pyo3(get, set)]
    value: i64,
}

#[pymethods]
impl Sealed {
    #[new]
    #[pyo3(signature = (value = 0))]
    fn new(value: i64) -> Self {
        Self { value }
    }
}

/// Another one of the same shape, so that `__class__` could be exchanged.
#[pyclass(module = "sample_inheritance", subclass)]
pub struct Open {
    #[pyo3(get, set)]
    value: i64,
    inits: u32,
}

#[pymethods]
impl Open {
    #[new]
    #[pyo3(signature = (value = 0))]
    fn new(value: i64) -> Self {
        Self { value, inits: 0 }
    }

    /// May be called again and again.
    #[pyo3(signature = (value = None))]
    fn __init__(&mut self, value: Option<i64>) -> PyResult<()> {
        self.inits += 1;
        if value == Some(-1) {
            return Err(pyo3::exceptions::PyValueError::new_err("not below zero"));
        }
        Ok(())
    }

    #[getter]
    fn inits(&self) -> u32 {
        self.inits
    }

    fn __repr__(&self) -> String {
        format!("Open({}, {})", self.value, self.inits)
    }
}
