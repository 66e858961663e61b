//! Plain classes: properties, methods of each kind, class attributes, and what borrowing forbids.

use pyo3::exceptions::{PyAttributeError, PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyType;

/// A bank account.
#[pyclass(module = "sample_classes", subclass)]
pub struct Account {
    /// Whose account it is.
    #[pyo3(get, set)]
    owner: String,
    cents: i64,
    note: Option<String>,
}

#[pymethods]
impl Account {
    /// The most that an account holds, in cents.
    #[classattr]
    const LIMIT_CENTS: i64 = 1_000_000;

    #[classattr]
    fn currencies() -> Vec<&'static str> {
        vec!["EUR", "USD"]
    }

    #[new]
    #[pyo3(signature = (owner, cents = 0, *, note = None))]
    fn new(owner: String, cents: i64, note: Option<String>) -> PyResult<Self> {
        if !(0..=Self::LIMIT_CENTS).contains(&cents) {
            return Err(PyValueError::new_err(format!("cannot hold {cents} cents")));
        }
        Ok(Self { owner, cents, note })
    }

    /// Make an account from "owner:cents".
    #[classmethod]
    fn from_text<'py>(class: &Bound<'py, PyType>, text: &str) -> PyResult<Bound<'py, PyAny>> {
        let (owner, cents) = text
            .split_once(':')
            .ok_or_else(|| PyValueError::new_err(format!("no colon in {text:?}")))?;
        class.call1((owner, cents.parse::<i64>()?))
    }

    /// Cents as people write them.
    #[staticmethod]
    #[pyo3(signature = (cents, separator = '.'))]
    fn format_cents(cents: i64, separator: char) -> String {
        let sign = if cents < 0 { "-" } else { "" };
        let absolute = cents.unsigned_abs();
        format!("{sign}{}{separator}{:02}", absolute / 100, absolute % 100)
    }

    #[getter]
    fn cents(&self) -> i64 {
        self.cents
    }

    #[setter]
    fn set_cents(&mut self, cents: i64) -> PyResult<()> {
        if !(0..=Self::LIMIT_CENTS).contains(&cents) {
            return Err(PyValueError::new_err(format!("cannot hold {cents} cents")));
        }
        self.cents = cents;
        Ok(())
    }

    /// A note, which can be deleted.
    #[getter]
    fn note(&self) -> PyResult<&str> {
        self.note
            .as_deref()
            .ok_or_else(|| PyAttributeError::new_err("there is no note"))
    }

    #[setter]
    fn set_note(&mut self, note: String) {
        self.note = Some(note);
    }

    #[deleter]
    fn delete_note(&mut self) -> PyResult<()> {
        match self.note.take() {
            Some(_) => Ok(()),
            None => Err(PyAttributeError::new_err("there is no note to delete")),
        }
    }

    /// Whether the account is empty; it cannot be set.
    #[getter(is_empty)]
    fn empty(&self) -> bool {
        self.cents == 0
    }

    /// Pay in, and return what is there then.
    fn deposit(&mut self, cents: i64) -> PyResult<i64> {
        let cents = self
            .cents
            .checked_add(cents)
            .ok_or_else(|| PyOverflowError::new_err("more than i64 holds"))?;
        self.set_cents(cents)?;
        Ok(self.cents)
    }

    /// Move cents to another account. To move them to itself needs two borrows of one account.
    fn transfer(&mut self, other: &mut Account, cents: i64) -> PyResult<(i64, i64)> {
        let less = cents
            .checked_neg()
            .ok_or_else(|| PyOverflowError::new_err("more than i64 holds"))?;
        self.deposit(less)?;
        other.deposit(cents)?;
        Ok((self.cents, other.cents))
    }

    /// Call a function with the account while it is borrowed for changing.
    fn update<'py>(mut slf: PyRefMut<'py, Self>, function: &Bound<'py, PyAny>) -> PyResult<i64> {
        let answer = function.call1((slf.cents,))?;
        slf.set_cents(answer.extract()?)?;
        Ok(slf.cents)
    }

    /// Call a function with this very object while it is borrowed for reading.
    fn visit<'py>(
        slf: PyRef<'py, Self>,
        function: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let own = slf.into_pyobject(function.py())?;
        let _held = own.borrow();
        function.call1((&own,))
    }

    fn __repr__(&self) -> String {
        format!("Account({:?}, {})", self.owner, self.cents)
    }
}

/// Counts, and goes round at the end of `u8`.
#[pyclass(module = "sample_classes")]
#[derive(Default)]
pub struct Counter {
    #[pyo3(get, set)]
    value: u8,
    #[pyo3(get)]
    rounds: u32,
}

#[pymethods]
impl Counter {
    #[new]
    #[pyo3(signature = (value = 0))]
    fn new(value: u8) -> Self {
        Self { value, rounds: 0 }
    }

    /// Add and return the counter itself.
    fn add(mut slf: PyRefMut<'_, Self>, amount: u8) -> PyRefMut<'_, Self> {
        let (value, over) = slf.value.overflowing_add(amount);
        slf.value = value;
        slf.rounds += u32::from(over);
        slf
    }

    /// A new counter that stands where this one does.
    fn fork(&self) -> Self {
        Self {
            value: self.value,
            ..Self::default()
        }
    }

    fn __iadd__(&mut self, amount: u8) {
        self.value = self.value.wrapping_add(amount);
    }

    fn __int__(&self) -> u8 {
        self.value
    }

    fn __index__(&self) -> u8 {
        self.value
    }

    fn __bool__(&self) -> bool {
        self.value != 0
    }

    fn __copy__(&self) -> Self {
        self.fork()
    }
}
