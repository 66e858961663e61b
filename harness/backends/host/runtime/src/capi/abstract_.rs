//! `abstract.h`: calls with variable arguments.

use core::ptr::null_mut;

use rustpython_vm::PyObject;
use rustpython_vm::builtins::PyStr;

use crate::boundary::ffi_boundary;
use crate::objects::{borrowed, into_pointer};
use crate::variadic::{Arguments, Rest, variadic};

variadic! {
    /// Call with objects up to a NULL. Source: C-API, "Call Protocol".
    PyObject_CallFunctionObjArgs = backend_matrix_variadic_PyObject_CallFunctionObjArgs;
    /// Call the method of that name with objects up to a NULL. Source: C-API, "Call Protocol".
    PyObject_CallMethodObjArgs = backend_matrix_variadic_PyObject_CallMethodObjArgs;
}

/// # Safety
/// `callable` is null or alive; `rest` holds living objects and a NULL.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyObject_CallFunctionObjArgs(
    callable: *mut PyObject,
    rest: *mut Arguments,
) -> *mut PyObject {
    const NAME: &str = "PyObject_CallFunctionObjArgs";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let callable = unsafe { borrowed(vm, callable, NAME, "callable") }?;
        // SAFETY: by this function's contract.
        let arguments = unsafe { Rest::new(rest).objects_until_null() };
        callable.call(arguments, vm).map(into_pointer)
    })
}

/// # Safety
/// `object` and `name` are null or alive; `rest` holds living objects and a NULL.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyObject_CallMethodObjArgs(
    object: *mut PyObject,
    name: *mut PyObject,
    rest: *mut Arguments,
) -> *mut PyObject {
    const NAME: &str = "PyObject_CallMethodObjArgs";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let object = unsafe { borrowed(vm, object, NAME, "obj") }?;
        // SAFETY: by this function's contract.
        let name = unsafe { borrowed(vm, name, NAME, "name") }?;
        // SAFETY: by this function's contract.
        let arguments = unsafe { Rest::new(rest).objects_until_null() };
        let name = name.try_downcast_ref::<PyStr>(vm)?;
        let method = object.get_attr(name, vm)?;
        method.call(arguments, vm).map(into_pointer)
    })
}
