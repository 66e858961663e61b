//! Python code that Rust runs, and what comes of it.

use std::ffi::CString;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::code::PyCodeInput;
use pyo3::types::{PyCode, PyCodeMethods, PyDict, PyList, PyType};

/// `py.eval`.
#[pyfunction]
#[pyo3(signature = (code, globals = None, locals = None))]
pub fn evaluate<'py>(
    py: Python<'py>,
    code: &str,
    globals: Option<&Bound<'py, PyDict>>,
    locals: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    // Without globals it is `__main__`, which belongs to whoever runs this; and `__builtins__` is put into
    // those that are given, which nobody wants to see.
    let globals = match globals {
        Some(globals) => globals.copy()?,
        None => PyDict::new(py),
    };
    py.eval(&CString::new(code)?, Some(&globals), locals)
}

/// The names of globals and locals, and `result`.
type Left<'py> = (
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    Option<Bound<'py, PyAny>>,
);

/// `py.run`: the names that it leaves behind in its globals and in its locals.
#[pyfunction]
#[pyo3(signature = (code, separate = false))]
pub fn run_code<'py>(py: Python<'py>, code: &str, separate: bool) -> PyResult<Left<'py>> {
    let globals = PyDict::new(py);
    let locals = PyDict::new(py);
    py.run(
        &CString::new(code)?,
        Some(&globals),
        separate.then_some(&locals),
    )?;
    let result = match locals.get_item("result")? {
        Some(result) => Some(result),
        None => globals.get_item("result")?,
    };
    Ok((globals.keys(), locals.keys(), result))
}

/// File and name of the code, and its results.
type Compiled<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Vec<Bound<'py, PyAny>>);

/// Compile code once and run it `times`; the file that it says it comes from, and its results.
#[pyfunction]
#[pyo3(signature = (code, file_name = "made.py", times = 1, expression = false))]
pub fn compile_and_run<'py>(
    py: Python<'py>,
    code: &str,
    file_name: &str,
    times: u8,
    expression: bool,
) -> PyResult<Compiled<'py>> {
    let input = if expression {
        PyCodeInput::Eval
    } else {
        PyCodeInput::File
    };
    let code = PyCode::compile(py, &CString::new(code)?, &CString::new(file_name)?, input)?;
    let globals = PyDict::new(py);
    let mut found = Vec::new();
    for _ in 0..times.min(5) {
        found.push(code.run(Some(&globals), None)?);
    }
    Ok((
        code.getattr("co_filename")?,
        code.getattr("co_name")?,
        found,
    ))
}

/// Run code that raises: its traceback as text, the exception as text, and whether it has one at all.
#[pyfunction]
#[pyo3(signature = (code, file_name = "made.py"))]
pub fn format_traceback(
    py: Python<'_>,
    code: &str,
    file_name: &str,
) -> PyResult<Option<(Option<String>, String)>> {
    let code = CString::new(code)?;
    let compiled = PyCode::compile(py, &code, &CString::new(file_name)?, PyCodeInput::File)?;
    match compiled.run(Some(&PyDict::new(py)), None) {
        Ok(_) => Ok(None),
        Err(error) => {
            let traceback = error
                .traceback(py)
                .map(|traceback| traceback.format())
                .transpose()?;
            Ok(Some((traceback, error.to_string())))
        }
    }
}

/// Warn while another filter is in force; it is put back.
#[pyfunction]
#[pyo3(signature = (category, message, action, stacklevel = 1))]
pub fn warn_with_action<'py>(
    py: Python<'py>,
    category: &Bound<'py, PyType>,
    message: &str,
    action: &str,
    stacklevel: i32,
) -> PyResult<()> {
    let warnings = py.import("warnings")?;
    let caught = warnings.getattr("catch_warnings")?.call0()?;
    caught.call_method0("__enter__")?;
    let done = (|| {
        warnings.call_method1("simplefilter", (action,))?;
        PyErr::warn(py, category, &CString::new(message)?, stacklevel)
    })();
    caught.call_method1("__exit__", (py.None(), py.None(), py.None()))?;
    done
}

/// Category, text and source of each warning.
type Shown<'py> = Vec<(Bound<'py, PyAny>, String, Bound<'py, PyAny>)>;

/// Warn several times from one place and catch what is shown: category, text and line of each.
#[pyfunction]
pub fn warn_caught<'py>(
    py: Python<'py>,
    categories: Vec<Bound<'py, PyType>>,
    action: &str,
    level: i32,
) -> PyResult<Shown<'py>> {
    if categories.len() > 8 {
        return Err(PyValueError::new_err("too many"));
    }
    let warnings = py.import("warnings")?;
    let options = PyDict::new(py);
    options.set_item("record", true)?;
    let caught = warnings
        .getattr("catch_warnings")?
        .call((), Some(&options))?;
    let log = caught.call_method0("__enter__")?;
    let done = (|| {
        warnings.call_method1("simplefilter", (action,))?;
        for category in &categories {
            PyErr::warn(py, category, c"shown", level)?;
        }
        let mut found = Vec::new();
        for each in log.try_iter()? {
            let each = each?;
            let text = each.getattr("message")?.str()?.to_string();
            found.push((each.getattr("category")?, text, each.getattr("source")?));
        }
        Ok(found)
    })();
    caught.call_method1("__exit__", (py.None(), py.None(), py.None()))?;
    done
}
