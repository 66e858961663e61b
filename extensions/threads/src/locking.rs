//! Locks that know of the interpreter, and critical sections.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::sync::critical_section::{with_critical_section, with_critical_section2};
use pyo3::sync::{MutexExt, RwLockExt};
use pyo3::types::{PyDict, PyList};

use crate::running::at_once;

/// Counts in three ways that threads can share.
#[pyclass(module = "sample_threads", frozen)]
#[derive(Default)]
pub struct Counter {
    atomic: AtomicU64,
    locked: Mutex<u64>,
    read_often: RwLock<u64>,
}

#[pymethods]
impl Counter {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Add one in each way, and call the function, if there is one, while the lock is held.
    #[pyo3(signature = (function = None))]
    fn add(&self, py: Python<'_>, function: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
        self.atomic.fetch_add(1, Ordering::Relaxed);
        let mut locked = self
            .locked
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner);
        let before = *locked;
        if let Some(function) = function {
            function.call1((before,))?;
        }
        *locked = before + 1;
        let mut often = self
            .read_often
            .write_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner);
        *often += 1;
        Ok(*locked)
    }

    /// What each way has counted.
    fn values(&self, py: Python<'_>) -> (u64, u64, u64) {
        let locked = self.locked.lock_py_attached(py);
        let often = self.read_often.read_py_attached(py);
        (
            self.atomic.load(Ordering::Relaxed),
            *locked.unwrap_or_else(PoisonError::into_inner),
            *often.unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Let so many threads call `add` by way of Python, each so often.
    fn hammer(slf: &Bound<'_, Self>, threads: u8, times: u8) -> PyResult<(u64, u64, u64)> {
        let py = slf.py();
        let counter = slf.clone().unbind();
        let results = at_once(py, threads, |_| {
            Python::attach(|py| {
                (0..times).try_for_each(|_| counter.bind(py).call_method0("add").map(drop))
            })
        });
        results.into_iter().collect::<PyResult<()>>()?;
        Ok(slf.get().values(py))
    }
}

/// Let so many threads add to a number under a lock, each so often, and call the function while they hold it.
#[pyfunction]
#[pyo3(signature = (threads, times, function = None))]
pub fn add_locked(
    py: Python<'_>,
    threads: u8,
    times: u8,
    function: Option<Py<PyAny>>,
) -> PyResult<u64> {
    let total = Mutex::new(0_u64);
    let results = at_once(py, threads, |_| {
        Python::attach(|py| -> PyResult<()> {
            for _ in 0..times {
                let mut held = total
                    .lock_py_attached(py)
                    .unwrap_or_else(PoisonError::into_inner);
                let before = *held;
                if let Some(function) = &function {
                    function.call1(py, (1,))?;
                }
                *held = before + 1;
            }
            Ok(())
        })
    });
    results.into_iter().collect::<PyResult<()>>()?;
    Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Let so many threads each append so many numbers to one list, and sort what they appended. Its new length, and whether
/// every number is there as often as it was appended.
#[pyfunction]
pub fn append_all(list: Bound<'_, PyList>, threads: u8, times: u8) -> PyResult<(usize, bool)> {
    let py = list.py();
    let before = list.len();
    let shared = list.clone().unbind();
    let results = at_once(py, threads, |number| {
        Python::attach(|py| {
            let list = shared.bind(py);
            (0..times).try_for_each(|_| list.append(number))
        })
    });
    let threads = results.len();
    results.into_iter().collect::<PyResult<()>>()?;
    let mut seen = vec![0_usize; threads];
    let appended = list.get_slice(before, list.len());
    for item in appended.iter() {
        seen[item.extract::<usize>()?] += 1;
    }
    // Who came first is chance.
    appended.sort()?;
    list.set_slice(before, list.len(), &appended)?;
    Ok((
        list.len(),
        seen.iter().all(|each| *each == usize::from(times)),
    ))
}

/// The longest that one thread waits, attached, for another that should not come.
const PATIENCE: Duration = Duration::from_millis(40);

/// Wait without detaching until the flag is set, but not for ever; whether it was.
fn wait_attached(flag: &AtomicBool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if flag.load(Ordering::SeqCst) {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

/// Let two threads read, add one and write back `dict[key]`, each in a critical section in which it gives the other one
/// time to read too.
#[pyfunction]
pub fn bump_in_sections<'py>(
    dict: &Bound<'py, PyDict>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = dict.py();
    let (shared, shared_key) = (dict.clone().unbind(), key.clone().unbind());
    let have_read = [AtomicBool::new(false), AtomicBool::new(false)];
    let results = at_once(py, 2, |number| {
        Python::attach(|py| {
            let (dict, key) = (shared.bind(py), shared_key.bind(py));
            with_critical_section(dict, || {
                let before: i64 = match dict.get_item(key)? {
                    Some(found) => found.extract()?,
                    None => 0,
                };
                have_read[number].store(true, Ordering::SeqCst);
                wait_attached(&have_read[1 - number]);
                dict.set_item(key, before.saturating_add(1))
            })
        })
    });
    results.into_iter().collect::<PyResult<()>>()?;
    dict.get_item(key)
}

/// Let two threads enter a critical section of one object, or of two that each names in another order. Whether one was in
/// it while the other was.
#[pyfunction]
#[pyo3(signature = (first, second = None))]
pub fn enter_together(py: Python<'_>, first: Py<PyAny>, second: Option<Py<PyAny>>) -> bool {
    let inside = [AtomicBool::new(false), AtomicBool::new(false)];
    let met = at_once(py, 2, |number| {
        Python::attach(|py| {
            let enter = || {
                inside[number].store(true, Ordering::SeqCst);
                let met = wait_attached(&inside[1 - number]);
                inside[number].store(false, Ordering::SeqCst);
                met
            };
            let first = first.bind(py);
            match second.as_ref().map(|second| second.bind(py)) {
                None => with_critical_section(first, enter),
                Some(second) if number == 0 => with_critical_section2(first, second, enter),
                Some(second) => with_critical_section2(second, first, enter),
            }
        })
    });
    met.contains(&true)
}
