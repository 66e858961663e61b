//! `objimpl.h`: memory of objects, which is RustPython's own business.

use core::ffi::c_int;
use core::ptr::null_mut;

use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{PyObject, PyObjectRef, VirtualMachine};

use super::typeobject::PyType_GenericAlloc;
use crate::boundary::ffi_boundary;

fn forbidden(vm: &VirtualMachine, function: &str) -> rustpython_vm::PyResult<PyObjectRef> {
    Err(vm.new_system_error(format!(
        "{function}: RustPython allocates and frees its objects itself; use tp_alloc"
    )))
}

/// Always `SystemError`: memory from elsewhere cannot become an object of RustPython.
///
/// # Safety
/// None; the arguments are not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_Init(
    _object: *mut PyObject,
    _typ: *mut PyObject,
) -> *mut PyObject {
    const NAME: &str = "PyObject_Init";
    ffi_boundary(NAME, null_mut(), |vm| {
        forbidden(vm, NAME).map(|_| null_mut())
    })
}

/// As [`PyObject_Init`].
///
/// # Safety
/// None; the arguments are not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_InitVar(
    _object: *mut PyObject,
    _typ: *mut PyObject,
    _size: isize,
) -> *mut PyObject {
    const NAME: &str = "PyObject_InitVar";
    ffi_boundary(NAME, null_mut(), |vm| {
        forbidden(vm, NAME).map(|_| null_mut())
    })
}

/// Nothing: RustPython frees the object when `tp_dealloc`, which calls this, returns. Source: C-API, "Supporting Cyclic
/// Garbage Collection".
///
/// # Safety
/// None; the argument is not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GC_Del(_object: *mut PyObject) {}

/// 0, "free it": RustPython has run `tp_finalize` before it calls `tp_dealloc`, and asked then if the object lives on.
///
/// # Safety
/// None; the argument is not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CallFinalizerFromDealloc(_object: *mut PyObject) -> c_int {
    0
}

macro_rules! allocators {
    ($($(#[$doc:meta])* $name:ident($($items:ident)?);)+) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `typ` is null or alive.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(typ: *mut PyObject $(, $items: isize)?) -> *mut PyObject {
            let items = 0 $(+ $items)?;
            // SAFETY: by this function's contract.
            unsafe { PyType_GenericAlloc(typ, items) }
        }
    )+};
}

allocators! {
    /// `PyObject_New`: an instance with zeroed data; it is tracked at once, as all of RustPython's are.
    _PyObject_New();
    /// `PyObject_GC_New`.
    _PyObject_GC_New();
    /// `PyObject_NewVar`.
    _PyObject_NewVar(items);
    /// `PyObject_GC_NewVar`.
    _PyObject_GC_NewVar(items);
}

/// Always `SystemError`, as [`PyObject_Init`].
///
/// # Safety
/// None; the arguments are not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _PyObject_GC_Resize(
    _object: *mut PyObject,
    _size: isize,
) -> *mut PyObject {
    const NAME: &str = "PyObject_GC_Resize";
    ffi_boundary(NAME, null_mut(), |vm| {
        forbidden(vm, NAME).map(|_| null_mut())
    })
}

/// Whether instances of `typ` take part in garbage collection: of heap types, all do.
///
/// # Safety
/// `object` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_IS_GC(object: *mut PyObject) -> c_int {
    ffi_boundary("PyObject_IS_GC", 0, |_vm| {
        // SAFETY: null or alive, by this function's contract.
        let object = unsafe { object.as_ref() };
        let is_heap_type = |object: &PyObject| {
            let flags = &object.class().slots.flags;
            flags.has_feature(PyTypeFlags::HEAPTYPE)
        };
        Ok(object.is_some_and(is_heap_type).into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, pending_message, said, with_interpreter};

    #[test]
    fn memory_of_the_extension_is_refused() {
        with_interpreter(|vm| {
            let words = "RustPython allocates and frees its objects itself; use tp_alloc";
            let class = evaluate(vm, "", "type('C', (), {})");
            let c = as_pointer(&class);
            // SAFETY: the arguments are not used.
            unsafe {
                assert!(PyObject_Init(null_mut(), c).is_null());
                assert_eq!(
                    pending_message(vm),
                    format!("SystemError: PyObject_Init: {words}")
                );
                assert!(PyObject_InitVar(null_mut(), c, 1).is_null());
                assert_eq!(
                    pending_message(vm),
                    format!("SystemError: PyObject_InitVar: {words}")
                );
                assert!(_PyObject_GC_Resize(null_mut(), 1).is_null());
                assert_eq!(
                    pending_message(vm),
                    format!("SystemError: PyObject_GC_Resize: {words}")
                );
                PyObject_GC_Del(null_mut());
            }
        });
    }

    #[test]
    fn instances_are_made_and_take_part_in_garbage_collection() {
        with_interpreter(|vm| {
            let class = evaluate(
                vm,
                "",
                "type('Made', (), {'__repr__': lambda self: 'made'})",
            );
            let (c, number) = (as_pointer(&class), evaluate(vm, "", "1"));
            // SAFETY: living objects.
            unsafe {
                for made in [
                    _PyObject_New(c),
                    _PyObject_GC_New(c),
                    _PyObject_NewVar(c, 0),
                    _PyObject_GC_NewVar(c, 0),
                ] {
                    assert_eq!(PyObject_IS_GC(made), 1);
                    assert_eq!(said(vm, made), "made");
                }
                assert_eq!(PyObject_IS_GC(as_pointer(&number)), 0);
            }
        });
    }
}
