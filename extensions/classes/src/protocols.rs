//! Classes for the statements of Python: `with`, `for`, a call, `await`, and descriptors.

use pyo3::exceptions::{PyRuntimeError, PyStopIteration, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

/// Guards a `with` block, and swallows exceptions of one class.
#[pyclass(module = "sample_classes")]
pub struct Guard {
    swallows: Option<Py<PyType>>,
    #[pyo3(get)]
    events: Vec<String>,
    entered: bool,
}

#[pymethods]
impl Guard {
    #[new]
    #[pyo3(signature = (swallows = None))]
    fn new(swallows: Option<Py<PyType>>) -> Self {
        Self {
            swallows,
            events: Vec::new(),
            entered: false,
        }
    }

    fn __enter__(mut slf: PyRefMut<'_, Self>) -> PyResult<PyRefMut<'_, Self>> {
        if slf.entered {
            return Err(PyRuntimeError::new_err("already entered"));
        }
        slf.entered = true;
        slf.events.push("enter".to_owned());
        Ok(slf)
    }

    fn __exit__(
        &mut self,
        class: Option<Bound<'_, PyType>>,
        value: Option<Bound<'_, PyAny>>,
        _traceback: Option<Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        self.entered = false;
        let Some(class) = class else {
            self.events.push("exit".to_owned());
            return Ok(false);
        };
        let text = value.map_or_else(
            || Ok(String::new()),
            |value| Ok::<_, PyErr>(value.str()?.to_string()),
        )?;
        self.events
            .push(format!("exit with {}: {text}", class.name()?));
        match &self.swallows {
            Some(swallows) => class.is_subclass(swallows.bind(class.py())),
            None => Ok(false),
        }
    }
}

/// Counts down, as an iterator and as something to await.
#[pyclass(module = "sample_classes")]
pub struct Countdown {
    #[pyo3(get)]
    left: u8,
    fails_at: Option<u8>,
}

#[pymethods]
impl Countdown {
    #[new]
    #[pyo3(signature = (left, *, fails_at = None))]
    fn new(left: u8, fails_at: Option<u8>) -> Self {
        Self { left, fails_at }
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __await__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self) -> PyResult<Option<u8>> {
        if self.fails_at == Some(self.left) {
            return Err(PyValueError::new_err(format!("failed at {}", self.left)));
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(Some(left))
            }
            None => Err(PyStopIteration::new_err("done")),
        }
    }
}

/// Multiplies when it is called.
#[pyclass(module = "sample_classes", frozen)]
pub struct Multiplier {
    factor: i64,
}

#[pymethods]
impl Multiplier {
    #[new]
    fn new(factor: i64) -> Self {
        Self { factor }
    }

    /// The number times the factor, and what else it was called with.
    #[pyo3(signature = (number, *args, scale = 1, **kwargs))]
    fn __call__<'py>(
        &self,
        number: i64,
        args: Bound<'py, PyTuple>,
        scale: i64,
        kwargs: Option<Bound<'py, PyDict>>,
    ) -> (i64, Bound<'py, PyTuple>, Option<Bound<'py, PyDict>>) {
        let product = number.wrapping_mul(self.factor).wrapping_mul(scale);
        (product, args, kwargs)
    }

    /// `Multiplier[int]` is a generic alias, as for Python's own classes.
    #[classmethod]
    fn __class_getitem__<'py>(
        class: &Bound<'py, PyType>,
        parameter: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        Ok((class.getattr("__name__")?, parameter.clone()))
    }
}

/// A descriptor: an attribute of other classes that holds numbers up to a limit.
#[pyclass(module = "sample_classes")]
pub struct Limit {
    limit: i64,
    name: Option<String>,
}

#[pymethods]
impl Limit {
    #[new]
    fn new(limit: i64) -> Self {
        Self { limit, name: None }
    }

    fn __set_name__(&mut self, _owner: &Bound<'_, PyAny>, name: String) {
        self.name = Some(name);
    }

    fn __get__<'py>(
        slf: Bound<'py, Self>,
        instance: &Bound<'py, PyAny>,
        owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if instance.is_none() {
            return match owner {
                Some(_) => Ok(slf.into_any()),
                None => Err(PyTypeError::new_err("neither an instance nor a class")),
            };
        }
        instance.getattr("stored")
    }

    fn __set__(&self, instance: &Bound<'_, PyAny>, value: i64) -> PyResult<()> {
        if value > self.limit {
            let name = self.name.as_deref().unwrap_or("value");
            return Err(PyValueError::new_err(format!(
                "{name} is at most {}",
                self.limit
            )));
        }
        instance.setattr("stored", value)
    }

    fn __delete__(&self, instance: &Bound<'_, PyAny>) -> PyResult<()> {
        instance.delattr("stored")
    }

    /// Make a Python class with this descriptor as its attribute `value`, and return an instance.
    fn instance<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let body = PyDict::new(py);
        body.set_item("value", slf)?;
        let made = py
            .get_type::<PyType>()
            .call1(("Limited", PyTuple::empty(py), body))?;
        made.call0()
    }
}
