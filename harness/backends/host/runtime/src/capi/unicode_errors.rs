//! `pyerrors.h`: the parts of `UnicodeDecodeError` and its siblings.
//! Source of all contracts: C-API, "Unicode Exception Objects".

use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::convert::{Out, c_api};

type Class = Py<rustpython_vm::builtins::PyType>;

/// Raises: `TypeError` -- `error` is not of that class.
fn checked<'a>(vm: &VirtualMachine, error: &'a PyObject, class: &Class) -> PyResult<&'a PyObject> {
    if error.fast_isinstance(class) {
        return Ok(error);
    }
    let words = format!(
        "expecting a {} object, got {}",
        class.name(),
        error.class().name()
    );
    Err(vm.new_type_error(words))
}

fn part(vm: &VirtualMachine, error: &PyObject, class: &Class, name: &str) -> PyResult {
    checked(vm, error, class)?.get_attr(&*vm.ctx.new_str(name), vm)
}

fn set(
    vm: &VirtualMachine,
    error: &PyObject,
    class: &Class,
    name: &str,
    value: PyObjectRef,
) -> PyResult<()> {
    checked(vm, error, class)?.set_attr(&*vm.ctx.new_str(name), value, vm)
}

/// `start` within the object; `end` within it and at least 1. Source: CPython, `unicode_error_adjust_start/end`.
fn position(vm: &VirtualMachine, error: &PyObject, class: &Class, name: &str) -> PyResult<isize> {
    let size = part(vm, error, class, "object")?.length(vm)?.cast_signed();
    let value: isize = part(vm, error, class, name)?.try_into_value(vm)?;
    Ok(match name {
        "start" => value.min(size - 1).max(0),
        _ => value.max(1).min(size),
    })
}

/// The functions that all three classes have.
macro_rules! accessors {
    ($class:ident: $object:ident, $reason:ident, $start:ident, $end:ident, $set_reason:ident, $set_start:ident, $set_end:ident) => {
        c_api! {
            fn $object(vm, error: &PyObject) -> PyObjectRef {
                part(vm, error, vm.ctx.exceptions.$class, "object")
            }

            fn $reason(vm, error: &PyObject) -> PyObjectRef {
                part(vm, error, vm.ctx.exceptions.$class, "reason")
            }

            fn $start(vm, error: &PyObject, start: Out<isize>) -> () {
                position(vm, error, vm.ctx.exceptions.$class, "start").map(|at| start.set(at))
            }

            fn $end(vm, error: &PyObject, end: Out<isize>) -> () {
                position(vm, error, vm.ctx.exceptions.$class, "end").map(|at| end.set(at))
            }

            fn $set_reason(vm, error: &PyObject, reason: &str) -> () {
                let reason = vm.ctx.new_str(reason).into();
                set(vm, error, vm.ctx.exceptions.$class, "reason", reason)
            }

            fn $set_start(vm, error: &PyObject, start: isize) -> () {
                let start = vm.ctx.new_int(start).into();
                set(vm, error, vm.ctx.exceptions.$class, "start", start)
            }

            fn $set_end(vm, error: &PyObject, end: isize) -> () {
                let end = vm.ctx.new_int(end).into();
                set(vm, error, vm.ctx.exceptions.$class, "end", end)
            }
        }
    };
}

accessors!(unicode_decode_error:
    PyUnicodeDecodeError_GetObject, PyUnicodeDecodeError_GetReason,
    PyUnicodeDecodeError_GetStart, PyUnicodeDecodeError_GetEnd,
    PyUnicodeDecodeError_SetReason, PyUnicodeDecodeError_SetStart, PyUnicodeDecodeError_SetEnd);
accessors!(unicode_encode_error:
    PyUnicodeEncodeError_GetObject, PyUnicodeEncodeError_GetReason,
    PyUnicodeEncodeError_GetStart, PyUnicodeEncodeError_GetEnd,
    PyUnicodeEncodeError_SetReason, PyUnicodeEncodeError_SetStart, PyUnicodeEncodeError_SetEnd);
accessors!(unicode_translate_error:
    PyUnicodeTranslateError_GetObject, PyUnicodeTranslateError_GetReason,
    PyUnicodeTranslateError_GetStart, PyUnicodeTranslateError_GetEnd,
    PyUnicodeTranslateError_SetReason, PyUnicodeTranslateError_SetStart,
    PyUnicodeTranslateError_SetEnd);

c_api! {
    fn PyUnicodeDecodeError_GetEncoding(vm, error: &PyObject) -> PyObjectRef {
        part(vm, error, vm.ctx.exceptions.unicode_decode_error, "encoding")
    }

    fn PyUnicodeEncodeError_GetEncoding(vm, error: &PyObject) -> PyObjectRef {
        part(vm, error, vm.ctx.exceptions.unicode_encode_error, "encoding")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, said, with_interpreter};

    #[test]
    fn parts_are_read_set_and_kept_within_the_object() {
        with_interpreter(|vm| {
            let error = evaluate(vm, "", "UnicodeDecodeError('utf-8', b'abc', 1, 2, 'why')");
            let e = as_pointer(&error);
            let mut at = 0;
            // SAFETY: a living object and a place of ours.
            unsafe {
                assert_eq!(said(vm, PyUnicodeDecodeError_GetEncoding(e)), "'utf-8'");
                assert_eq!(said(vm, PyUnicodeDecodeError_GetObject(e)), "b'abc'");
                assert_eq!(PyUnicodeDecodeError_SetReason(e, c"because".as_ptr()), 0);
                assert_eq!(said(vm, PyUnicodeDecodeError_GetReason(e)), "'because'");
                assert_eq!((PyUnicodeDecodeError_GetStart(e, &mut at), at), (0, 1));
                assert_eq!(PyUnicodeDecodeError_SetEnd(e, 99), 0);
                assert_eq!((PyUnicodeDecodeError_GetEnd(e, &mut at), at), (0, 3));
                assert_eq!(PyUnicodeDecodeError_SetStart(e, -5), 0);
                assert_eq!((PyUnicodeDecodeError_GetStart(e, &mut at), at), (0, 0));
                assert_eq!(
                    said(vm, PyUnicodeEncodeError_GetEncoding(e)),
                    "TypeError: expecting a UnicodeEncodeError object, got UnicodeDecodeError"
                );
            }
        });
    }

    #[test]
    fn the_other_two_classes_have_the_same_parts() {
        with_interpreter(|vm| {
            let mut at = 0;
            let error = evaluate(vm, "", "UnicodeEncodeError('ascii', 'abc', 1, 2, 'why')");
            let e = as_pointer(&error);
            // SAFETY: a living object and a place of ours.
            unsafe {
                assert_eq!(said(vm, PyUnicodeEncodeError_GetEncoding(e)), "'ascii'");
                assert_eq!(said(vm, PyUnicodeEncodeError_GetObject(e)), "'abc'");
                assert_eq!(PyUnicodeEncodeError_SetReason(e, c"because".as_ptr()), 0);
                assert_eq!(said(vm, PyUnicodeEncodeError_GetReason(e)), "'because'");
                assert_eq!(PyUnicodeEncodeError_SetStart(e, 2), 0);
                assert_eq!((PyUnicodeEncodeError_GetStart(e, &mut at), at), (0, 2));
                assert_eq!(PyUnicodeEncodeError_SetEnd(e, 3), 0);
                assert_eq!((PyUnicodeEncodeError_GetEnd(e, &mut at), at), (0, 3));
            }
            let error = evaluate(vm, "", "UnicodeTranslateError('abc', 1, 2, 'why')");
            let e = as_pointer(&error);
            // SAFETY: a living object and a place of ours.
            unsafe {
                assert_eq!(said(vm, PyUnicodeTranslateError_GetObject(e)), "'abc'");
                assert_eq!(PyUnicodeTranslateError_SetReason(e, c"because".as_ptr()), 0);
                assert_eq!(said(vm, PyUnicodeTranslateError_GetReason(e)), "'because'");
                assert_eq!(PyUnicodeTranslateError_SetStart(e, 0), 0);
                assert_eq!((PyUnicodeTranslateError_GetStart(e, &mut at), at), (0, 0));
                assert_eq!(PyUnicodeTranslateError_SetEnd(e, 0), 0);
                assert_eq!((PyUnicodeTranslateError_GetEnd(e, &mut at), at), (0, 1));
            }
        });
    }
}
