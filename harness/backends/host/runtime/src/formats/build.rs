//! `Py_BuildValue`: objects from C values. Source: C-API, "Parsing arguments and building values".

use core::ffi::{CStr, c_char, c_double, c_void};

use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::call_extension;
use crate::objects::owned_or_none;
use crate::variadic::Rest;

type Converter = unsafe extern "C" fn(*mut c_void) -> *mut PyObject;

/// What is left of a format.
struct Format<'a>(&'a [u8]);

impl Format<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn next_if(&mut self, wanted: u8) -> bool {
        let found = self.0.first() == Some(&wanted);
        if found {
            self.next();
        }
        found
    }
}

/// None for an empty format, the object for one unit, a tuple for more.
///
/// Raises: `SystemError` -- a bad format or NULL for an object; what making an object raises.
///
/// # Safety
/// `format` is a C string, and `rest` holds what it asks for.
pub unsafe fn build(vm: &VirtualMachine, format: &CStr, rest: &mut Rest) -> PyResult {
    // SAFETY: by this function's contract.
    let mut items = unsafe { items(vm, &mut Format(format.to_bytes()), rest, None) }?;
    Ok(match items.len() {
        0 => vm.ctx.none(),
        1 => items.remove(0),
        _ => vm.ctx.new_tuple(items).into(),
    })
}

/// The arguments of a call: none for an empty format, those of a tuple that is alone, else the units.
///
/// Source: C-API, "Call Protocol", `PyObject_CallFunction`.
///
/// # Safety
/// As for [`build`].
pub unsafe fn arguments(
    vm: &VirtualMachine,
    format: *const c_char,
    rest: &mut Rest,
) -> PyResult<Vec<PyObjectRef>> {
    if format.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: not null, and by this function's contract.
    let items = unsafe {
        items(
            vm,
            &mut Format(CStr::from_ptr(format).to_bytes()),
            rest,
            None,
        )
    }?;
    match items.as_slice() {
        [only] => match only.downcast_ref::<rustpython_vm::builtins::PyTuple>() {
            Some(tuple) => Ok(tuple.as_slice().to_vec()),
            None => Ok(items),
        },
        _ => Ok(items),
    }
}

/// # Safety
/// As for [`build`].
unsafe fn items(
    vm: &VirtualMachine,
    format: &mut Format<'_>,
    rest: &mut Rest,
    end: Option<u8>,
) -> PyResult<Vec<PyObjectRef>> {
    let mut made = Vec::new();
    loop {
        match format.next() {
            None if end.is_none() => return Ok(made),
            None => return Err(vm.new_system_error("unmatched paren in format")),
            Some(unit) if Some(unit) == end => return Ok(made),
            Some(b' ' | b',' | b':' | b'\t') => {}
            // SAFETY: by this function's contract.
            Some(unit) => made.push(unsafe { item(vm, unit, format, rest) }?),
        }
    }
}

/// # Safety
/// As for [`build`].
unsafe fn item(
    vm: &VirtualMachine,
    unit: u8,
    format: &mut Format<'_>,
    rest: &mut Rest,
) -> PyResult {
    // SAFETY: every unit takes the arguments that it stands for, by this function's contract.
    unsafe {
        Ok(match unit {
            b'(' => vm
                .ctx
                .new_tuple(items(vm, format, rest, Some(b')'))?)
                .into(),
            b'[' => vm.ctx.new_list(items(vm, format, rest, Some(b']'))?).into(),
            b'{' => {
                let dict = vm.ctx.new_dict();
                for pair in items(vm, format, rest, Some(b'}'))?.chunks(2) {
                    let [key, value] = pair else {
                        return Err(vm.new_system_error("Bad dict format"));
                    };
                    dict.set_item(&**key, value.clone(), vm)?;
                }
                dict.into()
            }
            // Small types arrive as `int` (C's default argument promotions).
            b'b' | b'B' | b'h' | b'H' | b'i' => vm.ctx.new_int(rest.int()).into(),
            b'I' => vm.ctx.new_int(rest.int().cast_unsigned()).into(),
            b'l' => vm.ctx.new_int(rest.long()).into(),
            b'k' => vm.ctx.new_int(rest.long().cast_unsigned()).into(),
            b'L' => vm.ctx.new_int(rest.long_long()).into(),
            b'K' => vm.ctx.new_int(rest.long_long().cast_unsigned()).into(),
            b'n' => vm.ctx.new_int(rest.ssize()).into(),
            b'p' => vm.ctx.new_bool(rest.int() != 0).into(),
            b'f' | b'd' => vm.ctx.new_float(rest.double()).into(),
            b'D' => {
                let parts = rest.pointer::<[c_double; 2]>();
                let [real, imaginary] = parts.as_ref().copied().unwrap_or_default();
                crate::calls::call_in(vm, "builtins", "complex", (real, imaginary))?
            }
            b'c' => vm.ctx.new_bytes(vec![rest.int().to_le_bytes()[0]]).into(),
            b'C' => crate::calls::call_in(vm, "builtins", "chr", (rest.int(),))?,
            b's' | b'z' | b'U' | b'y' => string(vm, unit, format, rest)?,
            b'u' => {
                let wide = rest.pointer::<libc::wchar_t>();
                if wide.is_null() {
                    return Ok(vm.ctx.none());
                }
                let characters = crate::capi::unicode_codecs::wide_string(wide);
                vm.ctx
                    .new_str(crate::capi::unicode_codecs::from_wide(vm, characters)?)
                    .into()
            }
            b'O' if format.next_if(b'&') => {
                let convert = rest.pointer::<c_void>();
                let value = rest.pointer::<c_void>();
                if convert.is_null() {
                    return Err(crate::objects::bad_internal_call(vm));
                }
                let convert = core::mem::transmute::<*mut c_void, Converter>(convert);
                call_extension(vm, || convert(value)).into_object(vm, "converter")?
            }
            b'O' | b'S' | b'N' => {
                let pointer = rest.pointer::<PyObject>();
                let object = if unit == b'N' {
                    owned_or_none(pointer)
                } else {
                    pointer.as_ref().map(ToOwned::to_owned)
                };
                // NULL passes on the exception of what made it.
                object.ok_or_else(|| {
                    vm.take_raised_exception().unwrap_or_else(|| {
                        vm.new_system_error("NULL object passed to Py_BuildValue")
                    })
                })?
            }
            _ => return Err(vm.new_system_error("bad format char passed to Py_BuildValue")),
        })
    }
}

/// A C string with or without a length; NULL is None.
///
/// # Safety
/// As for [`build`].
unsafe fn string(
    vm: &VirtualMachine,
    unit: u8,
    format: &mut Format<'_>,
    rest: &mut Rest,
) -> PyResult {
    let counted = format.next_if(b'#');
    // SAFETY: by this function's contract.
    let (start, length) = unsafe {
        let start = rest.pointer::<c_char>();
        (start, if counted { rest.ssize() } else { -1 })
    };
    if start.is_null() {
        return Ok(vm.ctx.none());
    }
    let bytes = match usize::try_from(length) {
        // SAFETY: not null, and that long by this function's contract.
        Ok(length) => unsafe { core::slice::from_raw_parts(start.cast::<u8>(), length) },
        // SAFETY: not null, and a C string by this function's contract.
        Err(_) => unsafe { CStr::from_ptr(start) }.to_bytes(),
    };
    let object = vm.ctx.new_bytes(bytes.to_vec());
    if unit == b'y' {
        return Ok(object.into());
    }
    crate::calls::call_in(vm, "_codecs", "utf_8_decode", (object, "strict"))?.get_item(&0, vm)
}
