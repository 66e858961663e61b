//! What a class shows of itself: names, docstrings, signatures; a class for one thread only, and a generic one.

use std::cell::Cell;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// Everything in it has a name, a docstring or a signature of its own.
///
/// The second paragraph of its docstring.
#[pyclass(
    module = "sample_classes",
    name = "Shown",
    rename_all = "camelCase",
    get_all,
    set_all
)]
pub struct Surface {
    /// The first field.
    first_field: i64,
    /// The second field has another name.
    #[pyo3(name = "second")]
    second_field: Option<String>,
}

#[pymethods]
impl Surface {
    /// Is not the docstring of the class.
    #[new]
    #[pyo3(signature = (first_field = 1, /, second_field = None, *, _flag = false))]
    fn new(first_field: i64, second_field: Option<String>, _flag: bool) -> Self {
        Self {
            first_field,
            second_field,
        }
    }

    /// A method with each kind of parameter.
    #[pyo3(signature = (one, /, two = 2, *three, four, five = None, **six))]
    fn with_signature(
        &self,
        one: i64,
        two: i64,
        three: Vec<i64>,
        four: i64,
        five: Option<i64>,
        six: Option<std::collections::BTreeMap<String, i64>>,
    ) -> (i64, i64, usize, i64, Option<i64>, usize) {
        let _ = self.first_field;
        (
            one,
            two,
            three.len(),
            four,
            five,
            six.map_or(0, |six| six.len()),
        )
    }

    #[pyo3(text_signature = "($self, anything, /)")]
    fn with_text(&self, anything: i64) -> i64 {
        anything
    }

    #[pyo3(text_signature = None)]
    fn without_text(&self) {}

    #[pyo3(name = "renamed")]
    fn with_another_name(&self) -> &'static str {
        "renamed"
    }

    /// A static method.
    #[staticmethod]
    #[pyo3(signature = (number = -1))]
    fn still(number: i64) -> i64 {
        number
    }

    /// A class method.
    #[classmethod]
    fn of_class(class: &Bound<'_, PyType>, _number: i64) -> PyResult<String> {
        Ok(class.qualname()?.to_string())
    }

    /// A getter's docstring is the property's.
    #[getter]
    fn computed(&self) -> i64 {
        self.first_field.wrapping_add(1)
    }

    #[setter]
    fn set_computed(&mut self, value: i64) {
        self.first_field = value.wrapping_sub(1);
    }

    /// Can only be written.
    #[setter(secret)]
    fn set_secret(&mut self, value: i64) {
        self.first_field = value;
    }

    #[classattr]
    #[pyo3(name = "ANSWER")]
    fn answer() -> i64 {
        42
    }

    /// A class attribute can be an object of the class itself.
    #[classattr]
    fn default() -> Self {
        Self::new(7, None, false)
    }
}

/// Has no constructor, no module and no docstring but this one.
#[pyclass]
pub struct Unmodular;

#[pymethods]
impl Unmodular {
    /// The only way to one.
    #[staticmethod]
    fn instance() -> Self {
        Self
    }
}

/// May be used only by the thread that made it.
#[pyclass(module = "sample_classes", unsendable, subclass)]
pub struct Local {
    count: Cell<i64>,
}

#[pymethods]
impl Local {
    #[new]
    fn new() -> Self {
        Self {
            count: Cell::new(0),
        }
    }

    fn count(&self) -> i64 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    fn change(&mut self) -> i64 {
        self.count.set(0);
        0
    }

    fn __len__(&self) -> usize {
        3
    }
}

/// Takes parameters in brackets, as `list` does. It can be made from anything that it was told to hold.
#[pyclass(module = "sample_classes", generic, subclass, frozen)]
pub struct Boxed {
    #[pyo3(get)]
    held: Py<PyAny>,
}

#[pymethods]
impl Boxed {
    #[new]
    fn new(held: Py<PyAny>) -> Self {
        Self { held }
    }

    /// Hold what another box holds, by this class.
    #[classmethod]
    fn again<'py>(
        class: &Bound<'py, PyType>,
        other: &Bound<'py, Self>,
    ) -> PyResult<Bound<'py, PyAny>> {
        class.call1((&other.get().held,))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.held.bind(py).len()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Boxed({})", self.held.bind(py).repr()?))
    }
}

/// Constructed by what it is given: another one is handed back, as `__new__` may.
#[pyclass(module = "sample_classes", frozen)]
pub struct Interned {
    #[pyo3(get)]
    key: i64,
}

#[pymethods]
impl Interned {
    #[new]
    fn one_of<'py>(key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        if key.is_instance_of::<Self>() || key.is_none() {
            return Ok(key.clone());
        }
        let key: i64 = key.extract()?;
        if key < 0 {
            return Err(PyRuntimeError::new_err("below zero"));
        }
        Ok(Bound::new(py, Self { key })?.into_any())
    }

    fn __repr__(&self) -> String {
        format!("Interned({})", self.key)
    }
}
