//! What native code can do to the process that it runs in, a function for each.
//!
//! Every function gives back its argument, unless the process has the variable `MISBEHAVE`: then one backend
//! behaves and the other does not. `differs` and `differs_too` only answer otherwise, which is a finding to keep.

use pyo3::prelude::*;

mod ending;
mod leaving;
mod using;

/// Whether this process is one that is to misbehave.
fn misbehaves() -> bool {
    std::env::var_os("MISBEHAVE").is_some()
}

/// Gives back its argument, or does its worst first.
macro_rules! misbehaving {
    ($($(#[$about:meta])* fn $name:ident($value:ident) $body:block)*) => {$(
        $(#[$about])*
        #[pyo3::pyfunction]
        pub fn $name($value: i64) -> i64 {
            if crate::misbehaves() $body
            $value
        }
    )*};
}
pub(crate) use misbehaving;

#[pyfunction]
fn differs(value: i64) -> i64 {
    if misbehaves() { value + 1 } else { value }
}

#[pyfunction]
fn differs_too(value: i64) -> i64 {
    if misbehaves() { value - 1 } else { value }
}

#[pymodule]
mod misbehave {
    #[pymodule_export]
    use super::ending::{
        abort, bad_float, bad_memory, bus_error, double_free, exit_one, exit_zero, illegal,
        kill_itself, leave_at_once, overflow_the_stack, panic, panic_in_c, panic_in_thread,
        segfault, terminate, trap,
    };
    #[pymodule_export]
    use super::leaving::{
        become_a_daemon, change_directory, close_descriptors, close_replies, hang, leave_a_child,
        leave_a_thread, spin, spin_in_a_thread, stop_itself,
    };
    #[pymodule_export]
    use super::using::{eat_memory, fill_the_disk, leak, write_a_megabyte};
    #[pymodule_export]
    use super::{differs, differs_too};
}
