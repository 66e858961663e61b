//! Trampolines of the slots `tp_*`: what every object may do.

use core::ptr::null_mut;

use rustpython_vm::builtins::{PyStr, PyTypeRef};
use rustpython_vm::common::hash::PyHash;
use rustpython_vm::function::{Either, FuncArgs, PyComparisonValue, PySetterValue};
use rustpython_vm::protocol::{BufferFlags, PyBuffer, PyIterReturn};
use rustpython_vm::types::PyComparisonOp;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::call::{
    function, object_from, optional_pointer, pointer, size_from, status_from, with_arguments,
};
use super::class::class_of;
use super::functions::{
    Binary, Destructor, Inquiry, Length, ObjectObjectArgument, RichCompare, Ternary, Unary,
};
use super::natives::tail;
use crate::boundary::{Returned, call_extension};
use crate::buffers::exported::protocol;
use crate::buffers::{GetBuffer, ReleaseBuffer};
use crate::objects::owned_or_none;
use crate::slot_ids::*;

/// `tp_repr` and `tp_str`.
fn text<const D: usize, const ID: u16>(
    zelf: &PyObject,
    name: &str,
    vm: &VirtualMachine,
) -> PyResult<PyRef<PyStr>> {
    // SAFETY: both slots hold a reprfunc.
    let function = unsafe { function::<D, ID, Unary>(zelf, vm) }?;
    // SAFETY: the extension's own function and a living object; it returns a new reference or NULL.
    let text = unsafe { object_from::<ID>(vm, || function(pointer(zelf))) }?;
    text.downcast::<PyStr>().map_err(|object| {
        let typ = object.class().slot_name().to_owned();
        vm.new_type_error(format!("{name} returned non-string (type {typ})"))
    })
}

pub fn repr<const D: usize>(zelf: &PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    text::<D, Py_tp_repr>(zelf, "__repr__", vm)
}

pub fn str<const D: usize>(zelf: &PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    text::<D, Py_tp_str>(zelf, "__str__", vm)
}

pub fn hash<const D: usize>(zelf: &PyObject, vm: &VirtualMachine) -> PyResult<PyHash> {
    // SAFETY: the slot holds a hashfunc.
    let function = unsafe { function::<D, Py_tp_hash, Length>(zelf, vm) }?;
    // SAFETY: the extension's own function and a living object.
    let hash = size_from::<Py_tp_hash>(vm, || unsafe { function(pointer(zelf)) })?;
    Ok(hash as PyHash)
}

pub fn call<const D: usize>(zelf: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    // SAFETY: the slot holds a ternaryfunc.
    let function = unsafe { function::<D, Py_tp_call, Ternary>(zelf, vm) }?;
    with_arguments(args, vm, |args, kwargs| {
        // SAFETY: the extension's own function and living objects; it returns a new reference or NULL.
        unsafe { object_from::<Py_tp_call>(vm, || function(pointer(zelf), args, kwargs)) }
    })
}

pub fn richcompare<const D: usize>(
    zelf: &PyObject,
    other: &PyObject,
    op: PyComparisonOp,
    vm: &VirtualMachine,
) -> PyResult<Either<PyObjectRef, PyComparisonValue>> {
    // SAFETY: the slot holds a richcmpfunc.
    let function = unsafe { function::<D, Py_tp_richcompare, RichCompare>(zelf, vm) }?;
    let op = match op {
        PyComparisonOp::Lt => 0,
        PyComparisonOp::Le => 1,
        PyComparisonOp::Eq => 2,
        PyComparisonOp::Ne => 3,
        PyComparisonOp::Gt => 4,
        PyComparisonOp::Ge => 5,
    };
    // SAFETY: the extension's own function and living objects; it returns a new reference or NULL.
    let result = unsafe {
        object_from::<Py_tp_richcompare>(vm, || function(pointer(zelf), pointer(other), op))
    }?;
    Ok(Either::A(result))
}

pub fn iter<const D: usize>(zelf: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    // SAFETY: the slot holds a getiterfunc.
    let function = unsafe { function::<D, Py_tp_iter, Unary>(&zelf, vm) }?;
    // SAFETY: the extension's own function and a living object; it returns a new reference or NULL.
    unsafe { object_from::<Py_tp_iter>(vm, || function(pointer(&zelf))) }
}

/// NULL without an exception ends the iteration as `StopIteration` does.
pub fn iternext<const D: usize>(zelf: &PyObject, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
    // SAFETY: the slot holds an iternextfunc.
    let function = unsafe { function::<D, Py_tp_iternext, Unary>(zelf, vm) }?;
    let returned = call_extension(vm, || {
        // SAFETY: the extension's own function and a living object; it returns a new reference or NULL.
        unsafe { owned_or_none(function(pointer(zelf))) }
    });
    match (returned.value, returned.raised) {
        (Some(value), None) => Ok(PyIterReturn::Return(value)),
        (None, None) => Ok(PyIterReturn::StopIteration(None)),
        (None, Some(raised)) => PyIterReturn::from_pyresult(Err(raised), vm),
        (value, raised) => Returned { value, raised }
            .check(vm, Option::is_some, |_| {
                "Py_tp_iternext returned a result with an exception set".to_owned()
            })
            .map(|_| PyIterReturn::StopIteration(None)),
    }
}

pub fn getattro<const D: usize>(
    zelf: &PyObject,
    name: &Py<PyStr>,
    vm: &VirtualMachine,
) -> PyResult {
    // SAFETY: the slot holds a getattrofunc.
    let function = unsafe { function::<D, Py_tp_getattro, Binary>(zelf, vm) }?;
    // SAFETY: the extension's own function and living objects; it returns a new reference or NULL.
    unsafe {
        object_from::<Py_tp_getattro>(vm, || function(pointer(zelf), pointer(name.as_object())))
    }
}

pub fn setattro<const D: usize>(
    zelf: &PyObject,
    name: &Py<PyStr>,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    // SAFETY: the slot holds a setattrofunc.
    let function = unsafe { function::<D, Py_tp_setattro, ObjectObjectArgument>(zelf, vm) }?;
    let value = assigned(&value);
    // SAFETY: the extension's own function and living objects; NULL deletes.
    status_from::<Py_tp_setattro>(vm, || unsafe {
        function(pointer(zelf), pointer(name.as_object()), value)
    })
    .map(drop)
}

/// The value to assign, or NULL to delete.
fn assigned(value: &PySetterValue) -> *mut PyObject {
    match value {
        PySetterValue::Assign(value) => pointer(value),
        PySetterValue::Delete => null_mut(),
    }
}

pub fn descr_get<const D: usize>(
    zelf: &PyObject,
    object: Option<&PyObject>,
    typ: Option<&PyObject>,
    vm: &VirtualMachine,
) -> PyResult {
    // SAFETY: the slot holds a descrgetfunc.
    let function = unsafe { function::<D, Py_tp_descr_get, Ternary>(zelf, vm) }?;
    let (object, typ) = (optional_pointer(object), optional_pointer(typ));
    // SAFETY: the extension's own function and living objects; it returns a new reference or NULL.
    unsafe { object_from::<Py_tp_descr_get>(vm, || function(pointer(zelf), object, typ)) }
}

pub fn descr_set<const D: usize>(
    zelf: &PyObject,
    object: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    // SAFETY: the slot holds a descrsetfunc.
    let function = unsafe { function::<D, Py_tp_descr_set, ObjectObjectArgument>(zelf, vm) }?;
    let value = assigned(&value);
    // SAFETY: the extension's own function and living objects; NULL deletes.
    status_from::<Py_tp_descr_set>(vm, || unsafe {
        function(pointer(zelf), pointer(&object), value)
    })
    .map(drop)
}

pub fn init<const D: usize>(zelf: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    // SAFETY: the slot holds an initproc.
    let function = unsafe { function::<D, Py_tp_init, ObjectObjectArgument>(zelf, vm) }?;
    with_arguments(args, vm, |args, kwargs| {
        // SAFETY: the extension's own function and living objects.
        status_from::<Py_tp_init>(vm, || unsafe { function(pointer(zelf), args, kwargs) })
    })
    .map(drop)
}

/// `tp_new` of the class at depth `D` below or at `typ`.
pub fn new<const D: usize>(typ: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let function = class_of(&typ)
        .and_then(|class| class.chain.get(D))
        // SAFETY: the slot holds a newfunc.
        .and_then(|class| unsafe { class.own.get::<Ternary>(Py_tp_new) })
        .ok_or_else(|| vm.new_system_error(format!("'{}' has no Py_tp_new", typ.slot_name())))?;
    with_arguments(args, vm, |args, kwargs| {
        // SAFETY: the extension's own function and living objects; it returns a new reference or NULL.
        unsafe { object_from::<Py_tp_new>(vm, || function(pointer(typ.as_object()), args, kwargs)) }
    })
}

/// `tp_finalize`, which RustPython runs at the same time as `__del__`.
pub fn finalize<const D: usize>(zelf: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    // SAFETY: the slot holds a destructor.
    let function = unsafe { function::<D, Py_tp_finalize, Destructor>(zelf, vm) }?;
    // SAFETY: the extension's own function and a living object.
    call_extension(vm, || unsafe { function(pointer(zelf)) }).check(
        vm,
        |()| true,
        |_| "Py_tp_finalize set an exception".to_owned(),
    )
}

/// A slot that answers yes or no.
pub fn inquiry<const D: usize, const ID: u16>(
    zelf: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<bool> {
    // SAFETY: the caller gives only ids of slots that hold an inquiry.
    let function = unsafe { function::<D, ID, Inquiry>(zelf, vm) }?;
    // SAFETY: the extension's own function and a living object.
    let answer = status_from::<ID>(vm, || unsafe { function(pointer(zelf)) })?;
    Ok(answer != 0)
}

/// `bf_getbuffer`, with `bf_releasebuffer` for what it filled.
pub fn buffer<const D: usize>(
    zelf: &PyObject,
    flags: BufferFlags,
    vm: &VirtualMachine,
) -> PyResult<PyBuffer> {
    // SAFETY: the slot holds a getbufferproc.
    let get = unsafe { function::<D, Py_bf_getbuffer, GetBuffer>(zelf, vm) }?;
    // SAFETY: the slot holds a releasebufferproc. The class may inherit it.
    let release = tail(zelf)
        .and_then(|tail| tail.class.chain.get(D))
        .and_then(|class| unsafe { class.merged.get::<ReleaseBuffer>(Py_bf_releasebuffer) });
    protocol(vm, zelf, flags, get, release)
}
