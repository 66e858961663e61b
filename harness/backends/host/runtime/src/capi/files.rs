//! `fileobject.h` and `fileutils.h`. Source of all contracts: C-API, "File Objects", "Operating System Utilities".

use core::ffi::{CStr, c_char};

use libc::wchar_t;
use rustpython_vm::builtins::{PyInt, PyStr};
use rustpython_vm::{AsObject, PyObject, PyObjectRef};

use super::unicode_codecs::{allocated, wide_string};
use crate::calls::{call_in, call_with_keywords, import};
use crate::convert::{Out, Status, ToC, c_api};
use crate::objects::bad_internal_call;

c_api! {
    /// `io.open`; `name` has no effect.
    fn PyFile_FromFd(vm, fd: i32, _name: Option<&str>, mode: Option<&str>, buffering: i32, encoding: Option<&str>, errors: Option<&str>, newline: Option<&str>, closefd: i32) -> PyObjectRef {
        let text = |text: Option<&str>| text.map_or_else(|| vm.ctx.none(), |text| vm.ctx.new_str(text).into());
        let open = import(vm, "io")?.get_attr("open", vm)?;
        let keywords = vec![
            ("mode", text(Some(mode.unwrap_or("r")))),
            ("buffering", vm.ctx.new_int(buffering).into()),
            ("encoding", text(encoding)),
            ("errors", text(errors)),
            ("newline", text(newline)),
            ("closefd", vm.ctx.new_bool(closefd != 0).into()),
        ];
        call_with_keywords(vm, &open, vec![vm.ctx.new_int(fd).into()], keywords)
    }

    /// A line: at most `n` characters if it is positive; without its end, and `EOFError` at the end, if negative.
    fn PyFile_GetLine(vm, file: &PyObject, n: i32) -> PyObjectRef {
        let line = if n > 0 {
            vm.call_method(file, "readline", (n,))?
        } else {
            vm.call_method(file, "readline", ())?
        };
        if n >= 0 {
            return Ok(line.to_c());
        }
        if line.length(vm)? == 0 {
            return Err(vm.new_eof_error("EOF when reading a line"));
        }
        let end: PyObjectRef = if line.downcastable::<PyStr>() {
            vm.ctx.new_str("\n").into()
        } else {
            vm.ctx.new_bytes(b"\n".to_vec()).into()
        };
        vm.call_method(&line, "removesuffix", (end,))
    }

    /// `file.write(str(object))` with `Py_PRINT_RAW`, else its `repr`.
    fn PyFile_WriteObject(vm, object: &PyObject, file: &PyObject, flags: i32) -> () {
        const PRINT_RAW: i32 = 1;
        let text = if flags & PRINT_RAW == 0 { object.repr(vm)? } else { object.str(vm)? };
        vm.call_method(file, "write", (text,)).map(drop)
    }

    fn PyFile_WriteString(vm, text: &str, file: &PyObject) -> () {
        vm.call_method(file, "write", (text.to_owned(),)).map(drop)
    }

    /// An int, or what `fileno()` says.
    fn PyObject_AsFileDescriptor(vm, object: &PyObject) -> Status {
        let number = match (object.downcastable::<PyInt>(), vm.get_attribute_opt(object, "fileno")?) {
            (true, _) => object.to_owned(),
            (false, Some(fileno)) => fileno.call((), vm)?,
            _ => return Err(vm.new_type_error("argument must be an int, or have a fileno() method.")),
        };
        if !number.downcastable::<PyInt>() {
            return Err(vm.new_type_error("fileno() returned a non-integer"));
        }
        let descriptor: i32 = number.try_into_value(vm)?;
        if descriptor < 0 {
            let words = format!("file descriptor cannot be a negative integer ({descriptor})");
            return Err(vm.new_value_error(words));
        }
        Ok(Status(descriptor))
    }

    /// Wide characters in new memory (`PyMem_RawFree`); bytes that are not UTF-8 become surrogates.
    fn Py_DecodeLocale(vm, text: &CStr, size: Option<Out<usize>>) -> *mut wchar_t {
        let bytes = vm.ctx.new_bytes(text.to_bytes().to_vec());
        let decoded = call_in(vm, "_codecs", "utf_8_decode", (bytes, "surrogateescape"))?.get_item(&0, vm)?;
        let points = crate::calls::text(vm, &decoded)?.as_wtf8().code_points();
        let mut wide: Vec<wchar_t> = points.map(|point| point.to_u32().cast_signed()).collect();
        if let Some(size) = size {
            size.set(wide.len());
        }
        wide.push(0);
        allocated(vm, &wide)
    }

    /// Bytes in new memory (`PyMem_Free`); the reverse of `Py_DecodeLocale`.
    fn Py_EncodeLocale(vm, text: *const wchar_t, position: Option<Out<usize>>) -> *mut c_char {
        if text.is_null() {
            return Err(bad_internal_call(vm));
        }
        // SAFETY: not null, so it ends with NUL by the contract.
        let characters = unsafe { wide_string(text) };
        let string = vm.ctx.new_str(super::unicode_codecs::from_wide(vm, characters)?);
        let encoded = vm.call_method(string.as_object(), "encode", ("utf-8", "surrogateescape"))?;
        let mut bytes: Vec<u8> = encoded.try_into_value::<rustpython_vm::builtins::PyBytesRef>(vm)?.as_bytes().to_vec();
        if let Some(position) = position {
            position.set(usize::MAX);
        }
        bytes.push(0);
        allocated(vm, &bytes).map(|start| start.cast())
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::{null, null_mut};

    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, pending_message, said, with_interpreter};

    #[test]
    fn files_are_read_and_written() {
        with_interpreter(|vm| {
            let file = evaluate(vm, "io", "io.StringIO('one\\ntwo')");
            let (f, number) = (as_pointer(&file), evaluate(vm, "", "7"));
            // SAFETY: living objects and C strings.
            unsafe {
                assert_eq!(said(vm, PyFile_GetLine(f, -1)), "'one'");
                assert_eq!(said(vm, PyFile_GetLine(f, 2)), "'tw'");
                assert_eq!(said(vm, PyFile_GetLine(f, 0)), "'o'");
                assert_eq!(
                    said(vm, PyFile_GetLine(f, -1)),
                    "EOFError: EOF when reading a line"
                );
                assert_eq!(PyFile_WriteString(c"!".as_ptr(), f), 0);
                assert_eq!(PyFile_WriteObject(f, f, 0), 0);
                let text = evaluate(vm, "", "'raw'");
                assert_eq!(PyFile_WriteObject(as_pointer(&text), f, 1), 0);
                assert_eq!(PyObject_AsFileDescriptor(as_pointer(&number)), 7);
                assert_eq!(PyObject_AsFileDescriptor(as_pointer(&text)), -1);
                let words = "TypeError: argument must be an int, or have a fileno() method.";
                assert_eq!(pending_message(vm), words);
                let mut ends = [0; 2];
                assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
                let opened = PyFile_FromFd(
                    ends[0],
                    null(),
                    c"rb".as_ptr(),
                    -1,
                    null(),
                    null(),
                    null(),
                    1,
                );
                assert!(said(vm, opened).contains("BufferedReader"));
                libc::close(ends[1]);
            }
            let content = vm.call_method(&file, "getvalue", ()).expect("getvalue");
            let content = content.str(vm).expect("str").to_string_lossy().into_owned();
            assert!(
                content.starts_with("one\ntwo!<") && content.ends_with(">raw"),
                "{content}"
            );
        });
    }

    #[test]
    fn the_locale_goes_there_and_back() {
        with_interpreter(|_vm| {
            let mut size = 0;
            // SAFETY: a C string; memory that the functions made.
            unsafe {
                let wide = Py_DecodeLocale(c"\xe4\xc3\xa4".as_ptr(), &mut size);
                assert_eq!((size, wide.read(), wide.add(1).read()), (2, 0xdce4, 0xe4));
                let bytes = Py_EncodeLocale(wide, null_mut());
                assert_eq!(CStr::from_ptr(bytes), c"\xe4\xc3\xa4");
                rustpython_capi::pymem::PyMem_RawFree(wide.cast());
                rustpython_capi::pymem::PyMem_Free(bytes.cast());
            }
        });
    }
}
