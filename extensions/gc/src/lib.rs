//! How objects of Rust die, one module for each way.

use pyo3::prelude::*;

mod cycles;
mod elsewhere;
mod exit;
mod ledger;
mod python;
mod recycled;

#[pymodule]
mod sample_gc {
    #[pymodule_export]
    use super::cycles::{Blind, HalfBlind, Node, Pair, Wide, ring};
    #[pymodule_export]
    use super::elsewhere::{Local, drop_attached, drop_detached, drop_in_many};
    #[pymodule_export]
    use super::exit::{Crier, cry, run_to_exit};
    #[pymodule_export]
    use super::ledger::{Ledger, collect, pause_collector};
    #[pymodule_export]
    use super::python::{make_subclass, watch};
    #[pymodule_export]
    use super::recycled::{Recycled, churn};
}
