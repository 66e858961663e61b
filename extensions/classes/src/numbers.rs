//! Classes that behave like numbers.

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError, PyZeroDivisionError};
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::types::PyNotImplemented;

/// A point of the plane, which never changes. PyO3 derives everything.
#[pyclass(
    module = "sample_classes",
    frozen,
    get_all,
    eq,
    ord,
    hash,
    from_py_object,
    str = "({x}, {y})",
    new = "from_fields"
)]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    x: i64,
    y: i64,
}

#[pymethods]
impl Point {
    /// Add another point, or give way to the other operand.
    fn __add__(&self, other: Point) -> PyResult<Self> {
        let x = self.x.checked_add(other.x);
        let y = self.y.checked_add(other.y);
        match (x, y) {
            (Some(x), Some(y)) => Ok(Self { x, y }),
            _ => Err(PyOverflowError::new_err("the point lies too far out")),
        }
    }

    fn __repr__(&self) -> String {
        format!("Point(x={}, y={})", self.x, self.y)
    }

    fn __getnewargs__(&self) -> (i64, i64) {
        (self.x, self.y)
    }

    #[classattr]
    fn __match_args__() -> (&'static str, &'static str) {
        ("x", "y")
    }
}

/// An amount of money in whole cents, with the operators of a number.
#[pyclass(module = "sample_classes", frozen, from_py_object)]
#[derive(Clone, Copy, PartialEq)]
pub struct Money {
    #[pyo3(get)]
    cents: i64,
}

impl Money {
    fn checked(cents: Option<i64>) -> PyResult<Self> {
        cents
            .map(|cents| Self { cents })
            .ok_or_else(|| PyOverflowError::new_err("more money than i64 holds"))
    }
}

/// What can stand on the other side of an operator.
#[derive(FromPyObject)]
enum Operand {
    Money(Money),
    Number(i64),
}

impl Operand {
    fn nonzero(self) -> PyResult<i64> {
        match self {
            Self::Money(Money { cents: 0 }) | Self::Number(0) => {
                Err(PyZeroDivisionError::new_err("division by no money"))
            }
            Self::Money(Money { cents }) | Self::Number(cents) => Ok(cents),
        }
    }
}

#[pymethods]
impl Money {
    #[new]
    fn new(cents: i64) -> Self {
        Self { cents }
    }

    fn __add__(&self, other: Money) -> PyResult<Self> {
        Self::checked(self.cents.checked_add(other.cents))
    }

    /// `sum()` begins with 0, which is added from the left.
    fn __radd__(&self, other: i64) -> PyResult<Self> {
        match other {
            0 => Ok(*self),
            _ => Err(PyTypeError::new_err("only 0 is added to money")),
        }
    }

    fn __sub__(&self, other: Money) -> PyResult<Self> {
        Self::checked(self.cents.checked_sub(other.cents))
    }

    fn __mul__(&self, factor: i64) -> PyResult<Self> {
        Self::checked(self.cents.checked_mul(factor))
    }

    fn __rmul__(&self, factor: i64) -> PyResult<Self> {
        self.__mul__(factor)
    }

    #[allow(clippy::cast_precision_loss)] // that is what a float is for
    fn __truediv__(&self, other: Operand) -> PyResult<f64> {
        Ok(self.cents as f64 / other.nonzero()? as f64)
    }

    fn __floordiv__(&self, other: Operand) -> PyResult<Self> {
        Self::checked(self.cents.checked_div_euclid(other.nonzero()?))
    }

    fn __mod__(&self, other: Operand) -> PyResult<Self> {
        Self::checked(self.cents.checked_rem_euclid(other.nonzero()?))
    }

    fn __divmod__(&self, other: Operand) -> PyResult<(i64, Self)> {
        let divisor = other.nonzero()?;
        let quotient = Self::checked(self.cents.checked_div_euclid(divisor))?;
        let rest = Self::checked(self.cents.checked_rem_euclid(divisor))?;
        Ok((quotient.cents, rest))
    }

    fn __pow__(&self, exponent: u32, modulus: Option<i64>) -> PyResult<Self> {
        let power = Self::checked(self.cents.checked_pow(exponent))?;
        match modulus {
            None => Ok(power),
            Some(0) => Err(PyValueError::new_err("modulus is zero")),
            Some(modulus) => Self::checked(power.cents.checked_rem(modulus)),
        }
    }

    fn __lshift__(&self, count: u32) -> PyResult<Self> {
        Self::checked(self.cents.checked_shl(count))
    }

    fn __rrshift__(&self, other: i64) -> (i64, i64) {
        (other, self.cents)
    }

    fn __and__(&self, other: Money) -> Self {
        Self {
            cents: self.cents & other.cents,
        }
    }

    fn __matmul__<'py>(&self, other: Bound<'py, PyAny>) -> (i64, Bound<'py, PyAny>) {
        (self.cents, other)
    }

    fn __neg__(&self) -> PyResult<Self> {
        Self::checked(self.cents.checked_neg())
    }

    fn __pos__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __abs__(&self) -> PyResult<Self> {
        Self::checked(self.cents.checked_abs())
    }

    fn __invert__(&self) -> Self {
        Self { cents: !self.cents }
    }

    #[pyo3(signature = (digits = None))]
    fn __round__(&self, digits: Option<i32>) -> (i64, Option<i32>) {
        (self.cents, digits)
    }

    fn __int__(&self) -> i64 {
        self.cents
    }

    #[allow(clippy::cast_precision_loss)]
    fn __float__(&self) -> f64 {
        self.cents as f64
    }

    fn __bool__(&self) -> bool {
        self.cents != 0
    }

    /// Equal to money and to numbers; ordered beside money only.
    fn __richcmp__(&self, other: &Bound<'_, PyAny>, op: CompareOp) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let answer = match (other.extract::<Operand>(), op) {
            (Ok(Operand::Money(money)), _) => op.matches(self.cents.cmp(&money.cents)),
            (Ok(Operand::Number(number)), CompareOp::Eq | CompareOp::Ne) => {
                op.matches(self.cents.cmp(&number))
            }
            _ => return Ok(PyNotImplemented::get(py).to_owned().into_any().unbind()),
        };
        Ok(answer.into_pyobject(py)?.to_owned().into_any().unbind())
    }

    fn __hash__(&self) -> i64 {
        self.cents
    }

    fn __format__(&self, spec: &str) -> String {
        format!("{} cents as {spec:?}", self.cents)
    }

    fn __repr__(&self) -> String {
        format!("Money({})", self.cents)
    }
}
