//! `bytesobject.h` and `bytearrayobject.h`. Source of all contracts: C-API, "Bytes Objects", "Byte Array Objects".

use core::ffi::c_char;
use core::ptr::null_mut;

use rustpython_vm::builtins::PyBytes;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::calls::call_in;
use crate::convert::{Flag, Out, Stolen, Void, c_api};
use crate::objects::{bad_internal_call, into_pointer, owned_or_none};

/// `*left += right`; after a failure, and without `right`, `*left` is NULL.
fn concat(
    vm: &VirtualMachine,
    left: &Out<*mut PyObject>,
    right: Option<&PyObject>,
) -> PyResult<Void> {
    // SAFETY: the caller's own reference, which this function takes over.
    let old = unsafe { owned_or_none(left.get()) };
    left.set(null_mut());
    if let (Some(old), Some(right)) = (old, right) {
        left.set(into_pointer(vm._add(&old, right)?));
    }
    Ok(Void)
}

c_api! {
    fn PyBytes_Concat(vm, left: Out<*mut PyObject>, right: Option<&PyObject>) -> Void {
        concat(vm, &left, right)
    }

    fn PyBytes_ConcatAndDel(vm, left: Out<*mut PyObject>, right: Stolen) -> Void {
        concat(vm, &left, right.0.as_deref())
    }

    fn PyBytes_Repr(vm, bytes: &PyObject, _smart_quotes: i32) -> PyObjectRef {
        let bytes = bytes.downcast_ref::<PyBytes>().ok_or_else(|| bad_internal_call(vm))?;
        bytes.as_object().repr(vm).map(Into::into)
    }

    /// Undo the escapes of a bytes literal.
    fn PyBytes_DecodeEscape(vm, start: *const c_char, length: isize, errors: Option<&str>, _unicode: isize, _recode: *const c_char) -> PyObjectRef {
        let length = usize::try_from(length).map_err(|_| bad_internal_call(vm))?;
        if start.is_null() {
            return Err(bad_internal_call(vm));
        }
        // SAFETY: not null, and that long by the contract.
        let source = unsafe { core::slice::from_raw_parts(start.cast::<u8>(), length) };
        let source = vm.ctx.new_bytes(source.to_vec());
        let decoded = call_in(vm, "_codecs", "escape_decode", (source, errors.unwrap_or("strict").to_owned()))?;
        decoded.get_item(&0, vm)
    }

    fn PyByteArray_CheckExact(vm, object: Option<&PyObject>) -> Flag {
        Ok(Flag(object.is_some_and(|object| object.class().is(vm.ctx.types.bytearray_type))))
    }

    /// A new bytearray of two buffers.
    fn PyByteArray_Concat(vm, left: &PyObject, right: &PyObject) -> PyObjectRef {
        for part in [left, right] {
            if !part.check_buffer() {
                let (left, right) = (left.class().name().to_owned(), right.class().name().to_owned());
                return Err(vm.new_type_error(format!("can't concat {left} to {right}")));
            }
        }
        let joined = call_in(vm, "builtins", "bytearray", (left.to_owned(),))?;
        vm.call_method(&joined, "extend", (right.to_owned(),))?;
        Ok(joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, said, with_interpreter};

    #[test]
    fn bytes_are_joined_shown_and_unescaped() {
        with_interpreter(|vm| {
            let more = evaluate(vm, "", "b'b'");
            let mut bytes = into_pointer(evaluate(vm, "", "b'a'"));
            // SAFETY: living objects, and a reference of ours in `bytes`.
            unsafe {
                assert_eq!(said(vm, PyBytes_Repr(as_pointer(&more), 0)), "\"b'b'\"");
                let both = PyByteArray_Concat(bytes, as_pointer(&more));
                assert_eq!(PyByteArray_CheckExact(both), 1);
                assert_eq!(said(vm, both), "bytearray(b'ab')");
                PyBytes_Concat(&mut bytes, as_pointer(&more));
                PyBytes_ConcatAndDel(&mut bytes, into_pointer(more.clone()));
                assert_eq!(said(vm, bytes), "b'abb'");
                let null = core::ptr::null();
                let plain = PyBytes_DecodeEscape(c"\\x41\\n".as_ptr(), 6, null, 0, null);
                assert_eq!(said(vm, plain), "b'A\\n'");
            }
        });
    }
}
