//! Threads of Rust that call into Python, and threads of Python that call into Rust.

use pyo3::prelude::*;

mod belonging;
mod borrowing;
mod calling;
mod channels;
mod locking;
mod once;
mod running;

#[pymodule]
mod sample_threads {
    #[pymodule_export]
    use super::belonging::{Anywhere, Local, count_here, touch_elsewhere};
    #[pymodule_export]
    use super::borrowing::{Shared, hold_and_touch};
    #[pymodule_export]
    use super::calling::{
        call_in_python_threads, call_in_turns, call_many_at_once, call_nested, catch_panic,
        run_in_thread, sum_detached, thread_kind,
    };
    #[pymodule_export]
    use super::channels::{Channel, pipeline, scatter};
    #[pymodule_export]
    use super::locking::{Counter, add_locked, append_all, bump_in_sections, enter_together};
    #[pymodule_export]
    use super::once::{initialise_at_once, initialise_failing, interned_everywhere, types_at_once};
}
