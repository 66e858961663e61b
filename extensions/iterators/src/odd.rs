//! Iterators that break the rules, and ways to be iterable without being an iterator.

use pyo3::exceptions::{PyIndexError, PyKeyError, PyStopIteration, PyTypeError, PyValueError};
use pyo3::prelude::*;

/// An iterator over small numbers whose length hint is any object, or what calling it gives.
#[pyclass(module = "sample_iterators", subclass)]
pub struct Hinted {
    left: u8,
    hint: Py<PyAny>,
}

#[pymethods]
impl Hinted {
    #[new]
    fn new(left: u8, hint: Py<PyAny>) -> Self {
        Self { left, hint }
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self) -> Option<u8> {
        self.left = self.left.checked_sub(1)?;
        Some(self.left)
    }

    fn __length_hint__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let hint = self.hint.bind(py);
        if hint.is_callable() {
            hint.call0()
        } else {
            Ok(hint.clone())
        }
    }
}

/// Raises at one place, and goes on behind it.
#[pyclass(module = "sample_iterators")]
pub struct Failing {
    next: u8,
    end: u8,
    fails_at: u8,
    with: Py<PyAny>,
}

#[pymethods]
impl Failing {
    #[new]
    #[pyo3(signature = (end, fails_at, r#with))]
    fn new(end: u8, fails_at: u8, r#with: Py<PyAny>) -> Self {
        Self {
            next: 0,
            end,
            fails_at,
            r#with,
        }
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<Option<u8>> {
        if self.next >= self.end {
            return Ok(None);
        }
        self.next += 1;
        if self.next - 1 == self.fails_at {
            return Err(PyErr::from_value(self.r#with.bind(py).clone()));
        }
        Ok(Some(self.next - 1))
    }
}

/// Ends at every third step and goes on when it is asked again; its end carries a value.
#[pyclass(module = "sample_iterators", subclass)]
#[derive(Default)]
pub struct Resuming {
    steps: u32,
}

#[pymethods]
impl Resuming {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self) -> PyResult<u32> {
        self.steps += 1;
        if self.steps % 3 == 0 {
            Err(PyStopIteration::new_err(self.steps))
        } else {
            Ok(self.steps)
        }
    }
}

/// Iterable by its length and its items alone.
#[pyclass(module = "sample_iterators", subclass)]
pub struct Indexed {
    length: usize,
    ends_with: u8,
}

#[pymethods]
impl Indexed {
    #[new]
    #[pyo3(signature = (length, ends_with = 0))]
    fn new(length: usize, ends_with: u8) -> Self {
        Self { length, ends_with }
    }

    fn __len__(&self) -> usize {
        self.length
    }

    fn __getitem__(&self, index: isize) -> PyResult<isize> {
        if (0..8).contains(&index) {
            return Ok(index * index);
        }
        Err(match self.ends_with {
            0 => PyIndexError::new_err(index),
            1 => PyStopIteration::new_err("enough"),
            2 => PyKeyError::new_err(index),
            _ => PyValueError::new_err("not that far"),
        })
    }
}

/// Its iterator is any object, or what calling it gives.
#[pyclass(module = "sample_iterators", subclass)]
pub struct Handing {
    iterator: Py<PyAny>,
}

#[pymethods]
impl Handing {
    #[new]
    fn new(iterator: Py<PyAny>) -> Self {
        Self { iterator }
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let iterator = self.iterator.bind(py);
        if iterator.is_callable() {
            iterator.call0()
        } else {
            Ok(iterator.clone())
        }
    }
}

/// An iterator that nobody can ask for an iterator.
#[pyclass(module = "sample_iterators")]
pub struct OnlyNext(u8);

#[pymethods]
impl OnlyNext {
    #[new]
    fn new(left: u8) -> Self {
        Self(left)
    }

    fn __next__(&mut self) -> Option<u8> {
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

/// Pairs for `dict`: keys that can be looked up, as `dict(mapping)` and `**mapping` want them.
#[pyclass(module = "sample_iterators")]
pub struct Keyed {
    keys: Vec<Py<PyAny>>,
}

#[pymethods]
impl Keyed {
    #[new]
    #[pyo3(signature = (*keys))]
    fn new(keys: Vec<Py<PyAny>>) -> Self {
        Self { keys }
    }

    fn keys(&self, py: Python<'_>) -> Vec<Py<PyAny>> {
        self.keys.iter().map(|key| key.clone_ref(py)).collect()
    }

    fn __getitem__<'py>(
        &self,
        key: Bound<'py, PyAny>,
    ) -> PyResult<(&'static str, Bound<'py, PyAny>)> {
        if key.is_none() {
            return Err(PyTypeError::new_err("None is not looked up"));
        }
        // It has no `__iter__`, so that it is iterated over by numbers from 0 on.
        if key.extract::<u64>().is_ok_and(|number| number > 3) {
            return Err(PyIndexError::new_err("numbers end with 3"));
        }
        Ok(("value of", key))
    }
}

/// Called without arguments it counts down, as `iter(callable, sentinel)` wants it.
#[pyclass(module = "sample_iterators")]
pub struct Countdown {
    left: i64,
}

#[pymethods]
impl Countdown {
    #[new]
    fn new(left: i64) -> Self {
        Self { left }
    }

    fn __call__(&mut self) -> PyResult<i64> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| PyStopIteration::new_err("below everything"))?;
        if self.left == -3 {
            return Err(PyValueError::new_err("three below zero"));
        }
        Ok(self.left)
    }
}
