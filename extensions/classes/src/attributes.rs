//! Classes whose attributes are not fixed.

use std::collections::BTreeMap;

use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;

/// Takes any attribute, and weak references.
#[pyclass(module = "sample_classes", dict, weakref, subclass)]
pub struct Bag {
    #[pyo3(get, set)]
    label: String,
}

#[pymethods]
impl Bag {
    #[new]
    #[pyo3(signature = (label = "bag"))]
    fn new(label: &str) -> Self {
        Self {
            label: label.to_owned(),
        }
    }

    /// The names of the attributes that were set, in their order.
    fn names<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        slf.getattr("__dict__")?.try_iter()?.collect()
    }

    /// A weak reference to this object, made by Python.
    fn reference<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("weakref")?.getattr("ref")?.call1((slf,))
    }
}

/// Keeps its attributes in Rust, and only integers.
#[pyclass(module = "sample_classes")]
pub struct Register {
    numbers: BTreeMap<String, i64>,
    #[pyo3(get)]
    reads: u32,
}

#[pymethods]
impl Register {
    #[new]
    fn new() -> Self {
        Self {
            numbers: BTreeMap::new(),
            reads: 0,
        }
    }

    /// Asked only for what is not found otherwise.
    fn __getattr__(&mut self, name: &str) -> PyResult<i64> {
        self.reads += 1;
        self.numbers
            .get(name)
            .copied()
            .ok_or_else(|| PyAttributeError::new_err(format!("no number is called {name:?}")))
    }

    fn __setattr__(&mut self, name: String, value: i64) {
        self.numbers.insert(name, value);
    }

    fn __delattr__(&mut self, name: &str) -> PyResult<()> {
        match self.numbers.remove(name) {
            Some(_) => Ok(()),
            None => Err(PyAttributeError::new_err(name.to_owned())),
        }
    }

    fn __dir__(&self) -> Vec<String> {
        self.numbers.keys().cloned().collect()
    }
}

/// Stands before another object and hands every attribute on, except for names that begin with `_`.
#[pyclass(module = "sample_classes", frozen)]
pub struct Proxy {
    target: Py<PyAny>,
}

#[pymethods]
impl Proxy {
    #[new]
    fn new(target: Py<PyAny>) -> Self {
        Self { target }
    }

    fn __getattribute__<'py>(slf: &Bound<'py, Self>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        if name.starts_with('_') {
            return Err(PyAttributeError::new_err(format!("{name:?} is hidden")));
        }
        slf.get().target.bind(slf.py()).getattr(name)
    }

    fn __call__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.target.bind(py).call0()
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.target.bind(py).len()
    }

    fn __hash__(&self) -> PyResult<isize> {
        Err(PyTypeError::new_err("a proxy has no hash"))
    }
}
