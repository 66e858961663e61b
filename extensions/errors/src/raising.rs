//! Exceptions that Rust makes.

use pyo3::exceptions::{
    PyArithmeticError, PyAssertionError, PyAttributeError, PyBaseException, PyBlockingIOError,
    PyBrokenPipeError, PyBufferError, PyBytesWarning, PyChildProcessError,
    PyConnectionAbortedError, PyConnectionError, PyConnectionRefusedError, PyConnectionResetError,
    PyDeprecationWarning, PyEOFError, PyException, PyFileExistsError, PyFileNotFoundError,
    PyFloatingPointError, PyFutureWarning, PyGeneratorExit, PyImportError, PyImportWarning,
    PyIndexError, PyInterruptedError, PyIsADirectoryError, PyKeyError, PyKeyboardInterrupt,
    PyLookupError, PyMemoryError, PyModuleNotFoundError, PyNameError, PyNotADirectoryError,
    PyNotImplementedError, PyOSError, PyOverflowError, PyPendingDeprecationWarning,
    PyPermissionError, PyProcessLookupError, PyRecursionError, PyReferenceError, PyResourceWarning,
    PyRuntimeError, PyRuntimeWarning, PyStopAsyncIteration, PyStopIteration, PySyntaxError,
    PySyntaxWarning, PySystemError, PySystemExit, PyTimeoutError, PyTypeError, PyUnboundLocalError,
    PyUnicodeDecodeError, PyUnicodeEncodeError, PyUnicodeError, PyUnicodeTranslateError,
    PyUnicodeWarning, PyUserWarning, PyValueError, PyWarning, PyZeroDivisionError,
};
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

pyo3::create_exception!(
    sample_errors,
    SampleError,
    PyException,
    "The base of this module's exceptions."
);
pyo3::create_exception!(
    sample_errors,
    StrictError,
    SampleError,
    "Something was not as strict as it should be."
);
pyo3::create_exception!(sample_errors, MissingError, PyKeyError);

/// Makes a function from an exception's name to its class.
macro_rules! builtin_exceptions {
    ($($name:literal: $class:ty,)*) => {
        /// The builtin exception class called `name`.
        pub fn builtin_exception<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
            match name {
                $($name => Ok(py.get_type::<$class>()),)*
                _ => Err(PyNameError::new_err(format!("no exception is called {name:?}"))),
            }
        }
    };
}

builtin_exceptions! {
    "ArithmeticError": PyArithmeticError,
    "AssertionError": PyAssertionError,
    "AttributeError": PyAttributeError,
    "BaseException": PyBaseException,
    "BlockingIOError": PyBlockingIOError,
    "BrokenPipeError": PyBrokenPipeError,
    "BufferError": PyBufferError,
    "BytesWarning": PyBytesWarning,
    "ChildProcessError": PyChildProcessError,
    "ConnectionAbortedError": PyConnectionAbortedError,
    "ConnectionError": PyConnectionError,
    "ConnectionRefusedError": PyConnectionRefusedError,
    "ConnectionResetError": PyConnectionResetError,
    "DeprecationWarning": PyDeprecationWarning,
    "EOFError": PyEOFError,
    "Exception": PyException,
    "FileExistsError": PyFileExistsError,
    "FileNotFoundError": PyFileNotFoundError,
    "FloatingPointError": PyFloatingPointError,
    "FutureWarning": PyFutureWarning,
    "GeneratorExit": PyGeneratorExit,
    "ImportError": PyImportError,
    "ImportWarning": PyImportWarning,
    "IndexError": PyIndexError,
    "InterruptedError": PyInterruptedError,
    "IsADirectoryError": PyIsADirectoryError,
    "KeyError": PyKeyError,
    "KeyboardInterrupt": PyKeyboardInterrupt,
    "LookupError": PyLookupError,
    "MemoryError": PyMemoryError,
    "ModuleNotFoundError": PyModuleNotFoundError,
    "NameError": PyNameError,
    "NotADirectoryError": PyNotADirectoryError,
    "NotImplementedError": PyNotImplementedError,
    "OSError": PyOSError,
    "OverflowError": PyOverflowError,
    "PendingDeprecationWarning": PyPendingDeprecationWarning,
    "PermissionError": PyPermissionError,
    "ProcessLookupError": PyProcessLookupError,
    "RecursionError": PyRecursionError,
    "ReferenceError": PyReferenceError,
    "ResourceWarning": PyResourceWarning,
    "RuntimeError": PyRuntimeError,
    "RuntimeWarning": PyRuntimeWarning,
    "StopAsyncIteration": PyStopAsyncIteration,
    "StopIteration": PyStopIteration,
    "SyntaxError": PySyntaxError,
    "SyntaxWarning": PySyntaxWarning,
    "SystemError": PySystemError,
    "SystemExit": PySystemExit,
    "TimeoutError": PyTimeoutError,
    "TypeError": PyTypeError,
    "UnboundLocalError": PyUnboundLocalError,
    "UnicodeDecodeError": PyUnicodeDecodeError,
    "UnicodeEncodeError": PyUnicodeEncodeError,
    "UnicodeError": PyUnicodeError,
    "UnicodeTranslateError": PyUnicodeTranslateError,
    "UnicodeWarning": PyUnicodeWarning,
    "UserWarning": PyUserWarning,
    "ValueError": PyValueError,
    "Warning": PyWarning,
    "ZeroDivisionError": PyZeroDivisionError,
}

/// The names of a builtin exception's classes, from itself to `object`.
#[pyfunction]
pub fn exception_bases(py: Python<'_>, name: &str) -> PyResult<Vec<String>> {
    let class = builtin_exception(py, name)?;
    class
        .mro()
        .iter()
        .map(|each| Ok(each.cast::<PyType>()?.name()?.to_string()))
        .collect()
}

/// Raise a builtin exception by its name, with these arguments.
#[pyfunction]
#[pyo3(signature = (name, *args))]
pub fn raise_named(py: Python<'_>, name: &str, args: &Bound<'_, PyTuple>) -> PyResult<()> {
    let class = builtin_exception(py, name)?;
    Err(PyErr::from_type(class, args.clone().unbind()))
}

/// Raise whatever class is given. One that is no exception becomes a `TypeError`.
#[pyfunction]
#[pyo3(signature = (class, *args))]
pub fn raise_type(class: Bound<'_, PyType>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
    Err(PyErr::from_type(class, args.clone().unbind()))
}

/// Raise whatever object is given: an instance, a class, or a `TypeError`.
#[pyfunction]
pub fn raise_value(value: Bound<'_, PyAny>) -> PyResult<()> {
    Err(PyErr::from_value(value))
}

/// Raise one of this module's own exceptions.
#[pyfunction]
#[pyo3(signature = (which, *args))]
pub fn raise_own(which: &str, args: &Bound<'_, PyTuple>) -> PyResult<()> {
    let args = args.clone().unbind();
    Err(match which {
        "sample" => SampleError::new_err(args),
        "strict" => StrictError::new_err(args),
        "missing" => MissingError::new_err(args),
        _ => PyValueError::new_err(format!("no own exception is called {which:?}")),
    })
}

/// `raise error from cause`, where `None` is a cause too.
#[pyfunction]
pub fn raise_from(
    py: Python<'_>,
    error: Bound<'_, PyBaseException>,
    cause: Option<Bound<'_, PyBaseException>>,
) -> PyResult<()> {
    let error = PyErr::from(error);
    error.set_cause(py, cause.map(PyErr::from));
    Err(error)
}

/// Raise `error` as if `context` were being handled.
#[pyfunction]
pub fn raise_in_context(
    py: Python<'_>,
    error: Bound<'_, PyBaseException>,
    context: Option<Bound<'_, PyBaseException>>,
) -> PyResult<()> {
    let error = PyErr::from(error);
    error.set_context(py, context.map(PyErr::from));
    Err(error)
}

/// Add notes to an exception and raise it. Before Python 3.11 there are no notes.
#[pyfunction]
#[pyo3(signature = (error, *notes))]
pub fn raise_with_notes(
    error: Bound<'_, PyBaseException>,
    notes: &Bound<'_, PyTuple>,
) -> PyResult<()> {
    for note in notes {
        error.call_method1("add_note", (note,))?;
    }
    Err(PyErr::from(error))
}

/// Raise an `ExceptionGroup` of these exceptions. Before Python 3.11 there are none.
#[pyfunction]
pub fn raise_group(
    py: Python<'_>,
    message: Bound<'_, PyAny>,
    errors: Vec<Bound<'_, PyAny>>,
) -> PyResult<()> {
    let class = py.import("builtins")?.getattr("BaseExceptionGroup")?;
    Err(PyErr::from_value(class.call1((message, errors))?))
}
