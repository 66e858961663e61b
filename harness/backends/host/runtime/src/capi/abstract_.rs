//! `abstract.h`. Source of all contracts: C-API, "Abstract Objects Layer".

use core::ptr::null_mut;

use rustpython_vm::builtins::{PyList, PyStr, PyTuple};
use rustpython_vm::{AsObject, PyObject, PyObjectRef};

use crate::boundary::ffi_boundary;
use crate::calls::call_in;
use crate::convert::{Borrowed, Out, Status, ToC, c_api};
use crate::objects::{borrowed, into_pointer};
use crate::variadic::{Arguments, Rest, variadic};

variadic! {
    /// Call with objects up to a NULL. Source: C-API, "Call Protocol".
    PyObject_CallFunctionObjArgs = backend_matrix_variadic_PyObject_CallFunctionObjArgs;
    /// Call the method of that name with objects up to a NULL. Source: C-API, "Call Protocol".
    PyObject_CallMethodObjArgs = backend_matrix_variadic_PyObject_CallMethodObjArgs;
}

/// # Safety
/// `callable` is null or alive; `rest` holds living objects and a NULL.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyObject_CallFunctionObjArgs(
    callable: *mut PyObject,
    rest: *mut Arguments,
) -> *mut PyObject {
    const NAME: &str = "PyObject_CallFunctionObjArgs";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let callable = unsafe { borrowed(vm, callable, NAME, "callable") }?;
        // SAFETY: by this function's contract.
        let arguments = unsafe { Rest::new(rest).objects_until_null() };
        callable.call(arguments, vm).map(into_pointer)
    })
}

/// # Safety
/// `object` and `name` are null or alive; `rest` holds living objects and a NULL.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyObject_CallMethodObjArgs(
    object: *mut PyObject,
    name: *mut PyObject,
    rest: *mut Arguments,
) -> *mut PyObject {
    const NAME: &str = "PyObject_CallMethodObjArgs";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let object = unsafe { borrowed(vm, object, NAME, "obj") }?;
        // SAFETY: by this function's contract.
        let name = unsafe { borrowed(vm, name, NAME, "name") }?;
        // SAFETY: by this function's contract.
        let arguments = unsafe { Rest::new(rest).objects_until_null() };
        let name = name.try_downcast_ref::<PyStr>(vm)?;
        let method = object.get_attr(name, vm)?;
        method.call(arguments, vm).map(into_pointer)
    })
}

c_api! {
    /// The number in base 2, 8, 10 or 16, with its prefix.
    fn PyNumber_ToBase(vm, number: &PyObject, base: i32) -> PyObjectRef {
        let spec = match base {
            2 => "#b",
            8 => "#o",
            10 => "d",
            16 => "#x",
            _ => return Err(vm.new_system_error("PyNumber_ToBase: base must be 2, 8, 10 or 16")),
        };
        let index: PyObjectRef = number.try_index(vm)?.into();
        call_in(vm, "builtins", "format", (index, spec))
    }

    /// A list or tuple as it is, anything else as a list; `TypeError` with `words` if it cannot be iterated.
    fn PySequence_Fast(vm, object: &PyObject, words: &str) -> PyObjectRef {
        if object.downcastable::<PyList>() || object.downcastable::<PyTuple>() {
            return Ok(object.to_owned().to_c());
        }
        let iterator = object.get_iter(vm).map_err(|error| {
            if error.fast_isinstance(vm.ctx.exceptions.type_error) {
                vm.new_type_error(words.to_owned())
            } else {
                error
            }
        })?;
        let iterator: PyObjectRef = iterator.into();
        call_in(vm, "builtins", "list", (iterator,))
    }

    /// `start`, `stop` and `step` of a slice; -1 without an exception if they are no integers or out of range.
    fn PySlice_GetIndices(vm, slice: &PyObject, length: isize, start: Out<isize>, stop: Out<isize>, step: Out<isize>) -> Status {
        let part = |name: &'static str| -> Option<Option<isize>> {
            let value = slice.get_attr(name, vm).ok()?;
            if vm.is_none(&value) { Some(None) } else { value.try_into_value(vm).ok().map(Some) }
        };
        let (Some(first), Some(last), Some(by)) = (part("start"), part("stop"), part("step")) else {
            return Ok(-1);
        };
        let by = by.unwrap_or(1);
        let wrap = |at: isize| if at < 0 { at + length } else { at };
        let first = first.map_or(if by < 0 { length - 1 } else { 0 }, wrap);
        let last = last.map_or(if by < 0 { -1 } else { length }, wrap);
        step.set(by);
        start.set(first);
        stop.set(last);
        let refused = last > length || first >= length || by == 0;
        Ok(Status(if refused { -1 } else { 0 }))
    }

    /// `self` of a builtin function, borrowed; NULL for a static one.
    fn PyCFunction_GetSelf(vm, function: &PyObject) -> Borrowed {
        if !function.fast_isinstance(vm.ctx.types.builtin_function_or_method_type) {
            return Err(crate::objects::bad_internal_call(vm));
        }
        // The function keeps its self alive.
        let owner = vm.get_attribute_opt(function, "__self__")?.filter(|owner| !vm.is_none(owner));
        Ok(Borrowed(owner.map_or(null_mut(), |owner| crate::objects::as_pointer(&owner))))
    }

    /// An item of a named tuple made in Rust, borrowed. Source: C-API, "Struct Sequence Objects".
    fn PyStructSequence_GetItem(vm, object: &PyObject, index: isize) -> Borrowed {
        let tuple = object.downcast_ref::<PyTuple>().ok_or_else(|| crate::objects::bad_internal_call(vm))?;
        let item = usize::try_from(index).ok().and_then(|index| tuple.as_slice().get(index));
        item.map(|item| Borrowed(crate::objects::as_pointer(item)))
            .ok_or_else(|| vm.new_index_error("tuple index out of range"))
    }

    /// The length of an object that has one. RustPython's objects have no `ob_size`, which it is in CPython.
    fn Py_SIZE(vm, object: &PyObject) -> isize {
        object.length(vm).map(usize::cast_signed)
    }
}

/// The number of arguments in `nargsf`, without `PY_VECTORCALL_ARGUMENTS_OFFSET`.
#[unsafe(no_mangle)]
pub extern "C" fn PyVectorcall_NARGS(nargsf: usize) -> isize {
    const ARGUMENTS_OFFSET: usize = 1 << (usize::BITS - 1);
    (nargsf & !ARGUMENTS_OFFSET).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, said, with_interpreter};

    #[test]
    fn numbers_sequences_and_slices() {
        with_interpreter(|vm| {
            let (number, list) = (evaluate(vm, "", "-255"), evaluate(vm, "", "[1]"));
            let (n, l) = (as_pointer(&number), as_pointer(&list));
            let words = c"no sequence".as_ptr();
            // SAFETY: living objects, C strings and places of ours.
            unsafe {
                assert_eq!(said(vm, PyNumber_ToBase(n, 16)), "'-0xff'");
                assert_eq!(said(vm, PyNumber_ToBase(n, 2)), "'-0b11111111'");
                assert_eq!(said(vm, PyNumber_ToBase(n, 10)), "'-255'");
                assert!(said(vm, PyNumber_ToBase(n, 3)).starts_with("SystemError"));
                let same = PySequence_Fast(l, words);
                assert_eq!(same, l);
                assert_eq!(said(vm, same), "[1]");
                let text = evaluate(vm, "", "'ab'");
                assert_eq!(
                    said(vm, PySequence_Fast(as_pointer(&text), words)),
                    "['a', 'b']"
                );
                assert_eq!(
                    said(vm, PySequence_Fast(n, words)),
                    "TypeError: no sequence"
                );
                assert_eq!(PyVectorcall_NARGS(usize::MAX), isize::MAX);
                let slice = evaluate(vm, "", "slice(None, -1, 2)");
                let (mut start, mut stop, mut step) = (9, 9, 9);
                assert_eq!(
                    PySlice_GetIndices(as_pointer(&slice), 5, &mut start, &mut stop, &mut step),
                    0
                );
                assert_eq!((start, stop, step), (0, 4, 2));
                let function = evaluate(vm, "", "[].append");
                assert!(!PyCFunction_GetSelf(as_pointer(&function)).is_null());
                let version = evaluate(vm, "sys", "sys.version_info");
                let item = PyStructSequence_GetItem(as_pointer(&version), 0);
                assert_eq!(
                    item.as_ref()
                        .expect("an item")
                        .repr(vm)
                        .expect("repr")
                        .as_wtf8()
                        .to_string(),
                    "3"
                );
                assert_eq!(Py_SIZE(l), 1);
            }
        });
    }

    #[test]
    fn a_callable_gets_the_objects_up_to_null() {
        type Call = unsafe extern "C" fn(*mut PyObject, ...) -> *mut PyObject;
        let defined: unsafe extern "C" fn() = PyObject_CallFunctionObjArgs;
        // SAFETY: how C declares the function.
        let call = unsafe { core::mem::transmute::<unsafe extern "C" fn(), Call>(defined) };
        with_interpreter(|vm| {
            let function = evaluate(vm, "", "lambda *arguments: arguments");
            let (one, two) = (evaluate(vm, "", "1"), evaluate(vm, "", "'two'"));
            let end = null_mut::<PyObject>();
            let f = as_pointer(&function);
            // SAFETY: living objects and NULL at the end.
            unsafe {
                assert_eq!(said(vm, call(f, end)), "()");
                let called = call(f, as_pointer(&one), as_pointer(&two), end);
                assert_eq!(said(vm, called), "(1, 'two')");
                let called = call(as_pointer(&one), end);
                assert_eq!(said(vm, called), "TypeError: 'int' object is not callable");
            }
        });
    }
}
