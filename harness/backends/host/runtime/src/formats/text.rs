//! Formats in the manner of `printf`: `PyUnicode_FromFormat` and `PyBytes_FromFormat`.
//!
//! Source: C-API, "Unicode Objects and Codecs" and "Bytes Objects".

use core::ffi::{CStr, c_char, c_int, c_void};

use rustpython_vm::common::wtf8::{CodePoint, Wtf8Buf};
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};

use crate::objects::bad_internal_call;
use crate::variadic::Rest;

/// How wide an integer argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Int,
    Long,
    LongLong,
    /// `size_t`, `Py_ssize_t`, `ptrdiff_t`.
    Pointer,
}

/// One `%` specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spec {
    left: bool,
    zeros: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    size: Size,
    conversion: u8,
}

/// The bytes of a format, read from the front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn next_if(&mut self, wanted: impl Fn(u8) -> bool) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        wanted(*first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// A number in digits, or for a `*` the one that `star` gives; 0 if there is neither.
    fn number(&mut self, star: &mut impl FnMut() -> c_int) -> c_int {
        if self.next_if(|byte| byte == b'*').is_some() {
            return star();
        }
        let mut value: c_int = 0;
        while let Some(digit) = self.next_if(|byte| byte.is_ascii_digit()) {
            value = value
                .saturating_mul(10)
                .saturating_add((digit - b'0').into());
        }
        value
    }
}

/// The specification after a `%`, and what follows it. `star` gives the next `int`. None if the format ends within.
fn specification(format: &[u8], mut star: impl FnMut() -> c_int) -> Option<(Spec, &[u8])> {
    let mut reader = Reader(format);
    let mut spec = Spec {
        left: false,
        zeros: false,
        alternate: false,
        width: 0,
        precision: None,
        size: Size::Int,
        conversion: 0,
    };
    while let Some(flag) = reader.next_if(|byte| matches!(byte, b'-' | b'0' | b'#')) {
        match flag {
            b'-' => spec.left = true,
            b'0' => spec.zeros = true,
            _ => spec.alternate = true,
        }
    }
    let width = reader.number(&mut star);
    spec.left |= width < 0;
    spec.width = width.unsigned_abs() as usize;
    if reader.next_if(|byte| byte == b'.').is_some() {
        spec.precision = usize::try_from(reader.number(&mut star)).ok();
    }
    while let Some(size) = reader.next_if(|byte| matches!(byte, b'l' | b'z' | b't' | b'j')) {
        spec.size = match (size, spec.size) {
            (b'l', Size::Long) | (b'j', _) => Size::LongLong,
            (b'l', _) => Size::Long,
            _ => Size::Pointer,
        };
    }
    spec.conversion = reader.next_if(|_| true)?;
    Some((spec, reader.0))
}

/// The digits of an integer argument.
///
/// # Safety
/// The next argument is an integer of the size that `spec` says.
unsafe fn integer(spec: &Spec, rest: &mut Rest) -> String {
    // SAFETY: by this function's contract.
    let signed: i64 = unsafe {
        match spec.size {
            Size::Int => rest.int().into(),
            Size::Long => rest.long(),
            Size::LongLong => rest.long_long(),
            Size::Pointer => rest.ssize() as i64,
        }
    };
    let unsigned = match spec.size {
        Size::Int => u64::from(u32::try_from(signed & 0xffff_ffff).unwrap_or(0)),
        _ => signed.cast_unsigned(),
    };
    let negative = matches!(spec.conversion, b'd' | b'i') && signed < 0;
    let digits = match spec.conversion {
        b'd' | b'i' => signed.unsigned_abs().to_string(),
        b'x' => format!("{unsigned:x}"),
        b'X' => format!("{unsigned:X}"),
        b'o' => format!("{unsigned:o}"),
        _ => unsigned.to_string(),
    };
    let prefix = match (spec.alternate, spec.conversion) {
        (true, b'x') => "0x",
        (true, b'X') => "0X",
        (true, b'o') => "0o",
        _ => "",
    };
    let sign = if negative { "-" } else { "" };
    let mut least = spec.precision.unwrap_or(0);
    if spec.zeros && !spec.left && spec.precision.is_none() {
        least = spec.width.saturating_sub(sign.len() + prefix.len());
    }
    format!("{sign}{prefix}{digits:0>least$}")
}

/// `%p`: begins with `0x` on every platform.
fn pointer(address: *const c_void) -> String {
    format!("{:#x}", address as usize)
}

fn pad(text: &Wtf8Buf, spec: &Spec, out: &mut Wtf8Buf) {
    let length = text.code_points().count();
    let fill = spec.width.saturating_sub(length);
    let spaces = " ".repeat(fill);
    if !spec.left {
        out.push_str(&spaces);
    }
    out.push_wtf8(text);
    if spec.left {
        out.push_str(&spaces);
    }
}

fn cut(text: &rustpython_vm::common::wtf8::Wtf8, spec: &Spec) -> Wtf8Buf {
    match spec.precision {
        Some(most) => text.code_points().take(most).collect(),
        None => text.to_owned(),
    }
}

/// At most `precision` bytes of a C string.
///
/// # Safety
/// `start` is a C string, or has `precision` bytes.
unsafe fn c_bytes<'a>(
    vm: &VirtualMachine,
    start: *const c_char,
    spec: &Spec,
) -> PyResult<&'a [u8]> {
    if start.is_null() {
        return Err(bad_internal_call(vm));
    }
    Ok(match spec.precision {
        // SAFETY: by this function's contract; `strnlen` stops at the NUL.
        Some(most) => unsafe {
            core::slice::from_raw_parts(start.cast(), libc::strnlen(start, most))
        },
        // SAFETY: by this function's contract.
        None => unsafe { CStr::from_ptr(start) }.to_bytes(),
    })
}

/// A class's name, `module.name` (or `module:name`) unless it is a builtin one.
fn class_name(vm: &VirtualMachine, class: &PyObject, colon: bool) -> PyResult<Wtf8Buf> {
    let name = class.get_attr("__qualname__", vm)?.str(vm)?;
    let module = class.get_attr("__module__", vm)?.str(vm)?;
    let module = module.as_wtf8();
    let mut out = Wtf8Buf::new();
    if module.as_bytes() != b"builtins" && module.as_bytes() != b"__main__" {
        out.push_wtf8(module);
        out.push_str(if colon { ":" } else { "." });
    }
    out.push_wtf8(name.as_wtf8());
    Ok(out)
}

/// The text of one object conversion.
///
/// # Safety
/// The next argument is what `spec` says.
unsafe fn object_text(vm: &VirtualMachine, spec: &Spec, rest: &mut Rest) -> PyResult<Wtf8Buf> {
    // SAFETY: by this function's contract; `as_ref` maps null to None.
    let object = unsafe { rest.pointer::<PyObject>().as_ref() };
    if spec.conversion == b'V' {
        // SAFETY: by this function's contract: `%V` takes two arguments.
        let otherwise = unsafe { rest.pointer::<c_char>() };
        if object.is_none() {
            // SAFETY: a C string, used if the object is NULL.
            let bytes = unsafe { c_bytes(vm, otherwise, spec) }?;
            return Ok(Wtf8Buf::from(String::from_utf8_lossy(bytes).into_owned()));
        }
    }
    let object = object.ok_or_else(|| bad_internal_call(vm))?;
    let text = match spec.conversion {
        b'A' => crate::calls::call_in(vm, "builtins", "ascii", (object.to_owned(),))?.str(vm)?,
        b'R' => object.repr(vm)?,
        b'T' => return class_name(vm, object.class().as_object(), spec.alternate),
        b'N' => return class_name(vm, object, spec.alternate),
        _ => object.str(vm)?,
    };
    Ok(cut(text.as_wtf8(), spec))
}

/// What `PyUnicode_FromFormat` makes. Raises: `SystemError` -- an unknown specification.
///
/// # Safety
/// `format` is null or a C string, and `rest` holds what it asks for.
pub unsafe fn format_text(
    vm: &VirtualMachine,
    format: *const c_char,
    rest: &mut Rest,
) -> PyResult<Wtf8Buf> {
    let whole = Spec {
        left: false,
        zeros: false,
        alternate: false,
        width: 0,
        precision: None,
        size: Size::Int,
        conversion: b's',
    };
    // SAFETY: by this function's contract.
    let mut format = unsafe { c_bytes(vm, format, &whole) }?;
    let mut out = Wtf8Buf::new();
    while let Some(percent) = format.iter().position(|byte| *byte == b'%') {
        out.push_str(&String::from_utf8_lossy(&format[..percent]));
        // SAFETY: a `*` stands for an `int` argument, by this function's contract.
        let found = specification(&format[percent + 1..], || unsafe { rest.int() });
        let Some((spec, following)) = found else {
            return Err(vm.new_system_error("invalid format string: %"));
        };
        format = following;
        // SAFETY: every conversion takes the arguments that it stands for, by this function's contract.
        let piece = unsafe {
            match spec.conversion {
                b'%' => Wtf8Buf::from("%".to_owned()),
                b'c' => {
                    let point = CodePoint::from_u32(rest.int().cast_unsigned());
                    let words = "character argument not in range(0x110000)";
                    point
                        .map(|point| core::iter::once(point).collect())
                        .ok_or_else(|| vm.new_overflow_error(words))?
                }
                b'd' | b'i' | b'u' | b'x' | b'X' | b'o' => integer(&spec, rest).into(),
                b'p' => pointer(rest.pointer::<c_void>()).into(),
                b's' if spec.size == Size::Long => {
                    let wide = rest.pointer::<libc::wchar_t>();
                    let characters = crate::capi::unicode_codecs::wide_string(wide);
                    cut(
                        &crate::capi::unicode_codecs::from_wide(vm, characters)?,
                        &spec,
                    )
                }
                b's' => {
                    let bytes = c_bytes(vm, rest.pointer(), &spec)?;
                    String::from_utf8_lossy(bytes).into_owned().into()
                }
                b'A' | b'R' | b'S' | b'T' | b'N' | b'U' | b'V' => object_text(vm, &spec, rest)?,
                other => {
                    let words = format!("invalid format string: %{}", char::from(other));
                    return Err(vm.new_system_error(words));
                }
            }
        };
        pad(&piece, &spec, &mut out);
    }
    out.push_str(&String::from_utf8_lossy(format));
    Ok(out)
}

/// What `PyBytes_FromFormat` makes; an unknown specification is copied with all that follows, as CPython does.
///
/// # Safety
/// `format` is null or a C string, and `rest` holds what it asks for.
pub unsafe fn format_bytes(
    vm: &VirtualMachine,
    format: *const c_char,
    rest: &mut Rest,
) -> PyResult<Vec<u8>> {
    if format.is_null() {
        return Err(bad_internal_call(vm));
    }
    // SAFETY: not null, so a C string by this function's contract.
    let mut format = unsafe { CStr::from_ptr(format) }.to_bytes();
    let mut out = Vec::new();
    while let Some(percent) = format.iter().position(|byte| *byte == b'%') {
        out.extend_from_slice(&format[..percent]);
        format = &format[percent..];
        // SAFETY: as for `format_text`.
        let found = specification(&format[1..], || unsafe { rest.int() });
        let Some((spec, following)) = found else {
            break;
        };
        // SAFETY: every conversion takes the arguments that it stands for, by this function's contract.
        unsafe {
            match spec.conversion {
                b'%' => out.push(b'%'),
                b'c' => {
                    let words =
                        "PyBytes_FromFormatV(): %c format expects an integer in range [0; 255]";
                    let byte = u8::try_from(rest.int());
                    out.push(byte.map_err(|_| vm.new_overflow_error(words))?);
                }
                b'd' | b'i' | b'u' | b'x' => out.extend_from_slice(integer(&spec, rest).as_bytes()),
                b's' => out.extend_from_slice(c_bytes(vm, rest.pointer(), &spec)?),
                b'p' => out.extend_from_slice(pointer(rest.pointer::<c_void>()).as_bytes()),
                _ => break,
            }
        }
        format = following;
    }
    out.extend_from_slice(format);
    Ok(out)
}
