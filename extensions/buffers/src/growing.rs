//! A class that changes its size, but not while others see its memory.

use std::ffi::c_int;
use std::ptr::null_mut;

use pyo3::exceptions::PyBufferError;
use pyo3::ffi::{Py_buffer, PyBUF_FORMAT, PyBUF_ND, PyBUF_STRIDES};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Bytes that can grow and shrink, as a `bytearray` can.
#[pyclass(module = "sample_buffers")]
pub struct Growing {
    data: Vec<u8>,
    /// One item for each byte; what views point to for their shape and strides.
    length: isize,
    step: isize,
    exports: usize,
}

impl Growing {
    fn check(&self) -> PyResult<()> {
        if self.exports > 0 {
            let views = self.exports;
            return Err(PyBufferError::new_err(format!(
                "{views} views look at this memory"
            )));
        }
        Ok(())
    }
}

#[pymethods]
impl Growing {
    #[new]
    #[pyo3(signature = (data = Vec::new()))]
    fn new(data: Vec<u8>) -> Self {
        let length = data.len().cast_signed();
        Self {
            data,
            length,
            step: 1,
            exports: 0,
        }
    }

    #[getter]
    fn exports(&self) -> usize {
        self.exports
    }

    fn data<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.data)
    }

    fn push(&mut self, byte: u8) -> PyResult<()> {
        self.check()?;
        self.data.push(byte);
        self.length += 1;
        Ok(())
    }

    fn clear(&mut self) -> PyResult<()> {
        self.check()?;
        self.data = Vec::new();
        self.length = 0;
        Ok(())
    }

    fn __len__(&self) -> usize {
        self.data.len()
    }

    /// # Safety
    /// `view` can be written.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let asked = |flag: c_int| flags & flag == flag;
        let mut growing = slf.try_borrow_mut()?;
        growing.exports += 1;
        let filled = Py_buffer {
            buf: growing.data.as_mut_ptr().cast(),
            obj: null_mut(),
            len: growing.length,
            itemsize: 1,
            readonly: 0,
            ndim: 1,
            format: if asked(PyBUF_FORMAT) {
                c"B".as_ptr().cast_mut()
            } else {
                null_mut()
            },
            shape: if asked(PyBUF_ND) {
                &raw mut growing.length
            } else {
                null_mut()
            },
            strides: if asked(PyBUF_STRIDES) {
                &raw mut growing.step
            } else {
                null_mut()
            },
            suboffsets: null_mut(),
            internal: null_mut(),
        };
        drop(growing);
        // SAFETY: by this function's contract.
        unsafe { view.write(filled) };
        // SAFETY: as above; the reference becomes the view's.
        unsafe { (*view).obj = slf.into_any().into_ptr() };
        Ok(())
    }

    /// # Safety
    /// As the protocol has it: once for each view.
    unsafe fn __releasebuffer__(&mut self, _view: *mut Py_buffer) {
        self.exports -= 1;
    }
}
