//! Trampolines of the slots `nb_*`.
//!
//! CPython has one function for `a + b` and `b.__radd__(a)`, called with the operands as they stand in the source. RustPython
//! has two and skips the second if both addresses are equal, so left and right are different functions here that
//! differ in whose class they ask.

use rustpython_vm::protocol::PyNumber;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use super::call::{function, object_from, pointer};
use super::functions::{Binary, Ternary, Unary};
use super::trampolines_object::inquiry;
use crate::slot_ids::Py_nb_bool;

pub fn unary<const D: usize, const ID: u16>(number: PyNumber<'_>, vm: &VirtualMachine) -> PyResult {
    // SAFETY: the installer gives only ids of slots that hold a unaryfunc.
    let function = unsafe { function::<D, ID, Unary>(number.obj, vm) }?;
    // SAFETY: the extension's own function and a living object; it returns a new reference or NULL.
    unsafe { object_from::<ID>(vm, || function(pointer(number.obj))) }
}

pub fn boolean<const D: usize>(number: PyNumber<'_>, vm: &VirtualMachine) -> PyResult<bool> {
    inquiry::<D, Py_nb_bool>(number.obj, vm)
}

/// `a OP b`, `a OP= b`: `a`'s class knows the function.
pub fn left<const D: usize, const ID: u16>(
    a: &PyObject,
    b: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    // SAFETY: the installer gives only ids of slots that hold a binaryfunc.
    let function = unsafe { function::<D, ID, Binary>(a, vm) }?;
    // SAFETY: the extension's own function and living objects; it returns a new reference or NULL.
    unsafe { object_from::<ID>(vm, || function(pointer(a), pointer(b))) }
}

/// `a OP b`: `b`'s class knows the function.
pub fn right<const D: usize, const ID: u16>(
    a: &PyObject,
    b: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    // SAFETY: the installer gives only ids of slots that hold a binaryfunc.
    let function = unsafe { function::<D, ID, Binary>(b, vm) }?;
    // SAFETY: the extension's own function and living objects; it returns a new reference or NULL.
    unsafe { object_from::<ID>(vm, || function(pointer(a), pointer(b))) }
}

/// `pow(a, b, c)`, `a **= b`: `a`'s class knows the function.
pub fn power_left<const D: usize, const ID: u16>(
    a: &PyObject,
    b: &PyObject,
    c: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    // RustPython asks the modulus' class with this slot too, if the others do not know.
    // SAFETY: the installer gives only ids of slots that hold a ternaryfunc.
    let function = unsafe {
        function::<D, ID, Ternary>(a, vm).or_else(|_| function::<D, ID, Ternary>(c, vm))
    }?;
    // SAFETY: the extension's own function and living objects; it returns a new reference or NULL.
    unsafe { object_from::<ID>(vm, || function(pointer(a), pointer(b), pointer(c))) }
}

/// `pow(a, b, c)`: `b`'s class knows the function.
pub fn power_right<const D: usize, const ID: u16>(
    a: &PyObject,
    b: &PyObject,
    c: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    // SAFETY: the installer gives only ids of slots that hold a ternaryfunc.
    let function = unsafe { function::<D, ID, Ternary>(b, vm) }?;
    // SAFETY: the extension's own function and living objects; it returns a new reference or NULL.
    unsafe { object_from::<ID>(vm, || function(pointer(a), pointer(b), pointer(c))) }
}
