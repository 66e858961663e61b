//! Attributes, items and special methods of Python objects.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// `getattr(object, name)`, and what `hasattr` says; without the attribute `None`.
#[pyfunction]
pub fn get_attribute<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> PyResult<(bool, Option<Bound<'py, PyAny>>)> {
    Ok((object.hasattr(name)?, object.getattr_opt(name)?))
}

/// Set or delete an attribute, and look whether it is there afterwards.
#[pyfunction]
#[pyo3(signature = (object, name, value = None, *, delete = false))]
pub fn change_attribute(
    object: &Bound<'_, PyAny>,
    name: &Bound<'_, PyString>,
    value: Option<&Bound<'_, PyAny>>,
    delete: bool,
) -> PyResult<bool> {
    if delete {
        object.delattr(name)?;
    } else {
        object.setattr(name, value)?;
    }
    object.hasattr(name)
}

/// The names that `dir()` gives, without those that begin with two underscores.
#[pyfunction]
pub fn list_attributes(object: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let mut names: Vec<String> = object.dir()?.extract()?;
    names.retain(|name| !name.starts_with("__"));
    Ok(names)
}

/// Set, get or delete an item; what was there before comes back.
#[pyfunction]
#[pyo3(signature = (object, change, key, value = None))]
pub fn change_item<'py>(
    object: &Bound<'py, PyAny>,
    change: &str,
    key: &Bound<'py, PyAny>,
    value: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let before = object.get_item(key).ok();
    match change {
        "get" => return object.get_item(key).map(Some),
        "set" => object.set_item(key, value)?,
        "delete" => object.del_item(key)?,
        _ => return Err(PyValueError::new_err(format!("unknown change {change:?}"))),
    }
    Ok(before)
}

/// What each special method says, by the name of the builtin that asks it; an exception is told by
/// its name and text.
#[pyfunction]
pub fn special_methods<'py>(
    py: Python<'py>,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let answers = PyDict::new(py);
    let tell = |name: &str, answer: PyResult<Bound<'py, PyAny>>| match answer {
        Ok(value) => answers.set_item(name, value),
        Err(error) => {
            let text = (error.get_type(py).qualname()?, error.value(py).str()?);
            answers.set_item(name, text)
        }
    };
    tell("str", object.str().map(Bound::into_any))?;
    tell("repr", object.repr().map(Bound::into_any))?;
    tell(
        "bool",
        object.is_truthy().and_then(|answer| into_any(py, answer)),
    )?;
    tell("len", object.len().and_then(|answer| into_any(py, answer)))?;
    tell(
        "empty",
        object.is_empty().and_then(|answer| into_any(py, answer)),
    )?;
    tell(
        "eq",
        object.eq(object).and_then(|answer| into_any(py, answer)),
    )?;
    tell(
        "ne",
        object.ne(py.None()).and_then(|answer| into_any(py, answer)),
    )?;
    tell("lt", object.lt(0).and_then(|answer| into_any(py, answer)))?;
    tell("hashable", into_any(py, object.hash().is_ok()))?;
    tell("callable", into_any(py, object.is_callable()))?;
    tell("iter", object.try_iter().and_then(|_| into_any(py, true)))?;
    Ok(answers)
}

/// A Rust value as any Python object.
fn into_any<'py, T: IntoPyObjectExt<'py>>(
    py: Python<'py>,
    value: T,
) -> PyResult<Bound<'py, PyAny>> {
    value.into_bound_py_any(py)
}

/// `item in object`.
#[pyfunction]
pub fn contains(object: &Bound<'_, PyAny>, item: &Bound<'_, PyAny>) -> PyResult<bool> {
    object.contains(item)
}

/// Whether an object is an instance of a class or a tuple of classes, and its type is a subclass.
#[pyfunction]
pub fn is_instance(object: &Bound<'_, PyAny>, class: &Bound<'_, PyAny>) -> PyResult<(bool, bool)> {
    Ok((
        object.is_instance(class)?,
        object.get_type().is_subclass(class)?,
    ))
}

/// Hand an object through Rust's own handle: is it the same one, is it equal, is its hash the same?
#[pyfunction]
pub fn same_object<'py>(
    py: Python<'py>,
    object: Py<PyAny>,
) -> PyResult<(bool, bool, bool, Bound<'py, PyAny>)> {
    let again = object.clone_ref(py).into_bound(py);
    let hashes = (object.bind(py).hash().ok(), again.hash().ok());
    let equal = object.bind(py).eq(&again)?;
    Ok((again.is(&object), equal, hashes.0 == hashes.1, again))
}
