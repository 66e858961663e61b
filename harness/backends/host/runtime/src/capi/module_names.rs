//! `modsupport.h` and `moduleobject.h`: names and values of a module. Source of all contracts: C-API, "Module Objects".

use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;

use rustpython_vm::builtins::{PyModule, PyType};
use rustpython_vm::{Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::moduleobject::{PyModule_GetState, PyModule_GetToken};
use crate::convert::{Stolen, c_api};
use crate::objects::bad_argument;
use crate::texts::lasting;

/// Raises: `TypeError` -- no module; the pending exception if there is no value, as CPython does.
fn add(
    vm: &VirtualMachine,
    module: &PyObject,
    name: &str,
    value: Option<PyObjectRef>,
) -> PyResult<()> {
    let module = module.downcast_ref::<PyModule>().ok_or_else(|| {
        vm.new_type_error("PyModule_AddObjectRef() first argument must be a module")
    })?;
    let value = value.ok_or_else(|| {
        vm.take_raised_exception().unwrap_or_else(|| {
            vm.new_system_error(
                "PyModule_AddObjectRef() must be called with an exception raised if value is NULL",
            )
        })
    })?;
    module.dict().set_item(name, value, vm)
}

/// An attribute that must be a text, as a C string.
fn text_of(
    vm: &VirtualMachine,
    module: &PyObject,
    attribute: &'static str,
    missing: &str,
) -> PyResult<*const c_char> {
    let module = module
        .downcast_ref::<PyModule>()
        .ok_or_else(|| bad_argument(vm))?;
    let value = module.dict().get_item_opt(attribute, vm)?;
    let text = value.and_then(|value| value.downcast::<rustpython_vm::builtins::PyStr>().ok());
    let text = text.ok_or_else(|| vm.new_system_error(missing.to_owned()))?;
    lasting(vm, &text.to_string_lossy())
}

c_api! {
    /// The reference to `value` is taken, also after a failure.
    fn PyModule_Add(vm, module: &PyObject, name: &str, value: Stolen) -> () {
        add(vm, module, name, value.0)
    }

    fn PyModule_AddObjectRef(vm, module: &PyObject, name: &str, value: Option<&PyObject>) -> () {
        add(vm, module, name, value.map(ToOwned::to_owned))
    }

    fn PyModule_AddIntConstant(vm, module: &PyObject, name: &str, value: i64) -> () {
        add(vm, module, name, Some(vm.ctx.new_int(value).into()))
    }

    fn PyModule_AddStringConstant(vm, module: &PyObject, name: &str, value: &str) -> () {
        add(vm, module, name, Some(vm.ctx.new_str(value).into()))
    }

    /// Under the last part of the type's name.
    fn PyModule_AddType(vm, module: &PyObject, class: &Py<PyType>) -> () {
        let name = class.name().to_owned();
        let name = name.rsplit('.').next().unwrap_or_default().to_owned();
        add(vm, module, &name, Some(class.to_owned().into()))
    }

    fn PyModule_SetDocString(vm, module: &PyObject, text: &str) -> () {
        module.set_attr("__doc__", vm.ctx.new_str(text), vm)
    }

    fn PyModule_New(vm, name: &str) -> PyObjectRef {
        Ok(vm.new_module(name, vm.ctx.new_dict(), None).into())
    }

    fn PyModule_GetName(vm, module: &PyObject) -> *const c_char {
        text_of(vm, module, "__name__", "nameless module")
    }

    fn PyModule_GetFilename(vm, module: &PyObject) -> *const c_char {
        text_of(vm, module, "__file__", "module filename missing")
    }

    /// Always NULL: modules have slots, abi3t has no `PyModuleDef`.
    fn PyModule_GetDef(vm, module: &PyObject) -> *mut c_void {
        if module.downcastable::<PyModule>() {
            return Ok(null_mut());
        }
        Err(bad_argument(vm))
    }
}

/// As `PyModule_AddObjectRef`, but the reference to `value` is taken after a success.
///
/// # Safety
/// `module` and `value` are null or alive; `name` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_AddObject(
    module: *mut PyObject,
    name: *const c_char,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: by this function's contract.
    let status = unsafe { PyModule_AddObjectRef(module, name, value) };
    if status == 0 {
        // SAFETY: after a success the caller's reference is ours.
        drop(unsafe { crate::objects::owned_or_none(value) });
    }
    status
}

/// As `PyModule_GetState`; RustPython's collector leaves modules whole while it calls C.
///
/// # Safety
/// `module` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetState_DuringGC(module: *mut PyObject) -> *mut c_void {
    // SAFETY: by this function's contract.
    unsafe { PyModule_GetState(module) }
}

/// As `PyModule_GetToken`.
///
/// # Safety
/// `module` is null or alive; `token` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetToken_DuringGC(
    module: *mut PyObject,
    token: *mut *mut c_void,
) -> c_int {
    // SAFETY: by this function's contract.
    unsafe { PyModule_GetToken(module, token) }
}

#[cfg(test)]
mod tests {
    use core::ffi::CStr;

    use super::*;
    use crate::objects::{as_pointer, into_pointer};
    use crate::testing::{evaluate, pending_message, said, with_interpreter};

    #[test]
    fn names_and_values_of_a_module() {
        with_interpreter(|vm| {
            // SAFETY: living objects and C strings.
            unsafe {
                let module = PyModule_New(c"names".as_ptr());
                assert_eq!(CStr::from_ptr(PyModule_GetName(module)), c"names");
                assert!(PyModule_GetFilename(module).is_null());
                assert_eq!(pending_message(vm), "SystemError: module filename missing");
                assert!(PyModule_GetDef(module).is_null());
                assert!(PyModule_GetState_DuringGC(module).is_null());
                let mut token = null_mut();
                assert_eq!(PyModule_GetToken_DuringGC(module, &mut token), 0);
                assert_eq!(PyModule_AddIntConstant(module, c"one".as_ptr(), 1), 0);
                assert_eq!(
                    PyModule_AddStringConstant(module, c"two".as_ptr(), c"2".as_ptr()),
                    0
                );
                let three = into_pointer(evaluate(vm, "", "[3]"));
                assert_eq!(PyModule_AddObjectRef(module, c"three".as_ptr(), three), 0);
                assert_eq!(PyModule_AddObject(module, c"four".as_ptr(), three), 0);
                let five = into_pointer(vm.ctx.new_float(5.0));
                assert_eq!(PyModule_Add(module, c"five".as_ptr(), five), 0);
                let class = as_pointer(vm.ctx.types.dict_type);
                assert_eq!(PyModule_AddType(module, class), 0);
                assert_eq!(PyModule_SetDocString(module, c"words".as_ptr()), 0);
                assert_eq!(PyModule_Add(module, c"none".as_ptr(), null_mut()), -1);
                assert!(pending_message(vm).starts_with("SystemError: PyModule_AddObjectRef()"));
                let module = crate::objects::owned_or_none(module).expect("a module");
                let mut shown = Vec::new();
                for name in ["one", "two", "three", "four", "five", "dict", "__doc__"] {
                    let value = module.get_attr(&*vm.ctx.new_str(name), vm).expect(name);
                    shown.push(said(vm, into_pointer(value)));
                }
                assert_eq!(
                    shown,
                    ["1", "'2'", "[3]", "[3]", "5.0", "<class 'dict'>", "'words'"]
                );
            }
        });
    }
}
