//! Modules made at run time.

use std::ffi::CString;

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyList, PyString, PyTuple};

use crate::contents::{Shelf, ShelfError};

/// A new module, with a docstring if one is given.
#[pyfunction]
#[pyo3(signature = (name, doc = None))]
pub fn make_module<'py>(
    py: Python<'py>,
    name: &str,
    doc: Option<&str>,
) -> PyResult<Bound<'py, PyModule>> {
    let module = PyModule::new(py, name)?;
    if let Some(doc) = doc {
        module.setattr("__doc__", doc)?;
    }
    Ok(module)
}

/// Put something into a module in one of the ways that PyO3 has; what `__all__` is then.
#[pyfunction]
#[pyo3(signature = (module, how, name, value))]
pub fn grow<'py>(
    module: &Bound<'py, PyModule>,
    how: &str,
    name: Bound<'py, PyString>,
    value: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyList>> {
    let py = module.py();
    match how {
        "add" => module.add(name, value)?,
        "set" => module.setattr(name, value)?,
        "dict" => module.dict().set_item(name, value)?,
        "class" => module.add_class::<Shelf>()?,
        "exception" => module.add("ShelfError", py.get_type::<ShelfError>())?,
        "function" => module.add_function(wrap_pyfunction!(crate::contents::double, module)?)?,
        "passing function" => {
            module.add_function(wrap_pyfunction!(crate::contents::whole_name, module)?)?
        }
        "closure" => {
            let text = name.to_string();
            let closure = PyCFunction::new_closure(
                py,
                Some(c"closure"),
                Some(c"Says what it was made with."),
                move |args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>| {
                    format!("{text} {}", args.len())
                },
            )?;
            module.add_function(closure)?;
        }
        "submodule" => module.add_submodule(value.cast::<PyModule>()?)?,
        "new submodule" => {
            let inner = PyModule::new(py, name.to_str()?)?;
            inner.add("outer", module)?;
            module.add_submodule(&inner)?;
        }
        "declared submodule" => {
            module.add_wrapped(pyo3::wrap_pymodule!(crate::variants::late))?;
        }
        _ => return Err(ShelfError::new_err(format!("unknown way {how:?}"))),
    }
    module.index()
}

/// The module's name, as PyO3 asks for it.
#[pyfunction]
pub fn module_name<'py>(module: &Bound<'py, PyModule>) -> PyResult<Bound<'py, PyString>> {
    module.name()
}

/// Whether the module has a file, as PyO3 asks for it.
#[pyfunction]
pub fn module_filename(module: &Bound<'_, PyModule>) -> PyResult<bool> {
    Ok(!module.filename()?.is_empty()?)
}

/// The module's `__all__`, which is made if there is none.
#[pyfunction]
pub fn module_index<'py>(module: &Bound<'py, PyModule>) -> PyResult<(Bound<'py, PyList>, bool)> {
    let index = module.index()?;
    let again = module.index()?.is(&index);
    Ok((index, again))
}

/// All names in a module's dict, in order.
#[pyfunction]
pub fn order_of_names<'py>(module: &Bound<'py, PyModule>) -> Bound<'py, PyList> {
    module.dict().keys()
}

/// A module made of Python source; then its public names and what `result` is in it.
#[pyfunction]
#[pyo3(signature = (code, file_name = "made.py", module_name = "made"))]
pub fn from_code<'py>(
    py: Python<'py>,
    code: &str,
    file_name: &str,
    module_name: &str,
) -> PyResult<(Vec<String>, Option<Bound<'py, PyAny>>, bool)> {
    let name = CString::new(module_name)?;
    let made = PyModule::from_code(py, &CString::new(code)?, &CString::new(file_name)?, &name);
    // It stays in `sys.modules`, where it would colour the next program.
    let modules = py
        .import("sys")?
        .getattr("modules")?
        .cast_into::<PyDict>()?;
    let left = modules.get_item(module_name)?;
    let same = match (&made, &left) {
        (Ok(module), Some(left)) => module.is(left),
        _ => false,
    };
    if left.is_some() {
        modules.del_item(module_name)?;
    }
    let module = made?;
    let names = crate::looking::public_names(&module.dict())?;
    Ok((names, module.getattr_opt("result")?, same))
}
