//! Classes written in Rust, one module for each thing that a class can be asked for.

use pyo3::prelude::*;

mod attributes;
mod containers;
mod enums;
mod inheritance;
mod links;
mod numbers;
mod plain;
mod protocols;

#[pymodule]
mod sample_classes {
    #[pymodule_export]
    use super::attributes::{Bag, Proxy, Register};
    #[pymodule_export]
    use super::containers::{Stack, Table};
    #[pymodule_export]
    use super::enums::{Colour, Shape, mix, outline};
    #[pymodule_export]
    use super::inheritance::{Animal, Dog, Ledger, LimitError, Puppy, check_limit, introduce};
    #[pymodule_export]
    use super::links::{Node, Token};
    #[pymodule_export]
    use super::numbers::{Money, Point};
    #[pymodule_export]
    use super::plain::{Account, Counter};
    #[pymodule_export]
    use super::protocols::{Countdown, Guard, Limit, Multiplier};
}
