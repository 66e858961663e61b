//! The Python `str` object itself, which can hold what Rust text cannot.

use std::ffi::CString;

use pyo3::exceptions::PyUnicodeEncodeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PySlice, PyString};

/// Borrow the text three ways, which all fail where it holds lone surrogates: lengths in bytes, and
/// in code points.
#[pyfunction]
pub fn borrow_text(text: &Bound<'_, PyString>) -> PyResult<(usize, usize, usize, usize)> {
    let backed = PyBackedStr::try_from(text.clone())?;
    Ok((
        text.to_str()?.len(),
        text.to_cow()?.len(),
        backed.len(),
        text.code_point_len()?,
    ))
}

/// The text with U+FFFD for what Rust cannot hold, and whether there was any.
#[pyfunction]
pub fn lossy(text: &Bound<'_, PyString>) -> (String, bool) {
    let strict = text.to_str();
    let failed = strict.is_err_and(|error| error.is_instance_of::<PyUnicodeEncodeError>(text.py()));
    (text.to_string_lossy().into_owned(), failed)
}

/// `text.encode()`, through the C-API.
#[pyfunction]
pub fn encode_utf8<'py>(text: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyBytes>> {
    text.encode_utf8()
}

/// `text.encode(encoding, errors)`, by calling the method.
#[pyfunction]
#[pyo3(signature = (text, encoding = "utf-8", errors = "strict"))]
pub fn py_encode<'py>(
    text: &Bound<'py, PyString>,
    encoding: &str,
    errors: &str,
) -> PyResult<Bound<'py, PyAny>> {
    text.call_method1("encode", (encoding, errors))
}

/// `str(object, encoding, errors)`, through the C-API.
#[pyfunction]
#[pyo3(signature = (object, encoding = None, errors = None))]
pub fn text_from_object<'py>(
    object: &Bound<'py, PyAny>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult<Bound<'py, PyString>> {
    let encoding = encoding.map(CString::new).transpose()?;
    let errors = errors.map(CString::new).transpose()?;
    PyString::from_encoded_object(object, encoding.as_deref(), errors.as_deref())
}

/// Decode UTF-8, through the C-API.
#[pyfunction]
pub fn text_from_bytes<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyString>> {
    PyString::from_bytes(py, data)
}

/// The text in each of Python's cases.
#[pyfunction]
pub fn py_case_map<'py>(text: &Bound<'py, PyString>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    [
        "upper",
        "lower",
        "title",
        "capitalize",
        "swapcase",
        "casefold",
    ]
    .into_iter()
    .map(|method| text.call_method0(method))
    .collect()
}

/// What Python's `is...` methods say of the text.
#[pyfunction]
pub fn py_predicates<'py>(text: &Bound<'py, PyString>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    [
        "isalnum",
        "isalpha",
        "isascii",
        "isdecimal",
        "isdigit",
        "isidentifier",
        "islower",
        "isnumeric",
        "isprintable",
        "isspace",
        "istitle",
        "isupper",
    ]
    .into_iter()
    .map(|method| text.call_method0(method))
    .collect()
}

/// `(text.split(separator), text.splitlines(True), text.strip())`.
#[pyfunction]
#[pyo3(signature = (text, separator = None))]
pub fn py_split<'py>(
    text: &Bound<'py, PyString>,
    separator: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    Ok((
        text.call_method1("split", (separator,))?,
        text.call_method1("splitlines", (true,))?,
        text.call_method0("strip")?,
    ))
}

/// `text[start:stop:step]`.
#[pyfunction]
#[pyo3(signature = (text, start, stop, step = 1))]
pub fn py_slice<'py>(
    text: &Bound<'py, PyString>,
    start: isize,
    stop: isize,
    step: isize,
) -> PyResult<Bound<'py, PyAny>> {
    text.get_item(PySlice::new(text.py(), start, stop, step))
}

/// Whether interning the same text twice gives one object, and that object.
#[pyfunction]
pub fn intern_is_same<'py>(py: Python<'py>, text: &str) -> (bool, Bound<'py, PyString>) {
    let first = PyString::intern(py, text);
    let second = PyString::intern(py, text);
    (first.is(&second), second)
}

/// The object as Rust's `Display` and `Debug` show it: by `str()` and by `repr()`, never raising.
#[pyfunction]
pub fn format_object(object: &Bound<'_, PyAny>) -> (String, String) {
    (format!("{object}"), format!("{object:?}"))
}

/// Text that Rust formats straight into a Python string, padded to `width`.
#[pyfunction]
pub fn formatted<'py>(
    py: Python<'py>,
    text: &str,
    number: i64,
    width: u8,
) -> PyResult<Bound<'py, PyString>> {
    let width = usize::from(width);
    PyString::from_fmt(py, format_args!("{text:>width$}|{number:+}|{number:#x}"))
}
