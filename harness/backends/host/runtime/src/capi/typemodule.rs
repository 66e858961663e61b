//! `object.h`, the part about the modules and tokens of types.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

use super::typeobject::type_argument;
use crate::boundary::ffi_boundary;
use crate::modules::record_of;
use crate::objects::{as_pointer, into_pointer};
use crate::types::class::{Class, exact_class};

/// # Safety
/// `typ` is null or alive.
unsafe fn module_of<'a>(
    vm: &VirtualMachine,
    typ: *mut PyObject,
    function: &str,
) -> PyResult<&'a PyObject> {
    // SAFETY: by this function's contract.
    let typ = unsafe { type_argument(vm, typ, function) }?;
    exact_class(typ)
        .and_then(|class| class.module.as_deref())
        .ok_or_else(|| {
            let words = format!(
                "{function}: Type '{}' has no associated module",
                typ.slot_name()
            );
            vm.new_type_error(words)
        })
}

/// The module of a type, borrowed. Source: C-API, "Type Objects".
///
/// # Safety
/// `typ` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModule(typ: *mut PyObject) -> *mut PyObject {
    const NAME: &str = "PyType_GetModule";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        unsafe { module_of(vm, typ, NAME) }.map(|module| module.as_raw().cast_mut())
    })
}

/// Source: C-API, "Type Objects".
///
/// # Safety
/// `typ` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModuleState(typ: *mut PyObject) -> *mut c_void {
    const NAME: &str = "PyType_GetModuleState";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let module = unsafe { module_of(vm, typ, NAME) }?;
        Ok(record_of(module).map_or(null_mut(), |record| record.state()))
    })
}

/// The first type in the method resolution order that `is_meant`.
fn in_mro(typ: &Py<PyType>, is_meant: impl Fn(&Class) -> bool) -> Option<PyTypeRef> {
    let mro = typ.mro_collect();
    mro.into_iter()
        .find(|base| exact_class(base).is_some_and(&is_meant))
}

/// A new reference to the module, of a type or its bases, with this token. Source: C-API, "Type Objects" (3.15).
///
/// # Safety
/// `typ` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModuleByToken(
    typ: *mut PyObject,
    token: *const c_void,
) -> *mut PyObject {
    const NAME: &str = "PyType_GetModuleByToken";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let typ = unsafe { type_argument(vm, typ, NAME) }?;
        // SAFETY: by this function's contract.
        unsafe { module_by_token(typ, token) }
            .map(|module| into_pointer(module.to_owned()))
            .ok_or_else(|| {
                let words = format!(
                    "{NAME}: No superclass of '{}' has the given module",
                    typ.slot_name()
                );
                vm.new_type_error(words)
            })
    })
}

/// # Safety
/// None; the token is only compared.
unsafe fn module_by_token(typ: &Py<PyType>, token: *const c_void) -> Option<&'static PyObject> {
    let has_token = |module: &PyObject| {
        record_of(module).is_some_and(|record| core::ptr::eq(record.token(), token))
    };
    let found = in_mro(typ, |class| class.module.as_deref().is_some_and(has_token))?;
    exact_class(&found)?.module.as_deref()
}

/// As [`PyType_GetModuleByToken`], borrowed and without an exception. Source: C-API, "Type Objects" (3.15).
///
/// # Safety
/// `typ` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModuleByToken_DuringGC(
    typ: *mut PyObject,
    token: *const c_void,
) -> *mut PyObject {
    ffi_boundary("PyType_GetModuleByToken_DuringGC", null_mut(), |_vm| {
        // SAFETY: null or alive, by this function's contract.
        let typ = unsafe { typ.as_ref() }.and_then(|typ| typ.downcast_ref::<PyType>());
        // SAFETY: the token is only compared.
        let module = typ.and_then(|typ| unsafe { module_by_token(typ, token) });
        Ok(module.map_or(null_mut(), |module| module.as_raw().cast_mut()))
    })
}

/// As [`PyType_GetModule`], without an exception. Source: C-API, "Type Objects" (3.15).
///
/// # Safety
/// `typ` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModule_DuringGC(typ: *mut PyObject) -> *mut PyObject {
    ffi_boundary("PyType_GetModule_DuringGC", null_mut(), |_vm| {
        // SAFETY: null or alive, by this function's contract.
        let typ = unsafe { typ.as_ref() }.and_then(|typ| typ.downcast_ref::<PyType>());
        let module = typ
            .and_then(exact_class)
            .and_then(|class| class.module.as_deref());
        Ok(module.map_or(null_mut(), |module| module.as_raw().cast_mut()))
    })
}

/// As [`PyType_GetModuleState`], without an exception. Source: C-API, "Type Objects" (3.15).
///
/// # Safety
/// `typ` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModuleState_DuringGC(typ: *mut PyObject) -> *mut c_void {
    // SAFETY: by this function's contract.
    let module = unsafe { PyType_GetModule_DuringGC(typ) };
    ffi_boundary("PyType_GetModuleState_DuringGC", null_mut(), |_vm| {
        // SAFETY: null or a module that the type keeps alive.
        let record = unsafe { module.as_ref() }.and_then(record_of);
        Ok(record.map_or(null_mut(), |record| record.state()))
    })
}

/// Find the type with this token among `typ` and its bases: 1 if there is one, else 0. Source: C-API, "Type Objects".
///
/// # Safety
/// `typ` is null or alive; `result` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetBaseByToken(
    typ: *mut PyObject,
    token: *mut c_void,
    result: *mut *mut PyObject,
) -> c_int {
    const NAME: &str = "PyType_GetBaseByToken";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: null or writable, by this function's contract.
        let mut result = unsafe { result.as_mut() };
        if let Some(result) = &mut result {
            **result = null_mut();
        }
        if token.is_null() {
            let words = "PyType_GetBaseByToken called with token=NULL";
            return Err(vm.new_system_error(words));
        }
        // SAFETY: by this function's contract.
        let typ = unsafe { type_argument(vm, typ, NAME) }?;
        let found = in_mro(typ, |class| class.token() == token);
        let answer = found.is_some().into();
        if let (Some(result), Some(found)) = (result, found) {
            *result = into_pointer(found);
        }
        Ok(answer)
    })
}

/// As [`PyType_GetBaseByToken`], with a borrowed result. Source: C-API, "Type Objects" (3.15).
///
/// # Safety
/// As for [`PyType_GetBaseByToken`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetBaseByToken_DuringGC(
    typ: *mut PyObject,
    token: *mut c_void,
    result: *mut *mut PyObject,
) -> c_int {
    ffi_boundary("PyType_GetBaseByToken_DuringGC", 0, |_vm| {
        // SAFETY: null or alive, by this function's contract.
        let typ = unsafe { typ.as_ref() }.and_then(|typ| typ.downcast_ref::<PyType>());
        let found = typ.and_then(|typ| in_mro(typ, |class| class.token() == token));
        // SAFETY: null or writable, by this function's contract.
        if let Some(result) = unsafe { result.as_mut() } {
            *result = found.as_ref().map_or(null_mut(), as_pointer);
        }
        Ok(found.is_some().into())
    })
}
