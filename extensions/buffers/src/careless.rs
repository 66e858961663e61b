//! A class whose `__getbuffer__` keeps no rule, in a way that one can choose.

use std::ffi::c_int;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::{PyBufferError, PyKeyError, PyRuntimeError, PyValueError};
use pyo3::ffi::Py_buffer;
use pyo3::prelude::*;

static DATA: [u8; 16] = *b"careless buffers";
static ONES: [isize; 65] = [1; 65];

/// Read-only memory, exported in one wrong or unusual way; all flags are ignored.
#[pyclass(frozen, module = "sample_buffers")]
pub struct Careless {
    how: String,
    releases: AtomicUsize,
    length: isize,
    step: isize,
}

#[pymethods]
impl Careless {
    #[new]
    fn new(how: String) -> Self {
        Self {
            how,
            releases: AtomicUsize::new(0),
            length: DATA.len().cast_signed(),
            step: 1,
        }
    }

    #[getter]
    fn releases(&self) -> usize {
        self.releases.load(Ordering::SeqCst)
    }

    /// # Safety
    /// `view` can be written.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut Py_buffer,
        _flags: c_int,
    ) -> PyResult<()> {
        let careless = slf.get();
        let mut filled = Py_buffer {
            buf: DATA.as_ptr().cast_mut().cast(),
            obj: null_mut(),
            len: careless.length,
            itemsize: 1,
            readonly: 1,
            ndim: 1,
            format: c"B".as_ptr().cast_mut(),
            shape: (&raw const careless.length).cast_mut(),
            strides: (&raw const careless.step).cast_mut(),
            suboffsets: null_mut(),
            internal: null_mut(),
        };
        let mut has_object = true;
        match careless.how.as_str() {
            "raises" => return Err(PyBufferError::new_err(("no", 1))),
            "raises something else" => return Err(PyKeyError::new_err("no buffer")),
            "panics" => panic!("no buffer"),
            "has no object" => has_object = false,
            "has no shape" => filled.shape = null_mut(),
            "has no strides" => filled.strides = null_mut(),
            "has no format" => filled.format = null_mut(),
            "has an empty format" => filled.format = c"".as_ptr().cast_mut(),
            "has an unknown format" => filled.format = c"T{B:x:}".as_ptr().cast_mut(),
            "has a format of another size" => filled.format = c"i".as_ptr().cast_mut(),
            "has a format of two items" => filled.format = c"BB".as_ptr().cast_mut(),
            "has large items" => {
                filled.itemsize = filled.len;
                filled.format = c"16s".as_ptr().cast_mut();
                filled.shape = ONES.as_ptr().cast_mut();
                filled.strides = filled.shape;
            }
            "has many dimensions" => {
                filled.len = 1;
                filled.ndim = 65;
                filled.shape = ONES.as_ptr().cast_mut();
                filled.strides = filled.shape;
            }
            "has no dimension" => {
                filled.len = 1;
                filled.ndim = 0;
                filled.shape = null_mut();
                filled.strides = null_mut();
            }
            "is plain" | "raises when it is released" | "panics when it is released" => {}
            other => return Err(PyValueError::new_err(format!("unknown way {other:?}"))),
        }
        // SAFETY: by this function's contract.
        unsafe { view.write(filled) };
        if has_object {
            // SAFETY: as above; the reference becomes the view's.
            unsafe { (*view).obj = slf.into_any().into_ptr() };
        }
        Ok(())
    }

    /// # Safety
    /// As the protocol has it: once for each view.
    unsafe fn __releasebuffer__(&self, _view: *mut Py_buffer) -> PyResult<()> {
        self.releases.fetch_add(1, Ordering::SeqCst);
        match self.how.as_str() {
            "raises when it is released" => Err(PyRuntimeError::new_err("it stays")),
            "panics when it is released" => panic!("it stays"),
            _ => Ok(()),
        }
    }
}
