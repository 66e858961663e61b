//! One class with what `measure.py` does to it. `native_class.rs` of the host's benches has the same one for RustPython.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A pair of numbers.
#[pyclass(frozen)]
pub struct Pair {
    #[pyo3(get)]
    first: i64,
    second: i64,
}

#[pymethods]
impl Pair {
    #[new]
    fn new(first: i64, second: i64) -> Self {
        Self { first, second }
    }

    fn scaled(&self, factor: i64) -> i64 {
        self.second * factor
    }

    fn __add__(&self, other: &Self) -> Self {
        Self {
            first: self.first + other.first,
            second: self.second + other.second,
        }
    }

    fn __iter__(&self) -> Numbers {
        Numbers {
            next: self.first,
            end: self.second,
        }
    }

    fn fail(&self) -> PyResult<()> {
        Err(PyValueError::new_err("on purpose"))
    }
}

/// Counts from one number to another.
#[pyclass]
pub struct Numbers {
    next: i64,
    end: i64,
}

#[pymethods]
impl Numbers {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self) -> Option<i64> {
        if self.next >= self.end {
            return None;
        }
        self.next += 1;
        Some(self.next - 1)
    }
}

#[pymodule]
fn speed(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Pair>()
}
