//! `unicodeobject.h`: between texts, bytes and C's own characters.
//! Source of all contracts: C-API, "Unicode Objects and Codecs".

use core::ffi::{CStr, c_char, c_int};

use libc::wchar_t;
use rustpython_capi::pymem::PyMem_Malloc;
use rustpython_vm::builtins::PyTuple;
use rustpython_vm::common::wtf8::{CodePoint, Wtf8Buf};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::calls::{call_in, text};
use crate::convert::{Out, ToC, c_api};
use crate::objects::{bad_internal_call, null_argument};

/// The bytes that C passes as pointer and length.
fn bytes(vm: &VirtualMachine, start: *const c_char, length: isize) -> PyResult {
    let length = usize::try_from(length).map_err(|_| bad_internal_call(vm))?;
    if length == 0 {
        return Ok(vm.ctx.new_bytes(Vec::new()).into());
    }
    if start.is_null() {
        return Err(bad_internal_call(vm));
    }
    // SAFETY: not null, and that long by the contract of every function that calls this.
    let content = unsafe { core::slice::from_raw_parts(start.cast::<u8>(), length) };
    Ok(vm.ctx.new_bytes(content.to_vec()).into())
}

fn errors(vm: &VirtualMachine, handler: Option<&str>) -> PyObjectRef {
    vm.ctx.new_str(handler.unwrap_or("strict")).into()
}

fn parts(vm: &VirtualMachine, decoded: &PyObject) -> PyResult<Vec<PyObjectRef>> {
    let tuple = decoded.downcast_ref::<PyTuple>();
    let tuple = tuple.ok_or_else(|| vm.new_type_error("decoder must return a tuple"))?;
    Ok(tuple.as_slice().to_vec())
}

/// `codecs.NAME(bytes, errors, final)`: the text, and into `consumed` how much of it was used.
fn decode_stateful(
    vm: &VirtualMachine,
    codec: &str,
    content: PyObjectRef,
    handler: Option<&str>,
    consumed: Option<Out<isize>>,
) -> PyResult {
    let last = vm.ctx.new_bool(consumed.is_none());
    let decoded = call_in(vm, "_codecs", codec, (content, errors(vm, handler), last))?;
    let parts = parts(vm, &decoded)?;
    if let Some(consumed) = consumed {
        consumed.set(parts[1].clone().try_into_value(vm)?);
    }
    Ok(parts[0].clone())
}

/// As [`decode_stateful`] for UTF-16 and UTF-32: `order` is -1 (little), 1 (big) or 0 (by the mark, else native).
fn decode_wide(
    vm: &VirtualMachine,
    codec: &str,
    content: PyObjectRef,
    handler: Option<&str>,
    order: Option<Out<c_int>>,
    consumed: Option<Out<isize>>,
) -> PyResult {
    let given = order.as_ref().map_or(0, Out::get);
    let last = vm.ctx.new_bool(consumed.is_none());
    let arguments = (content, errors(vm, handler), given, last);
    let decoded = call_in(vm, "_codecs", codec, arguments)?;
    let parts = parts(vm, &decoded)?;
    if let Some(consumed) = consumed {
        consumed.set(parts[1].clone().try_into_value(vm)?);
    }
    if let Some(order) = order {
        order.set(parts[2].clone().try_into_value(vm)?);
    }
    Ok(parts[0].clone())
}

/// Copy items into memory that `PyMem_Free` frees.
pub fn allocated<T: Copy>(vm: &VirtualMachine, items: &[T]) -> PyResult<*mut T> {
    // SAFETY: any size is allowed; NULL is handled below.
    let memory = unsafe { PyMem_Malloc(size_of_val(items).max(1)) }.cast::<T>();
    if memory.is_null() {
        return Err(vm.no_memory_error());
    }
    // SAFETY: as large as the items, and new.
    unsafe { memory.copy_from_nonoverlapping(items.as_ptr(), items.len()) };
    Ok(memory)
}

fn ucs4(vm: &VirtualMachine, string: &PyObject) -> PyResult<Vec<u32>> {
    let points = text(vm, string)?.as_wtf8().code_points();
    Ok(points.map(CodePoint::to_u32).collect())
}

fn wide(vm: &VirtualMachine, string: &PyObject) -> PyResult<Vec<wchar_t>> {
    let points = ucs4(vm, string)?;
    Ok(points.into_iter().map(u32::cast_signed).collect())
}

/// The text of wide characters. Raises: `ValueError` -- no character has that number.
pub fn from_wide(vm: &VirtualMachine, characters: &[wchar_t]) -> PyResult<Wtf8Buf> {
    let points = characters
        .iter()
        .map(|character| CodePoint::from_u32(character.cast_unsigned()));
    points
        .collect::<Option<_>>()
        .ok_or_else(|| vm.new_value_error("character is not in range [U+0000; U+10ffff]"))
}

/// Wide characters up to the NUL.
///
/// # Safety
/// `start` ends with NUL.
pub unsafe fn wide_string<'a>(start: *const wchar_t) -> &'a [wchar_t] {
    // SAFETY: by this function's contract.
    unsafe { core::slice::from_raw_parts(start, libc::wcslen(start)) }
}

c_api! {
    /// Copy the characters into `buffer`, with a NUL if `copy_null`.
    fn PyUnicode_AsUCS4(vm, string: &PyObject, buffer: *mut u32, length: isize, copy_null: i32) -> *mut u32 {
        let mut points = ucs4(vm, string)?;
        if copy_null != 0 {
            points.push(0);
        }
        if buffer.is_null() || points.len().cast_signed() > length {
            return Err(vm.new_system_error("string is longer than the buffer"));
        }
        // SAFETY: `length` characters fit, and there are not more.
        unsafe { buffer.copy_from_nonoverlapping(points.as_ptr(), points.len()) };
        Ok(buffer)
    }

    /// The characters and a NUL in new memory (`PyMem_Free`).
    fn PyUnicode_AsUCS4Copy(vm, string: &PyObject) -> *mut u32 {
        let mut points = ucs4(vm, string)?;
        points.push(0);
        allocated(vm, &points)
    }

    /// Copy at most `size` wide characters; how many (with the NUL, if `w` is NULL how many are needed).
    fn PyUnicode_AsWideChar(vm, string: &PyObject, w: *mut wchar_t, size: isize) -> isize {
        let mut characters = wide(vm, string)?;
        let length = characters.len();
        characters.push(0);
        if w.is_null() {
            return Ok(characters.len().cast_signed().to_c());
        }
        let room = usize::try_from(size).unwrap_or(0);
        // SAFETY: `size` characters fit, and not more are copied.
        unsafe { w.copy_from_nonoverlapping(characters.as_ptr(), characters.len().min(room)) };
        Ok(length.min(room).cast_signed())
    }

    /// Wide characters and a NUL in new memory (`PyMem_Free`).
    fn PyUnicode_AsWideCharString(vm, string: &PyObject, size: Option<Out<isize>>) -> *mut wchar_t {
        let mut characters = wide(vm, string)?;
        match size {
            Some(size) => size.set(characters.len().cast_signed()),
            None if characters.contains(&0) => {
                return Err(vm.new_value_error("embedded null character"));
            }
            None => {}
        }
        characters.push(0);
        allocated(vm, &characters)
    }

    /// `size` wide characters, up to the NUL if it is -1.
    fn PyUnicode_FromWideChar(vm, w: *const wchar_t, size: isize) -> PyObjectRef {
        let characters = match (w.is_null(), usize::try_from(size)) {
            (true, _) if size == 0 => &[],
            (true, _) => return Err(bad_internal_call(vm)),
            // SAFETY: not null, and it ends with NUL by the contract.
            (false, Err(_)) => unsafe { wide_string(w) },
            // SAFETY: not null, and that long by the contract.
            (false, Ok(size)) => unsafe { core::slice::from_raw_parts(w, size) },
        };
        Ok(vm.ctx.new_str(from_wide(vm, characters)?).into())
    }

    fn PyUnicode_DecodeUTF8Stateful(vm, start: *const c_char, length: isize, handler: Option<&str>, consumed: Option<Out<isize>>) -> PyObjectRef {
        decode_stateful(vm, "utf_8_decode", bytes(vm, start, length)?, handler, consumed)
    }

    fn PyUnicode_DecodeUTF7Stateful(vm, start: *const c_char, length: isize, handler: Option<&str>, consumed: Option<Out<isize>>) -> PyObjectRef {
        decode_stateful(vm, "utf_7_decode", bytes(vm, start, length)?, handler, consumed)
    }

    fn PyUnicode_DecodeUTF16(vm, start: *const c_char, length: isize, handler: Option<&str>, order: Option<Out<c_int>>) -> PyObjectRef {
        decode_wide(vm, "utf_16_ex_decode", bytes(vm, start, length)?, handler, order, None)
    }

    fn PyUnicode_DecodeUTF16Stateful(vm, start: *const c_char, length: isize, handler: Option<&str>, order: Option<Out<c_int>>, consumed: Option<Out<isize>>) -> PyObjectRef {
        decode_wide(vm, "utf_16_ex_decode", bytes(vm, start, length)?, handler, order, consumed)
    }

    fn PyUnicode_DecodeUTF32(vm, start: *const c_char, length: isize, handler: Option<&str>, order: Option<Out<c_int>>) -> PyObjectRef {
        decode_wide(vm, "utf_32_ex_decode", bytes(vm, start, length)?, handler, order, None)
    }

    fn PyUnicode_DecodeUTF32Stateful(vm, start: *const c_char, length: isize, handler: Option<&str>, order: Option<Out<c_int>>, consumed: Option<Out<isize>>) -> PyObjectRef {
        decode_wide(vm, "utf_32_ex_decode", bytes(vm, start, length)?, handler, order, consumed)
    }

    /// Decode by a table; Latin-1 if `mapping` is NULL.
    fn PyUnicode_DecodeCharmap(vm, start: *const c_char, length: isize, mapping: Option<&PyObject>, handler: Option<&str>) -> PyObjectRef {
        let content = bytes(vm, start, length)?;
        let decoded = match mapping {
            None => call_in(vm, "_codecs", "latin_1_decode", (content, errors(vm, handler)))?,
            Some(mapping) => {
                let arguments = (content, errors(vm, handler), mapping.to_owned());
                call_in(vm, "_codecs", "charmap_decode", arguments)?
            }
        };
        Ok(parts(vm, &decoded)?[0].clone())
    }

    fn PyUnicode_AsCharmapString(vm, string: &PyObject, mapping: &PyObject) -> PyObjectRef {
        let arguments = (text(vm, string)?.to_owned(), errors(vm, None), mapping.to_owned());
        let encoded = call_in(vm, "_codecs", "charmap_encode", arguments)?;
        Ok(parts(vm, &encoded)?[0].clone())
    }

    fn PyUnicode_BuildEncodingMap(vm, string: &PyObject) -> PyObjectRef {
        call_in(vm, "_codecs", "charmap_build", (text(vm, string)?.to_owned(),))
    }

    /// The locale's encoding is UTF-8 in RustPython, whatever the locale.
    fn PyUnicode_DecodeLocale(vm, string: &CStr, handler: Option<&str>) -> PyObjectRef {
        let content = vm.ctx.new_bytes(string.to_bytes().to_vec());
        decode_stateful(vm, "utf_8_decode", content.into(), handler, None)
    }

    /// As `PyUnicode_DecodeLocale`; the bytes end with NUL, and none is within.
    fn PyUnicode_DecodeLocaleAndSize(vm, start: *const c_char, length: isize, handler: Option<&str>) -> PyObjectRef {
        if start.is_null() {
            return Err(null_argument(vm, "PyUnicode_DecodeLocaleAndSize", "str"));
        }
        let content = bytes(vm, start, length)?;
        if vm.call_method(&content, "__contains__", (0,))?.try_to_bool(vm)? {
            return Err(vm.new_value_error("embedded null byte"));
        }
        decode_stateful(vm, "utf_8_decode", content, handler, None)
    }

    /// See `PyUnicode_DecodeLocale`.
    fn PyUnicode_EncodeLocale(vm, string: &PyObject, handler: Option<&str>) -> PyObjectRef {
        let string = text(vm, string)?;
        if string.as_wtf8().as_bytes().contains(&0) {
            return Err(vm.new_value_error("embedded null character"));
        }
        vm.call_method(string.as_object(), "encode", ("utf-8", errors(vm, handler)))
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::null_mut;

    use rustpython_capi::pymem::PyMem_Free;

    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, pending_message, said, with_interpreter};

    #[test]
    fn wide_characters_go_there_and_back() {
        with_interpreter(|vm| {
            let string = evaluate(vm, "", "'a\\U0001F600\\ud800'");
            let mut size = 0;
            // SAFETY: a living object; memory that the functions made.
            unsafe {
                let wide = PyUnicode_AsWideCharString(as_pointer(&string), &mut size);
                assert_eq!(size, 3);
                assert_eq!(said(vm, PyUnicode_FromWideChar(wide, -1)), "'a😀\\ud800'");
                PyMem_Free(wide.cast());
                assert_eq!(PyUnicode_AsWideChar(as_pointer(&string), null_mut(), 0), 4);
                let mut two = [0; 2];
                assert_eq!(
                    PyUnicode_AsWideChar(as_pointer(&string), two.as_mut_ptr(), 2),
                    2
                );
                assert_eq!(two, [97, 0x1F600]);
                let copy = PyUnicode_AsUCS4Copy(as_pointer(&string));
                assert_eq!(copy.add(2).read(), 0xd800);
                PyMem_Free(copy.cast());
                let mut three = [9; 3];
                let full = PyUnicode_AsUCS4(as_pointer(&string), three.as_mut_ptr(), 3, 1);
                assert!(full.is_null());
            }
            let words = "SystemError: string is longer than the buffer";
            assert_eq!(pending_message(vm), words);
        });
    }

    #[test]
    fn incomplete_bytes_are_left_over() {
        with_interpreter(|vm| {
            let mut consumed = 0;
            let mut order = 0;
            let start = c"a\xc3".as_ptr();
            let utf16 = b"\xff\xfea\0b".as_ptr().cast();
            // SAFETY: as many bytes as the length says.
            unsafe {
                let decoded =
                    PyUnicode_DecodeUTF8Stateful(start, 2, core::ptr::null(), &mut consumed);
                assert_eq!((said(vm, decoded).as_str(), consumed), ("'a'", 1));
                let decoded = PyUnicode_DecodeUTF16Stateful(
                    utf16,
                    5,
                    core::ptr::null(),
                    &mut order,
                    &mut consumed,
                );
                assert_eq!(
                    (said(vm, decoded).as_str(), consumed, order),
                    ("'a'", 4, -1)
                );
                let decoded = PyUnicode_DecodeUTF32(
                    [97_u8, 0, 0, 0].as_ptr().cast(),
                    4,
                    core::ptr::null(),
                    null_mut(),
                );
                assert_eq!(said(vm, decoded), "'a'");
                let decoded = PyUnicode_DecodeUTF7Stateful(
                    c"+AOQ-".as_ptr(),
                    5,
                    core::ptr::null(),
                    null_mut(),
                );
                assert_eq!(said(vm, decoded), "'ä'");
                let decoded = PyUnicode_DecodeLocale(c"\xff".as_ptr(), c"surrogateescape".as_ptr());
                assert_eq!(said(vm, decoded), "'\\udcff'");
                let decoded = PyUnicode_DecodeLocaleAndSize(
                    [97_u8, 0, 98, 0].as_ptr().cast(),
                    3,
                    core::ptr::null(),
                );
                assert_eq!(said(vm, decoded), "ValueError: embedded null byte");
            }
        });
    }

    #[test]
    fn character_maps() {
        with_interpreter(|vm| {
            let table = evaluate(vm, "", "'xyz'");
            // SAFETY: living objects, and as many bytes as the length says.
            unsafe {
                let decoded = PyUnicode_DecodeCharmap(
                    c"\x02\x01".as_ptr(),
                    2,
                    as_pointer(&table),
                    core::ptr::null(),
                );
                assert_eq!(said(vm, decoded), "'zy'");
                let map = evaluate(vm, "", "{122: 1}");
                let string = evaluate(vm, "", "'zz'");
                let encoded = PyUnicode_AsCharmapString(as_pointer(&string), as_pointer(&map));
                assert_eq!(said(vm, encoded), "b'\\x01\\x01'");
                let encoded = PyUnicode_EncodeLocale(as_pointer(&string), core::ptr::null());
                assert_eq!(said(vm, encoded), "b'zz'");
            }
        });
    }

    #[test]
    fn whole_texts_and_tables() {
        with_interpreter(|vm| {
            let (mut order, mut consumed) = (1, 0);
            let null = core::ptr::null();
            let (utf16, utf32) = (b"\0a\0b".as_ptr(), b"a\0\0\0b\0\0\0c".as_ptr());
            let alphabet = evaluate(vm, "", "''.join(map(chr, range(255, -1, -1)))");
            let text = evaluate(vm, "", "'\\xff\\xfe'");
            // SAFETY: as many bytes as the length says, places of ours, and living objects.
            unsafe {
                let decoded = PyUnicode_DecodeUTF16(utf16.cast(), 4, null, &mut order);
                assert_eq!(said(vm, decoded), "'ab'");
                order = -1;
                let decoded =
                    PyUnicode_DecodeUTF32Stateful(utf32.cast(), 9, null, &mut order, &mut consumed);
                assert_eq!((said(vm, decoded).as_str(), consumed), ("'ab'", 8));
                let map = PyUnicode_BuildEncodingMap(as_pointer(&alphabet));
                let map = crate::objects::owned_or_none(map).expect("a map");
                let encoded = PyUnicode_AsCharmapString(as_pointer(&text), as_pointer(&map));
                assert_eq!(said(vm, encoded), "b'\\x00\\x01'");
            }
        });
    }
}
