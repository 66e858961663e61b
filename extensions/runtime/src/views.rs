//! Objects that show others, and those that stand for a step of the interpreter.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::iterator::PySendResult;
use pyo3::types::slice::PySliceIndices;
use pyo3::types::{
    PyCFunction, PyDict, PyGenericAlias, PyIterator, PyList, PyMapping, PyMappingProxy,
    PyMemoryView, PyRange, PyRangeMethods, PySlice, PyTuple, PyType,
};

/// What a read-only view of a mapping gives.
#[derive(IntoPyObject)]
pub struct ProxyParts<'py> {
    keys: Bound<'py, PyList>,
    values: Bound<'py, PyList>,
    items: Bound<'py, PyList>,
    empty: bool,
    length: usize,
    walked: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    found: Option<Bound<'py, PyAny>>,
    contains: bool,
}

fn proxy_parts<'py>(
    proxy: &Bound<'py, PyMappingProxy>,
    key: Option<&Bound<'py, PyAny>>,
) -> PyResult<ProxyParts<'py>> {
    let mut walked = Vec::new();
    for pair in proxy.try_iter()? {
        walked.push(pair?);
    }
    Ok(ProxyParts {
        keys: proxy.keys()?,
        values: proxy.values()?,
        items: proxy.items()?,
        empty: proxy.is_empty()?,
        length: proxy.as_mapping().len()?,
        walked,
        found: key.and_then(|key| proxy.as_mapping().get_item(key).ok()),
        contains: key
            .map(|key| proxy.as_mapping().contains(key))
            .transpose()?
            .unwrap_or(false),
    })
}

/// A read-only view of a mapping, looked through.
#[pyfunction]
#[pyo3(signature = (mapping, key = None))]
pub fn mapping_proxy<'py>(
    mapping: &Bound<'py, PyMapping>,
    key: Option<&Bound<'py, PyAny>>,
) -> PyResult<ProxyParts<'py>> {
    proxy_parts(&PyMappingProxy::new(mapping.py(), mapping), key)
}

/// `mappingproxy(mapping)`.
#[pyfunction]
pub fn proxy_of<'py>(mapping: &Bound<'py, PyMapping>) -> Bound<'py, PyMappingProxy> {
    PyMappingProxy::new(mapping.py(), mapping)
}

/// An alias, its origin, its arguments, and its repr.
type Alias<'py> = (
    Bound<'py, PyGenericAlias>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    String,
);

/// `origin[args]` of any origin.
#[pyfunction]
pub fn generic_alias<'py>(
    origin: &Bound<'py, PyAny>,
    args: &Bound<'py, PyAny>,
) -> PyResult<Alias<'py>> {
    let alias = PyGenericAlias::new(origin.py(), origin, args)?;
    let (shown_origin, shown_args) = (alias.getattr("__origin__")?, alias.getattr("__args__")?);
    let shown = alias.repr()?.to_string();
    Ok((alias, shown_origin, shown_args, shown))
}

/// What a builtin function says of itself; a `TypeError` for anything else.
#[pyfunction]
pub fn function_facts<'py>(
    function: &Bound<'py, PyCFunction>,
) -> PyResult<Vec<Option<Bound<'py, PyAny>>>> {
    let names = ["__name__", "__qualname__", "__doc__", "__text_signature__"];
    names
        .iter()
        .map(|name| function.getattr_opt(*name))
        .collect()
}

/// A range, and what PyO3 reads out of it.
#[pyfunction]
#[pyo3(signature = (start, stop, step = None))]
pub fn new_range<'py>(
    py: Python<'py>,
    start: isize,
    stop: isize,
    step: Option<isize>,
) -> PyResult<(Bound<'py, PyRange>, (isize, isize, isize))> {
    let range = match step {
        Some(step) => PyRange::new_with_step(py, start, stop, step)?,
        None => PyRange::new(py, start, stop)?,
    };
    let parts = (range.start()?, range.stop()?, range.step()?);
    Ok((range, parts))
}

/// A slice; then start, stop, step and how many items it takes.
type Slice<'py> = (Bound<'py, PySlice>, (isize, isize, isize, usize));

/// A slice, and where it leads in a sequence of that length.
#[pyfunction]
pub fn new_slice<'py>(
    py: Python<'py>,
    parts: Option<(isize, isize, isize)>,
    length: isize,
) -> PyResult<Slice<'py>> {
    let slice = match parts {
        Some((start, stop, step)) => PySlice::new(py, start, stop, step),
        None => PySlice::full(py),
    };
    let PySliceIndices {
        start,
        stop,
        step,
        slicelength,
        ..
    } = slice.indices(length)?;
    Ok((slice, (start, stop, step, slicelength)))
}

/// The slice that takes what a range counts, where there is one.
#[pyfunction]
pub fn range_to_slice<'py>(range: Bound<'py, PyRange>) -> PyResult<Bound<'py, PySlice>> {
    Bound::<PySlice>::try_from(range)
}

/// The bytes that a memoryview of an object shows.
#[pyfunction]
pub fn view_bytes<'py>(object: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, bool)> {
    let view = PyMemoryView::from(object)?;
    Ok((
        view.call_method0("tobytes")?,
        view.getattr("readonly")?.extract()?,
    ))
}

/// What came of each value, and whether the iterator is the object itself.
type Sent<'py> = (Vec<(&'static str, Bound<'py, PyAny>)>, bool);

/// Send values into an iterator, `None` first if `start`; what came of each.
#[pyfunction]
pub fn iterate_and_send<'py>(
    object: &Bound<'py, PyAny>,
    values: &Bound<'py, PyTuple>,
) -> PyResult<Sent<'py>> {
    let iterator = PyIterator::from_object(object)?;
    let same = iterator.is(object);
    let mut said = Vec::new();
    for value in values.iter().take(10) {
        match iterator.send(&value)? {
            PySendResult::Next(next) => said.push(("next", next)),
            PySendResult::Return(last) => {
                said.push(("return", last));
                break;
            }
        }
    }
    Ok((said, same))
}

/// A class whose subclasses, in Rust and in Python, call it by `super()`.
#[pyclass(subclass, module = "sample_runtime")]
pub struct Base {
    #[pyo3(get, set)]
    number: i64,
}

#[pymethods]
impl Base {
    #[new]
    #[pyo3(signature = (number = 1))]
    fn new(number: i64) -> Self {
        Self { number }
    }

    fn value(&self) -> i64 {
        self.number
    }

    fn name(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(slf.get_type().qualname()?.to_string())
    }
}

/// Says twice what its base says.
#[pyclass(extends = Base, subclass, module = "sample_runtime")]
pub struct Derived;

#[pymethods]
impl Derived {
    #[new]
    #[pyo3(signature = (number = 2))]
    fn new(number: i64) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Base::new(number)).add_subclass(Self)
    }

    fn value(slf: &Bound<'_, Self>) -> PyResult<i64> {
        let above = slf.py_super()?.call_method0("value")?.extract::<i64>()?;
        above
            .checked_mul(2)
            .ok_or_else(|| PyValueError::new_err("too large"))
    }

    /// `super().NAME`, called if it can be.
    fn above<'py>(slf: &Bound<'py, Self>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let found = slf.py_super()?.getattr(name)?;
        if found.is_callable() && !found.is_instance_of::<PyType>() {
            return found.call0();
        }
        Ok(found)
    }

    /// `super(class, self).value()`.
    fn value_above<'py>(
        slf: &Bound<'py, Self>,
        class: &Bound<'py, PyType>,
    ) -> PyResult<Bound<'py, PyAny>> {
        pyo3::types::PySuper::new(class, slf.as_any())?.call_method0("value")
    }

    fn keywords<'py>(
        slf: &Bound<'py, Self>,
        names: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.py_super()?.getattr("value")?.call((), Some(names))
    }
}
