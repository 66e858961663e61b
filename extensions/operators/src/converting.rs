//! Conversions to Python's numbers, and rounding.

use pyo3::prelude::*;

/// Answers every conversion with the object it holds, whatever that is; a callable is called.
#[pyclass(module = "sample_operators", subclass, frozen)]
pub struct Convertible {
    held: Py<PyAny>,
}

impl Convertible {
    fn answer<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let held = self.held.bind(py);
        if held.is_callable() {
            held.call0()
        } else {
            Ok(held.clone())
        }
    }
}

#[pymethods]
impl Convertible {
    #[new]
    fn new(held: Py<PyAny>) -> Self {
        Self { held }
    }

    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py)
    }

    fn __float__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py)
    }

    fn __complex__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py)
    }

    fn __index__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py)
    }

    fn __trunc__<'py>(&self, py: Python<'py>) -> PyResult<(&'static str, Bound<'py, PyAny>)> {
        Ok(("trunc", self.answer(py)?))
    }

    fn __floor__<'py>(&self, py: Python<'py>) -> PyResult<(&'static str, Bound<'py, PyAny>)> {
        Ok(("floor", self.answer(py)?))
    }

    fn __ceil__<'py>(&self, py: Python<'py>) -> PyResult<(&'static str, Bound<'py, PyAny>)> {
        Ok(("ceil", self.answer(py)?))
    }

    #[pyo3(signature = (digits = None))]
    fn __round__<'py>(
        &self,
        digits: Option<Bound<'py, PyAny>>,
        py: Python<'py>,
    ) -> PyResult<(Option<Bound<'py, PyAny>>, Bound<'py, PyAny>)> {
        Ok((digits, self.answer(py)?))
    }
}

/// Has an index and nothing else: `int`, `float` and `complex` fall back on it.
#[pyclass(module = "sample_operators", frozen)]
pub struct Position(i64);

#[pymethods]
impl Position {
    #[new]
    fn new(position: i64) -> Self {
        Self(position)
    }

    fn __index__(&self) -> i64 {
        self.0
    }
}

/// Has a float and nothing else: `complex` falls back on it, `int` does not.
#[pyclass(module = "sample_operators", frozen)]
pub struct Measure(f64);

#[pymethods]
impl Measure {
    #[new]
    fn new(measure: f64) -> Self {
        Self(measure)
    }

    fn __float__(&self) -> f64 {
        self.0
    }
}

/// What Rust makes of a number-like object: as `i64`, as `f64`, and by its index.
#[pyfunction]
pub fn seen_by_rust(number: &Bound<'_, PyAny>) -> (Option<i64>, Option<f64>, Option<usize>) {
    (
        number.extract().ok(),
        number.extract().ok(),
        number.extract().ok(),
    )
}
