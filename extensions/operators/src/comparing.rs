//! Comparisons: generated, one operator at a time, and all in one function.

use std::fmt;

use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;

/// Everything is generated, from the fields in their order.
#[pyclass(
    module = "sample_operators",
    frozen,
    get_all,
    eq,
    ord,
    hash,
    str = "{major}.{minor}{tag:?}",
    new = "from_fields",
    from_py_object
)]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: i64,
    minor: u8,
    tag: Option<String>,
}

/// Equality is generated, and no hash: it can be changed.
#[pyclass(module = "sample_operators", get_all, set_all, eq, new = "from_fields")]
#[derive(PartialEq)]
pub struct Label {
    text: String,
    weight: f64,
}

/// Ordered, but not by whole numbers, and some pairs are not ordered at all.
#[pyclass(module = "sample_operators", frozen, eq, ord, new = "from_fields")]
#[derive(PartialEq, PartialOrd)]
pub struct Reading {
    value: f64,
}

#[pymethods]
impl Reading {
    fn __repr__(&self) -> String {
        format!("Reading({:?})", self.value)
    }
}

/// Compares as a number too.
#[pyclass(module = "sample_operators", frozen, eq, eq_int, ord, hash)]
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suit {
    Clubs = -1,
    Diamonds,
    Hearts = 7,
}

/// Compares with its own kind only; its text is generated.
#[pyclass(module = "sample_operators", frozen, eq, str, from_py_object)]
#[derive(Clone, Copy, PartialEq)]
pub enum Level {
    Low,
    High,
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Low => "down low",
            Self::High => "up high",
        })
    }
}

/// One comparison at a time: the others are object's, or reflected ones.
#[pyclass(module = "sample_operators", frozen, subclass)]
pub struct Threshold {
    limit: i64,
}

#[pymethods]
impl Threshold {
    #[new]
    fn new(limit: i64) -> Self {
        Self { limit }
    }

    fn __lt__(&self, number: i64) -> (&'static str, bool) {
        ("lt", self.limit < number)
    }

    fn __eq__(&self, number: i64) -> bool {
        self.limit == number
    }

    fn __repr__(&self) -> String {
        format!("Threshold({})", self.limit)
    }
}

/// Answers every comparison with the object it holds, and says which it was; a callable is called.
#[pyclass(module = "sample_operators", frozen, subclass)]
pub struct Answer {
    held: Py<PyAny>,
}

#[pymethods]
impl Answer {
    #[new]
    fn new(held: Py<PyAny>) -> Self {
        Self { held }
    }

    fn __richcmp__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        operator: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let held = self.held.bind(other.py());
        if held.is_callable() {
            held.call1((sign(operator), other))
        } else {
            Ok(held.clone())
        }
    }

    /// The hash of what it holds, as an object's own `__hash__` would give it.
    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.held.bind(py).hash()
    }

    fn __repr__(&self) -> &'static str {
        "Answer()"
    }
}

fn sign(operator: CompareOp) -> &'static str {
    match operator {
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}

/// Every comparison of two objects as Rust asks for it, where an answer is a truth value.
#[pyfunction]
pub fn compared_by_rust(
    left: &Bound<'_, PyAny>,
    right: &Bound<'_, PyAny>,
) -> PyResult<(bool, bool, String)> {
    let order = left
        .compare(right)
        .map_or_else(|error| error.to_string(), |order| format!("{order:?}"));
    Ok((left.eq(right)?, left.ne(right)?, order))
}

/// Rust's arithmetic on Python's objects.
#[pyfunction]
pub fn computed_by_rust<'py>(
    operator: &str,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    match operator {
        "+" => left.add(right),
        "-" => left.sub(right),
        "*" => left.mul(right),
        "/" => left.div(right),
        "//" => left.floor_div(right),
        "%" => left.rem(right),
        "@" => left.matmul(right),
        "<<" => left.lshift(right),
        ">>" => left.rshift(right),
        "&" => left.bitand(right),
        "|" => left.bitor(right),
        "^" => left.bitxor(right),
        "divmod" => left.divmod(right),
        _ => left.pow(right, left.py().None()),
    }
}
