//! The format strings of the C-API: `PyUnicode_FromFormat`, `Py_BuildValue`, `PyArg_Parse*`.

pub mod build;
mod numbers;
pub mod parse;
pub mod text;
pub mod units;
