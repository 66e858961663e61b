//! Python's iterators and generators, consumed by Rust.

use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PyTuple};

type Items<'py> = Vec<Bound<'py, PyAny>>;

/// Take at most `limit` items. A failing iterator is asked again as often as it fails, but for `limit` times.
#[pyfunction]
pub fn take<'py>(
    iterable: &Bound<'py, PyAny>,
    limit: usize,
) -> PyResult<(Items<'py>, Vec<String>)> {
    let mut items = Vec::new();
    let mut errors = Vec::new();
    for item in iterable.try_iter()?.take(limit.min(50)) {
        match item {
            Ok(item) => items.push(item),
            Err(error) => errors.push(error.to_string()),
        }
    }
    Ok((items, errors))
}

/// Take one item more each time, and say where the iterator ended; it is asked again after its end.
#[pyfunction]
pub fn take_again<'py>(
    iterator: &Bound<'py, PyIterator>,
) -> PyResult<Vec<Option<Bound<'py, PyAny>>>> {
    let mut iterator = iterator.clone();
    (0..6).map(|_| iterator.next().transpose()).collect()
}

/// The bounds that Rust's `size_hint` gives for an iterator.
#[pyfunction]
pub fn size_hint(iterable: &Bound<'_, PyAny>) -> PyResult<(usize, Option<usize>)> {
    Ok(iterable.try_iter()?.size_hint())
}

/// Sums as `i64`, where the first item that is none ends it.
#[pyfunction]
pub fn total(iterable: &Bound<'_, PyAny>) -> PyResult<i64> {
    let mut sum = 0_i64;
    for item in iterable.try_iter()?.take(50) {
        sum = sum.wrapping_add(item?.extract()?);
    }
    Ok(sum)
}

/// A tuple, a list and a dict as PyO3 makes them of an iterable's items.
#[pyfunction]
pub fn rebuilt<'py>(
    iterable: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyList>, Bound<'py, PyDict>)> {
    let py = iterable.py();
    let items: Items<'_> = iterable.try_iter()?.take(50).collect::<PyResult<_>>()?;
    let dict = PyDict::new(py);
    for (number, item) in items.iter().enumerate() {
        dict.set_item(item, number)?;
    }
    Ok((PyTuple::new(py, &items)?, PyList::new(py, &items)?, dict))
}

/// Send values into a generator until it ends; an exception among them is thrown in. What it yielded, and what it returned.
#[pyfunction]
pub fn drive<'py>(
    generator: &Bound<'py, PyAny>,
    values: Items<'py>,
) -> PyResult<(Items<'py>, Option<Bound<'py, PyAny>>)> {
    let py = generator.py();
    let mut yielded = Vec::new();
    for value in values.into_iter().take(20) {
        let is_exception = value.is_instance_of::<pyo3::exceptions::PyBaseException>();
        let method = if is_exception { "throw" } else { "send" };
        match generator.call_method1(method, (value,)) {
            Ok(item) => yielded.push(item),
            Err(error) if error.is_instance_of::<PyStopIteration>(py) => {
                let returned = error.value(py).getattr("value")?;
                return Ok((yielded, Some(returned)));
            }
            Err(error) => return Err(error),
        }
    }
    generator.call_method0("close")?;
    Ok((yielded, None))
}

/// Two iterables side by side, the shorter of which decides; Rust asks the first one once more, as Python's `zip` does.
#[pyfunction]
pub fn side_by_side<'py>(
    first: &Bound<'py, PyAny>,
    second: &Bound<'py, PyAny>,
) -> PyResult<Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    let pairs = first.try_iter()?.zip(second.try_iter()?);
    pairs
        .take(50)
        .map(|(first, second)| Ok((first?, second?)))
        .collect()
}
