//! `descrobject.h`: members that C reads and writes by hand. Source: C-API, "Common Object Structures".
//!
//! The address is that of the caller's own memory: an object's data is where `PyObject_GetTypeData` says.

use core::ffi::{CStr, c_char, c_int};
use core::ptr::null_mut;

use rustpython_capi::descrobject::PyMemberDef;
use rustpython_vm::builtins::PyStr;
use rustpython_vm::warn::warn;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::convert::c_api;
use crate::objects::{into_pointer, owned_or_none};
use crate::types::members::{Field, Py_RELATIVE_OFFSET};

/// `Include/descrobject.h`.
const Py_READONLY: c_int = 1;

/// What a member says: its name, its kind, and where its field is.
struct Member {
    name: String,
    kind: Field,
    field: *mut u8,
    read_only: bool,
}

/// Raises: `SystemError` -- an offset from data that only the interpreter can find, or an unknown type.
///
/// # Safety
/// `definition` is alive and its offset leads from `memory` to a field of its type.
unsafe fn member(
    vm: &VirtualMachine,
    function: &str,
    memory: *mut c_char,
    definition: *const PyMemberDef,
) -> PyResult<Member> {
    // SAFETY: by this function's contract; `as_ref` maps null to None.
    let Some(definition) = (unsafe { definition.as_ref() }) else {
        return Err(vm.new_system_error(format!("{function}: the member is NULL")));
    };
    // SAFETY: a C string by this function's contract.
    let name = unsafe { CStr::from_ptr(definition.name) }
        .to_string_lossy()
        .into_owned();
    if definition.flags & Py_RELATIVE_OFFSET != 0 {
        return Err(vm.new_system_error(format!("{function} used with Py_RELATIVE_OFFSET")));
    }
    let Some(kind) = Field::from_code(definition.type_code) else {
        return Err(vm.new_system_error(format!("bad memberdescr type for {name}")));
    };
    // SAFETY: the offset stays within the memory, by this function's contract.
    let field = unsafe { memory.cast::<u8>().offset(definition.offset) };
    let read_only = definition.flags & Py_READONLY != 0;
    Ok(Member {
        name,
        kind,
        field,
        read_only,
    })
}

c_api! {
    /// The value of a field, as the attribute of a type would give it.
    fn PyMember_GetOne(vm, memory: *const c_char, definition: *const PyMemberDef) -> PyObjectRef {
        // SAFETY: by this function's contract.
        let member = unsafe { member(vm, "PyMember_GetOne", memory.cast_mut(), definition) }?;
        // SAFETY: as above.
        unsafe { member.kind.read(member.field, vm) }
            .ok_or_else(|| vm.new_attribute_error(format!("no attribute '{}'", member.name)))
    }

    /// Write a field; NULL deletes, which only a member that holds an object allows.
    fn PyMember_SetOne(vm, memory: *mut c_char, definition: *const PyMemberDef, value: Option<&PyObject>) -> () {
        // SAFETY: by this function's contract.
        let member = unsafe { member(vm, "PyMember_SetOne", memory, definition) }?;
        if member.read_only || matches!(member.kind, Field::String | Field::StringInPlace) {
            let kind = if member.read_only { vm.ctx.exceptions.attribute_error } else { vm.ctx.exceptions.type_error };
            return Err(vm.new_exception_msg(kind.to_owned(), "readonly attribute".into()));
        }
        // SAFETY: as above.
        unsafe { write(vm, &member, value) }
    }
}

/// # Safety
/// `member` says rightly what is at its field.
unsafe fn write(vm: &VirtualMachine, member: &Member, value: Option<&PyObject>) -> PyResult<()> {
    if matches!(member.kind, Field::Object | Field::ObjectOrMissing) {
        let place = member.field.cast::<*mut PyObject>();
        let new = value.map_or_else(null_mut, |value| into_pointer(value.to_owned()));
        // SAFETY: by this function's contract; the field's reference becomes ours and another one takes its place.
        let old = unsafe { owned_or_none(place.replace(new)) };
        return match (value, old, member.kind) {
            (None, None, Field::ObjectOrMissing) => {
                Err(vm.new_attribute_error(member.name.clone()))
            }
            _ => Ok(()),
        };
    }
    match value {
        // SAFETY: by this function's contract.
        Some(value) => unsafe { write_plain(vm, member, value) },
        None => Err(vm.new_type_error("can't delete numeric/char attribute")),
    }
}

/// Write what is no object. What does not fit is cut and told as a warning after the write.
///
/// Source: CPython, `PyMember_SetOne`.
///
/// # Safety
/// As [`write`].
unsafe fn write_plain(vm: &VirtualMachine, member: &Member, value: &PyObject) -> PyResult<()> {
    macro_rules! store {
        ($typ:ty, $value:expr) => {{
            let value: $typ = $value;
            // SAFETY: by this function's contract.
            unsafe { member.field.cast::<$typ>().write(value) };
            Ok(())
        }};
    }
    macro_rules! narrow {
        ($typ:ty, $words:expr) => {{
            let whole = signed(vm, value)?;
            // SAFETY: by this function's contract.
            unsafe { member.field.cast::<$typ>().write(whole as $typ) };
            match <$typ>::try_from(whole) {
                Ok(_) => Ok(()),
                Err(_) => {
                    let category = vm.ctx.exceptions.runtime_warning.to_owned();
                    warn(vm.ctx.new_str($words).into(), Some(category), 1, None, vm)
                }
            }
        }};
    }
    match member.kind {
        Field::Bool => {
            if !value.fast_isinstance(vm.ctx.types.bool_type) {
                return Err(vm.new_type_error("attribute value type must be bool"));
            }
            store!(u8, u8::from(value.is(&vm.ctx.true_value)))
        }
        Field::Char => match value.downcast_ref::<PyStr>().map(|text| text.as_bytes()) {
            Some(&[byte]) => store!(u8, byte),
            _ => Err(vm.new_type_error("bad argument type for built-in operation")),
        },
        Field::Float => store!(f32, value.try_float(vm)?.to_f64() as f32),
        Field::Double => store!(f64, value.try_float(vm)?.to_f64()),
        Field::Byte => narrow!(i8, "Truncation of value to char"),
        Field::UByte => narrow!(u8, "Truncation of value to unsigned char"),
        Field::Short => narrow!(i16, "Truncation of value to short"),
        Field::UShort => narrow!(u16, "Truncation of value to unsigned short"),
        Field::Int => narrow!(i32, "Truncation of value to int"),
        Field::UInt if is_negative(vm, value)? => narrow!(u32, NEGATIVE),
        Field::UInt => narrow!(u32, "Truncation of value to unsigned int"),
        Field::ULong | Field::ULongLong if is_negative(vm, value)? => narrow!(u64, NEGATIVE),
        Field::ULong | Field::ULongLong => store!(u64, unsigned(vm, value)?),
        _ => store!(i64, signed(vm, value)?),
    }
}

const NEGATIVE: &str = "Writing negative value into unsigned field";

fn is_negative(vm: &VirtualMachine, value: &PyObject) -> PyResult<bool> {
    // A number that does not fit is positive or refused by `signed`.
    Ok(i64::try_from(value.try_index(vm)?.as_bigint()).is_ok_and(i64::is_negative))
}

/// Raises: `OverflowError` -- the number does not fit; `TypeError` -- it is none.
fn signed(vm: &VirtualMachine, value: &PyObject) -> PyResult<i64> {
    i64::try_from(value.try_index(vm)?.as_bigint())
        .map_err(|_| vm.new_overflow_error("Python int too large to convert to C long"))
}

/// As [`signed`].
fn unsigned(vm: &VirtualMachine, value: &PyObject) -> PyResult<u64> {
    u64::try_from(value.try_index(vm)?.as_bigint())
        .map_err(|_| vm.new_overflow_error("Python int too large to convert to C unsigned long"))
}

#[cfg(test)]
mod tests {
    use core::mem::offset_of;
    use core::ptr::null;

    use super::*;
    use crate::testing::{evaluate, pending_message, said, with_interpreter};

    #[repr(C)]
    struct Record {
        short: i16,
        count: u32,
        total: u64,
        ratio: f64,
        letter: u8,
        flag: u8,
        text: *const c_char,
        object: *mut PyObject,
    }

    const EMPTY: Record = Record {
        short: -7,
        count: 8,
        total: u64::MAX,
        ratio: 0.5,
        letter: b'x',
        flag: 1,
        text: c"text".as_ptr(),
        object: null_mut(),
    };

    /// The members of [`Record`]: type codes of `Include/descrobject.h`.
    fn of(name: &str) -> PyMemberDef {
        let (name, type_code, offset) = match name {
            "short" => (c"short", 0, offset_of!(Record, short)),
            "count" => (c"count", 11, offset_of!(Record, count)),
            "total" => (c"total", 12, offset_of!(Record, total)),
            "ratio" => (c"ratio", 4, offset_of!(Record, ratio)),
            "letter" => (c"letter", 7, offset_of!(Record, letter)),
            "flag" => (c"flag", 14, offset_of!(Record, flag)),
            "text" => (c"text", 5, offset_of!(Record, text)),
            "object" => (c"object", 6, offset_of!(Record, object)),
            _ => (c"missing", 16, offset_of!(Record, object)),
        };
        let offset = offset as isize;
        PyMemberDef {
            name: name.as_ptr(),
            type_code,
            offset,
            flags: 0,
            doc: null(),
        }
    }

    fn get(vm: &VirtualMachine, record: &Record, name: &str) -> String {
        // SAFETY: the members are those of the record.
        said(vm, unsafe {
            PyMember_GetOne(core::ptr::from_ref(record).cast(), &of(name))
        })
    }

    /// What is in the field after a Python value was written, or the exception.
    fn set(vm: &VirtualMachine, record: &mut Record, name: &str, value: &str) -> String {
        let value = evaluate(vm, "", value);
        let value = core::ptr::from_ref(value.as_object()).cast_mut();
        // SAFETY: as above.
        match unsafe { PyMember_SetOne(core::ptr::from_mut(record).cast(), &of(name), value) } {
            0 => get(vm, record, name),
            _ => pending_message(vm),
        }
    }

    #[test]
    fn a_field_is_read_by_its_type() {
        with_interpreter(|vm| {
            let read = |name| get(vm, &EMPTY, name);
            assert_eq!(read("short"), "-7");
            assert_eq!(read("total"), "18446744073709551615");
            assert_eq!(read("ratio"), "0.5");
            assert_eq!(read("letter"), "'x'");
            assert_eq!(read("flag"), "True");
            assert_eq!(read("text"), "'text'");
            assert_eq!(read("object"), "None");
            assert_eq!(read("missing"), "AttributeError: no attribute 'missing'");
        });
    }

    #[test]
    fn a_field_is_written_by_its_type() {
        with_interpreter(|vm| {
            let mut record = EMPTY;
            let mut wrote = |name, value| set(vm, &mut record, name, value);
            assert_eq!(wrote("short", "12"), "12");
            assert_eq!(wrote("short", "70000"), "4464", "cut, with a warning");
            assert_eq!(wrote("count", "2**32 - 1"), "4294967295");
            assert_eq!(wrote("count", "-1"), "4294967295", "with a warning");
            assert_eq!(wrote("total", "2**64 - 2"), "18446744073709551614");
            let words = "OverflowError: Python int too large to convert to C unsigned long";
            assert_eq!(wrote("total", "2**64"), words);
            assert_eq!(wrote("ratio", "3"), "3.0");
            assert_eq!(wrote("letter", "'y'"), "'y'");
            let words = "TypeError: bad argument type for built-in operation";
            assert_eq!(wrote("letter", "'yy'"), words);
            assert_eq!(wrote("flag", "False"), "False");
            assert_eq!(
                wrote("flag", "0"),
                "TypeError: attribute value type must be bool"
            );
            assert_eq!(wrote("text", "'other'"), "TypeError: readonly attribute");
        });
    }

    #[test]
    fn an_object_is_held_and_given_back() {
        with_interpreter(|vm| {
            let mut record = EMPTY;
            let held = evaluate(vm, "", "object()");
            let pointer = core::ptr::from_ref(held.as_object()).cast_mut();
            let memory = core::ptr::from_mut(&mut record).cast::<c_char>();
            let before = held.strong_count();
            // SAFETY: the members are those of the record, which outlives the calls.
            unsafe {
                assert_eq!(PyMember_SetOne(memory, &of("object"), pointer), 0);
                assert_eq!(held.strong_count(), before + 1);
                assert_eq!(PyMember_SetOne(memory, &of("missing"), null_mut()), 0);
                assert_eq!(held.strong_count(), before);
                assert_eq!(PyMember_SetOne(memory, &of("missing"), null_mut()), -1);
                assert_eq!(pending_message(vm), "AttributeError: missing");
                assert_eq!(PyMember_SetOne(memory, &of("flag"), null_mut()), -1);
                let words = "TypeError: can't delete numeric/char attribute";
                assert_eq!(pending_message(vm), words);
                let read_only = PyMemberDef {
                    flags: Py_READONLY,
                    ..of("object")
                };
                assert_eq!(PyMember_SetOne(memory, &read_only, pointer), -1);
                assert_eq!(pending_message(vm), "AttributeError: readonly attribute");
                let relative = PyMemberDef {
                    flags: Py_RELATIVE_OFFSET,
                    ..of("short")
                };
                let words = "SystemError: PyMember_GetOne used with Py_RELATIVE_OFFSET";
                assert_eq!(said(vm, PyMember_GetOne(memory, &relative)), words);
                let unknown = PyMemberDef {
                    type_code: 99,
                    ..of("short")
                };
                let words = "SystemError: bad memberdescr type for short";
                assert_eq!(said(vm, PyMember_GetOne(memory, &unknown)), words);
            }
        });
    }
}
