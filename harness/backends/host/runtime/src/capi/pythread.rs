//! `pythread.h`.

use core::ffi::c_ulong;

use rustpython_vm::stdlib::_thread::get_ident;

use crate::boundary::detached_boundary;

/// `PYTHREAD_INVALID_THREAD_ID`.
const INVALID: c_ulong = c_ulong::MAX;

/// The number that `threading.get_ident()` gives for this thread. No thread state is needed.
///
/// Source: CPython, `Include/pythread.h`.
#[unsafe(no_mangle)]
pub extern "C" fn PyThread_get_thread_ident() -> c_ulong {
    detached_boundary(INVALID, || get_ident() as c_ulong)
}
