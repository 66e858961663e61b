//! Capsules: what one extension hands to another through Python.

use std::ffi::{CStr, CString, c_void};
use std::sync::Mutex;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

const NAME: &CStr = c"sample_runtime.number";
const OTHER: &CStr = c"sample_runtime.other";
static TRACES: Mutex<Vec<(i64, bool)>> = Mutex::new(Vec::new());

fn known_name(name: &str) -> PyResult<&'static CStr> {
    match name {
        "sample_runtime.number" => Ok(NAME),
        "sample_runtime.other" => Ok(OTHER),
        "" => Ok(c""),
        "ü" => Ok(c"ü"),
        _ => Err(PyValueError::new_err(format!(
            "no capsule is called {name:?}"
        ))),
    }
}

/// A capsule that holds a number.
#[pyfunction]
#[pyo3(signature = (value, name = "sample_runtime.number"))]
pub fn make_capsule<'py>(
    py: Python<'py>,
    value: i64,
    name: &str,
) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, value, known_name(name)?)
}

/// A capsule that leaves its number in `traces` when it dies, and whether it had a context.
#[pyfunction]
pub fn leave_trace(py: Python<'_>, value: i64) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value_and_destructor(py, value, NAME, |value, context| {
        if let Ok(mut traces) = TRACES.lock() {
            traces.push((value, !context.is_null()));
        }
    })
}

/// What dead capsules have left; it is gone afterwards.
#[pyfunction]
pub fn traces() -> Vec<(i64, bool)> {
    TRACES
        .lock()
        .map(|mut traces| std::mem::take(&mut *traces))
        .unwrap_or_default()
}

/// The number in a capsule, asked for by this name.
#[pyfunction]
#[pyo3(signature = (capsule, name = Some("sample_runtime.number".to_owned())))]
pub fn read_capsule(capsule: &Bound<'_, PyAny>, name: Option<String>) -> PyResult<i64> {
    let capsule = capsule.cast::<PyCapsule>()?;
    let name = name.map(CString::new).transpose()?;
    let pointer = capsule.pointer_checked(name.as_deref())?;
    if capsule.is_valid_checked(Some(c"datetime.datetime_CAPI")) {
        return Err(PyValueError::new_err("a capsule of somebody else"));
    }
    // SAFETY: every capsule with one of our names holds an `i64` until it dies, and it is alive here.
    Ok(unsafe { *pointer.cast::<i64>().as_ref() })
}

/// What a capsule says of itself: its name, and whether it is valid under this one.
#[pyfunction]
#[pyo3(signature = (capsule, name = None))]
pub fn capsule_facts(
    capsule: &Bound<'_, PyCapsule>,
    name: Option<String>,
) -> PyResult<(Option<String>, bool, bool, String)> {
    let asked = name.map(CString::new).transpose()?;
    // SAFETY: the names of our capsules are static, and the capsule is alive.
    let own = capsule.name()?.map(|name| unsafe { name.as_cstr() });
    Ok((
        own.map(|name| name.to_string_lossy().into_owned()),
        capsule.is_valid_checked(asked.as_deref()),
        capsule.is_valid_checked(own),
        capsule.get_type().fully_qualified_name()?.to_string(),
    ))
}

/// Give a capsule a context, and take it away again if `clear`: whether it had one before, and has one now.
#[pyfunction]
pub fn capsule_context(capsule: &Bound<'_, PyCapsule>, clear: bool) -> PyResult<(bool, bool)> {
    static CONTEXT: i64 = 7;
    let before = !capsule.context()?.is_null();
    let context: *const i64 = if clear {
        std::ptr::null()
    } else {
        &raw const CONTEXT
    };
    capsule.set_context(context.cast_mut().cast::<c_void>())?;
    Ok((before, !capsule.context()?.is_null()))
}

/// Import a capsule by its name, as extensions do.
#[pyfunction]
pub fn import_capsule(py: Python<'_>, name: &str) -> PyResult<bool> {
    let name = CString::new(name)?;
    PyCapsule::import_pointer(py, &name)?;
    Ok(true)
}
