//! Classes that extend Python's exceptions: plain ones, and those that keep their arguments as attributes.

use pyo3::exceptions::{
    PyBaseException, PyException, PyKeyError, PyOSError, PyStopIteration, PySyntaxError,
    PySystemExit, PyTypeError, PyUserWarning, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::above;

/// A class whose constructor takes anything and leaves it to the base, with one number of its own.
macro_rules! exception {
    ($(#[$doc:meta])* $name:ident, $base:ty) => {
        $(#[$doc])*
        #[pyclass(module = "sample_inheritance", extends = $base, subclass)]
        pub struct $name {
            #[pyo3(get, set)]
            mark: i64,
        }

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = (*_args, **_kwargs))]
            fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
                Self { mark: 7 }
            }

            /// What the base keeps, and what this class does.
            fn kept<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, i64)> {
                Ok((slf.getattr("args")?, slf.borrow().mark))
            }
        }
    };
}

exception!(
    /// Extends `Exception`.
    Trouble,
    PyException
);
exception!(
    /// Extends `BaseException`.
    Alarm,
    PyBaseException
);
exception!(
    /// Extends `ValueError`.
    BadValue,
    PyValueError
);
exception!(
    /// Extends `TypeError`.
    BadType,
    PyTypeError
);
exception!(
    /// Extends `KeyError`, whose text is its argument's repr.
    NoKey,
    PyKeyError
);
exception!(
    /// Extends `OSError`, which has attributes of its own.
    DiskError,
    PyOSError
);
exception!(
    /// Extends `StopIteration`, which has a value.
    Finished,
    PyStopIteration
);
exception!(
    /// Extends `SystemExit`, which has a code.
    Leave,
    PySystemExit
);
exception!(
    /// Extends `SyntaxError`.
    BadSyntax,
    PySyntaxError
);
exception!(
    /// Extends `UserWarning`.
    Caution,
    PyUserWarning
);

/// Extends one of the exceptions above.
#[pyclass(module = "sample_inheritance", extends = BadValue, subclass)]
pub struct WorseValue {
    #[pyo3(get)]
    limit: Option<i64>,
}

#[pymethods]
impl WorseValue {
    #[new]
    #[pyo3(signature = (message = None, limit = None))]
    fn new(message: Option<&Bound<'_, PyAny>>, limit: Option<i64>) -> PyClassInitializer<Self> {
        let mark = i64::from(message.is_some());
        PyClassInitializer::from(BadValue { mark }).add_subclass(Self { limit })
    }

    fn __str__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let text: String = above::<Self>(slf)?.call_method0("__str__")?.extract()?;
        Ok(format!("{text} (worse)"))
    }
}

/// Raise an exception, of whatever class it is.
#[pyfunction]
pub fn throw(exception: Bound<'_, PyAny>) -> PyResult<()> {
    Err(PyErr::from_value(exception))
}

/// Raise an exception of one of the classes above, made by Rust.
#[pyfunction]
pub fn throw_worse(py: Python<'_>, limit: Option<i64>) -> PyResult<()> {
    let worse = Py::new(py, WorseValue::new(None, limit))?;
    Err(PyErr::from_value(worse.into_bound(py).into_any()))
}

/// Call a function, and say how Rust sees what it raises.
#[pyfunction]
pub fn caught(function: &Bound<'_, PyAny>) -> PyResult<(bool, bool, bool, Option<i64>)> {
    let py = function.py();
    match function.call0() {
        Ok(_) => Ok((false, false, false, None)),
        Err(error) => Ok((
            error.is_instance_of::<PyValueError>(py),
            error.is_instance_of::<BadValue>(py),
            error.is_instance_of::<PyException>(py),
            error
                .value(py)
                .cast::<BadValue>()
                .ok()
                .map(|value| value.borrow().mark),
        )),
    }
}
