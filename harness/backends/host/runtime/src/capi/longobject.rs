//! `longobject.h`. Source of all contracts: C-API, "Integer Objects".

use core::ffi::{c_char, c_int, c_long, c_longlong, c_ulong};

use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::detached_boundary;
use crate::convert::{Out, c_api};

/// The value, or -1 with the sign of what does not fit.
fn or_overflow(vm: &VirtualMachine, number: &PyObject, overflow: &Out<c_int>) -> PyResult<i64> {
    overflow.set(0);
    let index = number.try_index(vm)?;
    let value = i64::try_from(index.as_bigint());
    Ok(value.unwrap_or_else(|_| {
        let negative = index.as_bigint().to_string().starts_with('-');
        overflow.set(if negative { -1 } else { 1 });
        -1
    }))
}

c_api! {
    fn PyLong_AsLongAndOverflow(vm, number: &PyObject, overflow: Out<c_int>) -> c_long {
        or_overflow(vm, number, &overflow)
    }

    fn PyLong_AsLongLongAndOverflow(vm, number: &PyObject, overflow: Out<c_int>) -> c_longlong {
        or_overflow(vm, number, &overflow)
    }

    /// `sys.int_info`.
    fn PyLong_GetInfo(vm) -> PyObjectRef {
        vm.sys_module.get_attr("int_info", vm)
    }
}

/// C's `strtol`, with the prefix `0o` and `0b` of Python if the base allows it.
///
/// # Safety
/// `text` is a C string; `end` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyOS_strtol(
    text: *const c_char,
    end: *mut *mut c_char,
    base: c_int,
) -> c_long {
    // SAFETY: by this function's contract.
    detached_boundary(0, || unsafe { libc::strtol(text, end, base) })
}

/// C's `strtoul`.
///
/// # Safety
/// `text` is a C string; `end` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyOS_strtoul(
    text: *const c_char,
    end: *mut *mut c_char,
    base: c_int,
) -> c_ulong {
    // SAFETY: by this function's contract.
    detached_boundary(0, || unsafe { libc::strtoul(text, end, base) })
}

#[cfg(test)]
mod tests {
    use core::ptr::null_mut;

    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, pending_message, said, with_interpreter};

    #[test]
    fn what_does_not_fit_says_in_which_direction() {
        with_interpreter(|vm| {
            let mut overflow = 9;
            for (source, value, direction) in [("-5", -5, 0), ("2**63", -1, 1), ("-2**70", -1, -1)]
            {
                let number = evaluate(vm, "", source);
                // SAFETY: a living object and a place of ours.
                let found = unsafe { PyLong_AsLongAndOverflow(as_pointer(&number), &mut overflow) };
                assert_eq!((found, overflow), (value, direction), "{source}");
            }
            let text = evaluate(vm, "", "''");
            // SAFETY: a living object and a place of ours; C strings.
            unsafe {
                assert_eq!(
                    PyLong_AsLongLongAndOverflow(as_pointer(&text), &mut overflow),
                    -1
                );
                assert!(pending_message(vm).starts_with("TypeError"));
                assert_eq!(PyOS_strtol(c"-12x".as_ptr(), null_mut(), 10), -12);
                assert_eq!(PyOS_strtoul(c"ff".as_ptr(), null_mut(), 16), 255);
            }
        });
    }

    #[test]
    fn how_integers_are_kept_is_told() {
        with_interpreter(|vm| {
            // SAFETY: no arguments.
            let info = said(vm, unsafe { PyLong_GetInfo() });
            assert!(info.starts_with("sys.int_info(bits_per_digit="), "{info}");
        });
    }
}
