//! Functions that are `async`.

use std::future::{pending, poll_fn};
use std::task::Poll;

use pyo3::coroutine::CancelHandle;
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

/// Return control to whoever drives the coroutine, once: as `await asyncio.sleep(0)`.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Return the value at once.
#[pyfunction]
pub async fn ready(value: Py<PyAny>) -> Py<PyAny> {
    value
}

/// The sum. Arguments are converted when the coroutine is first driven.
#[pyfunction]
pub async fn add(left: i64, right: i64) -> PyResult<i64> {
    left.checked_add(right)
        .ok_or_else(|| PyOverflowError::new_err("the sum does not fit i64"))
}

/// Return control this many times, then the value.
#[pyfunction]
pub async fn give_way(times: u8, value: Py<PyAny>) -> Py<PyAny> {
    for _ in 0..times {
        yield_now().await;
    }
    value
}

/// Raise the exception after returning control this many times.
#[pyfunction]
#[pyo3(signature = (exception, times = 0))]
pub async fn fail(exception: Py<PyAny>, times: u8) -> PyResult<()> {
    for _ in 0..times {
        yield_now().await;
    }
    Err(Python::attach(|py| {
        if exception
            .bind(py)
            .is_instance_of::<pyo3::exceptions::PyBaseException>()
        {
            PyErr::from_value(exception.into_bound(py))
        } else {
            PyValueError::new_err("no exception")
        }
    }))
}

/// Panic after returning control this many times.
#[pyfunction]
#[pyo3(signature = (message, times = 0))]
pub async fn panic_after(message: String, times: u8) {
    for _ in 0..times {
        yield_now().await;
    }
    panic!("{message}");
}

/// Never done.
#[pyfunction]
pub async fn never() {
    pending::<()>().await;
}

/// Note in the list what happens: begun, each step, done, or dropped before it was done.
#[pyfunction]
pub async fn record(notes: Py<PyList>, steps: u8) -> PyResult<u8> {
    struct Dropped(Option<Py<PyList>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            if let Some(notes) = self.0.take() {
                // There is nobody to raise to, and appending a text to a list cannot fail.
                let _ = Python::attach(|py| notes.bind(py).append("dropped"));
            }
        }
    }

    let note = |text: String| Python::attach(|py| notes.bind(py).append(text));
    let mut unfinished = Dropped(Some(Python::attach(|py| notes.clone_ref(py))));
    note("begun".to_owned())?;
    for step in 0..steps {
        yield_now().await;
        note(format!("step {step}"))?;
    }
    unfinished.0 = None;
    note("done".to_owned())?;
    Ok(steps)
}

/// Wait until an exception is thrown in, and return it; or ignore so many of them first.
#[pyfunction]
#[pyo3(signature = (ignored = 0))]
pub async fn until_cancelled(
    ignored: u8,
    #[pyo3(cancel_handle)] mut cancel: CancelHandle,
) -> (Py<PyAny>, bool) {
    for _ in 0..ignored {
        cancel.cancelled().await;
    }
    let exception = cancel.cancelled().await;
    (exception, cancel.is_cancelled())
}

/// Everything that a signature can hold.
#[pyfunction]
#[pyo3(signature = (first, second = 2, *rest, named = "none".to_owned(), **others))]
pub async fn with_signature(
    first: i64,
    second: i64,
    rest: Py<PyTuple>,
    named: String,
    others: Option<Py<PyDict>>,
) -> (i64, i64, Py<PyTuple>, String, Option<Py<PyDict>>) {
    yield_now().await;
    (first, second, rest, named, others)
}
