//! Functions of the C-API that `rustpython-capi` does not export, one file per header of CPython.
//!
//! A name stands here only as long as upstream lacks it: two definitions would be a linker error, which is how an
//! upgrade tells us what to delete.

pub mod abstract_;
pub mod arguments;
pub mod bytesobject;
pub mod ceval;
pub mod data;
pub mod descrobject;
pub mod files;
pub mod formatted;
pub mod import;
pub mod listobject;
pub mod longobject;
pub mod memoryobject;
pub mod modsupport;
pub mod module_names;
pub mod moduleobject;
pub mod objimpl;
pub mod pybuffer;
pub mod pycapsule;
pub mod pyerrors;
pub mod pylifecycle;
pub mod pystate;
pub mod pystrtod;
pub mod pythread;
pub mod rangeobject;
pub mod setobject;
pub mod sliceobject;
pub mod stubs;
pub mod sysmodule;
pub mod tupleobject;
pub mod typemodule;
pub mod typeobject;
pub mod unicode_codecs;
pub mod unicode_errors;
pub mod unicodeobject;

/// Export `$name`: 1 if the object is exactly of the type `vm.ctx.types.$type`, else 0. NULL is 0.
///
/// Check functions cannot report an error in C, so they never raise.
macro_rules! exact_type_check {
    ($(#[$doc:meta])* $name:ident, $type:ident) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// `object` is null or points to an object that stays alive during the call.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            object: *mut rustpython_vm::PyObject,
        ) -> core::ffi::c_int {
            $crate::boundary::ffi_boundary(stringify!($name), 0, |vm| {
                // SAFETY: null or alive, by this function's contract; `as_ref` maps null to None.
                let object = unsafe { object.as_ref() };
                Ok(object.is_some_and(|object| object.class().is(vm.ctx.types.$type)).into())
            })
        }
    };
}
pub(crate) use exact_type_check;
