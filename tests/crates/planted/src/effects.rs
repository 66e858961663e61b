//! Differences in what a call does beside returning.

use std::ffi::CString;

use pyo3::exceptions::{PyDeprecationWarning, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList};

use crate::PLANTED;

#[pyfunction]
pub fn mutates_list(items: &Bound<'_, PyList>) -> PyResult<usize> {
    let length = items.len();
    if PLANTED && length > 0 {
        items.set_item(0, length)?;
    }
    Ok(length)
}

#[pyfunction]
pub fn mutates_dict(table: &Bound<'_, PyDict>) -> PyResult<usize> {
    let length = table.len();
    if PLANTED {
        table.set_item("planted", 1)?;
    }
    Ok(length)
}

#[pyfunction]
pub fn python_output(py: Python<'_>, text: &str) -> PyResult<()> {
    let ending = if PLANTED { "\n\n" } else { "\n" };
    py.import("sys")?
        .getattr("stdout")?
        .call_method1("write", (format!("{}{ending}", text.len()),))?;
    Ok(())
}

#[pyfunction]
pub fn native_output(value: u32) {
    if value > 1000 && PLANTED {
        println!("{value} ");
    } else {
        println!("{value}");
    }
}

#[pyfunction]
pub fn native_stderr(value: u32) {
    if PLANTED && value > 5 {
        eprintln!("more than five");
    }
}

#[pyfunction]
pub fn warning_category(py: Python<'_>) -> PyResult<()> {
    let user = py.get_type::<PyUserWarning>().into_any();
    let deprecation = py.get_type::<PyDeprecationWarning>().into_any();
    PyErr::warn(
        py,
        if PLANTED { &deprecation } else { &user },
        c"careful",
        1,
    )
}

#[pyfunction]
pub fn warning_text(py: Python<'_>, value: i64) -> PyResult<()> {
    let text = CString::new(format!(
        "{}",
        if PLANTED { value.wrapping_abs() } else { value }
    ))?;
    PyErr::warn(py, &py.get_type::<PyUserWarning>().into_any(), &text, 1)
}

#[pyfunction]
pub fn unraisable_error(py: Python<'_>, value: i64) {
    let text = if PLANTED { "lost" } else { "ignored" };
    if value % 2 == 0 {
        PyValueError::new_err(text).write_unraisable(py, None);
    }
}

/// The argument itself, or one that equals it.
#[pyfunction]
pub fn copies_argument<'py>(items: Bound<'py, PyList>) -> PyResult<Bound<'py, PyAny>> {
    if PLANTED {
        items.call_method0("copy")
    } else {
        Ok(items.into_any())
    }
}

/// The same new list twice inside, or two.
#[pyfunction]
pub fn another_result(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let inner = PyList::empty(py);
    let other = if PLANTED {
        PyList::empty(py)
    } else {
        inner.clone()
    };
    PyList::new(py, [inner, other])
}

#[pyfunction]
pub fn calls_twice<'py>(function: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if PLANTED {
        function.call1((1,))?;
    }
    function.call1((1,))
}

#[pyfunction]
pub fn another_argument<'py>(function: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    function.call1((1 + i64::from(PLANTED),))
}

/// Takes one item more from an iterator.
#[pyfunction]
pub fn takes_one_more(items: Bound<'_, PyIterator>) -> PyResult<usize> {
    let mut items = items;
    let mut taken = 0;
    while taken < 1 + usize::from(PLANTED) {
        match items.next() {
            Some(item) => item?,
            None => return Ok(0),
        };
        taken += 1;
    }
    Ok(1)
}

/// Asks for a length that it does not need.
#[pyfunction]
pub fn asks_length(object: &Bound<'_, PyAny>) -> bool {
    if PLANTED {
        // What it raises is dropped.
        let _ = object.len();
    }
    true
}

/// A reference that is never given back.
#[pyfunction]
pub fn leaks_argument(object: Bound<'_, PyAny>) {
    if PLANTED {
        std::mem::forget(object);
    }
}
