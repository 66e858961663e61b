//! `unicodeobject.h`: operations on texts. Source of all contracts: C-API, "Unicode Objects and Codecs".

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use rustpython_vm::builtins::{PyBytes, PyStr};
use rustpython_vm::common::wtf8::{CodePoint, Wtf8Buf};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::calls::{call_in, text};
use crate::convert::{Accepted, Out, Position, Stolen, Void, c_api};
use crate::objects::{bad_argument, into_pointer, owned_or_none};

/// A method of `text` by name, after the check that CPython makes.
fn method(vm: &VirtualMachine, of: &PyObject, name: &str, arguments: Vec<PyObjectRef>) -> PyResult {
    text(vm, of)?;
    vm.call_method(of, name, arguments)
}

fn int(vm: &VirtualMachine, value: isize) -> PyObjectRef {
    vm.ctx.new_int(value).into()
}

/// `sep` of the split functions: NULL is white space.
fn or_none(vm: &VirtualMachine, object: Option<&PyObject>) -> PyObjectRef {
    object.map_or_else(|| vm.ctx.none(), ToOwned::to_owned)
}

fn point_at(vm: &VirtualMachine, string: &Py<PyStr>, index: isize) -> PyResult<CodePoint> {
    usize::try_from(index)
        .ok()
        .and_then(|index| string.as_wtf8().code_points().nth(index))
        .ok_or_else(|| vm.new_index_error("string index out of range"))
}

/// `*left += right`; after a failure `*left` is NULL.
fn append(
    vm: &VirtualMachine,
    left: &Out<*mut PyObject>,
    right: Option<&PyObject>,
) -> PyResult<()> {
    // SAFETY: the caller's own reference, which this function takes over.
    let Some(old) = (unsafe { owned_or_none(left.get()) }) else {
        return Ok(());
    };
    left.set(null_mut());
    let Some(right) = right else { return Ok(()) };
    text(vm, &old)?;
    text(vm, right)?;
    left.set(into_pointer(vm._add(&old, right)?));
    Ok(())
}

/// 0 beside an exception: the result of a converter for `PyArg_Parse*`'s `O&` that failed.
///
/// `convert(NULL, target)` releases what an earlier call stored.
fn store_converted(
    vm: &VirtualMachine,
    argument: Option<&PyObject>,
    target: *mut c_void,
    convert: impl FnOnce(&PyObject) -> PyResult,
) -> PyResult<Accepted> {
    /// Source: CPython, `Py_CLEANUP_SUPPORTED`.
    const CLEANUP_SUPPORTED: c_int = 0x20000;
    let target = target.cast::<*mut PyObject>();
    if target.is_null() {
        return Err(vm.new_system_error("converter called without a target"));
    }
    let Some(argument) = argument else {
        // SAFETY: not null, and it holds what this converter stored.
        unsafe { drop(owned_or_none(target.replace(null_mut()))) };
        return Ok(Accepted(1));
    };
    let converted = convert(argument)?;
    let embedded = match (
        converted.downcast_ref::<PyStr>(),
        converted.downcast_ref::<PyBytes>(),
    ) {
        (Some(string), _) => string
            .as_wtf8()
            .as_bytes()
            .contains(&0)
            .then_some("character"),
        (_, Some(bytes)) => bytes.as_bytes().contains(&0).then_some("byte"),
        _ => None,
    };
    if let Some(unit) = embedded {
        return Err(vm.new_value_error(format!("embedded null {unit}")));
    }
    // SAFETY: not null, so writable.
    unsafe { target.write(into_pointer(converted)) };
    Ok(Accepted(CLEANUP_SUPPORTED))
}

c_api! {
    /// `*left += right`; NULL in `*left` after a failure.
    fn PyUnicode_Append(vm, left: Out<*mut PyObject>, right: Option<&PyObject>) -> Void {
        append(vm, &left, right).map(|()| Void)
    }

    /// As `PyUnicode_Append`; the reference to `right` is taken.
    fn PyUnicode_AppendAndDel(vm, left: Out<*mut PyObject>, right: Stolen) -> Void {
        append(vm, &left, right.0.as_deref()).map(|()| Void)
    }

    fn PyUnicode_Count(vm, string: &PyObject, part: &PyObject, start: isize, end: isize) -> isize {
        let arguments = vec![text(vm, part)?.to_owned().into(), int(vm, start), int(vm, end)];
        method(vm, string, "count", arguments)?.try_into_value(vm)
    }

    /// -1 if it is not found, -2 after an error.
    fn PyUnicode_Find(vm, string: &PyObject, part: &PyObject, start: isize, end: isize, direction: i32) -> Position {
        let name = if direction > 0 { "find" } else { "rfind" };
        let arguments = vec![text(vm, part)?.to_owned().into(), int(vm, start), int(vm, end)];
        method(vm, string, name, arguments)?.try_into_value(vm).map(Position)
    }

    /// As `PyUnicode_Find`, for one character.
    fn PyUnicode_FindChar(vm, string: &PyObject, character: u32, start: isize, end: isize, direction: i32) -> Position {
        let name = if direction > 0 { "find" } else { "rfind" };
        let point = CodePoint::from_u32(character)
            .ok_or_else(|| vm.new_value_error("character is not in range [U+0000; U+10ffff]"))?;
        let part = vm.ctx.new_str(core::iter::once(point).collect::<Wtf8Buf>());
        method(vm, string, name, vec![part.into(), int(vm, start), int(vm, end)])?
            .try_into_value(vm)
            .map(Position)
    }

    fn PyUnicode_Join(vm, separator: Option<&PyObject>, items: &PyObject) -> PyObjectRef {
        let space = vm.ctx.new_str(" ");
        let separator = separator.unwrap_or_else(|| space.as_object());
        method(vm, separator, "join", vec![items.to_owned()])
    }

    fn PyUnicode_Replace(vm, string: &PyObject, part: &PyObject, by: &PyObject, most: isize) -> PyObjectRef {
        text(vm, part)?;
        text(vm, by)?;
        method(vm, string, "replace", vec![part.to_owned(), by.to_owned(), int(vm, most)])
    }

    fn PyUnicode_Split(vm, string: &PyObject, separator: Option<&PyObject>, most: isize) -> PyObjectRef {
        method(vm, string, "split", vec![or_none(vm, separator), int(vm, most)])
    }

    fn PyUnicode_RSplit(vm, string: &PyObject, separator: Option<&PyObject>, most: isize) -> PyObjectRef {
        method(vm, string, "rsplit", vec![or_none(vm, separator), int(vm, most)])
    }

    fn PyUnicode_Splitlines(vm, string: &PyObject, keep_ends: i32) -> PyObjectRef {
        method(vm, string, "splitlines", vec![vm.ctx.new_bool(keep_ends != 0).into()])
    }

    /// `string[start:end]`; negative positions are an `IndexError`.
    fn PyUnicode_Substring(vm, string: &PyObject, start: isize, end: isize) -> PyObjectRef {
        let string = text(vm, string)?;
        let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) else {
            return Err(vm.new_index_error("string index out of range"));
        };
        let points = string.as_wtf8().code_points().skip(start);
        let part: Wtf8Buf = points.take(end.saturating_sub(start)).collect();
        Ok(vm.ctx.new_str(part).into())
    }

    /// Does `string[start:end]` begin (-1) or end (1) with `part`?
    fn PyUnicode_Tailmatch(vm, string: &PyObject, part: &PyObject, start: isize, end: isize, direction: i32) -> isize {
        let name = if direction > 0 { "endswith" } else { "startswith" };
        let arguments = vec![text(vm, part)?.to_owned().into(), int(vm, start), int(vm, end)];
        let answer = method(vm, string, name, arguments)?.try_to_bool(vm)?;
        Ok(answer.into())
    }

    /// The character at `index`; `(Py_UCS4)-1` after an error.
    fn PyUnicode_ReadChar(vm, string: &PyObject, index: isize) -> u32 {
        let string = string.downcast_ref::<PyStr>().ok_or_else(|| bad_argument(vm))?;
        point_at(vm, string, index).map(CodePoint::to_u32)
    }

    /// `Py_LT` and the others; `NotImplemented` for anything but two texts.
    fn PyUnicode_RichCompare(vm, left: &PyObject, right: &PyObject, operation: i32) -> PyObjectRef {
        const NAMES: [&str; 6] = ["__lt__", "__le__", "__eq__", "__ne__", "__gt__", "__ge__"];
        let name = usize::try_from(operation).ok().and_then(|index| NAMES.get(index));
        match (left.downcast_ref::<PyStr>(), right.downcast_ref::<PyStr>(), name) {
            (_, _, None) => Err(bad_argument(vm)),
            (Some(_), Some(_), Some(name)) => vm.call_method(left, name, (right.to_owned(),)),
            _ => Ok(vm.ctx.not_implemented()),
        }
    }

    /// Cut `*string` or fill it up with NUL. A new object: RustPython's texts cannot change in place.
    fn PyUnicode_Resize(vm, string: Out<*mut PyObject>, length: isize) -> () {
        // SAFETY: the caller's object; only read here.
        let old = unsafe { string.get().as_ref() }.and_then(|old| old.downcast_ref::<PyStr>());
        let (Some(old), Ok(length)) = (old, usize::try_from(length)) else {
            return Err(crate::objects::bad_internal_call(vm));
        };
        let padding = core::iter::repeat(CodePoint::from_char('\0'));
        let new: Wtf8Buf = old.as_wtf8().code_points().chain(padding).take(length).collect();
        let replaced = string.get();
        string.set(into_pointer(vm.ctx.new_str(new)));
        // SAFETY: the reference that the caller held in `*string`.
        drop(unsafe { owned_or_none(replaced) });
        Ok(())
    }

    /// Path to bytes in the file system's encoding; for `PyArg_Parse*`'s `O&`.
    fn PyUnicode_FSConverter(vm, argument: Option<&PyObject>, target: *mut c_void) -> Accepted {
        store_converted(vm, argument, target, |path| {
            call_in(vm, "os", "fsencode", (path.to_owned(),))
        })
    }

    /// Path to text; for `PyArg_Parse*`'s `O&`.
    fn PyUnicode_FSDecoder(vm, argument: Option<&PyObject>, target: *mut c_void) -> Accepted {
        store_converted(vm, argument, target, |path| {
            call_in(vm, "os", "fsdecode", (path.to_owned(),))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, pending_message, said, with_interpreter};

    #[test]
    fn texts_are_searched() {
        with_interpreter(|vm| {
            let (string, part) = (evaluate(vm, "", "'abcabc'"), evaluate(vm, "", "'bc'"));
            let (s, p) = (as_pointer(&string), as_pointer(&part));
            // SAFETY: living objects.
            unsafe {
                assert_eq!(PyUnicode_Count(s, p, 0, 6), 2);
                assert_eq!(PyUnicode_Find(s, p, 0, 6, 1), 1);
                assert_eq!(PyUnicode_Find(s, p, 0, 6, -1), 4);
                assert_eq!(PyUnicode_FindChar(s, u32::from('z'), 0, 6, 1), -1);
                assert_eq!(PyUnicode_Tailmatch(s, p, 0, 6, 1), 1);
                assert_eq!(PyUnicode_Tailmatch(s, p, 0, 6, -1), 0);
                assert_eq!(PyUnicode_ReadChar(s, 2), u32::from('c'));
                assert_eq!(PyUnicode_ReadChar(s, 6), u32::MAX);
                assert_eq!(pending_message(vm), "IndexError: string index out of range");
                assert_eq!(PyUnicode_Find(null_mut(), p, 0, 6, 1), -2);
            }
            vm.take_raised_exception();
        });
    }

    #[test]
    fn texts_are_taken_apart_and_put_together() {
        with_interpreter(|vm| {
            let (string, comma) = (evaluate(vm, "", "'a,b,c'"), evaluate(vm, "", "','"));
            let (lines, parts) = (evaluate(vm, "", "'x\\ny'"), evaluate(vm, "", "['p', 'q']"));
            let (s, c) = (as_pointer(&string), as_pointer(&comma));
            // SAFETY: living objects.
            unsafe {
                assert_eq!(said(vm, PyUnicode_Split(s, c, 1)), "['a', 'b,c']");
                assert_eq!(said(vm, PyUnicode_RSplit(s, c, 1)), "['a,b', 'c']");
                assert_eq!(said(vm, PyUnicode_Split(s, null_mut(), -1)), "['a,b,c']");
                assert_eq!(
                    said(vm, PyUnicode_Splitlines(as_pointer(&lines), 1)),
                    "['x\\n', 'y']"
                );
                assert_eq!(said(vm, PyUnicode_Join(c, as_pointer(&parts))), "'p,q'");
                assert_eq!(
                    said(vm, PyUnicode_Replace(s, c, as_pointer(&parts), 1)),
                    "TypeError: bad argument type for built-in operation"
                );
                assert_eq!(said(vm, PyUnicode_Replace(s, c, s, 1)), "'aa,b,cb,c'");
                assert_eq!(said(vm, PyUnicode_Substring(s, 2, 99)), "'b,c'");
                assert_eq!(said(vm, PyUnicode_RichCompare(s, c, 2)), "False");
                assert_eq!(
                    said(vm, PyUnicode_RichCompare(s, as_pointer(&parts), 2)),
                    "NotImplemented"
                );
            }
        });
    }

    #[test]
    fn texts_grow_and_shrink_by_replacement() {
        with_interpreter(|vm| {
            let comma = evaluate(vm, "", "','");
            let mut string = into_pointer(evaluate(vm, "", "'ab'"));
            // SAFETY: a reference of ours in `string`, which the functions replace.
            unsafe {
                PyUnicode_Append(&mut string, as_pointer(&comma));
                PyUnicode_AppendAndDel(&mut string, into_pointer(comma.clone()));
                assert_eq!(PyUnicode_Resize(&mut string, 5), 0);
                assert_eq!(said(vm, string), "'ab,,\\x00'");
                let path = evaluate(vm, "pathlib", "pathlib.PurePosixPath('/tmp')");
                let mut target: *mut PyObject = null_mut();
                let place = (&raw mut target).cast();
                assert_eq!(PyUnicode_FSConverter(as_pointer(&path), place), 0x20000);
                let bytes = target.as_ref().expect("stored").repr(vm).expect("repr");
                assert_eq!(bytes.as_wtf8().to_string(), "b'/tmp'");
                assert_eq!(PyUnicode_FSConverter(null_mut(), place), 1);
                assert!(target.is_null());
                assert_eq!(PyUnicode_FSDecoder(as_pointer(&path), place), 0x20000);
                assert_eq!(said(vm, target), "'/tmp'");
                let with_nul = evaluate(vm, "", "'a\\0b'");
                assert_eq!(PyUnicode_FSDecoder(as_pointer(&with_nul), place), 0);
                assert_eq!(pending_message(vm), "ValueError: embedded null character");
            }
        });
    }
}
