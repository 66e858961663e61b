//! C strings that outlive the call: CPython keeps them in the object, RustPython's texts have no NUL at the end.

use core::ffi::c_char;
use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{LazyLock, Mutex, PoisonError};

use rustpython_vm::{PyResult, VirtualMachine};

/// A C string with that text. It is never freed, and there is one for each text: memory grows with the number of
/// different texts (names, mostly), not with the number of calls.
///
/// Raises: `ValueError` -- the text holds a NUL.
pub fn lasting(vm: &VirtualMachine, text: &str) -> PyResult<*const c_char> {
    lasting_bytes(text.as_bytes()).ok_or_else(|| vm.new_value_error("embedded null character"))
}

/// As [`lasting`]; None if there is a NUL within.
pub fn lasting_bytes(bytes: &[u8]) -> Option<*const c_char> {
    static TEXTS: LazyLock<Mutex<HashMap<Vec<u8>, CString>>> = LazyLock::new(Mutex::default);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.get(bytes) {
        return Some(known.as_ptr());
    }
    let made = CString::new(bytes).ok()?;
    // A CString's bytes stay where they are when the map moves the CString.
    let pointer = made.as_ptr();
    texts.insert(bytes.to_vec(), made);
    Some(pointer)
}
