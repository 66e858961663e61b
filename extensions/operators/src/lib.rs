//! Number slots and comparisons written in Rust, and classes of Python that extend them.

use std::ffi::CString;

use pyo3::prelude::*;
use pyo3::types::PyDict;

mod comparing;
mod converting;
mod in_place;
mod modular;
mod trace;

/// Run a file of Python among the names of the module, and add the classes and functions that it defines.
fn add_python(module: &Bound<'_, PyModule>, code: &str) -> PyResult<()> {
    let py = module.py();
    let names = PyDict::new(py);
    names.update(module.dict().as_mapping())?;
    names.set_item("__name__", "sample_operators")?;
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
mod sample_operators {
    use super::*;

    #[pymodule_export]
    use super::comparing::{
        Answer, Label, Level, Reading, Suit, Threshold, Version, compared_by_rust, computed_by_rust,
    };
    #[pymodule_export]
    use super::converting::{Convertible, Measure, Position, seen_by_rust};
    #[pymodule_export]
    use super::in_place::Tally;
    #[pymodule_export]
    use super::modular::{Modular, OnlyLeft, OnlyRight};
    #[pymodule_export]
    use super::trace::Trace;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        add_python(module, include_str!("derived.py"))
    }
}
