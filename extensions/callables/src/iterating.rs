//! Iterators of Python, drawn from by Rust.

use pyo3::exceptions::{PyOverflowError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyIterator;

/// The most items that are drawn from an iterator.
const ITEM_LIMIT: usize = 200;

/// Everything that an iterator gives, if it ends early enough.
fn drawn<'py>(items: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let mut found = Vec::new();
    for item in items.try_iter()? {
        found.push(item?);
        if found.len() > ITEM_LIMIT {
            return Err(PyRuntimeError::new_err(format!(
                "more than {ITEM_LIMIT} items"
            )));
        }
    }
    Ok(found)
}

/// `[function(item) for item in items]`.
#[pyfunction]
pub fn map_items<'py>(
    function: &Bound<'py, PyAny>,
    items: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let items = items.try_iter()?.take(ITEM_LIMIT);
    items.map(|item| function.call1((item?,))).collect()
}

/// `[item for item in items if keep(item)]`; without `keep`, the items that are true.
#[pyfunction]
#[pyo3(signature = (keep, items))]
pub fn filter_items<'py>(
    keep: Option<&Bound<'py, PyAny>>,
    items: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let mut kept = Vec::new();
    for item in drawn(items)? {
        let answer = keep.map_or_else(|| Ok(item.clone()), |function| function.call1((&item,)))?;
        if answer.is_truthy()? {
            kept.push(item);
        }
    }
    Ok(kept)
}

/// `functools.reduce(function, items, start)`.
#[pyfunction]
#[pyo3(signature = (function, items, start = None))]
pub fn reduce_items<'py>(
    function: &Bound<'py, PyAny>,
    items: &Bound<'py, PyAny>,
    start: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut items = drawn(items)?.into_iter();
    let first = start
        .or_else(|| items.next())
        .ok_or_else(|| PyValueError::new_err("nothing to reduce"))?;
    items.try_fold(first, |left, right| function.call1((left, right)))
}

/// The sum of integers, taken one by one: those before a bad one have been drawn.
#[pyfunction]
pub fn sum_items(items: &Bound<'_, PyAny>) -> PyResult<(i64, usize)> {
    let (mut total, mut count) = (0_i64, 0);
    for item in items.try_iter()?.take(ITEM_LIMIT) {
        let number: i64 = item?.extract()?;
        total = total
            .checked_add(number)
            .ok_or_else(|| PyOverflowError::new_err(format!("overflow at item {count}")))?;
        count += 1;
    }
    Ok((total, count))
}

/// The first `count` items of an iterator, which is not drawn any further, and how many
/// it said there would be at least.
#[pyfunction]
pub fn first_items<'py>(
    items: &Bound<'py, PyIterator>,
    count: usize,
) -> PyResult<(Vec<Bound<'py, PyAny>>, usize)> {
    let mut items = items.clone();
    let (hint, _) = items.size_hint();
    let found = items
        .by_ref()
        .take(count.min(ITEM_LIMIT))
        .collect::<PyResult<_>>()?;
    Ok((found, hint))
}

/// `[function(a, b) for a, b in zip(left, right)]`, drawing from the left first.
#[pyfunction]
pub fn zip_with<'py>(
    function: &Bound<'py, PyAny>,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let pairs = left.try_iter()?.zip(right.try_iter()?).take(ITEM_LIMIT);
    pairs.map(|(a, b)| function.call1((a?, b?))).collect()
}

/// The items in lists of `size`, the last one shorter.
#[pyfunction]
pub fn chunks<'py>(
    items: &Bound<'py, PyAny>,
    size: usize,
) -> PyResult<Vec<Vec<Bound<'py, PyAny>>>> {
    if size == 0 {
        return Err(PyValueError::new_err("size must not be zero"));
    }
    let items = drawn(items)?;
    Ok(items.chunks(size).map(<[_]>::to_vec).collect())
}

/// Make a generator that doubles what is sent to it and send it values; what it yields, and what it
/// does when it is told to close.
#[pyfunction]
pub fn drain_send<'py>(
    py: Python<'py>,
    values: Vec<Bound<'py, PyAny>>,
    rounds: usize,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    const SOURCE: &std::ffi::CStr = c"
def doubling(rounds):
    received = None
    for number in range(rounds):
        received = yield (number, received)
        if received is not None:
            received = received * 2 if isinstance(received, int) else repr(received)
    return 'done'
";
    let module = PyModule::from_code(py, SOURCE, c"doubling.py", c"sample_callables_doubling")?;
    let generator = module
        .getattr("doubling")?
        .call1((rounds.min(ITEM_LIMIT),))?;
    let mut seen = vec![generator.call_method0("__next__")?];
    for value in values {
        seen.push(generator.call_method1("send", (value,))?);
    }
    seen.push(generator.call_method0("close")?);
    Ok(seen)
}
