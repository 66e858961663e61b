//! Classes that refer to other objects, so that cycles arise, and one that is made and freed often.

use pyo3::PyTraverseError;
use pyo3::PyVisit;
use pyo3::prelude::*;
use pyo3::types::PyWeakrefReference;

/// A node of a graph. The collector can see its links.
#[pyclass(module = "sample_classes", weakref)]
pub struct Node {
    #[pyo3(get)]
    label: i64,
    next: Option<Py<PyAny>>,
    children: Vec<Py<Node>>,
}

#[pymethods]
impl Node {
    #[new]
    #[pyo3(signature = (label, next = None))]
    fn new(label: i64, next: Option<Py<PyAny>>) -> Self {
        Self {
            label,
            next,
            children: Vec::new(),
        }
    }

    #[getter]
    fn next(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.next.as_ref().map(|next| next.clone_ref(py))
    }

    #[setter]
    fn set_next(&mut self, next: Option<Py<PyAny>>) {
        self.next = next;
    }

    #[deleter]
    fn delete_next(&mut self) {
        self.next = None;
    }

    /// Add a child, which may be this node or one above it.
    fn adopt(slf: &Bound<'_, Self>, child: &Bound<'_, Self>) -> usize {
        let child = child.clone().unbind();
        let mut node = slf.borrow_mut();
        node.children.push(child);
        node.children.len()
    }

    /// The labels from here on, down to a depth, each child after its parent.
    #[pyo3(signature = (depth = 3))]
    fn labels(slf: &Bound<'_, Self>, depth: u8) -> Vec<i64> {
        let py = slf.py();
        let node = slf.borrow();
        let mut found = vec![node.label];
        if depth > 0 {
            // Few enough that a node below itself does not grow without bound.
            for child in node.children.iter().take(3) {
                found.extend(Self::labels(child.bind(py), depth.min(5) - 1));
            }
        }
        found
    }

    /// A weak reference, through PyO3.
    fn reference<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyWeakrefReference>> {
        PyWeakrefReference::new(slf)
    }

    /// Make two nodes that refer to each other, drop them, collect, and say if they are gone.
    #[staticmethod]
    fn cycle_is_collected(py: Python<'_>) -> PyResult<bool> {
        let first = Bound::new(py, Self::new(1, None))?;
        let second = Bound::new(py, Self::new(2, Some(first.clone().into_any().unbind())))?;
        first.borrow_mut().next = Some(second.into_any().unbind());
        let reference = py.import("weakref")?.getattr("ref")?.call1((&first,))?;
        drop(first);
        py.import("gc")?.call_method0("collect")?;
        Ok(reference.call0()?.is_none())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.next)?;
        for child in &self.children {
            visit.call(child)?;
        }
        Ok(())
    }

    fn __clear__(&mut self) {
        self.next = None;
        self.children.clear();
    }
}

/// Made and freed often, from a list of free ones.
#[pyclass(module = "sample_classes", freelist = 4)]
pub struct Token {
    #[pyo3(get, set)]
    held: Option<Py<PyAny>>,
}

#[pymethods]
impl Token {
    #[new]
    #[pyo3(signature = (held = None))]
    fn new(held: Option<Py<PyAny>>) -> Self {
        Self { held }
    }

    /// Make and drop this many tokens; each holds the one before it.
    #[staticmethod]
    fn churn(py: Python<'_>, count: u8) -> PyResult<Option<Py<PyAny>>> {
        let mut held = None;
        for _ in 0..count {
            let token = Py::new(py, Self { held })?;
            held = Some(token.into_any());
        }
        Ok(held.filter(|_| count % 2 == 0))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.held)
    }

    fn __clear__(&mut self) {
        self.held = None;
    }
}
