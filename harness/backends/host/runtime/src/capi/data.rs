//! Variables of the C-API that RustPython's does not export.

use core::ffi::{c_char, c_int};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use rustpython_vm::{Context, PyObject};

use crate::objects::as_pointer;

/// `OSError` by its old name.
#[unsafe(no_mangle)]
pub static PyExc_EnvironmentError: AtomicPtr<PyObject> = AtomicPtr::new(null_mut());
/// `OSError` by its old name.
#[unsafe(no_mangle)]
pub static PyExc_IOError: AtomicPtr<PyObject> = AtomicPtr::new(null_mut());

/// The name of a field that has none. Source: C-API, "Struct Sequence Objects".
#[unsafe(no_mangle)]
pub static PyStructSequence_UnnamedField: AtomicPtr<c_char> =
    AtomicPtr::new(c"unnamed field".as_ptr().cast_mut());

/// Source: C-API, "Global configuration variables".
#[unsafe(no_mangle)]
pub static Py_FileSystemDefaultEncoding: AtomicPtr<c_char> =
    AtomicPtr::new(c"utf-8".as_ptr().cast_mut());
/// Source: C-API, "Global configuration variables".
#[unsafe(no_mangle)]
pub static Py_FileSystemDefaultEncodeErrors: AtomicPtr<c_char> =
    AtomicPtr::new(c"surrogateescape".as_ptr().cast_mut());
/// The encoding is known from the start. Source: C-API, "Global configuration variables".
#[unsafe(no_mangle)]
pub static Py_HasFileSystemDefaultEncoding: c_int = 1;

/// Fill what needs the interpreter's types. Called once, before an extension can be loaded.
pub fn initialize() {
    let os_error = as_pointer(Context::genesis().exceptions.os_error);
    PyExc_EnvironmentError.store(os_error, Ordering::Release);
    PyExc_IOError.store(os_error, Ordering::Release);
}
