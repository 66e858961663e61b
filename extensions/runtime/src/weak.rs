//! Weak references and proxies.

use pyo3::prelude::*;
use pyo3::types::{PyWeakref, PyWeakrefProxy, PyWeakrefReference};

/// A class with weak references.
#[pyclass(weakref, subclass, module = "sample_runtime")]
pub struct Target {
    #[pyo3(get, set)]
    label: String,
}

#[pymethods]
impl Target {
    #[new]
    #[pyo3(signature = (label = "target".to_owned()))]
    fn new(label: String) -> Self {
        Self { label }
    }

    fn shout(&self) -> String {
        self.label.to_uppercase()
    }

    fn __len__(&self) -> usize {
        self.label.len()
    }

    fn __repr__(&self) -> String {
        format!("Target({:?})", self.label)
    }
}

/// A weak reference, with a callback if one is given.
#[pyfunction]
#[pyo3(signature = (object, callback = None))]
pub fn weak_reference<'py>(
    object: &Bound<'py, PyAny>,
    callback: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyWeakrefReference>> {
    match callback {
        Some(callback) => PyWeakrefReference::new_with(object, callback),
        None => PyWeakrefReference::new(object),
    }
}

/// A proxy, with a callback if one is given.
#[pyfunction]
#[pyo3(signature = (object, callback = None))]
pub fn weak_proxy<'py>(
    object: &Bound<'py, PyAny>,
    callback: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyWeakrefProxy>> {
    match callback {
        Some(callback) => PyWeakrefProxy::new_with(object, callback),
        None => PyWeakrefProxy::new(object),
    }
}

/// What a weak reference or proxy leads to, and its label if it is a `Target`.
#[pyfunction]
pub fn upgrade<'py>(reference: &Bound<'py, PyWeakref>) -> (Option<String>, Option<(bool, String)>) {
    let object = reference.upgrade();
    let shown = object.map(|object| {
        object
            .repr()
            .map(|shown| shown.to_string())
            .unwrap_or_default()
    });
    let typed = match reference.upgrade_as::<Target>() {
        Ok(None) => None,
        Ok(Some(target)) => Some((true, target.borrow().label.clone())),
        Err(error) => Some((false, error.to_string())),
    };
    (shown, typed)
}

/// Whether two references to one object are one reference, without and with a callback.
#[pyfunction]
pub fn same_reference(object: &Bound<'_, PyAny>) -> PyResult<(bool, bool, bool)> {
    let (one, two) = (
        PyWeakrefReference::new(object)?,
        PyWeakrefReference::new(object)?,
    );
    let callback = object.py().get_type::<pyo3::types::PyList>();
    let third = PyWeakrefReference::new_with(object, callback)?;
    Ok((one.is(&two), one.is(&third), one.eq(&third)?))
}

/// Call a method through a weak reference or a proxy.
#[pyfunction]
pub fn call_weak<'py>(reference: &Bound<'py, PyAny>, method: &str) -> PyResult<Bound<'py, PyAny>> {
    match reference.cast::<PyWeakrefReference>() {
        Ok(reference) => reference.call0()?.call_method0(method),
        Err(_) => reference.call_method0(method),
    }
}
