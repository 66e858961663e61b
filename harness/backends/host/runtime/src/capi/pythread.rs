//! `pythread.h`: identity of threads, and values of a thread. Source: C-API, "Thread Local Storage Support".

use core::ffi::{c_int, c_ulong, c_void};
use core::ptr::null_mut;

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

/// A key; C initialises it with zeros (`Py_tss_NEEDS_INIT`).
#[repr(C)]
pub struct Py_tss_t {
    is_initialized: c_int,
    key: libc::pthread_key_t,
}

/// A key that needs `PyThread_tss_create`, in new memory.
#[unsafe(no_mangle)]
pub extern "C" fn PyThread_tss_alloc() -> *mut Py_tss_t {
    detached_boundary(null_mut(), || {
        Box::into_raw(Box::new(Py_tss_t {
            is_initialized: 0,
            key: 0,
        }))
    })
}

/// Delete a key of `PyThread_tss_alloc` and free its memory.
///
/// # Safety
/// `key` is null or from `PyThread_tss_alloc`, and not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyThread_tss_free(key: *mut Py_tss_t) {
    if !key.is_null() {
        // SAFETY: by this function's contract.
        unsafe {
            PyThread_tss_delete(key);
            drop(Box::from_raw(key));
        }
    }
}

/// # Safety
/// `key` is null or a key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyThread_tss_is_created(key: *mut Py_tss_t) -> c_int {
    // SAFETY: by this function's contract; `as_ref` maps null to None.
    unsafe { key.as_ref() }.map_or(0, |key| (key.is_initialized != 0).into())
}

/// 0 after a success, also if the key exists already.
///
/// # Safety
/// `key` is null or a key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyThread_tss_create(key: *mut Py_tss_t) -> c_int {
    // SAFETY: by this function's contract; `as_mut` maps null to None.
    let Some(key) = (unsafe { key.as_mut() }) else {
        return -1;
    };
    if key.is_initialized != 0 {
        return 0;
    }
    // SAFETY: a place for the key; no destructor.
    if unsafe { libc::pthread_key_create(&mut key.key, None) } != 0 {
        return -1;
    }
    key.is_initialized = 1;
    0
}

/// # Safety
/// `key` is null or a key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyThread_tss_delete(key: *mut Py_tss_t) {
    // SAFETY: by this function's contract; `as_mut` maps null to None.
    if let Some(key) = unsafe { key.as_mut() }.filter(|key| key.is_initialized != 0) {
        // SAFETY: created and not deleted yet.
        unsafe { libc::pthread_key_delete(key.key) };
        key.is_initialized = 0;
    }
}

/// 0 after a success.
///
/// # Safety
/// `key` is null or a key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyThread_tss_set(key: *mut Py_tss_t, value: *mut c_void) -> c_int {
    // SAFETY: by this function's contract; `as_ref` maps null to None.
    let Some(key) = unsafe { key.as_ref() }.filter(|key| key.is_initialized != 0) else {
        return -1;
    };
    // SAFETY: created and not deleted yet.
    let status = unsafe { libc::pthread_setspecific(key.key, value) };
    if status == 0 { 0 } else { -1 }
}

/// NULL if this thread has set nothing.
///
/// # Safety
/// `key` is null or a key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyThread_tss_get(key: *mut Py_tss_t) -> *mut c_void {
    // SAFETY: by this function's contract; `as_ref` maps null to None.
    match unsafe { key.as_ref() } {
        // SAFETY: created and not deleted yet.
        Some(key) if key.is_initialized != 0 => unsafe { libc::pthread_getspecific(key.key) },
        _ => null_mut(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_has_its_own_value() {
        let key = PyThread_tss_alloc() as usize;
        let at = move || key as *mut Py_tss_t;
        // SAFETY: the key lives until the end of the test.
        unsafe {
            assert_eq!(PyThread_tss_is_created(at()), 0);
            assert_eq!(PyThread_tss_set(at(), null_mut()), -1);
            assert_eq!(PyThread_tss_create(at()), 0);
            assert_eq!(PyThread_tss_create(at()), 0);
            assert_eq!(PyThread_tss_is_created(at()), 1);
            assert_eq!(PyThread_tss_set(at(), 7 as *mut c_void), 0);
            assert_eq!(PyThread_tss_get(at()) as usize, 7);
        }
        // SAFETY: as above.
        let other = std::thread::spawn(move || unsafe { PyThread_tss_get(at()) as usize });
        assert_eq!(other.join().expect("the thread ends"), 0);
        // SAFETY: not used any more.
        unsafe { PyThread_tss_free(at()) };
    }

    #[test]
    fn a_deleted_key_is_made_anew_and_threads_have_numbers() {
        let mut key = Py_tss_t {
            is_initialized: 0,
            key: 0,
        };
        // SAFETY: a key of ours.
        unsafe {
            assert_eq!(PyThread_tss_create(&mut key), 0);
            PyThread_tss_delete(&mut key);
            assert_eq!(PyThread_tss_is_created(&mut key), 0);
            PyThread_tss_delete(&mut key);
            PyThread_tss_delete(null_mut());
        }
        let here = PyThread_get_thread_ident();
        assert_eq!(here, PyThread_get_thread_ident());
        let there = std::thread::spawn(|| PyThread_get_thread_ident());
        assert_ne!(there.join().expect("the thread ends"), here);
    }
}
