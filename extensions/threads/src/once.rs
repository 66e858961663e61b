//! Values that are made once, however many threads ask for them at the same time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::sync::{OnceLockExt, PyOnceLock};
use pyo3::types::{PyString, PyType};

use crate::running::at_once;

/// Let so many threads ask for a value that a function makes. How often it was made, and whether all threads got the same
/// object; by `PyOnceLock`, and by a lock of the standard library.
#[pyfunction]
pub fn initialise_at_once(
    py: Python<'_>,
    function: Py<PyAny>,
    threads: u8,
) -> PyResult<(usize, bool, usize, bool)> {
    let make = |calls: &AtomicUsize, py: Python<'_>| {
        calls.fetch_add(1, Ordering::SeqCst);
        // Whoever waits for the value is detached, so that this thread can be attached again.
        py.detach(std::thread::yield_now);
        function.call0(py)
    };
    let (calls, cell) = (AtomicUsize::new(0), PyOnceLock::<Py<PyAny>>::new());
    let values = at_once(py, threads, |_| {
        Python::attach(|py| {
            let made = cell.get_or_try_init(py, || make(&calls, py))?;
            Ok::<_, PyErr>(made.clone_ref(py))
        })
    });
    let values = values.into_iter().collect::<PyResult<Vec<_>>>()?;
    let (std_calls, std_cell) = (AtomicUsize::new(0), OnceLock::<PyResult<Py<PyAny>>>::new());
    let std_values = at_once(py, threads, |_| {
        Python::attach(|py| {
            let made = std_cell.get_or_init_py_attached(py, || make(&std_calls, py));
            match made {
                Ok(value) => Ok(value.clone_ref(py)),
                Err(error) => Err(error.clone_ref(py)),
            }
        })
    });
    let std_values = std_values.into_iter().collect::<PyResult<Vec<_>>>()?;
    let all_same = |values: &[Py<PyAny>]| values.windows(2).all(|pair| pair[0].is(&pair[1]));
    Ok((
        calls.into_inner(),
        all_same(&values),
        std_calls.into_inner(),
        all_same(&std_values),
    ))
}

/// Ask so often for a value whose making fails until the last time. How often it was tried, and what is there then.
#[pyfunction]
pub fn initialise_failing(
    py: Python<'_>,
    function: Py<PyAny>,
    times: u8,
) -> PyResult<(usize, Vec<String>, Option<Py<PyAny>>)> {
    let cell = PyOnceLock::<Py<PyAny>>::new();
    let (mut calls, mut errors) = (0, Vec::new());
    for _ in 0..times {
        let made = cell.get_or_try_init(py, || {
            calls += 1;
            function.call1(py, (calls,))
        });
        if let Err(error) = made {
            errors.push(error.get_type(py).name()?.to_string());
        }
    }
    Ok((calls, errors, cell.get(py).map(|value| value.clone_ref(py))))
}

/// Let so many threads intern the same text. Whether they all got the same object.
#[pyfunction]
pub fn interned_everywhere(py: Python<'_>, text: String, threads: u8) -> bool {
    let found = at_once(py, threads, |_| {
        Python::attach(|py| PyString::intern(py, &text).unbind())
    });
    found.windows(2).all(|pair| pair[0].is(&pair[1]))
}

/// Let so many threads ask for the type of a class that nobody has asked for before.
#[pyfunction]
pub fn types_at_once(py: Python<'_>, threads: u8) -> (bool, Option<Py<PyType>>) {
    #[pyclass(module = "sample_threads")]
    struct Late;

    let found = at_once(py, threads, |_| {
        Python::attach(|py| py.get_type::<Late>().unbind())
    });
    let same = found.windows(2).all(|pair| pair[0].is(&pair[1]));
    (same, found.into_iter().next())
}
