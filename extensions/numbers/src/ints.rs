//! Integers of fixed width and of any size.

use std::num::{NonZeroI128, NonZeroU8};

use num_bigint::{BigInt, BigUint, Sign};
use pyo3::exceptions::{PyOverflowError, PyValueError, PyZeroDivisionError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Makes a `#[pyfunction]` that adds two numbers of one width and raises `OverflowError` where the
/// sum does not fit.
macro_rules! checked_add {
    ($name:ident, $width:ty) => {
        #[doc = concat!("Add two `", stringify!($width), "`.")]
        #[pyfunction]
        pub fn $name(a: $width, b: $width) -> PyResult<$width> {
            a.checked_add(b).ok_or_else(|| {
                PyOverflowError::new_err(concat!("the sum does not fit ", stringify!($width)))
            })
        }
    };
}

checked_add!(add_i64, i64);
checked_add!(add_u64, u64);
checked_add!(add_i128, i128);
checked_add!(add_u128, u128);
checked_add!(add_isize, isize);
checked_add!(add_usize, usize);

/// Multiply two `u8` and say how often the product went round 256.
#[pyfunction]
pub fn mul_u8(a: u8, b: u8) -> (u8, u8) {
    let product = u16::from(a) * u16::from(b);
    (
        u8::try_from(product & 0xff).unwrap_or(u8::MAX),
        u8::try_from(product >> 8).unwrap_or(u8::MAX),
    )
}

/// Multiply two `i32` modulo 2**32.
#[pyfunction]
pub fn wrapping_mul_i32(a: i32, b: i32) -> i32 {
    a.wrapping_mul(b)
}

/// Divide two `i64`, rounding towards zero as Rust does.
#[pyfunction]
pub fn checked_div(a: i64, b: i64) -> PyResult<i64> {
    if b == 0 {
        return Err(PyZeroDivisionError::new_err("division by zero"));
    }
    a.checked_div(b)
        .ok_or_else(|| PyOverflowError::new_err("the quotient does not fit i64"))
}

/// Put what extracting `value` as `T` comes to into `found` under `width`.
fn try_width<'py, T>(
    value: &Bound<'py, PyAny>,
    width: &str,
    found: &Bound<'py, PyDict>,
) -> PyResult<()>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr> + IntoPyObject<'py>,
{
    match value.extract::<T>() {
        Ok(number) => found.set_item(width, number),
        Err(error) => {
            let py = value.py();
            let name = error.get_type(py).qualname()?;
            found.set_item(width, (name, error.value(py).str()?))
        }
    }
}

/// Extract `value` as every width: the number, or the name and text of the exception.
#[pyfunction]
pub fn fits<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(value.py());
    try_width::<i8>(value, "i8", &found)?;
    try_width::<u8>(value, "u8", &found)?;
    try_width::<i16>(value, "i16", &found)?;
    try_width::<u16>(value, "u16", &found)?;
    try_width::<i32>(value, "i32", &found)?;
    try_width::<u32>(value, "u32", &found)?;
    try_width::<i64>(value, "i64", &found)?;
    try_width::<u64>(value, "u64", &found)?;
    try_width::<i128>(value, "i128", &found)?;
    try_width::<u128>(value, "u128", &found)?;
    try_width::<isize>(value, "isize", &found)?;
    try_width::<usize>(value, "usize", &found)?;
    Ok(found)
}

/// Divide 255 by a number that may not be zero.
#[pyfunction]
pub fn nonzero_u8(divisor: NonZeroU8) -> u8 {
    u8::MAX / divisor
}

/// Hand a number that may not be zero back, with its number of leading zeros.
#[pyfunction]
pub fn nonzero_i128(value: NonZeroI128) -> (NonZeroI128, u32) {
    (value, value.leading_zeros())
}

/// Turn a bool round. Only `bool` itself and NumPy's bool are taken.
#[pyfunction]
pub fn invert_bool(flag: bool) -> bool {
    !flag
}

/// Add a signed and an unsigned integer of any size.
#[pyfunction]
pub fn big_sum(a: BigInt, b: BigUint) -> BigInt {
    a + BigInt::from(b)
}

/// Raise integers of any size to a power modulo `modulus`.
#[pyfunction]
pub fn big_mod_pow(base: BigInt, exponent: BigUint, modulus: BigInt) -> PyResult<BigInt> {
    if modulus.sign() == Sign::NoSign {
        return Err(PyZeroDivisionError::new_err("modulus is zero"));
    }
    Ok(base.modpow(&BigInt::from(exponent), &modulus))
}

/// Say how many bits an integer of any size takes, and its lowest byte.
#[pyfunction]
pub fn big_bit_length(value: BigInt) -> (u64, u8) {
    let (_, bytes) = value.to_bytes_le();
    (value.bits(), bytes.first().copied().unwrap_or(0))
}

/// Parse an integer with Rust's rules, which take no blanks and no underscores.
#[pyfunction]
#[pyo3(signature = (text, radix = 10))]
pub fn parse_int(text: &str, radix: u32) -> PyResult<i128> {
    if !(2..=36).contains(&radix) {
        return Err(PyValueError::new_err(format!(
            "radix must be from 2 to 36, not {radix}"
        )));
    }
    Ok(i128::from_str_radix(text, radix)?)
}
