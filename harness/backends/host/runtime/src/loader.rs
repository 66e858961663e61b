//! Opening the shared library of an extension module and finding its export hook.
//!
//! A library is never closed: types, functions and static objects of it may be referenced until the process ends.

use core::ffi::{CStr, c_int, c_void};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

use rustpython_vm::builtins::{PyBaseExceptionRef, PyBytesRef, PyStr, PyStrRef};
use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};

use crate::slots::PySlot;
use crate::watch;

/// `PyModExport_<name>` (PEP 793).
pub type ExportHook = unsafe extern "C" fn() -> *const PySlot;

/// Open the library at `path` and return the export hook of the module `name`.
///
/// Raises: `ImportError` with the dynamic linker's own words (they hold the name of a missing symbol), or if the
/// library has no export hook for `name`; `name` and `path` are set on it as CPython does.
pub fn find_export_hook(
    vm: &VirtualMachine,
    name: &PyStrRef,
    path: &PyStrRef,
) -> PyResult<ExportHook> {
    let suffix = hook_suffix(vm, name)?;
    let library = open(vm, path)?.map_err(|words| import_error(vm, words, name, path))?;
    let hook = format!("PyModExport{suffix}");
    if let Some(hook) = symbol(library, &hook) {
        // SAFETY: an exported symbol of this name is such a function; PEP 793 reserves the name.
        return Ok(unsafe { core::mem::transmute::<*mut c_void, ExportHook>(hook) });
    }
    let init = format!("PyInit{suffix}");
    let mut words =
        format!("dynamic module does not define module export function ({hook} or {init})");
    if symbol(library, &init).is_some() {
        words = format!(
            "dynamic module does not define module export function ({hook}); \
             it defines {init}, which the abi3t stable ABI does not have"
        );
    }
    Err(import_error(vm, words, name, path))
}

/// `_name`, or `U_` and the punycode of a name that is not ASCII.
///
/// Source: PEP 489, "Export Hook Name"; PEP 793 keeps the rule.
fn hook_suffix(vm: &VirtualMachine, name: &Py<PyStr>) -> PyResult<String> {
    let text = utf8(vm, name)?;
    if text.contains('\0') {
        // C takes the name for shorter than it is (CPython: `PyUnicode_AsUTF8NoNUL`).
        return Err(vm.new_value_error("embedded null character"));
    }
    let last = text.rsplit('.').next().unwrap_or(text);
    if last.is_ascii() {
        return Ok(format!("_{last}"));
    }
    let encoded = vm.call_method(
        vm.ctx.new_str(last).as_object(),
        "encode",
        (vm.ctx.new_str("punycode"),),
    )?;
    let encoded: PyBytesRef = encoded.try_into_value(vm)?;
    Ok(format!(
        "U_{}",
        String::from_utf8_lossy(encoded.as_bytes()).replace('-', "_")
    ))
}

/// The text of `string`; a lone surrogate raises `ValueError`, as no symbol can have such a name.
pub fn utf8<'a>(vm: &VirtualMachine, string: &'a Py<PyStr>) -> PyResult<&'a str> {
    string
        .to_str()
        .ok_or_else(|| vm.new_value_error("a module name must be encodable as UTF-8"))
}

/// `dlopen`: a handle, or the linker's words.
fn open(vm: &VirtualMachine, path: &Py<PyStr>) -> PyResult<Result<*mut c_void, String>> {
    let mut bytes = vm.fsencode(path)?.as_bytes().to_vec();
    if !bytes.contains(&b'/') {
        // Without a slash dlopen would search the system's directories.
        bytes.splice(0..0, *b"./");
    }
    let path = CString::new(bytes).map_err(|_| vm.new_value_error("embedded null byte"))?;
    const FLAGS: c_int = libc::RTLD_NOW | libc::RTLD_LOCAL;
    // Constructors of the library may take long or wait for other threads.
    let opened = vm.allow_threads(|| {
        // SAFETY: a NUL-terminated path; what the library's constructors do is the extension's business.
        let handle = unsafe { libc::dlopen(path.as_ptr(), FLAGS) };
        if handle.is_null() {
            Err(last_error())
        } else {
            watch::watch_what_was_loaded();
            // A handle is an address; it is turned back by the caller, as pointers are not `Send`.
            Ok(handle as usize)
        }
    });
    Ok(opened.map(|handle| handle as *mut c_void))
}

fn last_error() -> String {
    // SAFETY: dlerror returns null or a string of this thread, valid until its next dl* call.
    let words = unsafe { libc::dlerror() };
    if words.is_null() {
        return "unknown dlopen() error".to_owned();
    }
    // SAFETY: not null, see above.
    unsafe { CStr::from_ptr(words) }
        .to_string_lossy()
        .into_owned()
}

fn symbol(library: *mut c_void, name: &str) -> Option<*mut c_void> {
    let name = CString::new(name).ok()?;
    // SAFETY: an open handle and a NUL-terminated name.
    let address = unsafe { libc::dlsym(library, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

fn import_error(
    vm: &VirtualMachine,
    words: String,
    name: &PyStrRef,
    path: &PyStrRef,
) -> PyBaseExceptionRef {
    let error = vm.new_import_error(words, name.clone());
    match error.as_object().set_attr("path", path.clone(), vm) {
        Ok(()) => error,
        Err(other) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::with_interpreter;

    #[test]
    fn hook_names_follow_pep_489() {
        with_interpreter(|vm| {
            let suffix = |name: &str| hook_suffix(vm, &vm.ctx.new_str(name)).unwrap();
            assert_eq!(suffix("spam"), "_spam");
            assert_eq!(suffix("pkg.sub.spam"), "_spam");
            // The example of the PEP.
            assert_eq!(suffix("lančmít"), "U_lanmt_2sa6t");
            let refused = hook_suffix(vm, &vm.ctx.new_str("spam\0.eggs")).unwrap_err();
            assert!(refused.fast_isinstance(vm.ctx.exceptions.value_error));
        });
    }
}
