//! The protocols of Python's statements and builtins, written in Rust.

use std::ffi::CString;

use pyo3::prelude::*;
use pyo3::types::PyDict;

mod attributes;
mod blocks;
mod containers;
mod holding;
mod pickling;

/// Run a file of Python among the names of the module, and add the classes and functions that it defines.
fn add_python(module: &Bound<'_, PyModule>, code: &str) -> PyResult<()> {
    let py = module.py();
    let names = PyDict::new(py);
    names.update(module.dict().as_mapping())?;
    names.set_item("__name__", "sample_protocols")?;
    py.run(&CString::new(code)?, Some(&names), None)?;
    for (name, value) in names {
        let name: String = name.extract()?;
        if value.hasattr("__qualname__")? && !module.dict().contains(&name)? {
            module.add(name, value)?;
        }
    }
    Ok(())
}

#[pymodule]
mod sample_protocols {
    use super::*;

    #[pymodule_export]
    use super::attributes::{Hooked, OnlySet, Reading, Writing};
    #[pymodule_export]
    use super::blocks::{Awaitable, Manager, OnlyEnter, Stream, Ticket};
    #[pymodule_export]
    use super::containers::{Container, Mapping, Rope, Sequence, items_by_protocol};
    #[pymodule_export]
    use super::holding::{Caller, Long, Reduced, Told, Weighed};
    #[pymodule_export]
    use super::pickling::{ByArguments, ByState, Unpicklable};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        add_python(module, include_str!("uses.py"))
    }
}
