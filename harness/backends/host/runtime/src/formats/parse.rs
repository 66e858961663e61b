//! `PyArg_Parse*`: C values from objects. Source: C-API, "Parsing arguments and building values"; CPython's words.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::null_mut;

use rustpython_capi::pymem::PyMem_Malloc;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyByteArray, PyBytes, PyStr};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::numbers::number;
use super::units::{Format, Unit};
use crate::boundary::call_extension;
use crate::buffers::{Py_buffer, exported, flags, held};
use crate::objects::as_pointer;
use crate::texts::lasting_bytes;
use crate::variadic::Rest;

/// Why an argument does not fit.
pub(super) enum Problem {
    Raised(PyBaseExceptionRef),
    /// What it should have been; the message is made where its number is known.
    Expected(String),
}

impl From<PyBaseExceptionRef> for Problem {
    fn from(raised: PyBaseExceptionRef) -> Self {
        Self::Raised(raised)
    }
}

pub(super) type Converted = Result<(), Problem>;

pub(super) fn expected(words: &str) -> Problem {
    Problem::Expected(words.to_owned())
}

/// Convert the arguments of a call; one that is not given leaves its C variables as they are.
///
/// # Safety
/// `rest` holds pointers as the format asks for.
pub unsafe fn parse_arguments(
    vm: &VirtualMachine,
    format: &Format,
    arguments: &[Option<PyObjectRef>],
    rest: &mut Rest,
) -> PyResult<()> {
    for (index, unit) in format.units.iter().enumerate() {
        let argument = arguments.get(index).and_then(Option::as_deref);
        // SAFETY: by this function's contract.
        let converted = unsafe { convert(vm, unit, argument, rest) };
        converted.map_err(|problem| match (problem, &format.message) {
            (Problem::Raised(raised), _) => raised,
            (Problem::Expected(_), Some(message)) => vm.new_type_error(message.clone()),
            (Problem::Expected(words), None) => {
                let subject = format
                    .function
                    .as_ref()
                    .map_or_else(String::new, |name| format!("{name}() "));
                let given = argument.map_or_else(String::new, |argument| shown(vm, argument));
                vm.new_type_error(format!(
                    "{subject}argument {} must be {words}, not {given}",
                    index + 1
                ))
            }
        })?;
    }
    Ok(())
}

fn shown(vm: &VirtualMachine, argument: &PyObject) -> String {
    if vm.is_none(argument) {
        return "None".to_owned();
    }
    argument.class().name().to_string()
}

/// Convert one argument and take its C variables, also if there is no argument.
///
/// # Safety
/// As for [`parse_arguments`].
unsafe fn convert(
    vm: &VirtualMachine,
    unit: &Unit,
    argument: Option<&PyObject>,
    rest: &mut Rest,
) -> Converted {
    // SAFETY: by this function's contract.
    unsafe {
        match unit {
            Unit::Nested(units) => nested(vm, units, argument, rest),
            Unit::Encoded { text_only, counted } => {
                encoded(vm, *text_only, *counted, argument, rest)
            }
            Unit::One {
                code: b's' | b'z' | b'y',
                suffix,
            } => {
                let Unit::One { code, .. } = unit else {
                    return Ok(());
                };
                string(vm, *code, *suffix, argument, rest)
            }
            Unit::One { code: b'w', .. } => {
                let target = rest.pointer::<Py_buffer>();
                match argument {
                    Some(argument) => buffer(vm, argument, target, flags::WRITABLE)
                        .ok_or_else(|| expected("read-write bytes-like object")),
                    None => Ok(()),
                }
            }
            Unit::One {
                code: b'O' | b'S' | b'Y' | b'U',
                ..
            } => object(vm, unit, argument, rest),
            Unit::One { code, .. } => number(vm, *code, argument, rest),
        }
    }
}

/// # Safety
/// As for [`parse_arguments`].
unsafe fn nested(
    vm: &VirtualMachine,
    units: &[Unit],
    argument: Option<&PyObject>,
    rest: &mut Rest,
) -> Converted {
    let items: Vec<Option<PyObjectRef>> = match argument {
        None => Vec::new(),
        Some(argument) => {
            if argument.downcastable::<PyStr>() || argument.downcastable::<PyBytes>() {
                return Err(Problem::Expected(format!("{}-item sequence", units.len())));
            }
            let items: Vec<PyObjectRef> = argument.try_to_value(vm)?;
            if items.len() != units.len() {
                return Err(Problem::Expected(format!(
                    "sequence of length {}",
                    units.len()
                )));
            }
            items.into_iter().map(Some).collect()
        }
    };
    for (index, unit) in units.iter().enumerate() {
        // SAFETY: by this function's contract.
        unsafe { convert(vm, unit, items.get(index).and_then(Option::as_deref), rest) }?;
    }
    Ok(())
}

/// # Safety
/// As for [`parse_arguments`].
unsafe fn object(
    vm: &VirtualMachine,
    unit: &Unit,
    argument: Option<&PyObject>,
    rest: &mut Rest,
) -> Converted {
    type Converter = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> c_int;
    let Unit::One { code, suffix } = unit else {
        return Ok(());
    };
    // SAFETY: by this function's contract; `O!` and `O&` take two pointers.
    unsafe {
        let first = if *suffix == 0 {
            null_mut()
        } else {
            rest.pointer::<c_void>()
        };
        let target = rest.pointer::<*mut PyObject>();
        let Some(argument) = argument else {
            return Ok(());
        };
        match suffix {
            b'!' => {
                let class = first
                    .cast::<PyObject>()
                    .as_ref()
                    .and_then(|class| class.downcast_ref());
                let class: &Py<rustpython_vm::builtins::PyType> =
                    class.ok_or_else(|| crate::objects::bad_internal_call(vm))?;
                if !argument.fast_isinstance(class) {
                    return Err(Problem::Expected(class.name().to_string()));
                }
            }
            b'&' => {
                if first.is_null() {
                    return Err(crate::objects::bad_internal_call(vm).into());
                }
                let converter = core::mem::transmute::<*mut c_void, Converter>(first);
                let returned =
                    call_extension(vm, || converter(as_pointer(&argument), target.cast()));
                let words = |_| "(unspecified)".to_owned();
                return returned
                    .check(vm, |status| *status != 0, words)
                    .map(drop)
                    .map_err(Into::into);
            }
            _ => {
                let (fits, wanted) = match code {
                    b'S' => (argument.downcastable::<PyBytes>(), "bytes"),
                    b'Y' => (argument.downcastable::<PyByteArray>(), "bytearray"),
                    b'U' => (argument.downcastable::<PyStr>(), "str"),
                    _ => (true, ""),
                };
                if !fits {
                    return Err(expected(wanted));
                }
            }
        }
        target.write(as_pointer(&argument));
    }
    Ok(())
}

/// A buffer for the caller to release; None if the object has none of that kind.
fn buffer(
    vm: &VirtualMachine,
    argument: &PyObject,
    target: *mut Py_buffer,
    kind: c_int,
) -> Option<()> {
    let mut view = Py_buffer::EMPTY;
    held::acquire(vm, argument, &mut view, kind).ok()?;
    // SAFETY: the unit's variable is a `Py_buffer`, by the contract of the functions that call this.
    unsafe { target.write(view) };
    Some(())
}

/// # Safety
/// As for [`parse_arguments`].
unsafe fn string(
    vm: &VirtualMachine,
    code: u8,
    suffix: u8,
    argument: Option<&PyObject>,
    rest: &mut Rest,
) -> Converted {
    // SAFETY: by this function's contract; `#` takes a second pointer.
    let (target, length) = unsafe {
        let target = rest.pointer::<c_void>();
        (
            target,
            if suffix == b'#' {
                rest.pointer::<isize>()
            } else {
                null_mut()
            },
        )
    };
    let Some(argument) = argument else {
        return Ok(());
    };
    let text = if code == b'y' {
        None
    } else {
        argument.downcast_ref::<PyStr>()
    };
    // Raises for lone surrogates.
    let utf8 = match text {
        Some(text) if text.to_str().is_none() => {
            vm.call_method(text.as_object(), "encode", ("utf-8",))?;
            None
        }
        Some(text) => text.to_str().map(str::as_bytes),
        None => None,
    };
    let bytes = if suffix == 0 && code != b'y' {
        None
    } else {
        argument.downcast_ref::<PyBytes>()
    };
    let content = utf8.or_else(|| bytes.map(|bytes| bytes.as_bytes()));
    let none = code == b'z' && vm.is_none(argument);
    let wanted = match (code, suffix) {
        (b's', 0) => "str",
        (b'z', 0) => "str or None",
        (b's', b'#') => "str, read-only bytes-like object",
        (b'z', b'#') => "str, read-only bytes-like object or None",
        (b's', _) => "str, bytes-like object",
        (b'z', _) => "str, bytes-like object or None",
        (_, b'*') => "bytes-like object",
        _ => "read-only bytes-like object",
    };
    // SAFETY: the variables have the types that the unit stands for, by this function's contract.
    unsafe {
        match (suffix, content) {
            (b'*', _) if none => target.cast::<Py_buffer>().write(Py_buffer::EMPTY),
            (b'*', Some(content)) if text.is_some() => {
                let owner = argument.to_owned().into_raw().as_ptr();
                let start = content.as_ptr().cast_mut().cast();
                let length = content.len().cast_signed();
                exported::fill_info(target.cast(), owner, start, length, true, flags::SIMPLE);
            }
            (b'*', _) => {
                return buffer(vm, argument, target.cast(), flags::SIMPLE)
                    .ok_or_else(|| expected(wanted));
            }
            (_, _) if none => {
                target.cast::<*const c_char>().write(core::ptr::null());
                if !length.is_null() {
                    length.write(0);
                }
            }
            (b'#', Some(content)) => {
                target.cast::<*const u8>().write(content.as_ptr());
                length.write(content.len().cast_signed());
            }
            (_, Some(content)) => {
                let unit = if code == b'y' { "byte" } else { "character" };
                let start = lasting_bytes(content)
                    .ok_or_else(|| vm.new_value_error(format!("embedded null {unit}")))?;
                target.cast::<*const c_char>().write(start);
            }
            (_, None) => return Err(expected(wanted)),
        }
    }
    Ok(())
}

/// `es` and `et`: the text in an encoding, in memory of its own or of the caller.
///
/// # Safety
/// As for [`parse_arguments`].
unsafe fn encoded(
    vm: &VirtualMachine,
    text_only: bool,
    counted: bool,
    argument: Option<&PyObject>,
    rest: &mut Rest,
) -> Converted {
    // SAFETY: by this function's contract; every pointer is checked or required by it.
    unsafe {
        let encoding = rest.pointer::<c_char>();
        let target = rest.pointer::<*mut u8>();
        let length = if counted {
            rest.pointer::<isize>()
        } else {
            null_mut()
        };
        let Some(argument) = argument else {
            return Ok(());
        };
        let encoding = if encoding.is_null() {
            c"utf-8"
        } else {
            CStr::from_ptr(encoding)
        };
        let raw = if text_only {
            None
        } else {
            argument.downcast_ref::<PyBytes>()
        };
        let bytes = match (raw, argument.downcast_ref::<PyStr>()) {
            (Some(raw), _) => raw.as_bytes().to_vec(),
            (None, Some(text)) => {
                let name = encoding.to_string_lossy().into_owned();
                let bytes = vm.call_method(text.as_object(), "encode", (name,))?;
                let bytes = bytes
                    .downcast_ref::<PyBytes>()
                    .map(|bytes| bytes.as_bytes().to_vec());
                bytes.ok_or_else(|| expected("(encoder failed to return bytes)"))?
            }
            _ => {
                return Err(expected(if text_only {
                    "str"
                } else {
                    "str, bytes or bytearray"
                }));
            }
        };
        if !counted && bytes.contains(&0) {
            return Err(expected("encoded string without null bytes"));
        }
        let needed = bytes.len() + 1;
        if !counted || target.read().is_null() {
            let memory = PyMem_Malloc(needed).cast::<u8>();
            if memory.is_null() {
                return Err(vm.no_memory_error().into());
            }
            target.write(memory);
        } else if length.read() < needed.cast_signed() {
            let words = format!(
                "encoded string too long ({}, maximum length {})",
                bytes.len(),
                length.read() - 1
            );
            return Err(vm.new_value_error(words).into());
        }
        target
            .read()
            .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        target.read().add(bytes.len()).write(0);
        if counted {
            length.write(bytes.len().cast_signed());
        }
    }
    Ok(())
}
