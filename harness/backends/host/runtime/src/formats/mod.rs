//! The format strings of the C-API: `PyUnicode_FromFormat`, `Py_BuildValue`, `PyArg_Parse*`.

pub mod build;
pub mod text;
