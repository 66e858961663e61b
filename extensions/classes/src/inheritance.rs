//! Classes that extend others: of Rust, and Python's own.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// The base of the animals.
#[pyclass(module = "sample_classes", subclass)]
pub struct Animal {
    #[pyo3(get)]
    name: String,
    meals: u32,
}

#[pymethods]
impl Animal {
    /// Further arguments are for the classes that extend this one.
    #[new]
    #[pyo3(signature = (name, *_args, **_kwargs))]
    fn new(name: String, _args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { name, meals: 0 }
    }

    fn feed(&mut self) -> u32 {
        self.meals += 1;
        self.meals
    }

    fn sound(&self) -> &'static str {
        "..."
    }

    /// Calls `sound` as Python does, so that the one of a class below is found.
    fn speak(slf: &Bound<'_, Self>) -> PyResult<String> {
        let sound: String = slf.call_method0("sound")?.extract()?;
        Ok(format!("{} says {sound}", slf.borrow().name))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(format!(
            "{}({:?})",
            slf.get_type().name()?,
            slf.borrow().name
        ))
    }
}

/// An animal that knows tricks.
#[pyclass(module = "sample_classes", extends = Animal, subclass)]
pub struct Dog {
    #[pyo3(get, set)]
    tricks: Vec<String>,
}

#[pymethods]
impl Dog {
    #[new]
    #[pyo3(signature = (name, *tricks))]
    fn new(name: String, tricks: Vec<String>) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Animal { name, meals: 0 }).add_subclass(Self { tricks })
    }

    fn sound(&self) -> &'static str {
        "woof"
    }

    /// Feed as an animal, then do all tricks.
    fn reward(mut slf: PyRefMut<'_, Self>) -> (u32, Vec<String>) {
        let meals = slf.as_super().feed();
        (meals, slf.tricks.clone())
    }
}

/// A dog that does not eat yet.
#[pyclass(module = "sample_classes", extends = Dog)]
pub struct Puppy {
    #[pyo3(get)]
    weeks: u8,
}

#[pymethods]
impl Puppy {
    #[new]
    fn new(name: String, weeks: u8) -> PyClassInitializer<Self> {
        Dog::new(name, Vec::new()).add_subclass(Self { weeks })
    }

    /// What the base says, through Python's `super()`.
    fn sound<'py>(slf: &Bound<'py, Self>) -> PyResult<String> {
        let loud: String = slf.py_super()?.call_method0("sound")?.extract()?;
        Ok(loud.to_uppercase())
    }
}

/// Take any animal by its base class; what it says, and the name of its own class.
#[pyfunction]
pub fn introduce(animal: &Bound<'_, Animal>) -> PyResult<(String, String)> {
    let class = animal.get_type().qualname()?;
    Ok((Animal::speak(animal)?, class.to_string()))
}

/// A `ValueError` that knows its limit.
#[pyclass(module = "sample_classes", extends = PyValueError, subclass)]
pub struct LimitError {
    #[pyo3(get, set)]
    limit: i64,
}

#[pymethods]
impl LimitError {
    #[new]
    #[pyo3(signature = (message, limit = 0))]
    fn new(message: &Bound<'_, PyAny>, limit: i64) -> Self {
        let _ = message; // `ValueError` keeps it among its arguments
        Self { limit }
    }

    /// Further from the limit than that.
    fn exceeds(&self, number: i64) -> bool {
        number > self.limit
    }
}

/// Raise a `LimitError` if a number is more than its limit.
#[pyfunction]
pub fn check_limit(py: Python<'_>, number: i64, limit: i64) -> PyResult<i64> {
    if number <= limit {
        return Ok(number);
    }
    let class = py.get_type::<LimitError>();
    Err(PyErr::from_value(
        class.call1((format!("{number} is too large"), limit))?,
    ))
}

/// A dict that counts how often it was changed by `record`.
#[pyclass(module = "sample_classes", extends = PyDict)]
pub struct Ledger {
    #[pyo3(get)]
    changes: u32,
}

#[pymethods]
impl Ledger {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { changes: 0 }
    }

    /// Set an item through the base class.
    fn record(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<usize> {
        slf.as_super().set_item(key, value)?;
        slf.borrow_mut().changes += 1;
        Ok(slf.as_super().len())
    }
}
