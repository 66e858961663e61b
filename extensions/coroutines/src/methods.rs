//! Methods that are `async`. The object stays borrowed while the coroutine waits.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::functions::yield_now;

/// An account whose methods take their time.
#[pyclass(module = "sample_coroutines", subclass)]
pub struct Account {
    #[pyo3(get, set)]
    cents: i64,
}

#[pymethods]
impl Account {
    #[new]
    #[pyo3(signature = (cents = 0))]
    fn new(cents: i64) -> Self {
        Self { cents }
    }

    /// What is there, after returning control this many times; borrowed for reading meanwhile.
    #[pyo3(signature = (times = 0))]
    async fn read(&self, times: u8) -> i64 {
        for _ in 0..times {
            yield_now().await;
        }
        self.cents
    }

    /// Pay in one cent at a time; borrowed for changing meanwhile.
    async fn deposit(&mut self, cents: u8) -> PyResult<i64> {
        for _ in 0..cents {
            self.cents = self
                .cents
                .checked_add(1)
                .ok_or_else(|| PyValueError::new_err("too rich"))?;
            yield_now().await;
        }
        Ok(self.cents)
    }

    /// Move cents one at a time; each account is borrowed only while a cent moves.
    async fn transfer(slf: Py<Self>, other: Py<Self>, cents: u8) -> PyResult<(i64, i64)> {
        for _ in 0..cents {
            Python::attach(|py| -> PyResult<()> {
                slf.try_borrow_mut(py)?.cents -= 1;
                other.try_borrow_mut(py)?.cents += 1;
                Ok(())
            })?;
            yield_now().await;
        }
        Python::attach(|py| Ok((slf.try_borrow(py)?.cents, other.try_borrow(py)?.cents)))
    }

    #[staticmethod]
    async fn describe(cents: i64) -> String {
        yield_now().await;
        format!("{cents} cents")
    }

    #[classmethod]
    async fn open(class: Py<PyType>, cents: i64) -> PyResult<Py<PyAny>> {
        yield_now().await;
        Python::attach(|py| class.call1(py, (cents,)))
    }
}
