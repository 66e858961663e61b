//! `Py_tp_members` and `Py_tp_getset`: attributes that are data.
//!
//! Upstream's descriptors of members look for the field inside the object, where ours is not; those of getsets pass
//! `None` where a deletion passes NULL. So both become RustPython's getset descriptors with our functions.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::null_mut;

use rustpython_capi::descrobject::{PyGetSetDef, PyMemberDef};
use rustpython_vm::builtins::{PyGetSet, PyType};
use rustpython_vm::function::{ItemDoc, PySetterValue};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::call::pointer;
use super::class::exact_class;
use super::natives::tail;
use super::text::leaked_text;
use crate::boundary::call_extension;

/// `Include/descrobject.h`.
pub const Py_RELATIVE_OFFSET: c_int = 8;

fn add(class: &'static Py<PyType>, name: &str, descriptor: PyGetSet, vm: &VirtualMachine) {
    let name = vm.ctx.intern_str(name);
    // Source: CPython, `type_add_getset`: what is there already wins.
    if !class.attributes.contains(name) {
        let descriptor = PyRef::new_ref(descriptor, vm.ctx.types.getset_type.to_owned(), None);
        class.set_attr(name, descriptor.into());
    }
}

/// # Safety
/// `doc` is null or a C string.
unsafe fn item_doc(vm: &VirtualMachine, doc: *const c_char) -> PyResult<ItemDoc> {
    if doc.is_null() {
        return Ok(ItemDoc::NONE);
    }
    // SAFETY: not null, and a C string by this function's contract.
    leaked_text(vm, unsafe { CStr::from_ptr(doc) }).map(ItemDoc::static_text)
}

/// Source: CPython, `descr_check`.
fn check_self(
    object: &PyObject,
    class: &Py<PyType>,
    name: &str,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if object.class().is(class) || object.fast_isinstance(class) {
        return Ok(());
    }
    Err(vm.new_type_error(format!(
        "descriptor '{name}' for '{}' objects doesn't apply to a '{}' object",
        class.slot_name(),
        object.class().slot_name()
    )))
}

/// Add the attributes of the array `getsets` to `class`.
///
/// # Safety
/// `getsets` ends with an entry without a name, and all of it lives as long as the process.
pub unsafe fn add_getsets(
    vm: &VirtualMachine,
    class: &'static Py<PyType>,
    getsets: *const PyGetSetDef,
) -> PyResult<()> {
    for index in 0.. {
        // SAFETY: the loop ends at the array's end.
        let definition = unsafe { &*getsets.add(index) };
        if definition.name.is_null() {
            break;
        }
        // SAFETY: not null, and a C string by this function's contract.
        let name = leaked_text(vm, unsafe { CStr::from_ptr(definition.name) })?;
        // SAFETY: null or a C string by this function's contract.
        let doc = unsafe { item_doc(vm, definition.doc) }?;
        let closure = definition.closure as usize;
        let descriptor = PyGetSet::new(name, class, &vm.ctx).with_doc(doc);
        let get = definition.get;
        let descriptor = descriptor.with_get(move |object: PyObjectRef, vm: &VirtualMachine| {
            let Some(get) = get else {
                let words = format!(
                    "attribute '{name}' of '{}' objects is not readable",
                    class.slot_name()
                );
                return Err(vm.new_attribute_error(words));
            };
            check_self(&object, class, name, vm)?;
            // SAFETY: the extension's own function and a living object.
            let returned = call_extension(vm, || unsafe {
                get(pointer(&object), closure as *mut c_void)
            });
            // SAFETY: a getter returns a new reference or NULL.
            unsafe { returned.into_object(vm, name) }
        });
        let set = definition.set;
        let descriptor = descriptor.with_set(
            move |object: PyObjectRef, value: PySetterValue, vm: &VirtualMachine| -> PyResult<()> {
                check_self(&object, class, name, vm)?;
                let Some(set) = set else {
                    let words = format!(
                        "attribute '{name}' of '{}' objects is not writable",
                        class.slot_name()
                    );
                    return Err(vm.new_attribute_error(words));
                };
                let value = match &value {
                    PySetterValue::Assign(value) => pointer(value),
                    PySetterValue::Delete => null_mut(),
                };
                // SAFETY: the extension's own function and living objects; NULL deletes.
                let returned = call_extension(vm, || unsafe {
                    set(pointer(&object), value, closure as *mut c_void)
                });
                returned.into_status(vm, name).map(drop)
            },
        );
        add(class, name, descriptor, vm);
    }
    Ok(())
}

/// How a member's memory is to be read (`Py_T_*` of `Include/descrobject.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Short,
    Int,
    Long,
    Float,
    Double,
    String,
    Object,
    Char,
    Byte,
    UByte,
    UShort,
    UInt,
    ULong,
    StringInPlace,
    Bool,
    ObjectOrMissing,
    LongLong,
    ULongLong,
    Ssize,
}

impl Field {
    pub const fn from_code(code: c_int) -> Option<Self> {
        Some(match code {
            0 => Self::Short,
            1 => Self::Int,
            2 => Self::Long,
            3 => Self::Float,
            4 => Self::Double,
            5 => Self::String,
            6 => Self::Object,
            7 => Self::Char,
            8 => Self::Byte,
            9 => Self::UByte,
            10 => Self::UShort,
            11 => Self::UInt,
            12 => Self::ULong,
            13 => Self::StringInPlace,
            14 => Self::Bool,
            16 => Self::ObjectOrMissing,
            17 => Self::LongLong,
            18 => Self::ULongLong,
            19 => Self::Ssize,
            _ => return None,
        })
    }

    /// The value in Python's terms, or None for an object that may be missing and is.
    ///
    /// # Safety
    /// `field` points to a value of the type that `self` says.
    pub unsafe fn read(self, field: *const u8, vm: &VirtualMachine) -> Option<PyObjectRef> {
        let ctx = &vm.ctx;
        macro_rules! integer {
            ($typ:ty) => {{
                // SAFETY: by this function's contract.
                let number = unsafe { field.cast::<$typ>().read() };
                ctx.new_int(number).into()
            }};
        }
        Some(match self {
            Self::Short => integer!(i16),
            Self::Int => integer!(i32),
            Self::Long | Self::LongLong | Self::Ssize => integer!(i64),
            Self::Byte => integer!(i8),
            Self::UByte => integer!(u8),
            Self::UShort => integer!(u16),
            Self::UInt => integer!(u32),
            Self::ULong | Self::ULongLong => integer!(u64),
            // SAFETY: by this function's contract.
            Self::Float => ctx
                .new_float(unsafe { field.cast::<f32>().read() }.into())
                .into(),
            // SAFETY: by this function's contract.
            Self::Double => ctx.new_float(unsafe { field.cast::<f64>().read() }).into(),
            // SAFETY: by this function's contract.
            Self::Bool => ctx.new_bool(unsafe { field.read() } != 0).into(),
            // SAFETY: by this function's contract.
            Self::Char => ctx
                .new_str(char::from(unsafe { field.read() }).to_string())
                .into(),
            Self::String | Self::StringInPlace => {
                let text = match self {
                    // SAFETY: by this function's contract.
                    Self::String => unsafe { field.cast::<*const c_char>().read() },
                    _ => field.cast(),
                };
                if text.is_null() {
                    return Some(ctx.none());
                }
                // SAFETY: not null, and a C string by this function's contract.
                let text = unsafe { CStr::from_ptr(text) };
                ctx.new_str(text.to_string_lossy()).into()
            }
            Self::Object | Self::ObjectOrMissing => {
                // SAFETY: by this function's contract; a member's object lives as long as the field holds it.
                let value = unsafe { field.cast::<*mut PyObject>().read().as_ref() };
                match (value, self) {
                    (Some(value), _) => value.to_owned(),
                    (None, Self::Object) => ctx.none(),
                    (None, _) => return None,
                }
            }
        })
    }
}

/// Add the attributes of the array `members` to `class`.
///
/// All are read-only here: PyO3 makes no others, and RustPython has no interpreter lock that would order a write.
///
/// Raises: `SystemError` -- an unknown type of field; an absolute offset, as only the interpreter knows its objects' layout.
///
/// # Safety
/// `members` ends with an entry without a name, its fields lie in the class's data, and all of it lives as long as the
/// process.
pub unsafe fn add_members(
    vm: &VirtualMachine,
    class: &'static Py<PyType>,
    members: *const PyMemberDef,
) -> PyResult<()> {
    for index in 0.. {
        // SAFETY: the loop ends at the array's end.
        let definition = unsafe { &*members.add(index) };
        if definition.name.is_null() {
            break;
        }
        // SAFETY: not null, and a C string by this function's contract.
        let name = leaked_text(vm, unsafe { CStr::from_ptr(definition.name) })?;
        // These say something about the type and are no attributes (C-API, "PyMemberDef"); see `Spec`.
        if [
            "__dictoffset__",
            "__weaklistoffset__",
            "__vectorcalloffset__",
        ]
        .contains(&name)
        {
            continue;
        }
        let offset = usize::try_from(definition.offset).ok();
        let (Some(kind), Some(offset)) = (Field::from_code(definition.type_code), offset) else {
            let words = format!(
                "member '{name}' has type code {} and offset {}, which the host does not know",
                definition.type_code, definition.offset
            );
            return Err(vm.new_system_error(words));
        };
        if definition.flags & Py_RELATIVE_OFFSET == 0 {
            let words = format!("member '{name}' has an absolute offset: use Py_RELATIVE_OFFSET");
            return Err(vm.new_system_error(words));
        }
        // SAFETY: null or a C string by this function's contract.
        let doc = unsafe { item_doc(vm, definition.doc) }?;
        let descriptor = PyGetSet::new(name, class, &vm.ctx).with_doc(doc).with_get(
            move |object: PyObjectRef, vm: &VirtualMachine| {
                check_self(&object, class, name, vm)?;
                let (Some(tail), Some(class)) = (tail(&object), exact_class(class)) else {
                    return Err(vm.new_system_error(format!("member '{name}' without data")));
                };
                // SAFETY: the field lies in the class's part of the block, by `add_members`' contract.
                let place = unsafe { tail.block().add(class.data.start + offset) };
                // SAFETY: as above; `kind` is what the extension says of it.
                unsafe { kind.read(place, vm) }.ok_or_else(|| {
                    let owner = object.class().slot_name();
                    vm.new_attribute_error(format!("'{owner}' object has no attribute '{name}'"))
                })
            },
        );
        let descriptor = descriptor.with_set(
            |_: PyObjectRef, _: PySetterValue, vm: &VirtualMachine| -> PyResult<()> {
                Err(vm.new_attribute_error("readonly attribute"))
            },
        );
        add(class, name, descriptor, vm);
    }
    Ok(())
}
