//! `object.h`, the part about types: creation (PEP 820, PEP 697), slots, data of instances.

use core::ffi::{c_char, c_int, c_uint, c_void};
use core::ptr::null_mut;

use rustpython_vm::builtins::PyType;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::ffi_boundary;
use crate::objects::{bad_internal_call, borrowed_as, borrowed_str, into_pointer, null_argument};
use crate::slot_ids::{Py_tp_name, Py_tp_token};
use crate::slots::{Kind, LegacySlot, PySlot, read_legacy_slots, read_slots};
use crate::types::class::{class_of, exact_class};
use crate::types::create::{Spec, bases_at, create};
use crate::types::get_slot::{arguments, get_slot};
use crate::types::natives::{new_instance, plain_tail, tail};

/// `PyType_Spec`.
#[repr(C)]
pub struct PyType_Spec {
    name: *const c_char,
    basicsize: c_int,
    itemsize: c_int,
    flags: c_uint,
    slots: *const LegacySlot,
}

/// # Safety
/// `typ` is null or alive.
pub(super) unsafe fn type_argument<'a>(
    vm: &VirtualMachine,
    typ: *mut PyObject,
    function: &str,
) -> PyResult<&'a Py<PyType>> {
    // SAFETY: by this function's contract.
    unsafe { borrowed_as::<PyType>(vm, typ, function, "type") }?
        .ok_or_else(|| bad_internal_call(vm))
}

/// Make a type from a slot array. Source: C-API, "Creating Heap-Allocated Types"; PEP 820.
///
/// # Safety
/// `slots` is null or an array that ends with id 0, whose entries point to what their ids ask for; functions, methods,
/// members and getsets live as long as the process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_FromSlots(slots: *const PySlot) -> *mut PyObject {
    const NAME: &str = "PyType_FromSlots";
    ffi_boundary(NAME, null_mut(), |vm| {
        if slots.is_null() {
            return Err(null_argument(vm, NAME, "slots"));
        }
        // SAFETY: not null; the rest by this function's contract.
        let slots = unsafe { read_slots(vm, slots, Kind::Type, "<unnamed>") }?;
        if !slots.iter().any(|slot| slot.id == Py_tp_name) {
            return Err(vm.new_system_error("Type spec does not define the name field."));
        }
        // SAFETY: by this function's contract.
        let spec = unsafe { Spec::read(vm, &slots) }?;
        // SAFETY: by this function's contract.
        unsafe { create(vm, spec) }.map(into_pointer)
    })
}

/// Make a type from a `PyType_Spec`. Source: C-API, "Creating Heap-Allocated Types".
///
/// # Safety
/// As for [`PyType_FromSlots`]; objects are null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_FromMetaclass(
    metaclass: *mut PyObject,
    module: *mut PyObject,
    spec: *const PyType_Spec,
    bases: *mut PyObject,
) -> *mut PyObject {
    const NAME: &str = "PyType_FromMetaclass";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: null or a spec, by this function's contract.
        let given = unsafe { spec.as_ref() }.ok_or_else(|| null_argument(vm, NAME, "spec"))?;
        // SAFETY: by this function's contract.
        let name = unsafe { borrowed_str(vm, given.name, NAME, "name") }?;
        // SAFETY: by this function's contract.
        let slots = unsafe { read_legacy_slots(vm, given.slots, name) }?;
        // SAFETY: by this function's contract.
        let mut described = unsafe { Spec::read_named(vm, name, &slots) }?;
        described.set_flags(given.flags.into());
        described.set_basic_size(vm, given.basicsize as isize)?;
        if given.itemsize != 0 {
            let words = format!("{name}: objects of variable size are not supported");
            return Err(vm.new_system_error(words));
        }
        // `Py_TP_USE_SPEC` is NULL.
        if described.token == 0 && slots.iter().any(|slot| slot.id == Py_tp_token) {
            described.token = spec as usize;
        }
        // SAFETY: by this function's contract.
        let bases = unsafe { bases_at(vm, bases) }?;
        if !bases.is_empty() {
            described.bases = bases;
        }
        if !metaclass.is_null() {
            // SAFETY: by this function's contract.
            described.metaclass = Some(unsafe { type_argument(vm, metaclass, NAME) }?.to_owned());
        }
        // SAFETY: null or alive, by this function's contract.
        if let Some(module) = unsafe { module.as_ref() } {
            described.module = Some(module.to_owned());
        }
        // SAFETY: by this function's contract.
        unsafe { create(vm, described) }.map(into_pointer)
    })
}

/// # Safety
/// As for [`PyType_FromMetaclass`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_FromModuleAndSpec(
    module: *mut PyObject,
    spec: *const PyType_Spec,
    bases: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by this function's contract.
    unsafe { PyType_FromMetaclass(null_mut(), module, spec, bases) }
}

/// # Safety
/// As for [`PyType_FromMetaclass`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_FromSpecWithBases(
    spec: *const PyType_Spec,
    bases: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by this function's contract.
    unsafe { PyType_FromMetaclass(null_mut(), null_mut(), spec, bases) }
}

/// # Safety
/// As for [`PyType_FromMetaclass`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_FromSpec(spec: *const PyType_Spec) -> *mut PyObject {
    // SAFETY: by this function's contract.
    unsafe { PyType_FromMetaclass(null_mut(), null_mut(), spec, null_mut()) }
}

/// The function in a slot, NULL if there is none. Source: C-API, "Type Objects".
///
/// # Safety
/// `typ` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetSlot(typ: *mut PyObject, slot: c_int) -> *mut c_void {
    // SAFETY: null or alive, by this function's contract.
    let asked = unsafe { typ.as_ref() }.and_then(|typ| typ.downcast_ref::<PyType>());
    match asked.and_then(|typ| get_slot(typ, slot)) {
        Some(function) => function,
        None => ffi_boundary("PyType_GetSlot", null_mut(), |vm| {
            Err(bad_internal_call(vm))
        }),
    }
}

/// Where the data of the class `cls` lies in `object`. Source: PEP 697.
///
/// PyO3 calls this for every access to a Rust value, so the way through is short and enters no boundary: it neither
/// panics nor raises. What is wrong takes the other way.
///
/// # Safety
/// `object` and `cls` are null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GetTypeData(
    object: *mut PyObject,
    cls: *mut PyObject,
) -> *mut c_void {
    // SAFETY: null or alive, by this function's contract.
    let tail = unsafe { object.as_ref() }.and_then(plain_tail);
    if let Some(data) = tail.and_then(|tail| tail.own_data_of(cls.cast())) {
        return data.cast();
    }
    // SAFETY: by this function's contract.
    unsafe { other_type_data(object, cls) }
}

/// The data of a base class, or of an object over another native type.
///
/// # Safety
/// As for [`PyObject_GetTypeData`].
#[inline(never)]
unsafe extern "C" fn other_type_data(object: *mut PyObject, cls: *mut PyObject) -> *mut c_void {
    // SAFETY: null or alive, by this function's contract.
    let tail = unsafe { object.as_ref() }.and_then(tail);
    if let Some(data) = tail.and_then(|tail| tail.data_of(cls.cast())) {
        return data.cast();
    }
    // SAFETY: by this function's contract.
    unsafe { rare_type_data(object, cls) }
}

/// # Safety
/// As for [`PyObject_GetTypeData`].
#[cold]
#[inline(never)]
unsafe extern "C" fn rare_type_data(object: *mut PyObject, cls: *mut PyObject) -> *mut c_void {
    const NAME: &str = "PyObject_GetTypeData";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: null or alive, by this function's contract.
        let object = unsafe { object.as_ref() }.ok_or_else(|| null_argument(vm, NAME, "object"))?;
        // SAFETY: by this function's contract.
        let cls = unsafe { type_argument(vm, cls, NAME) }?;
        match (tail(object), class_of(cls)) {
            // A second base without data: any address will do.
            (Some(tail), Some(class)) if class.data.is_empty() => Ok(tail.block().cast()),
            _ => Err(vm.new_system_error(format!(
                "PyObject_GetTypeData: a '{}' object has no data of '{}'",
                object.class().slot_name(),
                cls.slot_name()
            ))),
        }
    })
}

/// As [`PyObject_GetTypeData`], for `tp_traverse`. Source: C-API, "Type Objects" (3.15).
///
/// # Safety
/// As for [`PyObject_GetTypeData`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GetTypeData_DuringGC(
    object: *mut PyObject,
    cls: *mut PyObject,
) -> *mut c_void {
    // SAFETY: by this function's contract.
    unsafe { PyObject_GetTypeData(object, cls) }
}

/// Source: PEP 697.
///
/// # Safety
/// `cls` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetTypeDataSize(cls: *mut PyObject) -> isize {
    const NAME: &str = "PyType_GetTypeDataSize";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: by this function's contract.
        let typ = unsafe { type_argument(vm, cls, NAME) }?;
        Ok(exact_class(typ).map_or(0, |class| class.data.len().cast_signed()))
    })
}

/// An instance with zeroed data. Source: C-API, "Type Objects".
///
/// # Safety
/// `typ` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GenericAlloc(typ: *mut PyObject, items: isize) -> *mut PyObject {
    const NAME: &str = "PyType_GenericAlloc";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let typ = unsafe { type_argument(vm, typ, NAME) }?;
        allocate(vm, typ, items).map(into_pointer)
    })
}

fn allocate(vm: &VirtualMachine, typ: &Py<PyType>, items: isize) -> PyResult {
    if class_of(typ).is_some() {
        return new_instance(typ.to_owned(), Default::default(), vm);
    }
    match typ.slots.alloc.load() {
        // Every native type inherits this function from `object`, but only plain objects can be made with it.
        Some(alloc) if typ.slots.basicsize == vm.ctx.types.object_type.slots.basicsize => {
            alloc(typ.to_owned(), items.max(0).cast_unsigned(), vm)
        }
        _ => Err(vm.new_type_error(format!(
            "PyType_GenericAlloc: RustPython allocates '{}' objects only in its own __new__",
            typ.slot_name()
        ))),
    }
}

/// Source: C-API, "Type Objects": calls the type's `tp_alloc`.
///
/// # Safety
/// The arguments are null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GenericNew(
    typ: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    const NAME: &str = "PyType_GenericNew";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let typ = unsafe { type_argument(vm, typ, NAME) }?;
        // SAFETY: by this function's contract.
        drop(unsafe { arguments(vm, args, kwargs) }?);
        allocate(vm, typ, 0).map(into_pointer)
    })
}

/// Make a type immutable. Source: C-API, "Type Objects" (3.14).
///
/// Raises: `TypeError` -- a base is mutable.
///
/// # Safety
/// `typ` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_Freeze(typ: *mut PyObject) -> c_int {
    const NAME: &str = "PyType_Freeze";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: by this function's contract.
        let typ = unsafe { type_argument(vm, typ, NAME) }?;
        for base in typ.mro_collect().iter().skip(1) {
            let is_mutable = base.slots.flags.has_feature(PyTypeFlags::HEAPTYPE)
                && !base.slots.flags.has_feature(PyTypeFlags::IMMUTABLETYPE);
            if is_mutable {
                return Err(vm.new_type_error(format!(
                    "Creating immutable type {} from mutable base {}",
                    typ.slot_name(),
                    base.slot_name()
                )));
            }
        }
        typ.slots.flags.insert(PyTypeFlags::IMMUTABLETYPE);
        typ.modified();
        Ok(0)
    })
}

/// Source: C-API, "Type Objects".
///
/// # Safety
/// `typ` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_Modified(typ: *mut PyObject) {
    const NAME: &str = "PyType_Modified";
    ffi_boundary(NAME, (), |vm| {
        // SAFETY: by this function's contract.
        unsafe { type_argument(vm, typ, NAME) }?.modified();
        Ok(())
    });
}

/// RustPython's caches have no version to report. Source: C-API, "Type Objects".
#[unsafe(no_mangle)]
pub extern "C" fn PyType_ClearCache() -> c_uint {
    0
}

/// All types that this host makes are ready. Source: C-API, "Type Objects".
///
/// # Safety
/// `typ` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_Ready(typ: *mut PyObject) -> c_int {
    const NAME: &str = "PyType_Ready";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: by this function's contract.
        unsafe { type_argument(vm, typ, NAME) }?;
        Ok(0)
    })
}
