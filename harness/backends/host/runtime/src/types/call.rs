//! Calling the function that a class has for a slot.
//!
//! RustPython's slots are plain functions without state, so a trampoline finds the C function from the object. It is
//! told the depth of the class that it stands for (`D`, see [`Class::depth`](super::class::Class)): with one trampoline
//! per slot `Base.__repr__(derived)` and `super()` would run the derived class's function.

use core::ffi::c_int;

use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::class::rare_function;
use super::natives::tail;
use crate::boundary::{Breach, call_extension};
use crate::slots::slot_name;

/// The function of type `F` that the class at depth `D` of `object`'s chain defines for the slot `ID`.
///
/// Raises: `SystemError` -- there is none, which only a trampoline called with a foreign object can meet.
///
/// # Safety
/// `F` is the type of function that the slot holds.
#[inline]
pub unsafe fn function<const D: usize, const ID: u16, F: Copy>(
    object: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<F> {
    let found = tail(object)
        .filter(|tail| !tail.has_other_bases)
        .and_then(|tail| tail.class.chain.get(D))
        // SAFETY: by this function's contract.
        .and_then(|class| unsafe { class.own.get::<F>(ID) });
    match found {
        Some(function) => Ok(function),
        // SAFETY: by this function's contract.
        None => unsafe { rare_function::<F>(object, D, ID) }.ok_or_else(|| {
            let typ = object.class();
            vm.new_system_error(format!("'{}' has no {}", typ.slot_name(), slot_name(ID)))
        }),
    }
}

pub fn pointer(object: &PyObject) -> *mut PyObject {
    object.as_raw().cast_mut()
}

pub fn optional_pointer(object: Option<&PyObject>) -> *mut PyObject {
    object.map_or(core::ptr::null_mut(), pointer)
}

/// Run `call`, which returns a new reference or NULL.
///
/// # Safety
/// That is what `call` returns.
#[inline]
pub unsafe fn object_from<const ID: u16>(
    vm: &VirtualMachine,
    call: impl FnOnce() -> *mut PyObject,
) -> PyResult {
    let returned = call_extension(vm, call);
    // SAFETY: by this function's contract.
    unsafe { returned.into_object(vm, slot_name(ID)) }
}

/// Run `call`, which returns a negative number after an error.
#[inline]
pub fn status_from<const ID: u16>(
    vm: &VirtualMachine,
    call: impl FnOnce() -> c_int,
) -> PyResult<c_int> {
    call_extension(vm, call).into_status(vm, slot_name(ID))
}

/// Run `call`, which returns -1 after an error.
#[inline]
pub fn size_from<const ID: u16>(
    vm: &VirtualMachine,
    call: impl FnOnce() -> isize,
) -> PyResult<isize> {
    call_extension(vm, call).check(
        vm,
        |size| *size != -1,
        |breach| match breach {
            Breach::FailedSilently => {
                format!("{} returned -1 without setting an exception", slot_name(ID))
            }
            Breach::RaisedUnreported => {
                format!("{} returned a result with an exception set", slot_name(ID))
            }
        },
    )
}

/// The dict of keyword arguments, or `None` if there are none, as CPython passes it to `tp_new` and `tp_call`.
pub fn keywords(kwargs: KwArgs, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
    if kwargs.is_empty() {
        return Ok(None);
    }
    let dict = vm.ctx.new_dict();
    for (name, value) in kwargs {
        dict.set_item(&*name, value, vm)?;
    }
    Ok(Some(dict.into()))
}

/// Call `call(tuple, dict or NULL)` with the arguments as C functions get them.
pub fn with_arguments<R>(
    args: FuncArgs,
    vm: &VirtualMachine,
    call: impl FnOnce(*mut PyObject, *mut PyObject) -> PyResult<R>,
) -> PyResult<R> {
    let tuple = vm.ctx.new_tuple(args.args);
    let dict = keywords(args.kwargs, vm)?;
    call(
        pointer(tuple.as_object()),
        optional_pointer(dict.as_deref()),
    )
}
