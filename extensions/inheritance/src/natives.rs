//! Classes that extend Python's containers and numbers.

use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyDict, PyFloat, PyFrozenSet, PySet, PyTuple};

use crate::above;

/// A dict that knows how often its own method changed it.
#[pyclass(module = "sample_inheritance", extends = PyDict, subclass)]
pub struct Chart {
    #[pyo3(get)]
    changes: u32,
}

#[pymethods]
impl Chart {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { changes: 0 }
    }

    /// Set an item through the base class, whatever a class below overrides.
    fn enter(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        slf.as_super().set_item(key, value)?;
        slf.borrow_mut().changes += 1;
        Ok(())
    }

    /// Set an item as Python does.
    fn enter_by_name(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        slf.as_any().set_item(key, value)
    }

    fn __missing__<'py>(&self, key: Bound<'py, PyAny>) -> (&'static str, Bound<'py, PyAny>) {
        ("missing", key)
    }
}

/// A chart with a title.
#[pyclass(module = "sample_inheritance", extends = Chart, subclass)]
pub struct TitledChart {
    #[pyo3(get, set)]
    title: String,
}

#[pymethods]
impl TitledChart {
    #[new]
    #[pyo3(signature = (*args, **kwargs))]
    fn new(
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        let title = format!("of {}", args.len());
        PyClassInitializer::from(Chart::new(args, kwargs)).add_subclass(Self { title })
    }

    /// The entries are in a dict that the base fills.
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let entries = above::<Self>(slf)?.call_method0("__repr__")?;
        Ok(format!("{}: {entries}", slf.borrow().title))
    }

    fn __setitem__(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        above::<Self>(slf)?.call_method1("__setitem__", (key, (value, "set")))?;
        Ok(())
    }
}

/// A set that counts what is added by its own method.
#[pyclass(module = "sample_inheritance", extends = PySet, subclass)]
pub struct Uniques {
    #[pyo3(get)]
    tried: u32,
}

#[pymethods]
impl Uniques {
    #[new]
    #[pyo3(signature = (*_args))]
    fn new(_args: &Bound<'_, PyTuple>) -> Self {
        Self { tried: 0 }
    }

    fn put(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> PyResult<usize> {
        slf.borrow_mut().tried += 1;
        slf.as_super().add(item)?;
        Ok(slf.as_super().len())
    }

    fn __contains__(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(item.is_none() || slf.as_super().contains(item)?)
    }
}

/// A frozenset, which is empty when Rust has made it, and a label.
#[pyclass(module = "sample_inheritance", extends = PyFrozenSet, subclass)]
pub struct Frozen {
    #[pyo3(get, set)]
    label: i64,
}

#[pymethods]
impl Frozen {
    #[new]
    #[pyo3(signature = (label = 0))]
    fn new(label: i64) -> Self {
        Self { label }
    }

    fn size(slf: &Bound<'_, Self>) -> usize {
        slf.as_super().len()
    }
}

/// A float, which is 0.0 when Rust has made it, in a unit.
#[pyclass(module = "sample_inheritance", extends = PyFloat, subclass)]
pub struct Length {
    #[pyo3(get)]
    unit: String,
}

#[pymethods]
impl Length {
    #[new]
    #[pyo3(signature = (unit = "m"))]
    fn new(unit: &str) -> Self {
        Self {
            unit: unit.to_owned(),
        }
    }

    fn __add__(slf: &Bound<'_, Self>, other: f64) -> (f64, String) {
        (slf.as_super().value() + other, slf.borrow().unit.clone())
    }

    fn __float__(&self) -> f64 {
        2.5
    }
}

/// A complex number, which is 0j when Rust has made it, and a phase.
#[pyclass(module = "sample_inheritance", extends = PyComplex, subclass)]
pub struct Phasor {
    #[pyo3(get, set)]
    phase: f64,
}

#[pymethods]
impl Phasor {
    #[new]
    #[pyo3(signature = (phase = 0.25))]
    fn new(phase: f64) -> Self {
        Self { phase }
    }

    fn __abs__(&self) -> f64 {
        self.phase
    }
}

/// How Rust sees an object: as a dict, a set, a frozenset, a float, a complex number; and its value as `f64`.
#[pyfunction]
pub fn seen_as(object: &Bound<'_, PyAny>) -> (Vec<bool>, Option<f64>) {
    let kinds = vec![
        object.cast::<PyDict>().is_ok(),
        object.cast_exact::<PyDict>().is_ok(),
        object.cast::<PySet>().is_ok(),
        object.cast::<PyFrozenSet>().is_ok(),
        object.cast::<PyFloat>().is_ok(),
        object.cast::<PyComplex>().is_ok(),
        object.cast::<Chart>().is_ok(),
    ];
    (kinds, object.extract().ok())
}
