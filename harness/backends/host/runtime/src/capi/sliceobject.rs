//! `sliceobject.h`.

use rustpython_vm::AsObject;

super::exact_type_check!(
    /// Source: C-API, "Slice Objects" (a slice cannot be subclassed).
    PySlice_Check,
    slice_type
);
