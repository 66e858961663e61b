//! A chain of five classes, each with data of its own.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::above;

/// The first of the chain. What it is called with besides a number is for the classes that extend it.
#[pyclass(module = "sample_inheritance", subclass)]
pub struct Root {
    #[pyo3(get, set)]
    number: i64,
}

impl Root {
    fn of(number: i64) -> PyResult<Self> {
        if number < 0 {
            return Err(PyValueError::new_err(format!("{number} is below the root")));
        }
        Ok(Self { number })
    }
}

#[pymethods]
impl Root {
    #[classattr]
    const LEVEL: u8 = 0;

    #[new]
    #[pyo3(signature = (number = 0, *_args, **_kwargs))]
    fn new(
        number: i64,
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Self::of(number)
    }

    /// The names of the classes that a call passes on its way up.
    fn path(&self) -> Vec<&'static str> {
        vec!["Root"]
    }

    /// Calls `path` as Python does, so that the one of the class at the bottom is found.
    fn whole_path(slf: &Bound<'_, Self>) -> PyResult<Vec<String>> {
        slf.call_method0("path")?.extract()
    }

    /// Only the root has this one.
    fn double(&self) -> i64 {
        self.number.wrapping_mul(2)
    }

    #[staticmethod]
    fn sum(numbers: Vec<i64>) -> i64 {
        numbers.into_iter().fold(0, i64::wrapping_add)
    }

    /// An object of the class that this is called on.
    #[classmethod]
    fn make<'py>(
        class: &Bound<'py, pyo3::types::PyType>,
        number: i64,
    ) -> PyResult<Bound<'py, PyAny>> {
        class.call1((number,))
    }

    fn __len__(&self) -> usize {
        1
    }

    fn __add__(&self, other: i64) -> (&'static str, i64) {
        ("Root.__add__", self.number.wrapping_add(other))
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.number == other.number
    }

    fn __hash__(&self) -> i64 {
        self.number
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let name = slf.get_type().name()?;
        Ok(format!("{name}({})", slf.borrow().number))
    }
}

/// The second: overrides a method and an operator.
#[pyclass(module = "sample_inheritance", extends = Root, subclass)]
pub struct Branch {
    #[pyo3(get, set)]
    text: String,
}

#[pymethods]
impl Branch {
    #[classattr]
    const LEVEL: u8 = 1;

    #[new]
    #[pyo3(signature = (number = 0, text = "", *_args, **_kwargs))]
    fn new(
        number: i64,
        text: &str,
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let text = text.to_owned();
        Ok(PyClassInitializer::from(Root::of(number)?).add_subclass(Self { text }))
    }

    fn path(slf: PyRef<'_, Self>) -> Vec<&'static str> {
        let mut path = slf.as_super().path();
        path.push("Branch");
        path
    }

    fn __add__(slf: PyRef<'_, Self>, other: i64) -> (&'static str, i64) {
        ("Branch.__add__", slf.as_super().__add__(other).1)
    }

    fn __radd__(&self, other: i64) -> (&'static str, i64) {
        ("Branch.__radd__", other)
    }

    fn __getitem__(&self, index: usize) -> Option<char> {
        self.text.chars().nth(index)
    }
}

/// The third: overrides special methods, and has no data.
#[pyclass(module = "sample_inheritance", extends = Branch, subclass)]
pub struct Twig;

#[pymethods]
impl Twig {
    #[new]
    #[pyo3(signature = (number = 0, text = "twig", *args, **kwargs))]
    fn new(
        number: i64,
        text: &str,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        Ok(Branch::new(number, text, args, kwargs)?.add_subclass(Self))
    }

    /// Goes up by Python's own `super()`.
    fn path(slf: &Bound<'_, Self>) -> PyResult<Vec<String>> {
        let mut path: Vec<String> = above::<Self>(slf)?.call_method0("path")?.extract()?;
        path.push("Twig".to_owned());
        Ok(path)
    }

    fn __len__(&self) -> usize {
        3
    }

    fn __bool__(&self) -> bool {
        false
    }
}

/// The fourth: holds an object.
#[pyclass(module = "sample_inheritance", extends = Twig, subclass, dict, weakref)]
pub struct Leaf {
    #[pyo3(get, set)]
    held: Option<Py<PyAny>>,
}

#[pymethods]
impl Leaf {
    #[new]
    #[pyo3(signature = (number = 0, held = None, *args, **kwargs))]
    fn new(
        number: i64,
        held: Option<Py<PyAny>>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        Ok(Twig::new(number, "leaf", args, kwargs)?.add_subclass(Self { held }))
    }

    /// All numbers and texts on the way, by each base in turn.
    fn all<'py>(slf: &Bound<'py, Self>) -> (i64, String, Option<Bound<'py, PyAny>>) {
        let held = slf
            .borrow()
            .held
            .as_ref()
            .map(|held| held.bind(slf.py()).clone());
        let branch = slf.as_super().as_super();
        let number = branch.as_super().borrow().number;
        (number, branch.borrow().text.clone(), held)
    }

    fn __contains__(&self, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.held
            .as_ref()
            .map_or(Ok(false), |held| held.bind(item.py()).eq(item))
    }

    fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        visit.call(&self.held)
    }

    fn __clear__(&mut self) {
        self.held = None;
    }
}

/// The fifth and last: nothing extends it.
#[pyclass(module = "sample_inheritance", extends = Leaf)]
pub struct Vein {
    #[pyo3(get)]
    width: f64,
    /// What it was grown from. Visited, which keeps its functions for the collector apart from `Twig`'s: see `Tendril`.
    origin: Option<Py<PyAny>>,
}

#[pymethods]
impl Vein {
    #[new]
    #[pyo3(signature = (number = 0, width = 0.5))]
    fn new(number: i64, width: f64, py: Python<'_>) -> PyResult<PyClassInitializer<Self>> {
        let none = PyTuple::empty(py);
        let origin = None;
        Ok(Leaf::new(number, None, &none, None)?.add_subclass(Self { width, origin }))
    }

    fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        visit.call(&self.origin)
    }

    fn __clear__(&mut self) {
        self.origin = None;
    }

    fn path(slf: &Bound<'_, Self>) -> PyResult<Vec<String>> {
        let mut path = Twig::path(slf.as_super().as_super())?;
        path.push("Vein".to_owned());
        Ok(path)
    }

    fn __add__(
        slf: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
    ) -> PyResult<(&'static str, Py<PyAny>)> {
        let above = above::<Self>(slf)?.call_method1("__add__", (other,))?;
        Ok(("Vein.__add__", above.unbind()))
    }
}

/// Extends `Leaf` as `Vein` does, without functions for the collector of its own.
///
/// PyO3 finds the next class up by the address of the function, and the compiler gives equal functions one address:
/// this class's is `Twig`'s, between which lies `Leaf`'s.
#[pyclass(module = "sample_inheritance", extends = Leaf)]
pub struct Tendril;

#[pymethods]
impl Tendril {
    #[new]
    fn new(py: Python<'_>) -> PyResult<PyClassInitializer<Self>> {
        let none = PyTuple::empty(py);
        Ok(Leaf::new(0, None, &none, None)?.add_subclass(Self))
    }
}

/// A second class that extends the root, with data: it and `Branch` cannot both be bases.
#[pyclass(module = "sample_inheritance", extends = Root, subclass)]
pub struct Thorn {
    #[pyo3(get)]
    sharpness: u64,
}

#[pymethods]
impl Thorn {
    #[new]
    #[pyo3(signature = (number = 0, sharpness = 1))]
    fn new(number: i64, sharpness: u64) -> PyResult<PyClassInitializer<Self>> {
        Ok(PyClassInitializer::from(Root::of(number)?).add_subclass(Self { sharpness }))
    }

    fn path(slf: PyRef<'_, Self>) -> Vec<&'static str> {
        let mut path = slf.as_super().path();
        path.push("Thorn");
        path
    }

    fn __len__(&self) -> usize {
        9
    }
}

/// A third one, without data: it can stand beside another base.
#[pyclass(module = "sample_inheritance", extends = Root, subclass)]
pub struct Moss;

#[pymethods]
impl Moss {
    #[new]
    #[pyo3(signature = (number = 0, *_args))]
    fn new(number: i64, _args: &Bound<'_, PyTuple>) -> PyResult<PyClassInitializer<Self>> {
        Ok(PyClassInitializer::from(Root::of(number)?).add_subclass(Self))
    }

    fn path(slf: &Bound<'_, Self>) -> PyResult<Vec<String>> {
        let mut path: Vec<String> = above::<Self>(slf)?.call_method0("path")?.extract()?;
        path.push("Moss".to_owned());
        Ok(path)
    }

    fn __neg__(&self) -> &'static str {
        "Moss.__neg__"
    }
}

/// Take any of them by its base class: its number, its length as Python sees it, and whether it is of each class.
#[pyfunction]
pub fn inspect(object: &Bound<'_, Root>) -> PyResult<(i64, usize, Vec<bool>)> {
    let any = object.as_any();
    let classes = vec![
        any.is_instance_of::<Branch>(),
        any.is_instance_of::<Twig>(),
        any.is_instance_of::<Leaf>(),
        any.is_exact_instance_of::<Leaf>(),
        any.is_instance_of::<Vein>(),
        any.cast::<Thorn>().is_ok(),
        any.cast_exact::<Moss>().is_ok(),
    ];
    Ok((object.borrow().number, any.len()?, classes))
}

/// The classes of the chain, made by Rust.
#[pyfunction]
pub fn grow(py: Python<'_>, number: i64, level: u8) -> PyResult<Py<PyAny>> {
    let none = PyTuple::empty(py);
    Ok(match level {
        0 => Py::new(py, Root::of(number)?)?.into_any(),
        1 => Py::new(py, Branch::new(number, "grown", &none, None)?)?.into_any(),
        2 => Py::new(py, Twig::new(number, "grown", &none, None)?)?.into_any(),
        3 => Py::new(py, Leaf::new(number, None, &none, None)?)?.into_any(),
        _ => Py::new(py, Vein::new(number, 1.5, py)?)?.into_any(),
    })
}
