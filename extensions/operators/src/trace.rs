//! A class whose operators say which of them was called.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyNotImplemented;

/// What an operator answers: its name, whose it was, and the other operand.
type Called<'py> = PyResult<Bound<'py, PyAny>>;

/// Takes any operand on either side. One that gives way leaves the answer to the other operand.
#[pyclass(module = "sample_operators", subclass, frozen)]
pub struct Trace {
    name: String,
    gives_way: bool,
    calls: Mutex<Vec<&'static str>>,
}

impl Trace {
    fn called<'py>(&self, operator: &'static str, other: &Bound<'py, PyAny>) -> Called<'py> {
        let py = other.py();
        self.note(operator);
        if self.gives_way {
            return Ok(PyNotImplemented::get(py).to_owned().into_any());
        }
        Ok((operator, &self.name, other).into_pyobject(py)?.into_any())
    }

    fn note(&self, operator: &'static str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(operator);
    }
}

#[pymethods]
impl Trace {
    #[new]
    #[pyo3(signature = (name, *, gives_way = false))]
    fn new(name: String, gives_way: bool) -> Self {
        Self {
            name,
            gives_way,
            calls: Mutex::default(),
        }
    }

    /// The operators that were called so far, also those that gave way.
    #[getter]
    fn calls(&self) -> Vec<&'static str> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.clone()
    }

    fn __repr__(&self) -> String {
        format!("Trace({:?})", self.name)
    }

    fn __add__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("add", other)
    }

    fn __radd__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("radd", other)
    }

    fn __sub__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("sub", other)
    }

    fn __rsub__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rsub", other)
    }

    fn __mul__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("mul", other)
    }

    fn __rmul__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rmul", other)
    }

    fn __matmul__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("matmul", other)
    }

    fn __rmatmul__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rmatmul", other)
    }

    fn __truediv__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("truediv", other)
    }

    fn __rtruediv__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rtruediv", other)
    }

    fn __floordiv__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("floordiv", other)
    }

    fn __rfloordiv__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rfloordiv", other)
    }

    fn __mod__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("mod", other)
    }

    fn __rmod__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rmod", other)
    }

    fn __divmod__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("divmod", other)
    }

    fn __rdivmod__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rdivmod", other)
    }

    fn __lshift__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("lshift", other)
    }

    fn __rlshift__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rlshift", other)
    }

    fn __rshift__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rshift", other)
    }

    fn __rrshift__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rrshift", other)
    }

    fn __and__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("and", other)
    }

    fn __rand__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rand", other)
    }

    fn __xor__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("xor", other)
    }

    fn __rxor__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("rxor", other)
    }

    fn __or__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("or", other)
    }

    fn __ror__<'py>(&self, other: &Bound<'py, PyAny>) -> Called<'py> {
        self.called("ror", other)
    }

    fn __pow__<'py>(
        &self,
        exponent: &Bound<'py, PyAny>,
        modulus: &Bound<'py, PyAny>,
    ) -> Called<'py> {
        let other = (exponent, modulus).into_pyobject(exponent.py())?;
        self.called("pow", &other)
    }

    fn __rpow__<'py>(&self, base: &Bound<'py, PyAny>, modulus: &Bound<'py, PyAny>) -> Called<'py> {
        let other = (base, modulus).into_pyobject(base.py())?;
        self.called("rpow", &other)
    }

    fn __neg__(&self) -> (&'static str, &str) {
        ("neg", &self.name)
    }

    fn __pos__(&self) -> (&'static str, &str) {
        ("pos", &self.name)
    }

    fn __abs__(&self) -> (&'static str, &str) {
        ("abs", &self.name)
    }

    fn __invert__(&self) -> (&'static str, &str) {
        ("invert", &self.name)
    }
}
