//! Classes that hold objects, as a sequence and as a mapping.

use pyo3::PyTraverseError;
use pyo3::PyVisit;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PySlice, PySliceMethods};

/// The most objects that a stack holds: stacks inside each other have long texts.
const SIZE_LIMIT: usize = 40;

/// A position, or several.
#[derive(FromPyObject)]
enum Place<'py> {
    Slice(Bound<'py, PySlice>),
    Index(isize),
}

/// A stack, which is also a sequence.
#[pyclass(module = "sample_classes", sequence)]
pub struct Stack {
    items: Vec<Py<PyAny>>,
}

impl Stack {
    /// The position that a Python index means.
    fn position(&self, index: isize) -> PyResult<usize> {
        let end = self.items.len();
        let index = if index < 0 {
            end.checked_add_signed(index)
        } else {
            usize::try_from(index).ok()
        };
        index
            .filter(|position| *position < end)
            .ok_or_else(|| PyIndexError::new_err("stack index out of range"))
    }

    fn cloned(&self, py: Python<'_>) -> Vec<Py<PyAny>> {
        self.items.iter().map(|item| item.clone_ref(py)).collect()
    }
}

#[pymethods]
impl Stack {
    #[new]
    #[pyo3(signature = (items = None))]
    fn new(items: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut found = Vec::new();
        if let Some(items) = items {
            for item in items.try_iter()?.take(SIZE_LIMIT) {
                found.push(item?.unbind());
            }
        }
        Ok(Self { items: found })
    }

    fn push(&mut self, item: Py<PyAny>) -> PyResult<usize> {
        if self.items.len() >= SIZE_LIMIT {
            return Err(PyRuntimeError::new_err("the stack is full"));
        }
        self.items.push(item);
        Ok(self.items.len())
    }

    fn pop(&mut self) -> PyResult<Py<PyAny>> {
        self.items
            .pop()
            .ok_or_else(|| PyIndexError::new_err("pop from an empty stack"))
    }

    fn __len__(&self) -> usize {
        self.items.len()
    }

    fn __getitem__(&self, py: Python<'_>, place: Place<'_>) -> PyResult<Py<PyAny>> {
        let slice = match place {
            Place::Index(index) => return Ok(self.items[self.position(index)?].clone_ref(py)),
            Place::Slice(slice) => slice.indices(isize::try_from(self.items.len())?)?,
        };
        let mut items = Vec::with_capacity(slice.slicelength);
        let mut index = slice.start;
        for _ in 0..slice.slicelength {
            items.push(self.items[self.position(index)?].clone_ref(py));
            index += slice.step;
        }
        Ok(Py::new(py, Self { items })?.into_any())
    }

    fn __setitem__(&mut self, index: isize, item: Py<PyAny>) -> PyResult<()> {
        let position = self.position(index)?;
        self.items[position] = item;
        Ok(())
    }

    fn __delitem__(&mut self, index: isize) -> PyResult<()> {
        let position = self.position(index)?;
        self.items.remove(position);
        Ok(())
    }

    fn __contains__(&self, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        for each in &self.items {
            if item.eq(each)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn __concat__(&self, py: Python<'_>, other: &Self) -> Self {
        let mut items = self.cloned(py);
        items.extend(other.cloned(py));
        Self { items }
    }

    fn __repeat__(&self, py: Python<'_>, count: isize) -> PyResult<Self> {
        let count = usize::try_from(count).unwrap_or(0);
        if self.items.len().saturating_mul(count) > SIZE_LIMIT {
            return Err(PyValueError::new_err("the stack would be too large"));
        }
        let items = (0..count).flat_map(|_| self.cloned(py)).collect();
        Ok(Self { items })
    }

    fn __inplace_concat__<'py>(
        slf: Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        for item in other.try_iter()?.take(SIZE_LIMIT) {
            slf.borrow_mut().push(item?.unbind())?;
        }
        Ok(slf)
    }

    fn __iter__(slf: &Bound<'_, Self>) -> StackIterator {
        StackIterator {
            stack: slf.clone().unbind(),
            next: 0,
        }
    }

    fn __reversed__(&self, py: Python<'_>) -> Vec<Py<PyAny>> {
        self.items
            .iter()
            .rev()
            .map(|item| item.clone_ref(py))
            .collect()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let py = slf.py();
        // A stack can hold itself. The borrow ends before Python's code runs.
        let items = slf.borrow().cloned(py);
        let texts = items.iter().map(|item| {
            if item.is(slf) {
                Ok("...".to_owned())
            } else {
                Ok(item.bind(py).repr()?.to_string())
            }
        });
        Ok(format!(
            "Stack({})",
            texts.collect::<PyResult<Vec<_>>>()?.join(", ")
        ))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.items.iter().try_for_each(|item| visit.call(item))
    }

    fn __clear__(&mut self) {
        self.items.clear();
    }
}

/// Walks over a stack, which may change meanwhile.
#[pyclass(module = "sample_classes")]
pub struct StackIterator {
    stack: Py<Stack>,
    next: usize,
}

#[pymethods]
impl StackIterator {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> Option<Py<PyAny>> {
        let item = self.stack.borrow(py).items.get(self.next)?.clone_ref(py);
        self.next += 1;
        Some(item)
    }

    fn __length_hint__(&self, py: Python<'_>) -> usize {
        self.stack.borrow(py).items.len().saturating_sub(self.next)
    }
}

/// A mapping from integers that keeps its keys in order.
#[pyclass(module = "sample_classes", mapping)]
#[derive(Default)]
pub struct Table {
    rows: std::collections::BTreeMap<i64, Py<PyAny>>,
}

#[pymethods]
impl Table {
    #[new]
    #[pyo3(signature = (**rows))]
    fn new(rows: Option<std::collections::BTreeMap<String, Py<PyAny>>>) -> PyResult<Self> {
        let mut table = Self::default();
        for (key, value) in rows.unwrap_or_default() {
            // Keyword arguments are names: the key follows a letter, as in `k12`.
            let digits = key.trim_start_matches(|letter: char| !letter.is_ascii_digit());
            table.rows.insert(digits.parse()?, value);
        }
        Ok(table)
    }

    fn __len__(&self) -> usize {
        self.rows.len()
    }

    fn __getitem__(&self, py: Python<'_>, key: i64) -> PyResult<Py<PyAny>> {
        match self.rows.get(&key) {
            Some(value) => Ok(value.clone_ref(py)),
            None => Err(PyKeyError::new_err(key)),
        }
    }

    fn __setitem__(&mut self, key: i64, value: Py<PyAny>) {
        self.rows.insert(key, value);
    }

    fn __delitem__(&mut self, key: i64) -> PyResult<()> {
        match self.rows.remove(&key) {
            Some(_) => Ok(()),
            None => Err(PyKeyError::new_err(key)),
        }
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> bool {
        key.extract::<i64>()
            .is_ok_and(|key| self.rows.contains_key(&key))
    }

    fn keys(&self) -> Vec<i64> {
        self.rows.keys().copied().collect()
    }

    #[pyo3(signature = (key, default = None))]
    fn get(&self, py: Python<'_>, key: i64, default: Option<Py<PyAny>>) -> Option<Py<PyAny>> {
        self.rows
            .get(&key)
            .map(|value| value.clone_ref(py))
            .or(default)
    }

    fn __or__(&self, py: Python<'_>, other: &Self) -> Self {
        let both = self.rows.iter().chain(&other.rows);
        Self {
            rows: both
                .map(|(key, value)| (*key, value.clone_ref(py)))
                .collect(),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.rows.values().try_for_each(|value| visit.call(value))
    }

    fn __clear__(&mut self) {
        self.rows.clear();
    }
}
