//! Trampolines of the slots `sq_*` and `mp_*`.

use core::ptr::null_mut;

use rustpython_vm::protocol::{PyMapping, PySequence};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::call::{function, object_from, pointer, size_from, status_from};
use super::functions::{
    Binary, Length, ObjectObject, ObjectObjectArgument, SizeArgument, SizeObjectArgument,
};
use crate::slot_ids::*;

fn length<const D: usize, const ID: u16>(
    object: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<usize> {
    // SAFETY: both slots hold a lenfunc.
    let function = unsafe { function::<D, ID, Length>(object, vm) }?;
    // SAFETY: the extension's own function and a living object.
    let length = size_from::<ID>(vm, || unsafe { function(pointer(object)) })?;
    usize::try_from(length).map_err(|_| vm.new_value_error("__len__() should return >= 0"))
}

pub fn sequence_length<const D: usize>(
    sequence: PySequence<'_>,
    vm: &VirtualMachine,
) -> PyResult<usize> {
    length::<D, Py_sq_length>(sequence.obj, vm)
}

pub fn mapping_length<const D: usize>(
    mapping: PyMapping<'_>,
    vm: &VirtualMachine,
) -> PyResult<usize> {
    length::<D, Py_mp_length>(mapping.obj, vm)
}

/// `sq_concat` and `sq_inplace_concat`.
pub fn concat<const D: usize, const ID: u16>(
    sequence: PySequence<'_>,
    other: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    // SAFETY: both slots hold a binaryfunc.
    let function = unsafe { function::<D, ID, Binary>(sequence.obj, vm) }?;
    // SAFETY: the extension's own function and living objects; it returns a new reference or NULL.
    unsafe { object_from::<ID>(vm, || function(pointer(sequence.obj), pointer(other))) }
}

/// `sq_repeat` and `sq_inplace_repeat`.
pub fn repeat<const D: usize, const ID: u16>(
    sequence: PySequence<'_>,
    count: isize,
    vm: &VirtualMachine,
) -> PyResult {
    // SAFETY: both slots hold a ssizeargfunc.
    let function = unsafe { function::<D, ID, SizeArgument>(sequence.obj, vm) }?;
    // SAFETY: the extension's own function and a living object; it returns a new reference or NULL.
    unsafe { object_from::<ID>(vm, || function(pointer(sequence.obj), count)) }
}

/// A negative index counts from the end, if the object has a length as a sequence.
///
/// RustPython leaves this to the slot, CPython does it before (`PySequence_GetItem`, `wrap_sq_item`).
fn from_start(sequence: PySequence<'_>, index: isize, vm: &VirtualMachine) -> PyResult<isize> {
    match sequence.obj.class().slots.as_sequence.length.load() {
        Some(length) if index < 0 => Ok(index.saturating_add_unsigned(length(sequence, vm)?)),
        _ => Ok(index),
    }
}

pub fn item<const D: usize>(
    sequence: PySequence<'_>,
    index: isize,
    vm: &VirtualMachine,
) -> PyResult {
    // SAFETY: the slot holds a ssizeargfunc.
    let function = unsafe { function::<D, Py_sq_item, SizeArgument>(sequence.obj, vm) }?;
    let index = from_start(sequence, index, vm)?;
    // SAFETY: the extension's own function and a living object; it returns a new reference or NULL.
    unsafe { object_from::<Py_sq_item>(vm, || function(pointer(sequence.obj), index)) }
}

pub fn ass_item<const D: usize>(
    sequence: PySequence<'_>,
    index: isize,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    // SAFETY: the slot holds a ssizeobjargproc.
    let function = unsafe { function::<D, Py_sq_ass_item, SizeObjectArgument>(sequence.obj, vm) }?;
    let index = from_start(sequence, index, vm)?;
    let value = value.as_deref().map_or(null_mut(), pointer);
    // SAFETY: the extension's own function and living objects; NULL deletes.
    status_from::<Py_sq_ass_item>(vm, || unsafe {
        function(pointer(sequence.obj), index, value)
    })
    .map(drop)
}

pub fn contains<const D: usize>(
    sequence: PySequence<'_>,
    member: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<bool> {
    // SAFETY: the slot holds an objobjproc.
    let function = unsafe { function::<D, Py_sq_contains, ObjectObject>(sequence.obj, vm) }?;
    // SAFETY: the extension's own function and living objects.
    let answer = status_from::<Py_sq_contains>(vm, || unsafe {
        function(pointer(sequence.obj), pointer(member))
    })?;
    Ok(answer != 0)
}

pub fn subscript<const D: usize>(
    mapping: PyMapping<'_>,
    key: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    // SAFETY: the slot holds a binaryfunc.
    let function = unsafe { function::<D, Py_mp_subscript, Binary>(mapping.obj, vm) }?;
    // SAFETY: the extension's own function and living objects; it returns a new reference or NULL.
    unsafe { object_from::<Py_mp_subscript>(vm, || function(pointer(mapping.obj), pointer(key))) }
}

pub fn ass_subscript<const D: usize>(
    mapping: PyMapping<'_>,
    key: &PyObject,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    // SAFETY: the slot holds an objobjargproc.
    let function =
        unsafe { function::<D, Py_mp_ass_subscript, ObjectObjectArgument>(mapping.obj, vm) }?;
    let value = value.as_deref().map_or(null_mut(), pointer);
    // SAFETY: the extension's own function and living objects; NULL deletes.
    status_from::<Py_mp_ass_subscript>(vm, || unsafe {
        function(pointer(mapping.obj), pointer(key), value)
    })
    .map(drop)
}
