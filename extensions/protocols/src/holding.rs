//! Classes whose special methods answer with the object that they hold, or with what calling it gives.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// The answer of an object that holds `held`.
fn answer<'py>(
    held: &Py<PyAny>,
    py: Python<'py>,
    name: &'static str,
) -> PyResult<Bound<'py, PyAny>> {
    let held = held.bind(py);
    if held.is_callable() {
        held.call1((name,))
    } else {
        Ok(held.clone())
    }
}

/// Texts, formats, directories, copies: what builtins ask an object for.
#[pyclass(module = "sample_protocols", subclass, frozen)]
pub struct Told {
    held: Py<PyAny>,
}

#[pymethods]
impl Told {
    #[new]
    fn new(held: Py<PyAny>) -> Self {
        Self { held }
    }

    fn __repr__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer(&self.held, py, "repr")
    }

    fn __str__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer(&self.held, py, "str")
    }

    fn __format__<'py>(&self, spec: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if spec.len()? == 0 {
            answer(&self.held, spec.py(), "format")
        } else {
            Ok(spec.clone())
        }
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer(&self.held, py, "bytes")
    }

    fn __fspath__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer(&self.held, py, "path")
    }

    fn __dir__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer(&self.held, py, "dir")
    }

    fn __sizeof__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer(&self.held, py, "sizeof")
    }

    fn __copy__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer(&self.held, py, "copy")
    }

    fn __deepcopy__<'py>(&self, memo: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        memo.set_item("asked", true)?;
        answer(&self.held, memo.py(), "deepcopy")
    }
}

/// Truth, length, hash and equality.
#[pyclass(module = "sample_protocols", subclass, frozen)]
pub struct Weighed {
    held: Py<PyAny>,
}

#[pymethods]
impl Weighed {
    #[new]
    fn new(held: Py<PyAny>) -> Self {
        Self { held }
    }

    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        answer(&self.held, py, "bool")?.extract()
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        answer(&self.held, py, "len")?.extract()
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        answer(&self.held, py, "hash")?.extract()
    }

    fn __eq__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        match other.cast::<Self>() {
            Ok(other) => Ok(self
                .held
                .bind(py)
                .eq(&other.get().held)?
                .into_pyobject(py)?
                .to_owned()
                .into_any()),
            Err(_) => answer(&self.held, py, "eq"),
        }
    }

    fn __contains__<'py>(&self, item: &Bound<'py, PyAny>) -> PyResult<bool> {
        answer(&self.held, item.py(), "contains")?.extract()
    }

    fn __length_hint__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer(&self.held, py, "length hint")
    }

    fn __reversed__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer(&self.held, py, "reversed")
    }

    fn __repr__(&self) -> &'static str {
        "Weighed()"
    }
}

/// Nothing but a length: it decides on the truth too.
#[pyclass(module = "sample_protocols", frozen)]
pub struct Long(usize);

#[pymethods]
impl Long {
    #[new]
    fn new(length: usize) -> Self {
        Self(length)
    }

    fn __len__(&self) -> usize {
        self.0
    }
}

/// Can be called with anything, and says with what.
#[pyclass(module = "sample_protocols", subclass, frozen)]
pub struct Caller {
    held: Py<PyAny>,
}

#[pymethods]
impl Caller {
    #[new]
    fn new(held: Py<PyAny>) -> Self {
        Self { held }
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        args: Bound<'py, PyTuple>,
        kwargs: Option<Bound<'py, PyDict>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let py = args.py();
        let kwargs = kwargs.unwrap_or_else(|| PyDict::new(py));
        Ok((answer(&self.held, py, "call")?, args, kwargs))
    }
}

/// What pickling and copying ask for: any answer to `__reduce__`.
#[pyclass(module = "sample_protocols", subclass, frozen)]
pub struct Reduced {
    held: Py<PyAny>,
}

#[pymethods]
impl Reduced {
    #[new]
    fn new(held: Py<PyAny>) -> Self {
        Self { held }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer(&self.held, py, "reduce")
    }

    fn __repr__(&self) -> &'static str {
        "Reduced()"
    }
}
