//! Planted differences: one function or class for each kind of difference that an observation can show.
//!
//! Each does one thing in the build for the reference and nearly the same in the one with `cfg(planted)`. The name
//! of what differs is the name that the test counts by.

use pyo3::prelude::*;

mod classes;
mod contexts;
mod effects;
mod endings;
mod exceptions;
mod protocols;
mod surface;
mod values;

/// Whether this is the build with the differences.
const PLANTED: bool = cfg!(planted);

#[pymodule]
mod planted {
    #[pymodule_export]
    use super::classes::{
        Attribute, Dropped, Keeping, MeOrAnother, OnlySubclass, Settable, ThirdCall, Witness,
    };
    #[pymodule_export]
    use super::contexts::{
        in_a_loop, in_a_thread, in_an_except, near_the_limit, under_a_tracer, warnings_as_errors,
    };
    #[pymodule_export]
    use super::effects::{
        another_argument, another_result, asks_length, calls_twice, copies_argument,
        leaks_argument, mutates_dict, mutates_list, native_output, native_stderr, python_output,
        takes_one_more, unraisable_error, warning_category, warning_text,
    };
    #[pymodule_export]
    use super::endings::{ends_at_one_value, never_at_one_value, panics_otherwise, third_time};
    #[pymodule_export]
    use super::exceptions::{
        error_attribute, error_cause, error_class, error_context, error_data, error_missing,
        error_notes, error_suppress, error_text,
    };
    #[pymodule_export]
    use super::protocols::{
        Added, Called, Contained, Converted, Equal, Formatted, Hashed, InPlace, Indexed, Iterated,
        Lengthy, Managed, Negated, Ordered, Printed, Reflected,
    };
    #[cfg(not(planted))]
    #[pymodule_export]
    use super::surface::missing_function;
    #[pymodule_export]
    use super::surface::{
        ClassConstant, Documented, Extendable, Located, Referable, default_of, documented,
        parameter_name,
    };
    #[pymodule_export]
    use super::values::{
        empty_tuple, first_byte, high_bit, key_order, last_bit, last_byte, nested_element,
        none_for_empty, order_of_items, set_member, top_of_range, true_for_one, upper_case,
        whole_float, wide_integer, zero_sign,
    };

    #[pymodule_export]
    const CONSTANT: i64 = 5 + super::PLANTED as i64;
}
