//! File names, which need not be text.

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::prelude::*;

/// A path, taken apart.
#[derive(IntoPyObject)]
pub struct Parts {
    parent: Option<PathBuf>,
    name: Option<OsString>,
    stem: Option<OsString>,
    extension: Option<OsString>,
    components: Vec<OsString>,
    absolute: bool,
}

/// Take a path apart: text, or anything with `__fspath__`.
#[pyfunction]
pub fn path_parts(path: PathBuf) -> Parts {
    Parts {
        parent: path.parent().map(PathBuf::from),
        name: path.file_name().map(OsString::from),
        stem: path.file_stem().map(OsString::from),
        extension: path.extension().map(OsString::from),
        components: path
            .components()
            .map(|each| each.as_os_str().to_owned())
            .collect(),
        absolute: path.is_absolute(),
    }
}

/// `base / more`, which comes back as a `pathlib.Path`.
#[pyfunction]
pub fn join_path(base: PathBuf, more: PathBuf) -> PathBuf {
    base.join(more)
}

/// A string of the operating system, its length in bytes, and its text where it is text.
#[pyfunction]
pub fn os_string(name: OsString) -> (usize, Option<String>, OsString) {
    (name.len(), name.to_str().map(str::to_owned), name)
}
