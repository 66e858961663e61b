//! Classes of Rust that extend others, and classes of Python that extend those.

use std::ffi::CString;

use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySuper};

mod chain;
mod exceptions;
mod hooks;
mod natives;

/// Python's `super()` in a method of the class `C`. PyO3's own goes by the class of the object, so that a method of a class
/// that is extended further would find itself.
fn above<'py, C: PyClass>(object: &Bound<'py, C>) -> PyResult<Bound<'py, PySuper>> {
    PySuper::new(&object.py().get_type::<C>(), object.as_any())
}

/// Run a file of Python among the names of the module, and add the classes and functions that it defines.
fn add_python(module: &Bound<'_, PyModule>, code: &str) -> PyResult<()> {
    let py = module.py();
    let names = PyDict::new(py);
    names.update(module.dict().as_mapping())?;
    names.set_item("__name__", "sample_inheritance")?;
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
mod sample_inheritance {
    use super::*;

    #[pymodule_export]
    use super::chain::{Branch, Leaf, Moss, Root, Tendril, Thorn, Twig, Vein, grow, inspect};
    #[pymodule_export]
    use super::exceptions::{
        Alarm, BadSyntax, BadType, BadValue, Caution, DiskError, Finished, Leave, NoKey, Trouble,
        WorseValue, caught, throw, throw_worse,
    };
    #[pymodule_export]
    use super::hooks::{Open, Plugin, Sealed, Unmade};
    #[pymodule_export]
    use super::natives::{Chart, Frozen, Length, Phasor, TitledChart, Uniques, seen_as};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        add_python(module, include_str!("derived.py"))
    }
}
