//! Taking the payload out of a new object of a native type.
//!
//! RustPython's exceptions can only be made as whole objects (their constructors are private), but we need the payload
//! alone, as the first part of ours. So one object is made as Python code would make it, its payload is moved out bit
//! by bit, and the shell is freed without running the payload's destructor.

use core::fmt;
use core::mem::{MaybeUninit, size_of};
use core::ptr;
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use rustpython_vm::builtins::{PyBaseObject, PyType};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::object::{MaybeTraverse, TraverseFn};
use rustpython_vm::{AsObject, Context, Py, PyPayload, PyRef, PyResult, VirtualMachine};

/// As large as `B`, without any destructor.
#[repr(transparent)]
struct Husk<B>(#[allow(dead_code)] MaybeUninit<B>);

// SAFETY: nobody ever looks into it.
unsafe impl<B> Send for Husk<B> {}
// SAFETY: as above.
unsafe impl<B> Sync for Husk<B> {}

impl<B> fmt::Debug for Husk<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Husk")
    }
}

impl<B: 'static> PyPayload for Husk<B> {
    fn class(ctx: &Context) -> &'static Py<PyType> {
        PyBaseObject::class(ctx)
    }
}

impl<B> MaybeTraverse for Husk<B> {
    fn try_traverse(&self, _: &mut TraverseFn<'_>) {}
}

/// The word of an object's head that says how it is freed: after the reference count (`Py<T>` is `#[repr(C)]`).
const VTABLE_OFFSET: usize = size_of::<usize>();

/// That word of an object with a `Husk<B>`.
fn husk_vtable<B: 'static>(vm: &VirtualMachine) -> usize {
    static VTABLES: LazyLock<RwLock<HashMap<TypeId, usize>>> = LazyLock::new(RwLock::default);
    let key = TypeId::of::<B>();
    let known = VTABLES
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
        .copied();
    known.unwrap_or_else(|| {
        let object_type = vm.ctx.types.object_type.to_owned();
        let husk = PyRef::new_ref(Husk::<B>(MaybeUninit::uninit()), object_type, None);
        // SAFETY: inside the head of a living object.
        let vtable = unsafe {
            husk.as_object()
                .as_raw()
                .byte_add(VTABLE_OFFSET)
                .cast::<usize>()
                .read()
        };
        VTABLES
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, vtable);
        vtable
    })
}

/// What `typ.__new__(typ, *args, **kwargs)` puts into the object that it makes.
///
/// Raises: what `__new__` raises; `TypeError` -- it returned an object with another payload, or one that is shared.
pub fn steal<B: PyPayload + fmt::Debug>(
    typ: &Py<PyType>,
    args: FuncArgs,
    vm: &VirtualMachine,
) -> PyResult<B> {
    let new = typ.slots.new.load().ok_or_else(|| {
        vm.new_type_error(format!("cannot create '{}' instances", typ.slot_name()))
    })?;
    let object = new(typ.to_owned(), args, vm)?;
    let Some(payload) = object.downcast_ref::<B>() else {
        let words = format!(
            "'{}' made an object without its own layout",
            typ.slot_name()
        );
        return Err(vm.new_type_error(words));
    };
    if object.strong_count() != 1 || object.is_immortal() {
        let words = format!(
            "an extension cannot extend '{}': its instances are shared",
            typ.slot_name()
        );
        return Err(vm.new_type_error(words));
    }
    let payload: *const B = payload.payload();
    // SAFETY: ours is the only reference, and below the original is made to forget its destructor.
    let stolen = unsafe { ptr::read(payload) };
    let vtable = husk_vtable::<B>(vm);
    // SAFETY: inside the head of a living object that nobody else knows. `Husk<B>` has the layout of `B`, so the
    // memory is freed as it was allocated; the payload's destructor is not run.
    unsafe {
        object
            .as_raw()
            .cast_mut()
            .byte_add(VTABLE_OFFSET)
            .cast::<usize>()
            .write(vtable);
    }
    drop(object);
    Ok(stolen)
}
