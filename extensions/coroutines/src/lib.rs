//! Coroutines written in Rust.

use pyo3::prelude::*;

mod awaitables;
mod awaiting;
mod driving;
mod functions;
mod methods;

#[pymodule]
mod sample_coroutines {
    #[pymodule_export]
    use super::awaitables::{Countdown, Gate, Later};
    #[pymodule_export]
    use super::awaiting::{await_all, await_each, await_one, await_or};
    #[pymodule_export]
    use super::driving::{drive, run, run_cancelled, run_for, run_together, run_with};
    #[pymodule_export]
    use super::functions::{
        add, fail, give_way, never, panic_after, ready, record, until_cancelled, with_signature,
    };
    #[pymodule_export]
    use super::methods::Account;
}
