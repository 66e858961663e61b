//! `moduleobject.h`: modules from slots (PEP 793), their state and token.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use rustpython_vm::builtins::PyModule;
use rustpython_vm::{AsObject, Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::ffi_boundary;
use crate::modules;
use crate::objects::{
    as_pointer, bad_argument, bad_internal_call, borrowed, borrowed_as, into_pointer, null_argument,
};
use crate::slots::PySlot;

/// # Safety
/// `module` is null or alive.
unsafe fn module_or<'a>(
    vm: &VirtualMachine,
    module: *mut PyObject,
    function: &str,
    otherwise: fn(&VirtualMachine) -> rustpython_vm::builtins::PyBaseExceptionRef,
) -> PyResult<&'a Py<PyModule>> {
    // SAFETY: by this function's contract.
    unsafe { borrowed_as::<PyModule>(vm, module, function, "module") }?.ok_or_else(|| otherwise(vm))
}

/// Create a module; `PyModule_Exec` executes it. Source: C-API, "Creating extension modules dynamically"; PEP 793.
///
/// # Safety
/// `slots` is null or an array that ends with id 0, whose entries point to what their ids ask for and live as long
/// as the module; `spec` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_FromSlotsAndSpec(
    slots: *const PySlot,
    spec: *mut PyObject,
) -> *mut PyObject {
    const NAME: &str = "PyModule_FromSlotsAndSpec";
    ffi_boundary(NAME, null_mut(), |vm| {
        if slots.is_null() {
            let words = "PyModule_FromSlotsAndSpec called with NULL slots";
            return Err(vm.new_system_error(words));
        }
        // SAFETY: by this function's contract.
        let spec = unsafe { borrowed(vm, spec, NAME, "spec") }?;
        // SAFETY: not null; the rest by this function's contract.
        unsafe { modules::from_slots_and_spec(vm, slots, spec) }.map(into_pointer)
    })
}

/// Run the exec function of a module made from slots. Source: C-API, "Module Objects"; PEP 793.
///
/// # Safety
/// `module` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_Exec(module: *mut PyObject) -> c_int {
    const NAME: &str = "PyModule_Exec";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: by this function's contract.
        let object = unsafe { borrowed(vm, module, NAME, "module") }?;
        if !object.downcastable::<PyModule>() {
            let words = format!("expected module, got {}", object.class().name());
            return Err(vm.new_type_error(words));
        }
        modules::exec(vm, object)?;
        Ok(0)
    })
}

/// The module's `__dict__`, borrowed. Source: C-API, "Module Objects".
///
/// # Safety
/// `module` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetDict(module: *mut PyObject) -> *mut PyObject {
    const NAME: &str = "PyModule_GetDict";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let module = unsafe { module_or(vm, module, NAME, bad_internal_call) }?;
        // The module keeps its dict alive, so the pointer outlives the reference that is dropped here.
        Ok(as_pointer(&module.dict()))
    })
}

/// The module's state, NULL without an exception if it has none yet. Source: C-API, "Module Objects".
///
/// # Safety
/// `module` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetState(module: *mut PyObject) -> *mut c_void {
    const NAME: &str = "PyModule_GetState";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let module = unsafe { module_or(vm, module, NAME, bad_argument) }?;
        Ok(modules::record_of(module.as_object()).map_or(null_mut(), |record| record.state()))
    })
}

/// Source: C-API, "Module Objects" (3.15).
///
/// # Safety
/// `module` is null or alive; `size` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetStateSize(module: *mut PyObject, size: *mut isize) -> c_int {
    const NAME: &str = "PyModule_GetStateSize";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: null or writable, by this function's contract.
        let size = unsafe { size.as_mut() }.ok_or_else(|| null_argument(vm, NAME, "size"))?;
        *size = -1;
        // SAFETY: by this function's contract.
        let module = unsafe { module_or(vm, module, NAME, bad_argument) }?;
        *size = modules::record_of(module.as_object())
            .map_or(0, |record| record.state_size.cast_signed());
        Ok(0)
    })
}

/// Source: C-API, "Module Objects" (3.15).
///
/// # Safety
/// `module` is null or alive; `token` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetToken(
    module: *mut PyObject,
    token: *mut *mut c_void,
) -> c_int {
    const NAME: &str = "PyModule_GetToken";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: null or writable, by this function's contract.
        let token = unsafe { token.as_mut() }.ok_or_else(|| null_argument(vm, NAME, "token"))?;
        *token = null_mut();
        // SAFETY: by this function's contract.
        let module = unsafe { module_or(vm, module, NAME, bad_argument) }?;
        *token = modules::record_of(module.as_object()).map_or(null_mut(), |record| record.token());
        Ok(0)
    })
}
