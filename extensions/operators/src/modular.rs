//! Numbers that go round: the binary operators with typed operands.

use pyo3::exceptions::{PyValueError, PyZeroDivisionError};
use pyo3::prelude::*;

/// A number modulo another one. Operands are such numbers of the same modulus, and integers.
#[pyclass(
    module = "sample_operators",
    frozen,
    eq,
    hash,
    subclass,
    from_py_object
)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Modular {
    #[pyo3(get)]
    value: i64,
    #[pyo3(get)]
    modulus: i64,
}

#[derive(FromPyObject)]
enum Operand {
    Modular(Modular),
    Number(i64),
}

impl Modular {
    fn with(&self, other: &Operand, compute: impl FnOnce(i64, i64) -> i64) -> PyResult<Self> {
        let other = match other {
            Operand::Modular(other) if other.modulus == self.modulus => other.value,
            Operand::Modular(other) => {
                let words = format!("modulo {} and modulo {}", self.modulus, other.modulus);
                return Err(PyValueError::new_err(words));
            }
            Operand::Number(number) => number.rem_euclid(self.modulus),
        };
        Ok(self.of(compute(self.value, other)))
    }

    fn of(&self, value: i64) -> Self {
        Self {
            value: value.rem_euclid(self.modulus),
            modulus: self.modulus,
        }
    }

    /// The number that gives 1 when it is multiplied by this one.
    fn inverse(&self) -> PyResult<Self> {
        (1..self.modulus)
            .find(|other| self.value * other % self.modulus == 1)
            .map(|other| self.of(other))
            .ok_or_else(|| {
                let words = format!("{} has no inverse modulo {}", self.value, self.modulus);
                PyZeroDivisionError::new_err(words)
            })
    }

    fn power(&self, exponent: i64) -> PyResult<Self> {
        let base = if exponent < 0 { self.inverse()? } else { *self };
        let mut power = self.of(1);
        for _ in 0..exponent.unsigned_abs() % 1000 {
            power = self.of(power.value * base.value);
        }
        Ok(power)
    }
}

#[pymethods]
impl Modular {
    #[new]
    fn new(value: i64, modulus: i64) -> PyResult<Self> {
        if !(2..=1000).contains(&modulus) {
            let words = format!("the modulus is 2 to 1000, not {modulus}");
            return Err(PyValueError::new_err(words));
        }
        let value = value.rem_euclid(modulus);
        Ok(Self { value, modulus })
    }

    fn __add__(&self, other: Operand) -> PyResult<Self> {
        self.with(&other, |left, right| left + right)
    }

    fn __radd__(&self, other: Operand) -> PyResult<Self> {
        self.with(&other, |right, left| left + right)
    }

    fn __sub__(&self, other: Operand) -> PyResult<Self> {
        self.with(&other, |left, right| left - right)
    }

    fn __rsub__(&self, other: Operand) -> PyResult<Self> {
        self.with(&other, |right, left| left - right)
    }

    fn __mul__(&self, other: Operand) -> PyResult<Self> {
        self.with(&other, |left, right| left * right)
    }

    fn __rmul__(&self, other: Operand) -> PyResult<Self> {
        self.with(&other, |right, left| left * right)
    }

    fn __truediv__(&self, other: Operand) -> PyResult<Self> {
        let divisor = self.with(&other, |_, right| right)?.inverse()?;
        Ok(self.of(self.value * divisor.value))
    }

    fn __rtruediv__(&self, other: Operand) -> PyResult<Self> {
        let divisor = self.inverse()?;
        self.with(&other, |_, left| left * divisor.value)
    }

    /// A number's power, or that power modulo a third number.
    fn __pow__(&self, exponent: i64, modulus: Option<i64>) -> PyResult<Self> {
        match modulus {
            None => self.power(exponent),
            Some(modulus) => Self::new(self.value, modulus)?.power(exponent),
        }
    }

    fn __rpow__(&self, base: i64, modulus: Option<i64>) -> PyResult<Self> {
        Self::new(base, modulus.unwrap_or(self.modulus))?.power(self.value)
    }

    fn __divmod__(&self, other: Operand) -> PyResult<(i64, i64)> {
        let divisor = self.with(&other, |_, right| right)?.value;
        if divisor == 0 {
            return Err(PyZeroDivisionError::new_err("divmod by zero"));
        }
        Ok((self.value / divisor, self.value % divisor))
    }

    fn __neg__(&self) -> Self {
        self.of(-self.value)
    }

    fn __bool__(&self) -> bool {
        self.value != 0
    }

    fn __index__(&self) -> i64 {
        self.value
    }

    fn __repr__(&self) -> String {
        format!("{} (mod {})", self.value, self.modulus)
    }
}

/// Stands on the left of a minus and a `divmod` only.
#[pyclass(module = "sample_operators", frozen)]
pub struct OnlyLeft;

#[pymethods]
impl OnlyLeft {
    #[new]
    fn new() -> Self {
        Self
    }

    fn __sub__(&self, number: i64) -> (&'static str, i64) {
        ("left", number)
    }

    fn __divmod__(&self, number: i64) -> (&'static str, i64) {
        ("left", number)
    }

    fn __pow__(&self, exponent: i64, modulus: Option<i64>) -> (&'static str, i64, Option<i64>) {
        ("left", exponent, modulus)
    }
}

/// Stands on the right of them only.
#[pyclass(module = "sample_operators", frozen)]
pub struct OnlyRight;

#[pymethods]
impl OnlyRight {
    #[new]
    fn new() -> Self {
        Self
    }

    fn __rsub__(&self, number: i64) -> (&'static str, i64) {
        ("right", number)
    }

    fn __rdivmod__(&self, number: i64) -> (&'static str, i64) {
        ("right", number)
    }

    fn __rpow__(&self, base: i64, modulus: Option<i64>) -> (&'static str, i64, Option<i64>) {
        ("right", base, modulus)
    }
}
