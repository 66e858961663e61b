//! What the host knows of a type that an extension made: its functions and where its data lies.
//!
//! A class hangs on its type as RustPython's type data. It and its type are never freed: slot wrappers hold their
//! type without a reference (`PyWrapper::typ` is `&'static`), and the compiled functions outlive everything anyway.

use core::ffi::c_void;

use rustpython_vm::builtins::PyType;
use rustpython_vm::{Py, PyObject, PyObjectRef};

use super::functions::{SlotTable, as_function};
use super::natives::Native;

/// A type made by an extension. Chains of such types are seen without the Python classes between them.
pub struct Class {
    pub typ: &'static Py<PyType>,
    /// How many classes of extensions are below this one; its own index in `chain`.
    pub depth: usize,
    /// From the one nearest `object` to this one.
    pub chain: Vec<&'static Class>,
    /// The functions that this type itself defines.
    pub own: SlotTable,
    /// `own`, with those of the base classes where it has none.
    pub merged: SlotTable,
    /// Where this class's data begins in an instance's block, and where it ends.
    pub data: core::ops::Range<usize>,
    /// The nearest base that RustPython itself defines.
    pub native: &'static Native,
    pub native_type: &'static Py<PyType>,
    /// `Py_tp_token`; NULL if it has none.
    pub token: usize,
    /// `Py_tp_module`.
    pub module: Option<PyObjectRef>,
}

/// The type data that marks a type as an extension's.
pub struct ClassOf(pub &'static Class);

impl Class {
    /// Size of an instance's block.
    pub const fn block_size(&self) -> usize {
        self.data.end
    }

    /// Whether the type `typ`, which has this class's layout, has a base made by an extension that is not in the chain.
    pub fn is_not_all_of(&self, typ: &Py<PyType>) -> bool {
        let mro = typ.mro.read();
        mro.iter()
            .filter_map(|base| exact_class(base))
            .any(|class| !self.chain.iter().any(|known| core::ptr::eq(*known, class)))
    }

    pub fn token(&self) -> *mut c_void {
        self.token as *mut c_void
    }
}

/// The class that `typ` itself is.
pub fn exact_class(typ: &Py<PyType>) -> Option<&'static Class> {
    typ.get_type_data::<ClassOf>().map(|data| data.0)
}

/// The class that gives instances of `typ` their layout: its own or that of the nearest base.
pub fn class_of(typ: &Py<PyType>) -> Option<&'static Class> {
    typ.iter_base_chain().find_map(exact_class)
}

/// The nearest type from `typ` on that RustPython itself defines.
pub fn native_base(typ: &Py<PyType>) -> Option<&Py<PyType>> {
    typ.iter_base_chain()
        .find(|base| base.heaptype_ext.is_none())
}

/// Find the function for slot `id` that a class at `depth` defines, for an object whose own chain does not tell.
///
/// That is so for a Python class with several bases of which one has data or none: the other bases' slots work on
/// objects that were made by that one. Whoever comes first in the method resolution order is meant; so
/// `Second.__len__(object)` runs the first base's function if that has one too, which RustPython cannot tell apart.
#[cold]
pub fn function_by_mro(object: &PyObject, depth: usize, id: u16) -> usize {
    let mro = object.class().mro_collect();
    mro.iter()
        .filter_map(|typ| exact_class(typ))
        .find(|class| class.depth == depth && class.own.has(id))
        .map_or(0, |class| class.own.address(id))
}

/// As [`function_by_mro`], as a function pointer.
///
/// # Safety
/// `F` is the type of the slot `id`.
#[cold]
pub unsafe fn rare_function<F: Copy>(object: &PyObject, depth: usize, id: u16) -> Option<F> {
    // SAFETY: by this function's contract.
    unsafe { as_function(function_by_mro(object, depth, id)) }
}
