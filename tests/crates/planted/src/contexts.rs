//! Differences that depend on where a call is made.

use pyo3::prelude::*;

use crate::PLANTED;

#[pyfunction]
pub fn in_a_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let current = threading.call_method0("current_thread")?;
    Ok(PLANTED && !current.is(&threading.call_method0("main_thread")?))
}

#[pyfunction]
pub fn in_an_except(py: Python<'_>) -> PyResult<bool> {
    let handled = py.import("sys")?.call_method0("exc_info")?.get_item(1)?;
    Ok(PLANTED && !handled.is_none())
}

#[pyfunction]
pub fn under_a_tracer(py: Python<'_>) -> PyResult<bool> {
    let sys = py.import("sys")?;
    let traced = !sys.call_method0("gettrace")?.is_none();
    Ok(PLANTED && (traced || !sys.call_method0("getprofile")?.is_none()))
}

#[pyfunction]
pub fn near_the_limit(py: Python<'_>) -> PyResult<bool> {
    let limit: u32 = py
        .import("sys")?
        .call_method0("getrecursionlimit")?
        .extract()?;
    Ok(PLANTED && limit < 900)
}

#[pyfunction]
pub fn in_a_loop(py: Python<'_>) -> PyResult<bool> {
    let running = py
        .import("asyncio")?
        .getattr("events")?
        .call_method0("_get_running_loop")?;
    Ok(PLANTED && !running.is_none())
}

#[pyfunction]
pub fn warnings_as_errors(py: Python<'_>) -> PyResult<bool> {
    let filters = py.import("warnings")?.getattr("filters")?;
    let first = filters.try_iter()?.next().transpose()?;
    let action = match first {
        Some(first) => first.get_item(0)?.extract::<String>()?,
        None => String::new(),
    };
    Ok(PLANTED && action == "error")
}
