//! Attribute hooks and descriptors.

use std::collections::BTreeMap;

use pyo3::exceptions::{PyAttributeError, PyValueError};
use pyo3::prelude::*;

/// Both hooks for reading, and both for writing. Every call is noted.
#[pyclass(module = "sample_protocols", subclass)]
#[derive(Default)]
pub struct Hooked {
    values: BTreeMap<String, i64>,
    log: Vec<String>,
}

#[pymethods]
impl Hooked {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Asked first for everything. Numbers come from here, the rest from the class.
    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let text: String = name.extract()?;
        slf.borrow_mut().log.push(format!("first {text}"));
        if text == "broken" {
            return Err(PyValueError::new_err("broken"));
        }
        let value = slf.borrow().values.get(&text).copied();
        match value {
            Some(value) => Ok(value.into_pyobject(py)?.into_any()),
            None => py
                .get_type::<PyAny>()
                .getattr("__getattribute__")?
                .call1((slf, name)),
        }
    }

    /// Asked when that has found nothing.
    fn __getattr__(&mut self, name: String) -> PyResult<String> {
        self.log.push(format!("then {name}"));
        match name.as_str() {
            "spare" => Ok("a spare part".to_owned()),
            _ => Err(PyAttributeError::new_err(format!(
                "nothing is called {name}"
            ))),
        }
    }

    fn __setattr__(&mut self, name: String, value: i64) -> PyResult<()> {
        self.log.push(format!("set {name}"));
        if value < 0 {
            return Err(PyAttributeError::new_err((name, value)));
        }
        self.values.insert(name, value);
        Ok(())
    }

    fn __delattr__(&mut self, name: String) -> PyResult<()> {
        self.log.push(format!("del {name}"));
        self.values
            .remove(&name)
            .map(drop)
            .ok_or_else(|| PyAttributeError::new_err(name))
    }

    #[getter]
    fn calls(&self) -> Vec<String> {
        self.log.clone()
    }
}

/// Only the one for writing; what is deleted goes the normal way, which finds no such attribute.
#[pyclass(module = "sample_protocols", dict, subclass)]
pub struct OnlySet {
    #[pyo3(get)]
    last: Option<String>,
}

#[pymethods]
impl OnlySet {
    #[new]
    fn new() -> Self {
        Self { last: None }
    }

    fn __setattr__(&mut self, name: String, _value: &Bound<'_, PyAny>) {
        self.last = Some(name);
    }
}

/// A descriptor that can be overridden by an instance's own attribute.
#[pyclass(module = "sample_protocols", subclass, frozen)]
pub struct Reading {
    held: Py<PyAny>,
}

#[pymethods]
impl Reading {
    #[new]
    fn new(held: Py<PyAny>) -> Self {
        Self { held }
    }

    fn __get__<'py>(
        &self,
        instance: Bound<'py, PyAny>,
        owner: Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyAny>, bool, Bound<'py, PyAny>)> {
        let py = instance.py();
        let held = self.held.bind(py);
        let value = if held.is_callable() {
            held.call0()?
        } else {
            held.clone()
        };
        Ok((value, instance.is_none(), owner))
    }
}

/// A descriptor that comes before an instance's own attribute. It keeps one value for everybody.
#[pyclass(module = "sample_protocols", subclass)]
#[derive(Default)]
pub struct Writing {
    value: Option<Py<PyAny>>,
    #[pyo3(get)]
    name: Option<String>,
}

#[pymethods]
impl Writing {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn __set_name__(&mut self, _owner: &Bound<'_, PyAny>, name: String) {
        self.name = Some(name);
    }

    fn __get__(
        &self,
        instance: &Bound<'_, PyAny>,
        _owner: &Bound<'_, PyAny>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let py = instance.py();
        match &self.value {
            Some(value) => Ok(Some(value.clone_ref(py))),
            None if instance.is_none() => Ok(None),
            None => Err(PyAttributeError::new_err("never written")),
        }
    }

    fn __set__(&mut self, _instance: &Bound<'_, PyAny>, value: Bound<'_, PyAny>) -> PyResult<()> {
        if value.is_none() {
            return Err(PyValueError::new_err("None is not written"));
        }
        self.value = Some(value.unbind());
        Ok(())
    }

    fn __delete__(&mut self, _instance: &Bound<'_, PyAny>) -> PyResult<()> {
        self.value
            .take()
            .map(drop)
            .ok_or_else(|| PyAttributeError::new_err("nothing to delete"))
    }
}
