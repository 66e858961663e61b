//! Arithmetic that Rust leaves to the Python objects.

use std::cmp::Ordering;

use pyo3::prelude::*;

type Pair<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// `divmod(a, b)`, and the same by `//` and `%`.
#[pyfunction]
pub fn divmod_objects<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, Pair<'py>)> {
    Ok((a.divmod(b)?, (a.floor_div(b)?, a.rem(b)?)))
}

/// `pow(base, exponent, modulus)`.
#[pyfunction]
#[pyo3(signature = (base, exponent, modulus = None))]
pub fn pow_objects<'py>(
    base: &Bound<'py, PyAny>,
    exponent: &Bound<'py, PyAny>,
    modulus: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    base.pow(exponent, modulus)
}

/// `(a << count, a >> count)`.
#[pyfunction]
pub fn shift_objects<'py>(a: &Bound<'py, PyAny>, count: &Bound<'py, PyAny>) -> PyResult<Pair<'py>> {
    Ok((a.lshift(count)?, a.rshift(count)?))
}

/// `[a & b, a | b, a ^ b]`.
#[pyfunction]
pub fn bit_objects<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    Ok(vec![a.bitand(b)?, a.bitor(b)?, a.bitxor(b)?])
}

/// `[-a, +a, abs(a), ~a]`; where an operation raises, the name of the exception stands.
#[pyfunction]
pub fn unary_objects<'py>(a: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    [a.neg(), a.pos(), a.abs(), a.bitnot()]
        .into_iter()
        .map(|outcome| outcome.or_else(|error| Ok(error.get_type(a.py()).qualname()?.into_any())))
        .collect()
}

/// Order two objects: -1, 0 or 1. Asks `==`, then `<`, then `>`.
#[pyfunction]
pub fn compare_objects(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<i8> {
    Ok(match a.compare(b)? {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    })
}
