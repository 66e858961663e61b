//! Iterators written in Rust, and iterators of Python consumed by Rust.

use std::ffi::CString;

use pyo3::prelude::*;
use pyo3::types::PyDict;

mod consuming;
mod odd;
mod plain;

/// Run a file of Python among the names of the module, and add the functions that it defines.
fn add_python(module: &Bound<'_, PyModule>, code: &str) -> PyResult<()> {
    let py = module.py();
    let names = PyDict::new(py);
    names.set_item("__name__", "sample_iterators")?;
    py.run(&CString::new(code)?, Some(&names), None)?;
    for (name, value) in names {
        let name: String = name.extract()?;
        if !name.starts_with('_') && value.hasattr("__code__")? {
            module.add(name, value)?;
        }
    }
    Ok(())
}

#[pymodule]
mod sample_iterators {
    use super::*;

    #[pymodule_export]
    use super::consuming::{drive, rebuilt, side_by_side, size_hint, take, take_again, total};
    #[pymodule_export]
    use super::odd::{Countdown, Failing, Handing, Hinted, Indexed, Keyed, OnlyNext, Resuming};
    #[pymodule_export]
    use super::plain::{BackwardsIterator, Row, RowIterator};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        add_python(module, include_str!("uses.py"))
    }
}
