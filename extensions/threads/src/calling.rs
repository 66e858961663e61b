//! Calling Python from threads that it has never seen, and bringing back what comes of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::running::{at_once, elsewhere};

/// What a call came to, in a form that travels: an exception stands as an object.
fn outcome(py: Python<'_>, result: PyResult<Py<PyAny>>) -> Py<PyAny> {
    result.unwrap_or_else(|error| {
        // The frames of another thread say nothing about the extension.
        error.set_traceback(py, None);
        error.into_value(py).into_any()
    })
}

/// Call a function in a thread of Rust; its exception, or the panic that it passes on, is raised here.
#[pyfunction]
#[pyo3(signature = (function, *args, **kwargs))]
pub fn run_in_thread(
    py: Python<'_>,
    function: Py<PyAny>,
    args: Py<PyTuple>,
    kwargs: Option<Py<PyDict>>,
) -> PyResult<Py<PyAny>> {
    elsewhere(py, move || {
        Python::attach(|py| {
            let kwargs = kwargs.as_ref().map(|each| each.bind(py));
            function.call(py, args.into_bound(py), kwargs)
        })
    })
}

/// Call a function once in each of so many threads, one after the other, in order; exceptions stand as objects.
#[pyfunction]
pub fn call_in_turns(py: Python<'_>, function: Py<PyAny>, threads: u8) -> Vec<Py<PyAny>> {
    let (turn, changed) = (Mutex::new(0), Condvar::new());
    at_once(py, threads, |number| {
        let mut now = turn.lock().unwrap_or_else(PoisonError::into_inner);
        while *now != number {
            now = changed.wait(now).unwrap_or_else(PoisonError::into_inner);
        }
        // The lock is held while Python runs: whoever waits for it is not attached.
        let result = Python::attach(|py| outcome(py, function.call1(py, (number,))));
        *now += 1;
        changed.notify_all();
        result
    })
}

/// Call a function on every item, each in a thread of its own at the same time as the others; in order.
#[pyfunction]
pub fn call_many_at_once(
    py: Python<'_>,
    function: Py<PyAny>,
    items: Vec<Py<PyAny>>,
) -> PyResult<Vec<Py<PyAny>>> {
    let count = u8::try_from(items.len()).unwrap_or(u8::MAX);
    if count > crate::running::MOST {
        return Err(PyValueError::new_err("too many items"));
    }
    Ok(at_once(py, count, |number| {
        Python::attach(|py| outcome(py, function.call1(py, (&items[number],))))
    }))
}

/// Call a function in so many of Python's own threads, one after the other, by way of `threading.Thread`.
#[pyfunction]
pub fn call_in_python_threads<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyAny>,
    threads: u8,
) -> PyResult<Bound<'py, PyList>> {
    let thread_type = py.import("threading")?.getattr("Thread")?;
    let results = PyList::empty(py);
    for number in 0..threads.min(crate::running::MOST) {
        let (function, kept) = (function.clone().unbind(), results.clone().unbind());
        let target = pyo3::types::PyCFunction::new_closure(
            py,
            None,
            None,
            move |args: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
                let py = args.py();
                let result = function.call1(py, (number,));
                kept.bind(py).append(outcome(py, result))
            },
        )?;
        let kwargs = PyDict::new(py);
        kwargs.set_item("target", target)?;
        let thread = thread_type.call((), Some(&kwargs))?;
        thread.call_method0("start")?;
        thread.call_method0("join")?;
    }
    Ok(results)
}

/// Add up the numbers in a thread that never sees the interpreter.
#[pyfunction]
pub fn sum_detached(py: Python<'_>, numbers: Vec<i64>) -> PyResult<i64> {
    let total = elsewhere(py, || {
        numbers
            .iter()
            .try_fold(0_i64, |sum, number| sum.checked_add(*number))
    });
    total.ok_or_else(|| PyRuntimeError::new_err("the sum does not fit i64"))
}

/// Detach and attach again and again, down to a depth, each time in the same or in another thread; call the function at
/// each level with the depth that is left.
#[pyfunction]
pub fn call_nested(
    py: Python<'_>,
    function: Py<PyAny>,
    depth: u8,
    other_threads: bool,
) -> PyResult<Vec<Py<PyAny>>> {
    let mut results = vec![function.call1(py, (depth,))?];
    if depth > 0 {
        let deeper = || {
            Python::attach(|py| {
                let function = function.clone_ref(py);
                call_nested(py, function, depth.min(12) - 1, other_threads)
            })
        };
        results.extend(if other_threads {
            elsewhere(py, deeper)?
        } else {
            py.detach(deeper)?
        });
    }
    Ok(results)
}

/// The type of what Python takes a thread of Rust for, whether it is the main one, and whether it is alive.
#[pyfunction]
pub fn thread_kind(py: Python<'_>) -> PyResult<(String, bool, bool, bool)> {
    elsewhere(py, || {
        Python::attach(|py| {
            let threading = py.import("threading")?;
            let current = threading.getattr("current_thread")?.call0()?;
            let main = threading.getattr("main_thread")?.call0()?;
            Ok((
                current.get_type().name()?.to_string(),
                current.is(&main),
                current.call_method0("is_alive")?.extract()?,
                current.getattr("daemon")?.extract()?,
            ))
        })
    })
}

/// Panic in a thread, after calling a function there; the text of the panic, or what the function raised.
#[pyfunction]
pub fn catch_panic(
    py: Python<'_>,
    message: String,
    function: Option<Py<PyAny>>,
) -> PyResult<String> {
    let panicking = || {
        Python::attach(|py| {
            if let Some(function) = &function {
                function.call0(py)?;
            }
            panic!("{message}")
        })
    };
    let caught = py.detach(|| {
        thread::scope(|scope| {
            scope
                .spawn(|| catch_unwind(AssertUnwindSafe(panicking)))
                .join()
        })
    });
    match caught {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Ok(panic
            .downcast_ref::<String>()
            .cloned()
            .unwrap_or_else(|| "no text".to_owned())),
        Err(_) => Err(PyRuntimeError::new_err("the panic went on")),
    }
}
