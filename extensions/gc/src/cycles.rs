//! Objects that can be part of cycles, and that the collector sees whole, in part, or not at all.

use pyo3::PyTraverseError;
use pyo3::PyVisit;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use crate::ledger::{Ledger, Receipt};

/// Links to anything; the collector sees and clears all of them. Its name is written down first when it dies.
#[pyclass(module = "sample_gc", subclass, weakref, dict)]
pub struct Node {
    receipt: Receipt,
    links: Vec<Py<PyAny>>,
}

impl Node {
    pub fn make(ledger: &Ledger, label: &str) -> Self {
        Self {
            receipt: ledger.receipt("Node", label),
            links: Vec::new(),
        }
    }
}

#[pymethods]
impl Node {
    #[new]
    fn new(ledger: &Ledger, label: &str) -> Self {
        Self::make(ledger, label)
    }

    #[getter]
    fn label(&self) -> &str {
        &self.receipt.label
    }

    /// Keep an object, and say how many are kept.
    pub fn link(&mut self, to: Py<PyAny>) -> usize {
        self.links.push(to);
        self.links.len()
    }

    /// Keep a function of Rust that keeps this very node: a cycle that no collector can see.
    fn link_closure(slf: &Bound<'_, Self>) -> PyResult<()> {
        let kept = slf.clone().unbind();
        let closure = PyCFunction::new_closure(
            slf.py(),
            None,
            None,
            move |args: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
                kept.clone_ref(args.py())
            },
        )?;
        slf.borrow_mut().links.push(closure.into_any().unbind());
        Ok(())
    }

    /// Keep a bound method of this very node.
    fn link_method(slf: &Bound<'_, Self>) -> PyResult<()> {
        let method = slf.getattr("cut")?.unbind();
        slf.borrow_mut().links.push(method);
        Ok(())
    }

    /// The object that was kept at this place.
    fn linked(&self, py: Python<'_>, at: usize) -> PyResult<Py<PyAny>> {
        let found = self.links.get(at).map(|link| link.clone_ref(py));
        found.ok_or_else(|| PyIndexError::new_err("no such link"))
    }

    /// Let go of what was kept; say how much it was.
    fn cut(slf: &Bound<'_, Self>) -> usize {
        // Dropped when the node is no longer borrowed: what dies may look at it.
        let links = std::mem::take(&mut slf.borrow_mut().links);
        links.len()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        for link in &self.links {
            visit.call(link)?;
        }
        Ok(())
    }

    fn __clear__(&mut self) {
        self.links.clear();
    }
}

/// Two links in fields of their own.
#[pyclass(module = "sample_gc", weakref)]
pub struct Pair {
    _receipt: Receipt,
    #[pyo3(get, set)]
    left: Option<Py<PyAny>>,
    #[pyo3(get, set)]
    right: Option<Py<PyAny>>,
}

#[pymethods]
impl Pair {
    #[new]
    #[pyo3(signature = (ledger, label, left = None, right = None))]
    fn new(
        ledger: &Ledger,
        label: &str,
        left: Option<Py<PyAny>>,
        right: Option<Py<PyAny>>,
    ) -> Self {
        Self {
            _receipt: ledger.receipt("Pair", label),
            left,
            right,
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.left)?;
        visit.call(&self.right)
    }

    fn __clear__(&mut self) {
        self.left = None;
        self.right = None;
    }
}

/// Holds an object and hides it from the collector: a cycle through it is never freed.
#[pyclass(module = "sample_gc", weakref)]
pub struct Blind {
    _receipt: Receipt,
    #[pyo3(get, set)]
    held: Option<Py<PyAny>>,
}

#[pymethods]
impl Blind {
    #[new]
    #[pyo3(signature = (ledger, label, held = None))]
    fn new(ledger: &Ledger, label: &str, held: Option<Py<PyAny>>) -> Self {
        Self {
            _receipt: ledger.receipt("Blind", label),
            held,
        }
    }
}

/// Shows what it holds and does not let go of it: a cycle dies only if another object of it does.
#[pyclass(module = "sample_gc", weakref)]
pub struct HalfBlind {
    _receipt: Receipt,
    #[pyo3(get, set)]
    held: Option<Py<PyAny>>,
}

#[pymethods]
impl HalfBlind {
    #[new]
    #[pyo3(signature = (ledger, label, held = None))]
    fn new(ledger: &Ledger, label: &str, held: Option<Py<PyAny>>) -> Self {
        Self {
            _receipt: ledger.receipt("HalfBlind", label),
            held,
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.held)
    }
}

/// A node with a link of its own beside those of its base: both classes are asked for what they hold.
#[pyclass(module = "sample_gc", extends = Node, subclass)]
pub struct Wide {
    _receipt: Receipt,
    #[pyo3(get, set)]
    extra: Option<Py<PyAny>>,
}

#[pymethods]
impl Wide {
    #[new]
    #[pyo3(signature = (ledger, label, extra = None))]
    fn new(ledger: &Ledger, label: &str, extra: Option<Py<PyAny>>) -> PyClassInitializer<Self> {
        let wide = Self {
            _receipt: ledger.receipt("Wide", &format!("{label} as Wide")),
            extra,
        };
        PyClassInitializer::from(Node::make(ledger, label)).add_subclass(wide)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.extra)
    }

    fn __clear__(&mut self) {
        self.extra = None;
    }
}

/// Make a ring of this many nodes, each linked to the next, and return the first.
#[pyfunction]
pub fn ring<'py>(
    py: Python<'py>,
    ledger: &Ledger,
    length: u8,
) -> PyResult<Option<Bound<'py, Node>>> {
    let nodes = (0..length)
        .map(|number| Bound::new(py, Node::make(ledger, &format!("ring {number}"))))
        .collect::<PyResult<Vec<_>>>()?;
    for (number, node) in nodes.iter().enumerate() {
        let next = &nodes[(number + 1) % nodes.len()];
        node.borrow_mut().link(next.clone().into_any().unbind());
    }
    Ok(nodes.into_iter().next())
}
