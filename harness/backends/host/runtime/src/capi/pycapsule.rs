//! `pycapsule.h`.

use rustpython_vm::AsObject;

super::exact_type_check!(
    /// Source: C-API, "Capsules".
    PyCapsule_CheckExact,
    capsule_type
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, with_interpreter};

    #[test]
    fn only_a_capsule_is_one() {
        with_interpreter(|vm| {
            let name = c"name".as_ptr();
            let number = evaluate(vm, "", "1");
            // SAFETY: a pointer that is only kept, a static name, and living objects.
            unsafe {
                let pointer = 8 as *mut core::ffi::c_void;
                let capsule = rustpython_capi::pycapsule::PyCapsule_New(pointer, name, None);
                let capsule = crate::objects::owned_or_none(capsule).expect("a capsule");
                assert_eq!(PyCapsule_CheckExact(as_pointer(&capsule)), 1);
                assert_eq!(PyCapsule_CheckExact(as_pointer(&number)), 0);
            }
        });
    }
}
