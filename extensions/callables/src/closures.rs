//! Functions that Rust makes and Python holds.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::exceptions::{PyOverflowError, PyRecursionError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyList, PyTuple};

type Args<'a, 'py> = &'a Bound<'py, PyTuple>;
type Kwargs<'a, 'py> = Option<&'a Bound<'py, PyDict>>;

/// A function that adds `amount` to its only argument.
#[pyfunction]
pub fn make_adder(py: Python<'_>, amount: i64) -> PyResult<Bound<'_, PyCFunction>> {
    let add = move |args: Args<'_, '_>, _: Kwargs<'_, '_>| -> PyResult<i64> {
        let (number,): (i64,) = args.extract()?;
        number
            .checked_add(amount)
            .ok_or_else(|| PyOverflowError::new_err("the sum does not fit i64"))
    };
    PyCFunction::new_closure(py, Some(c"add"), Some(c"add(number)\n--\n\nAdd."), add)
}

/// A function that adds up what it was called with so far, and starts at `start`.
#[pyfunction]
#[pyo3(signature = (start = 0))]
pub fn make_accumulator(py: Python<'_>, start: i64) -> PyResult<Bound<'_, PyCFunction>> {
    let total = AtomicI64::new(start);
    let accumulate = move |args: Args<'_, '_>, kwargs: Kwargs<'_, '_>| -> PyResult<i64> {
        let amount = match kwargs
            .map(|found| found.get_item("amount"))
            .transpose()?
            .flatten()
        {
            Some(named) => named.extract()?,
            None => args.extract::<(i64,)>()?.0,
        };
        Ok(total
            .fetch_add(amount, Ordering::SeqCst)
            .wrapping_add(amount))
    };
    PyCFunction::new_closure(py, None, None, accumulate)
}

/// A function that always raises `ValueError` with its positional arguments.
#[pyfunction]
pub fn make_failing(py: Python<'_>, panics: bool) -> PyResult<Bound<'_, PyCFunction>> {
    let fail = move |args: Args<'_, '_>, _: Kwargs<'_, '_>| -> PyResult<()> {
        assert!(!panics, "a closure panicked with {} arguments", args.len());
        Err(PyValueError::new_err(args.clone().unbind()))
    };
    PyCFunction::new_closure(py, Some(c"fail"), None, fail)
}

/// A function that keeps the arguments of every call, with the list that it keeps them in.
#[pyfunction]
pub fn make_recorder(py: Python<'_>) -> PyResult<(Bound<'_, PyCFunction>, Bound<'_, PyList>)> {
    let calls = PyList::empty(py);
    let kept = calls.clone().unbind();
    let record = move |args: Args<'_, '_>, kwargs: Kwargs<'_, '_>| -> PyResult<usize> {
        let calls = kept.bind(args.py());
        calls.append((args, kwargs))?;
        Ok(calls.len())
    };
    Ok((
        PyCFunction::new_closure(py, Some(c"record"), None, record)?,
        calls,
    ))
}

/// A function that calls `second` with what `first` returns.
#[pyfunction]
pub fn compose(
    py: Python<'_>,
    first: Py<PyAny>,
    second: Py<PyAny>,
) -> PyResult<Bound<'_, PyCFunction>> {
    let both = move |args: Args<'_, '_>, kwargs: Kwargs<'_, '_>| -> PyResult<Py<PyAny>> {
        let py = args.py();
        let between = first.bind(py).call(args, kwargs)?;
        Ok(second.bind(py).call1((between,))?.unbind())
    };
    PyCFunction::new_closure(py, Some(c"both"), None, both)
}

/// A function that calls `function` once for each argument, and remembers what it returned.
#[pyfunction]
pub fn memoise(py: Python<'_>, function: Py<PyAny>) -> PyResult<Bound<'_, PyCFunction>> {
    let known: Mutex<Vec<(Py<PyAny>, Py<PyAny>)>> = Mutex::new(Vec::new());
    let remembered = move |args: Args<'_, '_>, _: Kwargs<'_, '_>| -> PyResult<Py<PyAny>> {
        let py = args.py();
        let (argument,): (Bound<'_, PyAny>,) = args.extract()?;
        let copy: Vec<(Py<PyAny>, Py<PyAny>)> = match known.lock() {
            Ok(pairs) => pairs
                .iter()
                .map(|(a, b)| (a.clone_ref(py), b.clone_ref(py)))
                .collect(),
            Err(_) => return Err(PyValueError::new_err("what was remembered is lost")),
        };
        // The lock is not held here: a comparison may call this function again.
        for (seen, result) in copy {
            if argument.eq(&seen)? {
                return Ok(result);
            }
        }
        let result = function.bind(py).call1((&argument,))?.unbind();
        if let Ok(mut pairs) = known.lock() {
            pairs.push((argument.unbind(), result.clone_ref(py)));
        }
        Ok(result)
    };
    PyCFunction::new_closure(py, Some(c"remembered"), None, remembered)
}

/// Call `function` with a function of Rust that does the same one level deeper, down to `depth`. The
/// way down, and what came back from each level.
#[pyfunction]
#[pyo3(signature = (function, depth, *, limit = 20))]
pub fn bounce<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyAny>,
    depth: usize,
    limit: usize,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if depth > limit.min(20) {
        return Err(PyRecursionError::new_err(format!(
            "{depth} levels are too deep"
        )));
    }
    let inner = function.clone().unbind();
    let deeper = move |args: Args<'_, '_>, _: Kwargs<'_, '_>| -> PyResult<Vec<Py<PyAny>>> {
        let py = args.py();
        if depth == 0 {
            return Ok(Vec::new());
        }
        let levels = bounce(py, inner.bind(py), depth - 1, limit)?;
        Ok(levels.into_iter().map(Bound::unbind).collect())
    };
    let deeper = PyCFunction::new_closure(py, Some(c"deeper"), None, deeper)?;
    let mut levels: Vec<Bound<'py, PyAny>> = deeper.call0()?.extract()?;
    levels.push(function.call1((deeper, depth))?);
    Ok(levels)
}
