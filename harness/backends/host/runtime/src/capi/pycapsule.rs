//! `pycapsule.h`.

use rustpython_vm::AsObject;

super::exact_type_check!(
    /// Source: C-API, "Capsules".
    PyCapsule_CheckExact,
    capsule_type
);
