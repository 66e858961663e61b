//! One object that several threads borrow. They meet, so that who finds it borrowed is no chance.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::running::{Meeting, at_once};

/// Can be borrowed; its methods take it for reading or for changing.
#[pyclass(module = "sample_threads")]
pub struct Shared {
    #[pyo3(get, set)]
    value: i64,
}

#[pymethods]
impl Shared {
    #[new]
    #[pyo3(signature = (value = 0))]
    fn new(value: i64) -> Self {
        Self { value }
    }

    fn read(&self) -> i64 {
        self.value
    }

    fn change(&mut self, value: i64) -> i64 {
        std::mem::replace(&mut self.value, value)
    }

    /// Both this object and another one are borrowed.
    fn add_from(&mut self, other: &Shared) -> i64 {
        self.value = self.value.wrapping_add(other.value);
        self.value
    }

    fn __len__(&self) -> usize {
        3
    }

    fn __bool__(&self) -> bool {
        self.value != 0
    }

    fn __repr__(&self) -> String {
        format!("Shared({})", self.value)
    }

    /// Let so many threads call `read`, each so often, while nobody changes the object. The sum of what they read.
    fn read_at_once(slf: &Bound<'_, Self>, threads: u8, times: u8) -> PyResult<i64> {
        let shared = slf.clone().unbind();
        let sums = at_once(slf.py(), threads, |_| {
            Python::attach(|py| {
                (0..times).try_fold(0_i64, |sum, _| {
                    let read: i64 = shared.bind(py).call_method0("read")?.extract()?;
                    Ok::<_, PyErr>(sum.wrapping_add(read))
                })
            })
        });
        sums.into_iter()
            .try_fold(0_i64, |sum, each| Ok(sum.wrapping_add(each?)))
    }
}

/// Hold the object in one thread, for "reading", for "changing" or "not" at all, while a function is called with it in
/// another. What the function returned or raised, and what a call after the holder has let go returned.
#[pyfunction]
pub fn hold_and_touch(
    py: Python<'_>,
    object: Py<Shared>,
    held_for: String,
    function: Py<PyAny>,
) -> PyResult<(Py<PyAny>, Py<PyAny>)> {
    if !["reading", "changing", "not"].contains(&held_for.as_str()) {
        return Err(PyValueError::new_err(format!("held for {held_for:?}?")));
    }
    let (begun, ended) = (Meeting::of_two(), Meeting::of_two());
    let touch = |py: Python<'_>| {
        function.call1(py, (&object,)).unwrap_or_else(|error| {
            error.set_traceback(py, None);
            error.into_value(py).into_any()
        })
    };
    let both = at_once(py, 2, |number| {
        Python::attach(|py| {
            if number == 0 {
                let shared = object.bind(py);
                let reading = (held_for == "reading").then(|| shared.try_borrow());
                let changing = (held_for == "changing").then(|| shared.try_borrow_mut());
                begun.meet(py);
                // The other thread calls the function now.
                ended.meet(py);
                drop((reading, changing));
                None
            } else {
                begun.meet(py);
                let touched = touch(py);
                ended.meet(py);
                Some(touched)
            }
        })
    });
    let touched = both.into_iter().flatten().next();
    let touched = touched.ok_or_else(|| PyValueError::new_err("nothing was called"))?;
    Ok((touched, touch(py)))
}
