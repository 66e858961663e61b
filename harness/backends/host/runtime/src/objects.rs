//! Between C pointers and the interpreter's own references.
//!
//! Words: *borrowed* means that somebody else keeps the object alive during the call; *owned* means that one
//! reference changes hands, as in CPython's "new reference" and "stolen reference".

use core::ffi::{CStr, c_char};
use core::ptr::NonNull;

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

/// `SystemError` for a NULL that the C-API does not allow. CPython crashes there; a crash costs a worker.
pub fn null_argument(vm: &VirtualMachine, function: &str, argument: &str) -> PyBaseExceptionRef {
    vm.new_system_error(format!("{function}: argument '{argument}' is NULL"))
}

/// What `PyErr_BadInternalCall` raises.
pub fn bad_internal_call(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_system_error("bad argument to internal function")
}

/// What `PyErr_BadArgument` raises.
pub fn bad_argument(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_type_error("bad argument type for built-in operation")
}

/// The object behind `pointer`; NULL raises `SystemError`.
///
/// # Safety
/// `pointer` is null or points to an object that stays alive for `'a`.
pub unsafe fn borrowed<'a>(
    vm: &VirtualMachine,
    pointer: *mut PyObject,
    function: &str,
    argument: &str,
) -> PyResult<&'a PyObject> {
    // SAFETY: null or alive, by this function's contract; `as_ref` maps null to None.
    unsafe { pointer.as_ref() }.ok_or_else(|| null_argument(vm, function, argument))
}

/// As [`borrowed`], for an object of type `T` or a subtype; any other object is `None`.
///
/// # Safety
/// As for [`borrowed`].
pub unsafe fn borrowed_as<'a, T: PyPayload>(
    vm: &VirtualMachine,
    pointer: *mut PyObject,
    function: &str,
    argument: &str,
) -> PyResult<Option<&'a Py<T>>> {
    // SAFETY: by this function's contract.
    Ok(unsafe { borrowed(vm, pointer, function, argument) }?.downcast_ref::<T>())
}

/// Take over the reference behind `pointer`; NULL is `None`.
///
/// # Safety
/// `pointer` is null or one of its references is given to us.
pub unsafe fn owned_or_none(pointer: *mut PyObject) -> Option<PyObjectRef> {
    // SAFETY: a non-null pointer comes with a reference, by this function's contract.
    NonNull::new(pointer).map(|pointer| unsafe { PyObjectRef::from_raw(pointer) })
}

/// Give one reference to C.
pub fn into_pointer(object: impl Into<PyObjectRef>) -> *mut PyObject {
    object.into().into_raw().as_ptr()
}

/// Lend an object to C for as long as the caller keeps it.
pub fn as_pointer(object: &impl AsObject) -> *mut PyObject {
    object.as_object().as_raw().cast_mut()
}

/// The text behind `pointer`; NULL and anything but UTF-8 raise `SystemError`.
///
/// # Safety
/// `pointer` is null or a NUL-terminated string that stays unchanged for `'a`.
pub unsafe fn borrowed_str<'a>(
    vm: &VirtualMachine,
    pointer: *const c_char,
    function: &str,
    argument: &str,
) -> PyResult<&'a str> {
    if pointer.is_null() {
        return Err(null_argument(vm, function, argument));
    }
    // SAFETY: not null, and NUL-terminated by this function's contract.
    unsafe { CStr::from_ptr(pointer) }
        .to_str()
        .map_err(|_| vm.new_system_error(format!("{function}: argument '{argument}' is not UTF-8")))
}

#[cfg(test)]
mod tests {
    use core::ptr::null_mut;

    use super::*;
    use crate::testing::{pending_message, with_interpreter};

    #[test]
    fn null_raises_and_names_function_and_argument() {
        with_interpreter(|vm| {
            // SAFETY: null.
            let error = unsafe { borrowed(vm, null_mut(), "PyTest_Get", "object") }
                .expect_err("NULL is not allowed");
            vm.set_exception(Some(error));
            assert_eq!(
                pending_message(vm),
                "SystemError: PyTest_Get: argument 'object' is NULL"
            );
        });
    }

    #[test]
    fn an_object_survives_the_way_to_c_and_back() {
        with_interpreter(|vm| {
            let pointer = into_pointer(vm.ctx.new_str("text"));
            // SAFETY: `into_pointer` gave us the reference that is taken back here.
            let object = unsafe { owned_or_none(pointer) }.expect("not null");
            assert_eq!(as_pointer(&object), pointer);
        });
    }
}
