//! A list of objects, and its iterators.

use pyo3::PyTraverseError;
use pyo3::PyVisit;
use pyo3::exceptions::{PyIndexError, PyRuntimeError};
use pyo3::prelude::*;

/// The most that a row holds.
const SIZE_LIMIT: usize = 30;

/// Objects in a row, which may change while they are iterated over.
#[pyclass(module = "sample_iterators", subclass)]
pub struct Row {
    items: Vec<Py<PyAny>>,
    changes: usize,
}

#[pymethods]
impl Row {
    #[new]
    #[pyo3(signature = (*items))]
    fn new(items: Vec<Py<PyAny>>) -> Self {
        Self { items, changes: 0 }
    }

    fn push(&mut self, item: Py<PyAny>) -> PyResult<usize> {
        if self.items.len() >= SIZE_LIMIT {
            return Err(PyIndexError::new_err("the row is full"));
        }
        self.items.push(item);
        self.changes += 1;
        Ok(self.items.len())
    }

    fn pop(&mut self) -> Option<Py<PyAny>> {
        self.changes += 1;
        self.items.pop()
    }

    fn __len__(&self) -> usize {
        self.items.len()
    }

    fn __iter__(slf: Bound<'_, Self>) -> RowIterator {
        RowIterator {
            row: Some(slf.unbind()),
            next: 0,
        }
    }

    fn __reversed__(slf: &Bound<'_, Self>) -> BackwardsIterator {
        let row = slf.borrow();
        BackwardsIterator {
            row: slf.clone().unbind(),
            left: row.items.len(),
            changes: row.changes,
        }
    }

    fn __repr__(&self) -> String {
        format!("Row of {}", self.items.len())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.items.iter().try_for_each(|item| visit.call(item))
    }

    fn __clear__(&mut self) {
        self.items.clear();
    }
}

/// Takes changes as they come, and has ended for good once it has ended.
#[pyclass(module = "sample_iterators")]
pub struct RowIterator {
    row: Option<Py<Row>>,
    next: usize,
}

#[pymethods]
impl RowIterator {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> Option<Py<PyAny>> {
        let row = self.row.as_ref()?.borrow(py);
        let item = row.items.get(self.next).map(|item| item.clone_ref(py));
        drop(row);
        match item {
            Some(item) => {
                self.next += 1;
                Some(item)
            }
            None => {
                self.row = None;
                None
            }
        }
    }

    fn __length_hint__(&self, py: Python<'_>) -> usize {
        self.row.as_ref().map_or(0, |row| {
            row.borrow(py).items.len().saturating_sub(self.next)
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.row)
    }
}

/// Refuses to go on when the row has changed, as a dict's iterator does.
#[pyclass(module = "sample_iterators")]
pub struct BackwardsIterator {
    row: Py<Row>,
    left: usize,
    changes: usize,
}

#[pymethods]
impl BackwardsIterator {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let row = self.row.borrow(py);
        if row.changes != self.changes {
            let words = "the row changed while it was iterated over";
            return Err(PyRuntimeError::new_err(words));
        }
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        let item = row.items[left].clone_ref(py);
        self.left = left;
        Ok(Some(item))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.row)
    }
}
