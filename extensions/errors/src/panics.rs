//! Panics, which Python sees as `pyo3_runtime.PanicException`.

use std::panic::panic_any;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Panic with this message.
#[pyfunction]
pub fn panic_with(message: String) {
    panic!("{message}");
}

/// Panic with a value that is no text.
#[pyfunction]
pub fn panic_with_number(number: i64) {
    panic_any(number);
}

/// Panic if `index` lies outside of the bytes.
#[pyfunction]
pub fn panic_on_index(data: &Bound<'_, PyBytes>, index: usize) -> u8 {
    data.as_bytes()[index]
}

/// Call `function` and panic if it raises; the exception's `Debug` becomes the message.
#[pyfunction]
pub fn panic_on_error<'py>(function: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
    // A traceback would put file names and line numbers into the message.
    let outcome = function
        .call0()
        .inspect_err(|error| error.set_traceback(function.py(), None));
    outcome.expect("the function may not raise")
}

/// Call a function of Rust that panics, straight or by way of Python's `map`: the panic, an exception
/// on its way through Python, goes on as a panic when it is back in Rust.
#[pyfunction]
#[pyo3(signature = (message, *, by_map = false))]
pub fn panic_through_python(py: Python<'_>, message: String, by_map: bool) -> PyResult<()> {
    let panicking = wrap_pyfunction!(panic_with, py)?;
    if by_map {
        let map = py.import("builtins")?.getattr("map")?;
        map.call1((panicking, [message]))?.try_iter()?.next();
    } else {
        panicking.call1((message,))?;
    }
    Ok(())
}
