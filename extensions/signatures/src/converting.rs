//! Parameters that turn what they are given into something else.

use std::collections::BTreeMap;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyString, PyTuple};

/// Convert to the length.
fn length(object: &Bound<'_, PyAny>) -> PyResult<usize> {
    object.len()
}

/// Convert to the length where there is one, and leave a count as it is.
fn count(object: &Bound<'_, PyAny>) -> PyResult<i64> {
    match object.extract::<i64>() {
        Ok(number) if number < 0 => Err(PyValueError::new_err("a count cannot be negative")),
        Ok(number) => Ok(number),
        Err(_) => Ok(i64::try_from(object.len()?)?),
    }
}

/// `len(object)`, asked while the arguments are converted.
#[pyfunction]
pub fn length_of(#[pyo3(from_py_with = length)] object: usize) -> usize {
    object
}

/// Two parameters that are counts, or things that have a length.
#[pyfunction]
#[pyo3(signature = (first, *, second = 0))]
pub fn count_or_length(
    #[pyo3(from_py_with = count)] first: i64,
    #[pyo3(from_py_with = count)] second: i64,
) -> (i64, i64) {
    (first, second)
}

/// Three conversions that can fail: which of them is reported?
#[pyfunction]
#[pyo3(signature = (number, text, *, flags = Vec::new()))]
pub fn first_failing(number: u8, text: &str, flags: Vec<bool>) -> (u8, usize, Vec<bool>) {
    (number, text.len(), flags)
}

/// Options in a tuple and in a list.
#[pyfunction]
#[pyo3(signature = (pair = (None, None), values = None))]
pub fn optional_values(
    pair: (Option<i64>, Option<String>),
    values: Option<Vec<Option<i64>>>,
) -> (Option<i64>, Option<String>, Option<Vec<Option<i64>>>) {
    (pair.0, pair.1, values)
}

/// Tell "not given" from `None` by a default that is an object.
#[pyfunction]
#[pyo3(signature = (value = Given::Unset))]
pub fn unset_or_none(value: Given<'_>) -> PyResult<String> {
    match value {
        Given::Unset => Ok("unset".to_owned()),
        Given::Value(object) if object.is_none() => Ok("none".to_owned()),
        Given::Value(object) => Ok(object.get_type().name()?.to_string()),
    }
}

/// An argument that may be left out.
pub enum Given<'py> {
    Unset,
    Value(Bound<'py, PyAny>),
}

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::Value(object.to_owned()))
    }
}

/// The lengths of the positional arguments; the first that has none is reported.
#[pyfunction]
#[pyo3(signature = (*args))]
pub fn sized_args(args: &Bound<'_, PyTuple>) -> PyResult<Vec<usize>> {
    args.iter().map(|each| each.len()).collect()
}

/// The keyword arguments by name, each an integer.
#[pyfunction]
#[pyo3(signature = (**kwargs))]
pub fn sorted_kwargs(kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<BTreeMap<String, i64>> {
    kwargs.map_or_else(|| Ok(BTreeMap::new()), |found| found.extract())
}

/// The name of the module that the function lives in, and of one argument's type.
#[pyfunction]
#[pyo3(pass_module)]
pub fn describe_module<'py>(
    module: &Bound<'py, PyModule>,
    object: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyString>, Bound<'py, PyString>)> {
    Ok((module.name()?, object.get_type().name()?))
}

/// What Python is told about the function `name` of this module: name, signature and docstring.
#[pyfunction]
#[pyo3(pass_module)]
pub fn text_signatures<'py>(
    module: &Bound<'py, PyModule>,
    name: &Bound<'py, PyString>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let function = module.getattr(name)?;
    [
        "__name__",
        "__qualname__",
        "__module__",
        "__text_signature__",
        "__doc__",
    ]
    .into_iter()
    .map(|attribute| function.getattr(attribute))
    .collect()
}
