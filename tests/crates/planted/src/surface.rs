//! Differences that are there before anything is called.

use pyo3::prelude::*;

#[cfg(not(planted))]
#[pyfunction]
pub fn missing_function() -> bool {
    true
}

#[cfg(not(planted))]
#[pyfunction]
#[pyo3(signature = (value = 1))]
pub fn default_of(value: i64) -> i64 {
    value
}

#[cfg(planted)]
#[pyfunction]
#[pyo3(signature = (value = 2))]
pub fn default_of(value: i64) -> i64 {
    value
}

#[cfg(not(planted))]
#[pyfunction]
pub fn parameter_name(first: i64) -> i64 {
    first
}

#[cfg(planted)]
#[pyfunction]
pub fn parameter_name(second: i64) -> i64 {
    second
}

/// What the function says of itself.
#[cfg(not(planted))]
#[pyfunction]
pub fn documented() -> bool {
    true
}

/// What the other function says of itself.
#[cfg(planted)]
#[pyfunction]
pub fn documented() -> bool {
    true
}

#[cfg_attr(not(planted), doc = "One text.")]
#[cfg_attr(planted, doc = "Another text.")]
#[pyclass(module = "planted")]
pub struct Documented;

#[pymethods]
impl Documented {
    #[new]
    fn new() -> Self {
        Self
    }
}

#[pyclass(module = "planted")]
pub struct ClassConstant;

#[pymethods]
impl ClassConstant {
    #[new]
    fn new() -> Self {
        Self
    }

    #[classattr]
    const LIMIT: i64 = if crate::PLANTED { 11 } else { 10 };
}

/// A class that may be derived from, or not.
#[cfg_attr(not(planted), pyclass(module = "planted", subclass))]
#[cfg_attr(planted, pyclass(module = "planted"))]
pub struct Extendable;

#[pymethods]
impl Extendable {
    #[new]
    fn new() -> Self {
        Self
    }
}

/// Objects that weak references can point at, or not.
#[cfg_attr(not(planted), pyclass(module = "planted", weakref))]
#[cfg_attr(planted, pyclass(module = "planted"))]
pub struct Referable;

#[pymethods]
impl Referable {
    #[new]
    fn new() -> Self {
        Self
    }
}

/// A class that says it is at home elsewhere.
#[cfg_attr(not(planted), pyclass(module = "planted"))]
#[cfg_attr(planted, pyclass(module = "planted.inner"))]
pub struct Located;

#[pymethods]
impl Located {
    #[new]
    fn new() -> Self {
        Self
    }
}
