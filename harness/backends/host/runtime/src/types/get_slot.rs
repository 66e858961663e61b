//! `PyType_GetSlot`.
//!
//! RustPython's own types have no C functions in their slots. The few that extensions ask for when they extend such a
//! type (PyO3: `internal/get_slot.rs`) have stand-ins here.

use core::ffi::c_void;
use core::ptr::{null, null_mut};

use rustpython_vm::builtins::{PyTuple, PyType};
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, Py, PyObject, PyResult, VirtualMachine};

use super::class::{class_of, exact_class};
use super::natives::{empty_instance, instance_of};
use crate::boundary::ffi_boundary;
use crate::objects::{as_pointer, borrowed_as, into_pointer};
use crate::slot_ids::*;

/// What `PyType_GetSlot(typ, id)` returns; `None` if there is no such slot. Source: C-API, "Type Objects".
///
/// PyO3 asks for `tp_new` and `tp_free` of every object, so this neither raises nor panics, and these two come first.
pub fn get_slot(typ: &Py<PyType>, id: i32) -> Option<*mut c_void> {
    const NEW: i32 = Py_tp_new as i32;
    const FREE: i32 = Py_tp_free as i32;
    match id {
        // An extension's own memory management (PyO3's freelist) cannot hold objects that RustPython allocates.
        FREE => return Some(stand_in(Py_tp_free, typ)),
        NEW if exact_class(typ).is_none() => return Some(stand_in(Py_tp_new, typ)),
        _ => {}
    }
    let id = u16::try_from(id)
        .ok()
        .filter(|id| {
            NAMES
                .get(usize::from(*id))
                .is_some_and(|name| !name.is_empty())
        })
        .map(|id| match id {
            // The numbers until Python 3.14.
            1..=4 => id - 1 + Py_bf_getbuffer,
            id => id,
        })?;
    match id {
        Py_tp_base => return Some(base_of(typ).cast()),
        Py_tp_alloc => return Some(stand_in(id, typ)),
        _ => {}
    }
    if let Some(class) = class_of(typ) {
        // A Python class has functions of the interpreter there, which C code cannot call; what it inherits is
        // reached through `Py_tp_base`. `tp_new` is dealt with above.
        let is_itself = exact_class(typ).is_some();
        let function = class.merged.address(id) as *mut c_void;
        return Some(match id {
            Py_tp_token if is_itself => class.token(),
            Py_tp_traverse | Py_tp_clear | Py_tp_dealloc if !is_itself => null_mut(),
            _ => function,
        });
    }
    Some(stand_in(id, typ))
}

fn base_of(typ: &Py<PyType>) -> *mut PyObject {
    typ.iter_base_chain().nth(1).map_or(null_mut(), as_pointer)
}

/// A function for a slot of a native type; NULL if it has none.
fn stand_in(id: u16, typ: &Py<PyType>) -> *mut c_void {
    match id {
        Py_tp_alloc => crate::capi::typeobject::PyType_GenericAlloc as *mut c_void,
        Py_tp_new if typ.slots.new.load().is_some() => native_new as *mut c_void,
        // The interpreter frees its objects itself after tp_dealloc has run.
        Py_tp_dealloc | Py_tp_free => leave_to_interpreter as *mut c_void,
        Py_tp_descr_get if typ.slots.descr_get.load().is_some() => native_descr_get as *mut c_void,
        _ => null::<c_void>().cast_mut(),
    }
}

unsafe extern "C" fn leave_to_interpreter(_object: *mut PyObject) {}

/// `tp_new` of a native type, also for types that extend it.
///
/// # Safety
/// `typ`, `args` and `kwargs` are null or alive.
unsafe extern "C" fn native_new(
    typ: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    const NAME: &str = "tp_new";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let typ = unsafe { borrowed_as::<PyType>(vm, typ, NAME, "type") }?
            .ok_or_else(|| vm.new_type_error("tp_new: the first argument is not a type"))?;
        let class = class_of(typ);
        // What PyO3 gives to the base of every new object.
        if core::ptr::eq(args, as_pointer(&vm.ctx.empty_tuple))
            && kwargs.is_null()
            && let Some(class) = class
        {
            return empty_instance(class, typ, vm).map(into_pointer);
        }
        // SAFETY: by this function's contract.
        let args = unsafe { arguments(vm, args, kwargs) }?;
        if let Some(class) = class {
            return instance_of(class, typ.to_owned(), args, vm).map(into_pointer);
        }
        let new = typ.slots.new.load().ok_or_else(|| {
            vm.new_type_error(format!("cannot create '{}' instances", typ.slot_name()))
        })?;
        new(typ.to_owned(), args, vm).map(into_pointer)
    })
}

/// The arguments of a C function as RustPython passes them.
///
/// # Safety
/// `args` and `kwargs` are null or alive.
pub unsafe fn arguments(
    vm: &VirtualMachine,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> PyResult<FuncArgs> {
    // SAFETY: null or alive, by this function's contract.
    let (args, kwargs) = unsafe { (args.as_ref(), kwargs.as_ref()) };
    let args = match (args, args.and_then(|args| args.downcast_ref::<PyTuple>())) {
        (_, Some(tuple)) => tuple.as_slice().to_vec(),
        (Some(args), None) => vm.extract_elements_with(args, Ok)?,
        (None, None) => Vec::new(),
    };
    let mut named = Vec::new();
    if let Some(kwargs) = kwargs {
        let dict = kwargs
            .downcast_ref::<rustpython_vm::builtins::PyDict>()
            .ok_or_else(|| vm.new_type_error("keyword arguments must be in a dict"))?;
        for (name, value) in dict {
            let name = name
                .downcast::<rustpython_vm::builtins::PyStr>()
                .map_err(|_| vm.new_type_error("keywords must be strings"))?;
            named.push((name.as_wtf8().to_owned(), value));
        }
    }
    Ok(FuncArgs::new(args, named.into_iter().collect::<KwArgs>()))
}

/// `tp_descr_get` of a native type: PyO3 binds special methods with it.
///
/// # Safety
/// The arguments are null or alive.
unsafe extern "C" fn native_descr_get(
    descriptor: *mut PyObject,
    object: *mut PyObject,
    typ: *mut PyObject,
) -> *mut PyObject {
    const NAME: &str = "tp_descr_get";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let descriptor = unsafe { crate::objects::borrowed(vm, descriptor, NAME, "self") }?;
        // SAFETY: null or alive, by this function's contract.
        let (object, typ) = unsafe { (object.as_ref(), typ.as_ref()) };
        match descriptor.class().slots.descr_get.load() {
            Some(get) => get(descriptor, object, typ, vm).map(into_pointer),
            None => Ok(into_pointer(descriptor.as_object().to_owned())),
        }
    })
}
