//! The units of `PyArg_Parse*` for numbers and single characters.
//!
//! Source: C-API, "Parsing arguments and building values"; the words are CPython's.

use core::ffi::{c_int, c_void};

use rustpython_capi::complexobject::{PyComplex_ImagAsDouble, PyComplex_RealAsDouble};
use rustpython_vm::builtins::{PyByteArray, PyBytes, PyStr};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::parse::{Converted, expected};
use crate::objects::as_pointer;
use crate::variadic::Rest;

/// An integer within these bounds.
fn bounded(
    vm: &VirtualMachine,
    argument: &PyObject,
    least: i64,
    most: i64,
    name: &str,
) -> PyResult<i64> {
    let index = argument.try_index(vm)?;
    let value = i64::try_from(index.as_bigint());
    let negative = index.as_bigint().to_string().starts_with('-');
    let value = value.unwrap_or(if negative { i64::MIN } else { i64::MAX });
    if value < least {
        return Err(vm.new_overflow_error(format!("{name} is less than minimum")));
    }
    if value > most {
        return Err(vm.new_overflow_error(format!("{name} is greater than maximum")));
    }
    Ok(value)
}

/// An integer that must fit.
fn exact(vm: &VirtualMachine, argument: &PyObject, words: &str) -> PyResult<i64> {
    let index = argument.try_index(vm)?;
    i64::try_from(index.as_bigint()).map_err(|_| vm.new_overflow_error(words.to_owned()))
}

/// The low 64 bits of an integer, whatever its size.
fn masked(vm: &VirtualMachine, argument: &PyObject) -> PyResult<u64> {
    let index: PyObjectRef = argument.try_index(vm)?.into();
    let mask: PyObjectRef = vm.ctx.new_int(u64::MAX).into();
    vm._and(&index, &mask)?.try_into_value(vm)
}

/// # Safety
/// `rest` holds a pointer to a variable of the type that the letter stands for.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the units without a check cut off, by their contract"
)]
pub(super) unsafe fn number(
    vm: &VirtualMachine,
    code: u8,
    argument: Option<&PyObject>,
    rest: &mut Rest,
) -> Converted {
    const TOO_LARGE: &str = "Python int too large to convert to C long";
    // SAFETY: by this function's contract, the variable has the type that the letter stands for.
    unsafe {
        let target = rest.pointer::<c_void>();
        let Some(argument) = argument else {
            return Ok(());
        };
        match code {
            b'b' => {
                let value = bounded(vm, argument, 0, 255, "unsigned byte integer")?;
                target.cast::<u8>().write(value as u8);
            }
            b'h' => {
                let value = bounded(
                    vm,
                    argument,
                    i16::MIN.into(),
                    i16::MAX.into(),
                    "signed short integer",
                )?;
                target.cast::<i16>().write(value as i16);
            }
            b'i' => {
                let value = bounded(
                    vm,
                    argument,
                    i32::MIN.into(),
                    i32::MAX.into(),
                    "signed integer",
                )?;
                target.cast::<i32>().write(value as i32);
            }
            b'l' => target.cast::<i64>().write(exact(vm, argument, TOO_LARGE)?),
            b'L' => target
                .cast::<i64>()
                .write(exact(vm, argument, "int too big to convert")?),
            b'n' => target.cast::<i64>().write(exact(
                vm,
                argument,
                "Python int too large to convert to C ssize_t",
            )?),
            b'B' => target.cast::<u8>().write(masked(vm, argument)? as u8),
            b'H' => target.cast::<u16>().write(masked(vm, argument)? as u16),
            b'I' => target.cast::<u32>().write(masked(vm, argument)? as u32),
            b'k' | b'K' => target.cast::<u64>().write(masked(vm, argument)?),
            b'p' => target
                .cast::<c_int>()
                .write(argument.to_owned().try_to_bool(vm)?.into()),
            b'f' => target
                .cast::<f32>()
                .write(argument.try_float(vm)?.to_f64() as f32),
            b'd' => target.cast::<f64>().write(argument.try_float(vm)?.to_f64()),
            b'D' => {
                let pointer = as_pointer(&argument);
                let parts = [
                    PyComplex_RealAsDouble(pointer),
                    PyComplex_ImagAsDouble(pointer),
                ];
                if let Some(raised) = vm.take_raised_exception() {
                    return Err(raised.into());
                }
                target.cast::<[f64; 2]>().write(parts);
            }
            b'c' => {
                let bytes = argument
                    .downcast_ref::<PyBytes>()
                    .map(|bytes| bytes.as_bytes().to_vec());
                let bytes = bytes.or_else(|| {
                    argument
                        .downcast_ref::<PyByteArray>()
                        .map(|array| array.borrow_buf().to_vec())
                });
                match bytes.as_deref() {
                    Some([byte]) => target.cast::<u8>().write(*byte),
                    _ => return Err(expected("a byte string of length 1")),
                }
            }
            _ => {
                let points = argument
                    .downcast_ref::<PyStr>()
                    .map(|text| text.as_wtf8().code_points());
                let points: Vec<_> = points.into_iter().flatten().take(2).collect();
                match points.as_slice() {
                    [point] => target.cast::<c_int>().write(point.to_u32().cast_signed()),
                    _ => return Err(expected("a unicode character")),
                }
            }
        }
    }
    Ok(())
}
