//! Classes written in Rust, one module for each thing that a class can be asked for.

use std::ffi::CString;

use pyo3::prelude::*;
use pyo3::types::PyDict;

mod attributes;
mod containers;
mod enums;
mod inheritance;
mod links;
mod numbers;
mod plain;
mod protocols;
mod surface;

/// Run a file of Python among the names of the module, and add the classes and functions that it defines.
fn add_python(module: &Bound<'_, PyModule>, code: &str) -> PyResult<()> {
    let py = module.py();
    let names = PyDict::new(py);
    names.update(module.dict().as_mapping())?;
    names.set_item("__name__", "sample_classes")?;
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
mod sample_classes {
    use super::*;

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
    #[pymodule_export]
    use super::surface::{Boxed, Interned, Local, Surface, Unmodular};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        add_python(module, include_str!("looking.py"))
    }
}
