//! Further modules of the same library: some cannot be imported.

use pyo3::exceptions::{PyImportError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::contents::{Shelf, ShelfError, double};

/// A module that others hold inside.
#[pymodule(submodule)]
pub mod late {
    #[pymodule_export]
    use crate::contents::triple;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("full_name", module.name()?)
    }
}

/// A second module.
#[pymodule]
mod second {
    #[pymodule_export]
    use super::{Shelf, ShelfError, double};
    #[pymodule_export]
    const VERSION: &str = "2";
}

/// Made by a function, as before there were declared ones.
#[pymodule]
fn by_function(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("one", 1)?;
    module.add_function(wrap_pyfunction!(double, module)?)?;
    module.add("all", module.index()?.len())
}

/// An empty module.
#[pymodule]
mod nothing {}

/// Its init raises.
#[pymodule]
mod raising {
    use super::PyRuntimeError;
    use pyo3::prelude::*;

    #[pymodule_export]
    const BEFORE: i32 = 1;

    #[pymodule_export]
    use super::double;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("half", 1)?;
        Err(PyRuntimeError::new_err(("not today", 3)))
    }
}

/// Its init raises an exception with a cause.
#[pymodule]
fn raising_from(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let error = PyImportError::new_err("something is missing");
    error.set_cause(py, Some(ShelfError::new_err("a shelf")));
    Err(error)
}

/// Its init panics.
#[pymodule]
fn panicking(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("half", 1)?;
    panic!("no module today");
}

/// Its init imports what is not there.
#[pymodule]
fn missing_something(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.py().import("surely_not_installed")?;
    Ok(())
}

/// Its init runs Python that fails.
#[pymodule]
fn failing_in_python(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let names = PyDict::new(py);
    names.set_item("module", module)?;
    py.run(
        c"module.one = 1\nmodule.two = undefined",
        Some(&names),
        None,
    )
}

/// Adds the same name twice.
#[pymodule]
fn adding_twice(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("one", 1)?;
    module.add("one", 2)?;
    module.add_class::<Shelf>()?;
    module.add_class::<Shelf>()
}

/// Its inner module raises.
#[pymodule]
mod raising_inside {
    use pyo3::prelude::*;

    #[pymodule_export]
    const BEFORE: i32 = 1;

    #[pymodule]
    mod inner {
        use pyo3::exceptions::PyKeyError;
        use pyo3::prelude::*;

        #[pymodule_init]
        fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
            Err(PyKeyError::new_err("inside"))
        }
    }
}
