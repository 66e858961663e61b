//! The buffer protocol between C (`Py_buffer`) and RustPython (`PyBuffer`).
//!
//! [`held`]: RustPython's buffers seen from C (`PyObject_GetBuffer`).
//! [`exported`]: buffers of C types seen from RustPython (`Py_bf_getbuffer`; `memoryview` of such an object).
//! [`layout`]: arithmetic on a filled `Py_buffer`; no interpreter.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;

use rustpython_vm::PyObject;

pub mod exported;
pub mod held;
pub mod layout;

/// Source: C-API, "Buffer structure"; `Include/pybuffer.h`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Py_buffer {
    pub buf: *mut c_void,
    /// One reference, or NULL if there is nothing to release.
    pub obj: *mut PyObject,
    pub len: isize,
    pub itemsize: isize,
    pub readonly: c_int,
    pub ndim: c_int,
    pub format: *mut c_char,
    pub shape: *mut isize,
    pub strides: *mut isize,
    pub suboffsets: *mut isize,
    /// The exporter's own.
    pub internal: *mut c_void,
}

impl Py_buffer {
    pub const EMPTY: Self = Self {
        buf: null_mut(),
        obj: null_mut(),
        len: 0,
        itemsize: 0,
        readonly: 0,
        ndim: 0,
        format: null_mut(),
        shape: null_mut(),
        strides: null_mut(),
        suboffsets: null_mut(),
        internal: null_mut(),
    };
}

/// `PyBUF_*`, the requests that are looked at here.
pub mod flags {
    use core::ffi::c_int;

    pub const SIMPLE: c_int = 0;
    pub const WRITABLE: c_int = 0x0001;
    pub const FORMAT: c_int = 0x0004;
    pub const ND: c_int = 0x0008;
    pub const STRIDES: c_int = 0x0010 | ND;
    pub const INDIRECT: c_int = 0x0100 | STRIDES;
    pub const FULL: c_int = INDIRECT | WRITABLE | FORMAT;
    pub const FULL_RO: c_int = INDIRECT | FORMAT;
    /// Access modes of `PyMemoryView_FromMemory`; no exporter can serve them.
    pub const READ: c_int = 0x100;
    pub const WRITE: c_int = 0x200;
}

pub type GetBuffer = unsafe extern "C" fn(*mut PyObject, *mut Py_buffer, c_int) -> c_int;
pub type ReleaseBuffer = unsafe extern "C" fn(*mut PyObject, *mut Py_buffer);
