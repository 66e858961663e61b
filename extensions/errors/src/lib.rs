//! How exceptions cross the boundary between Python and Rust.
//!
//! `raising` makes them, `foreign` turns errors of Rust's libraries into them, `panics` has what Rust
//! does not plan, `handling` catches what Python raises, and `reporting` writes and warns.

use pyo3::prelude::*;

mod foreign;
mod handling;
mod panics;
mod raising;
mod reporting;

#[pymodule]
mod sample_errors {
    #[pymodule_export]
    use super::foreign::{
        c_text, decode, io_error, narrow, os_error, own_failure, parse_number, wrong_type,
    };
    #[pymodule_export]
    use super::handling::{
        chain_of, drop_traceback, first_success, ignore, inspect, matches_any, reraise, round_trip,
        translate,
    };
    #[pymodule_export]
    use super::panics::{
        panic_on_error, panic_on_index, panic_through_python, panic_with, panic_with_number,
    };
    #[pymodule_export]
    use super::raising::{
        MissingError, SampleError, StrictError, exception_bases, raise_from, raise_group,
        raise_in_context, raise_named, raise_own, raise_type, raise_value, raise_with_notes,
    };
    #[pymodule_export]
    use super::reporting::{display, unraisable, warn, warn_explicit};
}
