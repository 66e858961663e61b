//! Containers that change while they are walked.

use pyo3::PyTraverseError;
use pyo3::PyVisit;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet};

/// The most steps that a walk takes: a callback may add for ever.
const STEP_LIMIT: usize = 40;

/// A list of objects; it may change while its iterator is at work.
#[pyclass(module = "sample_state")]
#[derive(Default)]
pub struct Bag {
    items: Vec<Py<PyAny>>,
    /// Counted up with every change, so that an iterator sees that there was one.
    version: u64,
}

#[pymethods]
impl Bag {
    #[new]
    #[pyo3(signature = (items = Vec::new()))]
    fn new(items: Vec<Py<PyAny>>) -> Self {
        Self { items, version: 0 }
    }

    fn add(&mut self, item: Py<PyAny>) -> usize {
        self.version += 1;
        self.items.push(item);
        self.items.len()
    }

    /// Take the item out. It dies, if it does, when the bag is no longer borrowed.
    fn remove(slf: &Bound<'_, Self>, at: usize) -> PyResult<Py<PyAny>> {
        let mut bag = slf.try_borrow_mut()?;
        if at >= bag.items.len() {
            return Err(PyIndexError::new_err("no such item"));
        }
        bag.version += 1;
        Ok(bag.items.remove(at))
    }

    fn clear(&mut self) {
        self.version += 1;
        self.items.clear();
    }

    /// Call the function on each item; the bag is free meanwhile, so the function may change it.
    fn each(slf: &Bound<'_, Self>, function: &Bound<'_, PyAny>) -> PyResult<usize> {
        let py = slf.py();
        let mut at = 0;
        while at < STEP_LIMIT {
            let item = match slf.try_borrow()?.items.get(at) {
                Some(item) => item.clone_ref(py),
                None => break,
            };
            function.call1((slf, item))?;
            at += 1;
        }
        Ok(at)
    }

    /// Call the function on each item; the bag is borrowed meanwhile, so the function may not change it.
    fn each_borrowed(&self, function: &Bound<'_, PyAny>) -> PyResult<usize> {
        for item in &self.items {
            function.call1((item,))?;
        }
        Ok(self.items.len())
    }

    /// Whether an equal item is there. A comparison may change the bag.
    fn __contains__(slf: &Bound<'_, Self>, wanted: &Bound<'_, PyAny>) -> PyResult<bool> {
        let mut at = 0;
        loop {
            let item = match slf.try_borrow()?.items.get(at) {
                Some(item) if at < STEP_LIMIT => item.clone_ref(wanted.py()),
                _ => return Ok(false),
            };
            if item.bind(wanted.py()).eq(wanted)? {
                return Ok(true);
            }
            at += 1;
        }
    }

    fn __len__(&self) -> usize {
        self.items.len()
    }

    fn __iter__(slf: &Bound<'_, Self>) -> PyResult<BagIterator> {
        Ok(BagIterator {
            version: slf.try_borrow()?.version,
            bag: slf.clone().unbind(),
            at: 0,
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.items.iter().try_for_each(|item| visit.call(item))
    }

    fn __clear__(&mut self) {
        self.items.clear();
    }
}

/// Walks a bag, and refuses to go on when the bag has changed.
#[pyclass(module = "sample_state")]
pub struct BagIterator {
    bag: Py<Bag>,
    version: u64,
    at: usize,
}

#[pymethods]
impl BagIterator {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let bag = self.bag.bind(py).try_borrow()?;
        if bag.version != self.version {
            return Err(PyRuntimeError::new_err(
                "the bag changed while it was walked",
            ));
        }
        self.at += 1;
        Ok(bag.items.get(self.at - 1).map(|item| item.clone_ref(py)))
    }

    fn __length_hint__(&self, py: Python<'_>) -> PyResult<usize> {
        let bag = self.bag.bind(py).try_borrow()?;
        Ok(bag.items.len().saturating_sub(self.at))
    }
}

/// Names and callbacks; a callback may register and remove others.
#[pyclass(module = "sample_state")]
pub struct Registry {
    callbacks: Py<PyDict>,
}

#[pymethods]
impl Registry {
    #[new]
    fn new(py: Python<'_>) -> Self {
        Self {
            callbacks: PyDict::new(py).unbind(),
        }
    }

    fn register(&self, name: &Bound<'_, PyAny>, callback: &Bound<'_, PyAny>) -> PyResult<usize> {
        let callbacks = self.callbacks.bind(name.py());
        callbacks.set_item(name, callback)?;
        Ok(callbacks.len())
    }

    fn remove(&self, name: &Bound<'_, PyAny>) -> PyResult<()> {
        let callbacks = self.callbacks.bind(name.py());
        if !callbacks.contains(name)? {
            return Err(PyKeyError::new_err(name.clone().unbind()));
        }
        callbacks.del_item(name)
    }

    /// Call all with an argument, by PyO3's own iterator over the dict: it panics if the dict changes.
    fn fire<'py>(&self, argument: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let callbacks = self.callbacks.bind(argument.py());
        let mut results = Vec::new();
        for (_, callback) in callbacks.iter().take(STEP_LIMIT) {
            results.push(callback.call1((argument,))?);
        }
        Ok(results)
    }

    /// Call all that were there at the start, whatever they do.
    fn fire_snapshot<'py>(&self, argument: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let callbacks = self.callbacks.bind(argument.py()).copy()?;
        callbacks
            .values()
            .iter()
            .map(|callback| callback.call1((argument,)))
            .collect()
    }

    #[getter]
    fn names<'py>(&self, py: Python<'py>) -> Bound<'py, PyList> {
        self.callbacks.bind(py).keys()
    }
}

/// Add up a list's items by index while a function may change the list.
#[pyfunction]
pub fn sum_while_changing(
    list: &Bound<'_, PyList>,
    function: &Bound<'_, PyAny>,
) -> PyResult<(usize, i64)> {
    let (mut steps, mut sum) = (0, 0_i64);
    for item in list.iter().take(STEP_LIMIT) {
        function.call1((list, steps))?;
        sum = sum.wrapping_add(item.extract::<i64>()?);
        steps += 1;
    }
    Ok((steps, sum))
}

/// Walk a set and take each item out while walking: PyO3's iterator is asked until it refuses.
#[pyfunction]
pub fn remove_while_walking(set: &Bound<'_, PySet>) -> PyResult<usize> {
    let mut removed = 0;
    for item in set.as_any().try_iter()? {
        set.discard(item?)?;
        removed += 1;
    }
    Ok(removed)
}
