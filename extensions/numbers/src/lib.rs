//! How numbers cross the boundary between Python and Rust.
//!
//! `ints` takes fixed widths and integers of any size, `floats` takes `float` and `complex`, and
//! `objects` leaves the arithmetic to Python.

use pyo3::prelude::*;

mod floats;
mod ints;
mod objects;

#[pymodule]
mod sample_numbers {
    #[pymodule_export]
    use super::floats::{
        add_f32, bits_of, classify, complex_parts, float_from_bits, format_float, int_from_float,
        mean, mul_complex, round_half_even,
    };
    #[pymodule_export]
    use super::ints::{
        add_i64, add_i128, add_isize, add_u64, add_u128, add_usize, big_bit_length, big_mod_pow,
        big_sum, checked_div, fits, invert_bool, mul_u8, nonzero_i128, nonzero_u8, parse_int,
        wrapping_mul_i32,
    };
    #[pymodule_export]
    use super::objects::{
        bit_objects, compare_objects, divmod_objects, pow_objects, shift_objects, unary_objects,
    };
}
