//! Calling what Python gives.

use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

/// The most calls that one of these functions makes.
const CALL_LIMIT: usize = 50;

/// `function(*args, **kwargs)`.
#[pyfunction]
#[pyo3(signature = (function, *args, **kwargs))]
pub fn apply<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    function.call(args, kwargs)
}

/// Call a function in every way that PyO3 has, with as many arguments as each way takes; the
/// results, or the first exception.
#[pyfunction]
pub fn call_each_way<'py>(
    function: &Bound<'py, PyAny>,
    argument: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let kwargs = PyDict::new(function.py());
    kwargs.set_item("named", argument)?;
    let many = PyTuple::new(function.py(), std::iter::repeat_n(argument, 9))?;
    Ok(vec![
        function.call0()?,
        function.call1((argument,))?,
        function.call1((argument, 2, "three"))?,
        function.call((), Some(&kwargs))?,
        function.call((argument,), Some(&kwargs))?,
        function.call1(many)?,
        function.call_method1("__call__", (argument,))?,
    ])
}

/// Call each function with the same argument and collect results; exceptions stand as their names.
#[pyfunction]
pub fn apply_each<'py>(
    functions: Vec<Bound<'py, PyAny>>,
    argument: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    functions
        .iter()
        .map(|function| {
            function
                .call1((argument,))
                .or_else(|error| Ok(error.get_type(argument.py()).qualname()?.into_any()))
        })
        .collect()
}

/// `getattr(object, name)(*args, **kwargs)`, as one call of a method.
#[pyfunction]
#[pyo3(signature = (object, name, *args, **kwargs))]
pub fn call_method<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    object.call_method(name, args, kwargs)
}

/// Call a function until it raises `StopIteration`; the results, and the value that came with it.
#[pyfunction]
pub fn call_until_stop<'py>(
    function: &Bound<'py, PyAny>,
) -> PyResult<(Vec<Bound<'py, PyAny>>, Bound<'py, PyAny>)> {
    let py = function.py();
    let mut results = Vec::new();
    while results.len() < CALL_LIMIT {
        match function.call0() {
            Ok(result) => results.push(result),
            Err(error) if error.is_instance_of::<PyStopIteration>(py) => {
                return Ok((results, error.value(py).getattr("value")?));
            }
            Err(error) => return Err(error),
        }
    }
    Err(PyRuntimeError::new_err(format!(
        "no end after {CALL_LIMIT} calls"
    )))
}

/// Call `function`, and `cleanup` whatever comes of it; an exception of `cleanup` wins.
#[pyfunction]
pub fn run_finally<'py>(
    function: &Bound<'py, PyAny>,
    cleanup: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let outcome = function.call0();
    cleanup.call1((outcome.is_ok(),))?;
    outcome
}

/// Sort a list in place by the keys that a function gives. Rust sorts, Python compares the keys by
/// `<`; after an exception the list is as it was.
#[pyfunction]
#[pyo3(signature = (list, key = None, *, reverse = false))]
pub fn sort_by_key<'py>(
    list: &Bound<'py, PyList>,
    key: Option<&Bound<'py, PyAny>>,
    reverse: bool,
) -> PyResult<usize> {
    let mut keyed = Vec::with_capacity(list.len());
    for item in list {
        let by = key.map_or_else(|| Ok(item.clone()), |function| function.call1((&item,)))?;
        keyed.push((by, item));
    }
    // An insertion sort: it makes the same comparisons whatever order they claim.
    let mut comparisons = 0;
    for end in 1..keyed.len() {
        let mut at = end;
        while at > 0 {
            comparisons += 1;
            let (left, right) = (&keyed[at - 1].0, &keyed[at].0);
            let misplaced = if reverse {
                left.lt(right)?
            } else {
                right.lt(left)?
            };
            if !misplaced {
                break;
            }
            keyed.swap(at - 1, at);
            at -= 1;
        }
    }
    for (index, (_, item)) in keyed.into_iter().enumerate() {
        list.set_item(index, item)?;
    }
    Ok(comparisons)
}

/// Call a function in a thread of its own, which Python has never seen, while this one waits.
#[pyfunction]
pub fn call_from_thread(
    py: Python<'_>,
    function: Py<PyAny>,
    argument: Py<PyAny>,
) -> PyResult<Py<PyAny>> {
    let call = move || Python::attach(|py| function.call1(py, (argument,)));
    let joined = py.detach(|| std::thread::spawn(call).join());
    joined.unwrap_or_else(|_| Err(PyRuntimeError::new_err("the thread panicked")))
}

/// Whether an object can be called, the name of its type, and its own name where it has one.
#[pyfunction]
pub fn describe_callable<'py>(
    object: &Bound<'py, PyAny>,
) -> PyResult<(bool, Bound<'py, PyString>, Option<Bound<'py, PyAny>>)> {
    Ok((
        object.is_callable(),
        object.get_type().name()?,
        object.getattr_opt("__name__")?,
    ))
}
