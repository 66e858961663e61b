//! Signals, threads, and what is set once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::{with_critical_section, with_critical_section2};
use pyo3::types::{PyList, PyType};

/// Send this process a signal whose handler is `handler`, and look for it `checks` times.
///
/// What each look said: false if the handler raised, which is what comes back then.
#[pyfunction]
pub fn checked_signal<'py>(
    py: Python<'py>,
    handler: &Bound<'py, PyAny>,
    send: u8,
    checks: u8,
) -> PyResult<(Vec<bool>, Option<Py<PyAny>>)> {
    let signal = py.import("signal")?;
    signal.call_method1("signal", (libc::SIGUSR1, handler))?;
    for _ in 0..send.min(3) {
        // SAFETY: the signal has a handler of Python's, set above.
        if unsafe { libc::raise(libc::SIGUSR1) } != 0 {
            return Err(PyRuntimeError::new_err("no signal could be sent"));
        }
    }
    let mut said = Vec::new();
    let mut raised = None;
    for _ in 0..checks.min(3) {
        match py.check_signals() {
            Ok(()) => said.push(true),
            Err(error) => {
                said.push(false);
                raised = Some(error.into_value(py).into_any());
            }
        }
    }
    // What nobody has looked for must not reach the next step.
    let _ = py.check_signals();
    let default = signal.getattr("SIG_DFL")?;
    signal.call_method1("signal", (libc::SIGUSR1, default))?;
    Ok((said, raised))
}

/// What handles a signal that nobody has given a handler, as `signal.getsignal` tells it.
#[pyfunction]
pub fn untouched_handler<'py>(py: Python<'py>, number: i32) -> PyResult<Bound<'py, PyAny>> {
    py.import("signal")?.call_method1("getsignal", (number,))
}

/// A cell that is set once.
#[pyclass(frozen, module = "sample_runtime")]
pub struct Once {
    cell: PyOnceLock<Py<PyAny>>,
    class: PyOnceLock<Py<PyType>>,
    made: AtomicUsize,
}

#[pymethods]
impl Once {
    #[new]
    fn new() -> Self {
        Self {
            cell: PyOnceLock::new(),
            class: PyOnceLock::new(),
            made: AtomicUsize::new(0),
        }
    }

    /// What the cell holds, or what `make` returns, which it holds from then on.
    fn get_or_make<'py>(
        &self,
        py: Python<'py>,
        make: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let held = self.cell.get_or_try_init(py, || {
            self.made.fetch_add(1, Ordering::SeqCst);
            make.call0().map(Bound::unbind)
        })?;
        Ok(held.bind(py).clone())
    }

    #[getter]
    fn held(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.cell.get(py).map(|held| held.clone_ref(py))
    }

    #[getter]
    fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    /// Set it; whether it was empty.
    fn set(&self, py: Python<'_>, value: Py<PyAny>) -> bool {
        self.cell.set(py, value).is_ok()
    }

    /// A class, imported by its name when it is first asked for.
    fn class<'py>(
        &self,
        py: Python<'py>,
        module: &str,
        name: &str,
    ) -> PyResult<Bound<'py, PyType>> {
        self.class.import(py, module, name).cloned()
    }
}

/// Call `function` from a thread that is attached anew, after this one let go of the interpreter.
#[pyfunction]
pub fn call_detached<'py>(
    py: Python<'py>,
    function: Py<PyAny>,
    elsewhere: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let call = || Python::attach(|py| function.call0(py));
    let returned = py.detach(|| {
        if elsewhere {
            std::thread::scope(|scope| scope.spawn(call).join())
                .map_err(|_| PyRuntimeError::new_err("the thread panicked"))?
        } else {
            call()
        }
    })?;
    Ok(returned.into_bound(py))
}

/// Panic while detached; the panic goes on through the caller.
#[pyfunction]
pub fn panic_detached(py: Python<'_>, message: String, in_thread: bool) -> PyResult<()> {
    py.detach(|| {
        if in_thread {
            let joined = std::thread::spawn(move || panic!("{message}")).join();
            joined.map_err(|_| PyValueError::new_err("a thread panicked"))
        } else {
            panic!("{message}")
        }
    })
}

/// Attach while attached, `depth` times, and call `function` at the bottom.
#[pyfunction]
pub fn attach_in_attach(function: Py<PyAny>, depth: u8) -> PyResult<(u8, Py<PyAny>)> {
    fn down(function: &Py<PyAny>, depth: u8) -> PyResult<(u8, Py<PyAny>)> {
        Python::attach(|py| {
            if depth == 0 {
                return Ok((0, function.call0(py)?));
            }
            let (below, returned) = py.detach(|| down(function, depth - 1))?;
            Ok((below + 1, returned))
        })
    }
    down(&function, depth.min(20))
}

/// Append to a list from several threads; how many items there are, and whether all are there.
#[pyfunction]
pub fn run_threads(py: Python<'_>, threads: u8, items: u8) -> PyResult<(usize, bool)> {
    let list = PyList::empty(py).unbind();
    let (threads, items) = (threads.clamp(1, 8), usize::from(items));
    let failures = Mutex::new(Vec::new());
    py.detach(|| {
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let (list, failures) = (&list, &failures);
                scope.spawn(move || {
                    for item in 0..items {
                        let done = Python::attach(|py| list.bind(py).append((thread, item)));
                        if let (Err(error), Ok(mut failures)) = (done, failures.lock()) {
                            failures.push(error);
                        }
                    }
                });
            }
        });
    });
    if let Some(error) = failures.into_inner().ok().and_then(|mut each| each.pop()) {
        return Err(error);
    }
    let list = list.into_bound(py);
    let mut all: Vec<(u8, usize)> = list.extract()?;
    all.sort_unstable();
    all.dedup();
    Ok((list.len(), all.len() == usize::from(threads) * items))
}

/// Call `function` while an object, or two, are locked.
#[pyfunction]
#[pyo3(signature = (function, first, second = None))]
pub fn in_critical_section<'py>(
    function: &Bound<'py, PyAny>,
    first: &Bound<'py, PyAny>,
    second: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    match second {
        Some(second) => with_critical_section2(first, second, || function.call1((first, second))),
        None => with_critical_section(first, || function.call1((first,))),
    }
}
