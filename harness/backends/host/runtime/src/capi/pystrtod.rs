//! `pystrtod.h`. Source of all contracts: C-API, "String conversion and formatting".

use core::ffi::{CStr, c_char, c_double, c_int};

use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use super::unicode_codecs::allocated;
use crate::calls::call_in;
use crate::convert::{Out, c_api};
use crate::objects::bad_internal_call;

/// Length of the number at the start of `text`: no white space, no hexadecimal, `inf` and `nan` in any case.
fn number_length(text: &[u8]) -> usize {
    let digits = |from: usize| {
        text[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    for word in ["infinity", "inf", "nan"] {
        let end = sign + word.len();
        if text
            .get(sign..end)
            .is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        {
            return end;
        }
    }
    let whole = digits(sign);
    let mut end = sign + whole;
    let mut fraction = 0;
    if text.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return 0;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits((end + 1 + signed).min(text.len()));
        if exponent > 0 {
            end += 1 + signed + exponent;
        }
    }
    end
}

/// Raises: `ValueError` -- no number; `overflow` (if there is one) -- too large.
fn parse(
    vm: &VirtualMachine,
    text: &CStr,
    end: Option<Out<*mut c_char>>,
    overflow: Option<&PyObject>,
) -> PyResult<c_double> {
    let bytes = text.to_bytes();
    let length = number_length(bytes);
    let number = core::str::from_utf8(&bytes[..length]).unwrap_or_default();
    let value = number.parse::<f64>();
    let whole = end.is_some() || length == bytes.len();
    let (Ok(value), true) = (value, whole) else {
        if let Some(end) = end {
            end.set(text.as_ptr().cast_mut());
        }
        let text = text.to_string_lossy();
        return Err(vm.new_value_error(format!("could not convert string to float: '{text}'")));
    };
    if let Some(end) = end {
        end.set(text.as_ptr().wrapping_add(length).cast_mut());
    }
    match overflow {
        Some(kind) if value.is_infinite() && number.contains(|c: char| c.is_ascii_digit()) => {
            let words = format!("value too large to convert to float: '{number}'");
            let error = kind.call((words,), vm)?;
            Err(error.try_into_value(vm)?)
        }
        _ => Ok(value),
    }
}

const SIGN: c_int = 1;
const ADD_DOT_0: c_int = 2;
const ALT: c_int = 4;

c_api! {
    /// The number at the start of `text`; all of it, if `end` is NULL.
    fn PyOS_string_to_double(vm, text: &CStr, end: Option<Out<*mut c_char>>, overflow: Option<&PyObject>) -> c_double {
        parse(vm, text, end, overflow)
    }

    /// The number as text in new memory (`PyMem_Free`), as `format` and `repr` write it.
    fn PyOS_double_to_string(vm, value: c_double, code: c_char, precision: i32, flags: i32, kind: Option<Out<c_int>>) -> *mut c_char {
        let code = char::from(code.to_ne_bytes()[0]);
        if !"eEfFgGr".contains(code) || (code == 'r' && precision != 0) {
            return Err(bad_internal_call(vm));
        }
        if let Some(kind) = kind {
            kind.set(if value.is_nan() { 2 } else { value.is_infinite().into() });
        }
        let mut text = if code == 'r' {
            let text = vm.ctx.new_float(value);
            call_in(vm, "builtins", "repr", (text,))?.str(vm)?.to_string_lossy().into_owned()
        } else {
            let alternate = if flags & ALT == 0 { "" } else { "#" };
            let spec = format!("{alternate}.{precision}{code}");
            call_in(vm, "builtins", "format", (vm.ctx.new_float(value), spec))?.str(vm)?.to_string_lossy().into_owned()
        };
        let plain = value.is_finite() && !text.contains(['.', 'e', 'E']);
        if flags & ADD_DOT_0 == 0 && code == 'r' {
            text = text.strip_suffix(".0").map(str::to_owned).unwrap_or(text);
        } else if flags & ADD_DOT_0 != 0 && plain {
            text.push_str(".0");
        }
        if flags & SIGN != 0 && !text.starts_with('-') {
            text.insert(0, '+');
        }
        let mut bytes = text.into_bytes();
        bytes.push(0);
        allocated(vm, &bytes).map(|start| start.cast())
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::null_mut;

    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{pending_message, with_interpreter};

    #[test]
    fn numbers_are_read() {
        with_interpreter(|vm| {
            let overflow = as_pointer(vm.ctx.exceptions.overflow_error);
            let mut end = null_mut();
            // SAFETY: C strings, a living object and a place of ours.
            unsafe {
                assert_eq!(
                    PyOS_string_to_double(c"-1.5e3".as_ptr(), null_mut(), null_mut()),
                    -1500.0
                );
                let text = c"2.e+x";
                assert_eq!(
                    PyOS_string_to_double(text.as_ptr(), &mut end, null_mut()),
                    2.0
                );
                assert_eq!(end.offset_from(text.as_ptr()), 2);
                assert_eq!(
                    PyOS_string_to_double(c" 1".as_ptr(), null_mut(), null_mut()),
                    -1.0
                );
                let words = "ValueError: could not convert string to float: ' 1'";
                assert_eq!(pending_message(vm), words);
                assert!(
                    PyOS_string_to_double(c"1e999".as_ptr(), null_mut(), null_mut()).is_infinite()
                );
                assert_eq!(
                    PyOS_string_to_double(c"1e999".as_ptr(), null_mut(), overflow),
                    -1.0
                );
            }
            let words = "OverflowError: value too large to convert to float: '1e999'";
            assert_eq!(pending_message(vm), words);
        });
    }

    #[test]
    fn numbers_are_written() {
        with_interpreter(|_vm| {
            for (value, code, precision, flags, wanted) in [
                (1.0, 'r', 0, 0, c"1"),
                (1.0, 'r', 0, ADD_DOT_0, c"1.0"),
                (0.1, 'r', 0, SIGN, c"+0.1"),
                (2.5, 'f', 3, 0, c"2.500"),
                (1e20, 'g', 6, 0, c"1e+20"),
                (f64::INFINITY, 'r', 0, ADD_DOT_0, c"inf"),
            ] {
                let mut kind = 9;
                let code = c_char::from_ne_bytes([u8::try_from(code).expect("ASCII")]);
                // SAFETY: a place of ours; memory that the function made.
                unsafe {
                    let text = PyOS_double_to_string(value, code, precision, flags, &mut kind);
                    assert_eq!(CStr::from_ptr(text), wanted);
                    rustpython_capi::pymem::PyMem_Free(text.cast());
                }
                assert_eq!(kind, c_int::from(value.is_infinite()));
            }
        });
    }
}
