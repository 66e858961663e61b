//! `float` and `complex`.

use std::num::FpCategory;

use num_complex::Complex64;
use pyo3::exceptions::{PyOverflowError, PyValueError, PyZeroDivisionError};
use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyComplexMethods};

/// Add two numbers in single precision.
#[pyfunction]
pub fn add_f32(a: f32, b: f32) -> f32 {
    a + b
}

/// Give the 64 bits of a double.
#[pyfunction]
pub fn bits_of(value: f64) -> u64 {
    value.to_bits()
}

/// Make a double from its 64 bits.
#[pyfunction]
pub fn float_from_bits(bits: u64) -> f64 {
    f64::from_bits(bits)
}

/// Name the kind of a double, and its sign.
#[pyfunction]
pub fn classify(value: f64) -> (&'static str, bool) {
    let kind = match value.classify() {
        FpCategory::Nan => "nan",
        FpCategory::Infinite => "infinite",
        FpCategory::Zero => "zero",
        FpCategory::Subnormal => "subnormal",
        FpCategory::Normal => "normal",
    };
    (kind, value.is_sign_negative())
}

/// Round to the nearest integer, half to even, and stay a float.
#[pyfunction]
pub fn round_half_even(value: f64) -> f64 {
    value.round_ties_even()
}

/// Truncate a float to an `i64`, with the errors that `int()` has for NaN and infinities.
#[pyfunction]
pub fn int_from_float(value: f64) -> PyResult<i64> {
    // 2**63 is exact as a float; the largest i64 is not.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if value.is_nan() {
        Err(PyValueError::new_err("cannot convert float NaN to integer"))
    } else if (-LIMIT..LIMIT).contains(&value) {
        #[allow(clippy::cast_possible_truncation)] // the range was checked
        Ok(value.trunc() as i64)
    } else {
        Err(PyOverflowError::new_err(format!(
            "{value} does not fit i64"
        )))
    }
}

/// Average a sequence of floats.
#[pyfunction]
pub fn mean(values: Vec<f64>) -> PyResult<f64> {
    if values.is_empty() {
        return Err(PyZeroDivisionError::new_err("mean of nothing"));
    }
    #[allow(clippy::cast_precision_loss)] // no list is that long
    Ok(values.iter().sum::<f64>() / values.len() as f64)
}

/// Show a float as Rust's `Display`, `Debug` and exponent format do.
#[pyfunction]
pub fn format_float(value: f64) -> (String, String, String) {
    (
        format!("{value}"),
        format!("{value:?}"),
        format!("{value:e}"),
    )
}

/// Multiply two complex numbers. Anything with `__complex__`, `__float__` or `__index__` is taken.
#[pyfunction]
pub fn mul_complex(a: Complex64, b: Complex64) -> Complex64 {
    a * b
}

/// Take a `complex` object apart and make its conjugate. Only `complex` is taken.
#[pyfunction]
pub fn complex_parts<'py>(value: &Bound<'py, PyComplex>) -> (f64, f64, Bound<'py, PyComplex>) {
    let (real, imag) = (value.real(), value.imag());
    (real, imag, PyComplex::from_doubles(value.py(), real, -imag))
}
