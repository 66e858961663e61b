//! Objects that die in another thread than they were made in.

use std::sync::{Arc, Barrier};
use std::thread;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::ledger::{Ledger, Receipt};

/// Belongs to the thread that made it: dropped elsewhere, its data is leaked and an exception is reported.
#[pyclass(module = "sample_gc", unsendable)]
pub struct Local {
    receipt: Receipt,
    /// What makes the class unsendable in earnest.
    _not_send: std::rc::Rc<()>,
}

#[pymethods]
impl Local {
    #[new]
    fn new(ledger: &Ledger, label: &str) -> Self {
        Self {
            receipt: ledger.receipt("Local", label),
            _not_send: std::rc::Rc::new(()),
        }
    }

    #[getter]
    fn label(&self) -> &str {
        &self.receipt.label
    }
}

fn joined<T>(result: thread::Result<T>) -> PyResult<T> {
    result.map_err(|_| PyRuntimeError::new_err("the thread panicked"))
}

/// Give the references to a thread that drops them with the interpreter attached.
#[pyfunction]
pub fn drop_attached(py: Python<'_>, objects: Vec<Py<PyAny>>) -> PyResult<()> {
    let work = move || Python::attach(|_py| drop(objects));
    joined(py.detach(|| thread::spawn(work).join()))
}

/// Give the references to a thread that never sees the interpreter. They are gone when this thread is attached again.
#[pyfunction]
pub fn drop_detached(py: Python<'_>, objects: Vec<Py<PyAny>>) -> PyResult<()> {
    let work = move || drop(objects);
    joined(py.detach(|| thread::spawn(work).join()))
}

/// Make objects in as many threads at the same time, each linked to the object given, and drop them there.
#[pyfunction]
pub fn drop_in_many(
    py: Python<'_>,
    ledger: &Ledger,
    shared: Py<PyAny>,
    threads: u8,
    each: u8,
) -> PyResult<()> {
    let threads = usize::from(threads % 9);
    let barrier = Arc::new(Barrier::new(threads));
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (ledger, shared, barrier) =
                (ledger.clone(), shared.clone_ref(py), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                Python::attach(|py| -> PyResult<()> {
                    for _ in 0..each {
                        let node =
                            Bound::new(py, crate::cycles::Node::make(&ledger, "in a thread"))?;
                        node.borrow_mut().link(shared.clone_ref(py));
                    }
                    drop(shared);
                    Ok(())
                })
            })
        })
        .collect();
    py.detach(|| {
        workers
            .into_iter()
            .try_for_each(|worker| joined(worker.join())?)
    })
}
