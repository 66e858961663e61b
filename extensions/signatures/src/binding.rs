//! Ways to bind arguments to parameters. Each function returns what it got.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// Take nothing at all.
#[pyfunction]
pub fn no_arguments() -> &'static str {
    "nothing"
}

/// Two parameters without defaults, by position or by name.
#[pyfunction]
pub fn required<'py>(
    a: Bound<'py, PyAny>,
    b: Bound<'py, PyAny>,
) -> (Bound<'py, PyAny>, Bound<'py, PyAny>) {
    (a, b)
}

/// `a` and `b` cannot be given by name.
#[pyfunction]
#[pyo3(signature = (a, b = 2, /))]
pub fn positional_only(a: i64, b: i64) -> (i64, i64) {
    (a, b)
}

/// `b` and `c` can be given by name only.
#[pyfunction]
#[pyo3(signature = (a, *, b = 2, c = None))]
pub fn keyword_only(a: i64, b: i64, c: Option<String>) -> (i64, i64, Option<String>) {
    (a, b, c)
}

/// Keyword-only parameters without defaults, one after an optional one.
#[pyfunction]
#[pyo3(signature = (*, first, second = 0, third))]
pub fn required_keywords(first: i64, second: i64, third: i64) -> (i64, i64, i64) {
    (first, second, third)
}

/// One default of each simple kind. The text signature shows those that PyO3 can write in Python.
#[pyfunction]
#[pyo3(signature = (flag = true, number = -7, ratio = 1.5, letter = 'x', text = "it's \"quoted\""))]
pub fn defaults(
    flag: bool,
    number: i32,
    ratio: f64,
    letter: char,
    text: &str,
) -> (bool, i32, f64, char, String) {
    (flag, number, ratio, letter, text.to_owned())
}

/// `None` given and nothing given come to the same.
#[pyfunction]
#[pyo3(signature = (number = None, text = None, anything = None))]
pub fn none_defaults<'py>(
    number: Option<i64>,
    text: Option<String>,
    anything: Option<Bound<'py, PyAny>>,
) -> (Option<i64>, Option<String>, Option<Bound<'py, PyAny>>) {
    (number, text, anything)
}

/// Any number of positional arguments.
#[pyfunction]
#[pyo3(signature = (*args))]
pub fn only_args<'py>(args: &Bound<'py, PyTuple>) -> (usize, Bound<'py, PyTuple>) {
    (args.len(), args.clone())
}

/// Any number of keyword arguments; `None` when there are none.
#[pyfunction]
#[pyo3(signature = (**kwargs))]
pub fn only_kwargs<'py>(kwargs: Option<&Bound<'py, PyDict>>) -> Option<Bound<'py, PyDict>> {
    kwargs.cloned()
}

/// What arrived at a function that has parameters of all kinds.
#[derive(IntoPyObject)]
pub struct Arrived<'py> {
    a: i64,
    b: i64,
    c: Option<String>,
    args: Bound<'py, PyTuple>,
    d: i64,
    e: bool,
    kwargs: Option<Bound<'py, PyDict>>,
}

/// Parameters of all kinds at once.
#[pyfunction]
#[pyo3(signature = (a, /, b, c = None, *args, d, e = false, **kwargs))]
pub fn all_kinds<'py>(
    a: i64,
    b: i64,
    c: Option<String>,
    args: &Bound<'py, PyTuple>,
    d: i64,
    e: bool,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> Arrived<'py> {
    Arrived {
        a,
        b,
        c,
        args: args.clone(),
        d,
        e,
        kwargs: kwargs.cloned(),
    }
}

/// A positional-only name that comes again in `**kwargs`, where it is allowed.
#[pyfunction]
#[pyo3(signature = (name, /, *args, **kwargs))]
pub fn name_clash<'py>(
    name: Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> (Bound<'py, PyAny>, usize, Option<Bound<'py, PyDict>>) {
    (name, args.len(), kwargs.cloned())
}

/// Parameters whose names are keywords in Python or in Rust.
#[pyfunction]
#[pyo3(signature = (r#type, r#match = 1, r#async = 2))]
pub fn python_keywords(r#type: i64, r#match: i64, r#async: i64) -> i64 {
    r#type + r#match + r#async
}

/// More parameters than anybody wants.
#[pyfunction]
#[pyo3(signature = (a, b, c, d = 4, e = 5, f = 6, *, g = 7, h = 8, i = 9, j))]
#[allow(clippy::too_many_arguments)] // that is what this one is for
pub fn many(
    a: i64,
    b: i64,
    c: i64,
    d: i64,
    e: i64,
    f: i64,
    g: i64,
    h: i64,
    i: i64,
    j: i64,
) -> Vec<i64> {
    vec![a, b, c, d, e, f, g, h, i, j]
}

/// Called `original_name` in Python.
#[pyfunction(name = "original_name")]
#[pyo3(signature = (value = None))]
pub fn renamed(value: Option<i64>) -> i64 {
    value.unwrap_or_default()
}

/// The signature that Python is shown is not the one that is used.
#[pyfunction]
#[pyo3(signature = (a, b = 1), text_signature = "($module, left, right=...)")]
pub fn shown_otherwise(a: i64, b: i64) -> (i64, i64) {
    (a, b)
}
