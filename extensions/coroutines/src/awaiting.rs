//! Python's awaitables, awaited in Rust: each becomes a task of the running event loop, which wakes us when it is done.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use crate::functions::yield_now;

/// A task of asyncio as a future of Rust.
struct Task(Py<PyAny>);

impl Task {
    fn new(awaitable: &Bound<'_, PyAny>) -> PyResult<Self> {
        let asyncio = awaitable.py().import("asyncio")?;
        let task = asyncio.call_method1("ensure_future", (awaitable,))?;
        Ok(Self(task.unbind()))
    }
}

impl Future for Task {
    type Output = PyResult<Py<PyAny>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Python::attach(|py| {
            let task = self.0.bind(py);
            if task.call_method0("done")?.extract::<bool>()? {
                return Poll::Ready(task.call_method0("result").map(Bound::unbind));
            }
            let waker = context.waker().clone();
            let wake = move |_: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
                waker.wake_by_ref();
            };
            let wake = PyCFunction::new_closure(py, None, None, wake)?;
            task.call_method1("add_done_callback", (wake,))?;
            Poll::Pending
        })
    }
}

/// What the awaitable comes to.
#[pyfunction]
pub async fn await_one(awaitable: Py<PyAny>) -> PyResult<Py<PyAny>> {
    Python::attach(|py| Task::new(awaitable.bind(py)))?.await
}

/// What the awaitables come to, one after the other, in order; the first exception ends it.
#[pyfunction]
pub async fn await_each(awaitables: Vec<Py<PyAny>>) -> PyResult<Vec<Py<PyAny>>> {
    let mut results = Vec::new();
    for awaitable in awaitables {
        results.push(Python::attach(|py| Task::new(awaitable.bind(py)))?.await?);
        yield_now().await;
    }
    Ok(results)
}

/// What the awaitables come to, all of them at work at once; exceptions stand as objects.
#[pyfunction]
pub async fn await_all(awaitables: Vec<Py<PyAny>>) -> PyResult<Vec<Py<PyAny>>> {
    let tasks = Python::attach(|py| {
        let tasks = awaitables.iter().map(|each| Task::new(each.bind(py)));
        tasks.collect::<PyResult<Vec<_>>>()
    })?;
    let mut results = Vec::new();
    for task in tasks {
        let result = task.await;
        results.push(Python::attach(|py| {
            result.unwrap_or_else(|error| {
                error.set_traceback(py, None);
                error.into_value(py).into_any()
            })
        }));
    }
    Ok(results)
}

/// What the awaitable comes to, or the other value if it raises.
#[pyfunction]
pub async fn await_or(awaitable: Py<PyAny>, other: Py<PyAny>) -> PyResult<Py<PyAny>> {
    let task = Python::attach(|py| Task::new(awaitable.bind(py)))?;
    Ok(task.await.unwrap_or(other))
}
