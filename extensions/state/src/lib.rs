//! State behind shared references, and callbacks that come back to it.

use pyo3::prelude::*;

mod attributes;
mod cells;
mod containers;
mod frozen;
mod module_state;

#[pymodule]
mod sample_state {
    #[pymodule_export]
    use super::attributes::{Converted, Settings};
    #[pymodule_export]
    use super::cells::{Cell, Owner, swap, swap_values, try_both};
    #[pymodule_export]
    use super::containers::{Bag, Registry, remove_while_walking, sum_while_changing};
    #[pymodule_export]
    use super::frozen::{Frozen, Stamp};
    #[pymodule_export]
    use super::module_state::{forget_all, remember, remembered, set_in_module, tally};
}
