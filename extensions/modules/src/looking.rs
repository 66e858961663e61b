//! What a module says of itself. Paths differ from one build to the next and are never shown whole.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The names in a module's dict that do not begin with two underscores, in order.
pub fn public_names(dict: &Bound<'_, PyDict>) -> PyResult<Vec<String>> {
    let names = dict.keys().iter().map(|key| key.extract::<String>());
    let names: Vec<String> = names.collect::<PyResult<_>>()?;
    Ok(names
        .into_iter()
        .filter(|name| !name.starts_with("__"))
        .collect())
}

/// The name of a file as far as it is the same everywhere: its directory, its stem, and the last suffix.
fn short(path: &str) -> String {
    let path = Path::new(path);
    let part = |part: Option<&std::ffi::OsStr>| {
        part.map(|part| part.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let name = part(path.file_name());
    let stem = name.split('.').next().unwrap_or_default();
    let suffix = name.rsplit('.').next().unwrap_or_default();
    format!(
        "{}/{stem}.{suffix}",
        part(path.parent().and_then(Path::file_name))
    )
}

fn type_name(object: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(object.get_type().fully_qualified_name()?.to_string())
}

/// Every attribute that the import machinery gives a module, with paths cut short.
#[pyfunction]
pub fn facts<'py>(module: &Bound<'py, PyModule>) -> PyResult<Bound<'py, PyDict>> {
    let py = module.py();
    let found = PyDict::new(py);
    for name in ["__name__", "__package__", "__doc__", "__all__"] {
        if let Some(value) = module.getattr_opt(name)? {
            found.set_item(name, value)?;
        }
    }
    if let Some(file) = module.getattr_opt("__file__")? {
        found.set_item(
            "__file__",
            file.extract::<String>().map(|file| short(&file)).ok(),
        )?;
    }
    if let Some(path) = module.getattr_opt("__path__")? {
        found.set_item("__path__", path.len()?)?;
    }
    if let Some(loader) = module.getattr_opt("__loader__")? {
        found.set_item("__loader__", type_name(&loader)?)?;
    }
    if let Some(spec) = module
        .getattr_opt("__spec__")?
        .filter(|spec| !spec.is_none())
    {
        found.set_item("spec", type_name(&spec)?)?;
        for name in ["name", "parent", "has_location", "loader_state"] {
            found.set_item(format!("spec.{name}"), spec.getattr(name)?)?;
        }
        let origin = spec.getattr("origin")?;
        found.set_item(
            "spec.origin",
            origin.extract::<String>().map(|path| short(&path)).ok(),
        )?;
        let cached = spec.getattr("cached")?;
        found.set_item("spec.cached", cached.is_none())?;
        found.set_item("spec.loader", type_name(&spec.getattr("loader")?)?)?;
        if let Some(loader) = module.getattr_opt("__loader__")? {
            found.set_item("one loader", loader.is(spec.getattr("loader")?))?;
        }
    }
    Ok(found)
}

/// The names of a module in the order of its dict, and what kind of thing each is.
#[pyfunction]
pub fn listing(module: &Bound<'_, PyModule>) -> PyResult<Vec<(String, String)>> {
    let dict = module.dict();
    let mut found = Vec::new();
    for name in public_names(&dict)? {
        let value = dict.as_any().get_item(&name)?;
        found.push((name, type_name(&value)?));
    }
    Ok(found)
}

/// `repr(module)`, with the path in it cut short.
#[pyfunction]
pub fn shown(module: &Bound<'_, PyModule>) -> PyResult<String> {
    let shown = module.repr()?.to_string();
    let file = module
        .getattr_opt("__file__")?
        .and_then(|file| file.extract::<String>().ok());
    Ok(match file {
        Some(file) => shown.replace(&file, &short(&file)),
        None => shown,
    })
}

/// Where an object says that it comes from: `__module__`, `__qualname__`, `__name__`, and of a function
/// the name of the module that it is bound to.
#[pyfunction]
pub fn named_in<'py>(object: &Bound<'py, PyAny>) -> PyResult<Vec<Option<Bound<'py, PyAny>>>> {
    let mut found = Vec::new();
    for name in [
        "__module__",
        "__qualname__",
        "__name__",
        "__doc__",
        "__text_signature__",
    ] {
        found.push(object.getattr_opt(name)?);
    }
    let bound = object
        .getattr_opt("__self__")?
        .filter(|bound| !bound.is_none());
    found.push(bound.map(|module| module.getattr("__name__")).transpose()?);
    Ok(found)
}

/// `pickle.loads(pickle.dumps(object)) is object`.
#[pyfunction]
pub fn pickled(object: &Bound<'_, PyAny>, protocol: u8) -> PyResult<(bool, String)> {
    let pickle = object.py().import("pickle")?;
    let data = pickle.call_method1("dumps", (object, protocol))?;
    let back = pickle.call_method1("loads", (data,))?;
    Ok((back.is(object), type_name(&back)?))
}
