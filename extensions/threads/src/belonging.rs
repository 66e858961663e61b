//! Objects and values that belong to one thread.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::running::{at_once, elsewhere};

/// Belongs to the thread that made it: PyO3 panics if another one touches it.
#[pyclass(module = "sample_threads", unsendable)]
pub struct Local {
    value: std::rc::Rc<Cell<i64>>,
}

#[pymethods]
impl Local {
    #[new]
    fn new(value: i64) -> Self {
        Self {
            value: std::rc::Rc::new(Cell::new(value)),
        }
    }

    #[getter]
    fn value(&self) -> i64 {
        self.value.get()
    }

    #[setter]
    fn set_value(&mut self, value: i64) {
        self.value.set(value);
    }

    fn add(&mut self, amount: i64) -> i64 {
        self.value.set(self.value.get().wrapping_add(amount));
        self.value.get()
    }

    fn __repr__(&self) -> String {
        format!("Local({})", self.value.get())
    }
}

/// The same, for every thread.
#[pyclass(module = "sample_threads")]
pub struct Anywhere {
    #[pyo3(get, set)]
    value: i64,
}

#[pymethods]
impl Anywhere {
    #[new]
    fn new(value: i64) -> Self {
        Self { value }
    }

    fn add(&mut self, amount: i64) -> i64 {
        self.value = self.value.wrapping_add(amount);
        self.value
    }

    fn __repr__(&self) -> String {
        format!("Anywhere({})", self.value)
    }
}

/// Touch an object in another thread: read an attribute, set it, call a method, or take its text. What was raised there
/// is raised here; a panic becomes a `RuntimeError` with the first line of its text, for the others number the threads
/// that this process has had.
#[pyfunction]
#[pyo3(signature = (object, how, value = 1))]
pub fn touch_elsewhere(
    py: Python<'_>,
    object: Py<PyAny>,
    how: String,
    value: i64,
) -> PyResult<Py<PyAny>> {
    let touch = || Python::attach(|py| touched(object.bind(py), &how, value).map(Bound::unbind));
    elsewhere(py, || catch_unwind(AssertUnwindSafe(touch))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map_or("", String::as_str);
        let line = text.lines().next().unwrap_or("no text").to_owned();
        Err(PyRuntimeError::new_err(line))
    })
}

fn touched<'py>(object: &Bound<'py, PyAny>, how: &str, value: i64) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    match how {
        "get" => object.getattr("value"),
        "set" => {
            object.setattr("value", value)?;
            object.getattr("value")
        }
        "call" => object.call_method1("add", (value,)),
        "repr" => Ok(object.repr()?.into_any()),
        "borrow" => {
            let local = object.cast::<Local>()?;
            Ok(local.try_borrow()?.value().into_pyobject(py)?.into_any())
        }
        other => Ok(other.into_pyobject(py)?.into_any()),
    }
}

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// Count in a variable of each thread: so many threads, each so often, on top of this thread's own. What every thread
/// counted, and by how much this thread's count has grown.
#[pyfunction]
pub fn count_here(py: Python<'_>, threads: u8, times: u8) -> PyResult<(Vec<u64>, u64, Vec<usize>)> {
    let before = COUNT.get();
    COUNT.set(before + 1);
    // Python's own variables of that kind are apart too.
    let local = py.import("threading")?.getattr("local")?.call0()?.unbind();
    local.setattr(py, "seen", 1)?;
    let counted = at_once(py, threads, |number| {
        Python::attach(|py| {
            for _ in 0..times {
                COUNT.set(COUNT.get() + 1);
                local.setattr(py, format!("seen_{number}"), 1)?;
            }
            let names = local.getattr(py, "__dict__")?;
            Ok::<_, PyErr>((COUNT.get(), names.bind(py).len()?))
        })
    });
    let counted = counted.into_iter().collect::<PyResult<Vec<_>>>()?;
    let (counts, names) = counted.into_iter().unzip();
    Ok((counts, COUNT.get() - before, names))
}
