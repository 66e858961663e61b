//! What the host knows of a type that an extension made: its functions and where its data lies.
//!
//! It and its type are never freed: slot wrappers hold their type without a reference (`PyWrapper::typ` is `&'static`),
//! and the compiled functions outlive everything anyway.
//!
//! From type to class it must be quick, and RustPython's own place for such a thing (`init_type_data`) has a lock and
//! exists only on heap types, which have no module in their names. So the pointer is in `slots.methods`, which is read
//! only when a native type is set up, as a list of no methods at that address. `slots.del_needed`, which no type
//! inherits, says that it is there.

use core::ffi::c_void;
use core::mem::{MaybeUninit, align_of};

use std::sync::{PoisonError, RwLock};

use rustpython_vm::builtins::PyType;
use rustpython_vm::function::PyMethodDef;
use rustpython_vm::{Py, PyObject, PyObjectRef};

use super::functions::{SlotTable, as_function};
use super::natives::Native;
use crate::watch;

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
    /// What `__qualname__` was set to, if RustPython itself does not keep it; see `qualname.rs`.
    pub qualname: RwLock<Option<PyObjectRef>>,
    /// `Py_tp_module`.
    pub module: Option<PyObjectRef>,
}

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

    pub fn qualname(&self) -> Option<PyObjectRef> {
        let name = self.qualname.read();
        name.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_qualname(&self, name: PyObjectRef) {
        let mut old = self
            .qualname
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *old = Some(name);
    }

    pub fn token(&self) -> *mut c_void {
        self.token as *mut c_void
    }
}

/// A class at its final place before it is made.
pub struct Place(&'static mut MaybeUninit<Class>);

impl Place {
    pub fn reserve() -> Self {
        Self(Box::leak(Box::new(MaybeUninit::uninit())))
    }

    /// What a type's `slots.methods` must be for [`exact_class`] to find the class.
    pub fn as_methods(&self) -> &'static [PyMethodDef] {
        const { assert!(align_of::<Class>() >= align_of::<PyMethodDef>()) };
        let address: *const MaybeUninit<Class> = self.0;
        // SAFETY: aligned, not null and of no length, so nothing is ever read there.
        unsafe { core::slice::from_raw_parts(address.cast(), 0) }
    }

    /// Put `class` there and let [`exact_class`] find it from its type.
    pub fn fill(self, class: Class) -> &'static Class {
        let class: &'static mut Class = self.0.write(class);
        let shared: *const Class = class;
        // SAFETY: it lives for ever, and nobody reads it before this function returns.
        class.chain.push(unsafe { &*shared });
        // SAFETY: as above.
        let class = unsafe { &*shared };
        class.typ.slots.del_needed.store(Some(IS_CLASS));
        class
    }
}

/// The mark of our types. Its answer is the one that changes nothing. A static, because the compiler may make several
/// copies of a function.
static IS_CLASS: fn(&PyObject) -> bool = must_be_finalized;

fn must_be_finalized(_: &PyObject) -> bool {
    true
}

/// The class that `typ` itself is.
#[inline]
pub fn exact_class(typ: &Py<PyType>) -> Option<&'static Class> {
    let mark = typ.slots.del_needed.load()?;
    // Only `Place::fill` sets the mark, on a type whose `methods` are those of the place.
    (mark as usize == IS_CLASS as usize).then(|| {
        watch::host_acts();
        // SAFETY: `Place::as_methods` made the address from that of a class that lives for ever.
        unsafe { &*typ.slots.methods.as_ptr().cast::<Class>() }
    })
}

/// The class that gives instances of `typ` their layout: its own or that of the nearest base.
pub fn class_of(typ: &Py<PyType>) -> Option<&'static Class> {
    typ.iter_base_chain().find_map(exact_class)
}

/// The nearest type from `typ` on that RustPython itself defines.
pub fn native_base(typ: &Py<PyType>) -> Option<&Py<PyType>> {
    typ.iter_base_chain()
        .find(|base| base.heaptype_ext.is_none() && exact_class(base).is_none())
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
