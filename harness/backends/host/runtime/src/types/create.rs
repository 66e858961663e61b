//! From a [`Spec`] to a type.

use core::mem;
use std::sync::RwLock;

use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::class::add_operators;
use rustpython_vm::function::ItemDoc;
use rustpython_vm::types::{
    PyTypeFlags, PyTypeSlots, SLOT_DEFS, SlotAccessor, hash_not_implemented,
};
use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};

use super::class::{Class, Place, class_of, native_base};
use super::functions::Unary;
use super::install::{MAX_DEPTH, install};
use super::members::{add_getsets, add_members};
use super::methods::{add_async_method, add_methods, add_new};
use super::natives::{Native, inherited_new, native_for};
use super::payload::DATA_ALIGNMENT;
use super::qualname;
pub use super::spec::{Spec, bases_at};
use super::text::doc_without_signature;
use crate::slot_ids::*;

/// Make the type that `spec` describes.
///
/// Raises: `TypeError` -- a base that cannot be extended, or too long a chain; `SystemError` -- the spec makes no sense.
///
/// # Safety
/// The functions and arrays in `spec` are what their slots say and live as long as the process.
pub unsafe fn create(vm: &VirtualMachine, mut spec: Spec) -> PyResult<PyTypeRef> {
    if spec.bases.is_empty() {
        spec.bases.push(vm.ctx.types.object_type.to_owned());
    }
    let base = check_bases(vm, &spec)?;
    let plan = Plan::new(vm, &spec, &base)?;
    qualname::install(vm);
    let place = Place::reserve();
    let typ = new_type(vm, &spec, &base, &place)?;
    let class = place.fill(plan.into_class(&spec, &typ));
    fill(class);
    // SAFETY: by this function's contract.
    unsafe { add_attributes(vm, class, &spec) }?;
    typ.modified();
    Ok(typ)
}

/// The base whose layout the new type has. Source: CPython, `best_base`, without its choice among several layouts.
fn check_bases(vm: &VirtualMachine, spec: &Spec) -> PyResult<PyTypeRef> {
    for base in &spec.bases {
        if !base.slots.flags.has_feature(PyTypeFlags::BASETYPE) {
            let words = format!("type '{}' is not an acceptable base type", base.slot_name());
            return Err(vm.new_type_error(words));
        }
    }
    let largest = |typ: &&PyTypeRef| typ.slots.basicsize;
    let best = spec.bases.iter().rev().max_by_key(largest);
    let best = best.expect("there is at least `object`");
    let conflict = spec.bases.iter().any(|base| {
        let layout = class_of(base).map(|class| class.typ).or(native_base(base));
        layout.is_some_and(|layout| {
            layout.slots.basicsize > vm.ctx.types.object_type.slots.basicsize
                && !best.iter_base_chain().any(|typ| core::ptr::eq(typ, layout))
        })
    });
    if conflict {
        return Err(vm.new_type_error("multiple bases have instance layout conflict"));
    }
    Ok(best.clone())
}

/// What can be said about a class before its type exists.
struct Plan {
    base: Option<&'static Class>,
    native: &'static Native,
    native_type: &'static Py<PyType>,
    data: core::ops::Range<usize>,
}

impl Plan {
    fn new(vm: &VirtualMachine, spec: &Spec, base: &Py<PyType>) -> PyResult<Self> {
        let base_class = class_of(base);
        let (native, native_type) = match base_class {
            Some(class) => (class.native, class.native_type),
            None => native_of(vm, spec, base)?,
        };
        if base_class.is_some_and(|class| class.depth + 1 >= MAX_DEPTH) {
            let words = format!(
                "{}: more than {MAX_DEPTH} types of extensions that extend one another",
                spec.full_name
            );
            return Err(vm.new_type_error(words));
        }
        let start = base_class.map_or(0, Class::block_size);
        let start = start.next_multiple_of(DATA_ALIGNMENT);
        Ok(Self {
            base: base_class,
            native,
            native_type,
            data: start..start + spec.extra_size.next_multiple_of(DATA_ALIGNMENT),
        })
    }

    fn into_class(self, spec: &Spec, typ: &Py<PyType>) -> Class {
        // SAFETY: the extra reference makes the type live for ever; see the head of `class.rs`.
        let typ: &'static Py<PyType> = unsafe { &*core::ptr::from_ref(typ) };
        mem::forget(typ.to_owned());
        let own = spec.functions.clone();
        let merged = self
            .base
            .map_or_else(|| own.clone(), |base| own.over(&base.merged));
        // `Place::fill` adds the class itself.
        let chain = self.base.map_or_else(Vec::new, |base| base.chain.clone());
        Class {
            typ,
            depth: chain.len(),
            chain,
            own,
            merged,
            data: self.data,
            native: self.native,
            native_type: self.native_type,
            token: spec.token,
            qualname: RwLock::default(),
            module: spec.module.clone(),
        }
    }
}

/// The native type below `base` and how to extend it.
fn native_of(
    vm: &VirtualMachine,
    spec: &Spec,
    base: &Py<PyType>,
) -> PyResult<(&'static Native, &'static Py<PyType>)> {
    let found = native_base(base);
    let native = found.and_then(|typ| native_for(typ, &vm.ctx));
    match (found, native) {
        (Some(typ), Some(native)) => {
            // SAFETY: static types are never freed.
            let typ: &'static Py<PyType> = unsafe { &*core::ptr::from_ref(typ) };
            Ok((native, typ))
        }
        _ => Err(vm.new_type_error(format!(
            "{}: the host cannot extend '{}': RustPython gives no access to its layout",
            spec.full_name,
            base.slot_name()
        ))),
    }
}

/// A type of RustPython with the layout, flags and names that `spec` asks for.
///
/// RustPython names its heap types without their module in messages and reprs. What it calls static has its whole name,
/// as CPython's types from slots have, so that is what a type becomes if all of its bases are such types.
fn new_type(
    vm: &VirtualMachine,
    spec: &Spec,
    base: &Py<PyType>,
    place: &Place,
) -> PyResult<PyTypeRef> {
    let mut flags = spec.flags;
    flags.insert(PyTypeFlags::HEAPTYPE);
    if spec.has_dict {
        flags.insert(PyTypeFlags::HAS_DICT);
    }
    if spec.has_weakrefs {
        flags.insert(PyTypeFlags::HAS_WEAKREF);
    }
    let mut slots = PyTypeSlots::new(spec.full_name, flags);
    // RustPython finds layout conflicts by comparing sizes, so our data counts although it lies elsewhere.
    let extra = spec.extra_size.next_multiple_of(DATA_ALIGNMENT);
    slots.basicsize = base.slots.basicsize + extra;
    slots.itemsize = base.slots.itemsize;
    slots.doc = spec.doc.map_or(ItemDoc::NONE, ItemDoc::static_text);
    slots.methods = place.as_methods();
    let metaclass = match &spec.metaclass {
        Some(metaclass) => metaclass.clone(),
        None => base.class().to_owned(),
    };
    let is_static_like = is_static_like(spec, base);
    let bases = spec.bases.clone();
    let made = if is_static_like {
        // `__name__` finds the name among the interned strings.
        vm.ctx.intern_str(spec.name());
        PyType::new_static(base.to_owned(), Default::default(), slots, metaclass)
    } else {
        PyType::new_heap(
            spec.name(),
            bases,
            Default::default(),
            slots,
            metaclass,
            &vm.ctx,
        )
    };
    let typ = made.map_err(|words| vm.new_type_error(words))?;
    if is_static_like {
        inherit_slots(&typ);
    }
    Ok(typ)
}

/// Whether the type can be one of those that RustPython calls static.
fn is_static_like(spec: &Spec, base: &Py<PyType>) -> bool {
    let is_static = |typ: &PyTypeRef| typ.heaptype_ext.is_none();
    spec.bases.len() == 1 && base.mro_collect().iter().all(is_static)
}

/// What `PyType::new_heap` does and `PyType::new_static` leaves to RustPython's own macros.
fn inherit_slots(typ: &Py<PyType>) {
    for base in typ.mro_collect().iter().skip(1) {
        for definition in SLOT_DEFS {
            definition.accessor.copyslot_if_none(typ, base);
        }
        // The reflected operators have no definitions of their own.
        macro_rules! copy {
            ($($right:ident),+) => {$(
                let (own, inherited) = (&typ.slots.as_number.$right, &base.slots.as_number.$right);
                if own.load().is_none() {
                    own.store(inherited.load());
                }
            )+};
        }
        copy!(
            right_add,
            right_subtract,
            right_multiply,
            right_remainder,
            right_divmod,
            right_power,
            right_lshift,
            right_rshift,
            right_and,
            right_xor,
            right_or,
            right_floor_divide,
            right_true_divide,
            right_matrix_multiply
        );
    }
}

/// Put the trampolines into the type's slots.
fn fill(class: &Class) {
    let typ = class.typ;
    if !class.own.has(Py_tp_new)
        && typ
            .slots
            .flags
            .has_feature(PyTypeFlags::DISALLOW_INSTANTIATION)
    {
        typ.slots.new.store(None);
    } else if !class.merged.has(Py_tp_new) {
        // The native base's own function would make an object without the extension's data.
        typ.slots.new.store(Some(inherited_new));
    }
    // Source: CPython, `inherit_slots` and `type_ready_set_hash`: who compares in its own way must hash in its own way.
    if class.own.has(Py_tp_richcompare) && !class.own.has(Py_tp_hash) {
        typ.slots.hash.store(Some(hash_not_implemented));
    }
    assert!(install(class), "`Plan::new` has checked the depth");
    typ.slots.alloc.store(Some(class.native.alloc));
}

/// # Safety
/// As for [`create`].
unsafe fn add_attributes(vm: &VirtualMachine, class: &'static Class, spec: &Spec) -> PyResult<()> {
    let typ = class.typ;
    let ctx = &vm.ctx;
    if let Some(module) = spec.module_name() {
        typ.set_str_attr("__module__", ctx.new_str(module), ctx);
    }
    let doc = spec.doc.map(|doc| doc_without_signature(spec.name(), doc));
    let doc = doc.map_or_else(|| ctx.none(), |doc| ctx.new_str(doc).into());
    typ.set_str_attr("__doc__", doc, ctx);
    add_slot_wrappers(vm, class);
    let inherits_new = !class.merged.has(Py_tp_new) && typ.slots.new.load().is_some();
    if class.own.has(Py_tp_new) || inherits_new {
        add_new(vm, typ);
    }
    // The texts are those of CPython's slot wrappers (Objects/typeobject.c, `slotdefs`).
    for (id, name, doc) in [
        (
            Py_am_await,
            "__await__",
            "__await__($self, /)\n--\n\nReturn an iterator to be used in await expression.",
        ),
        (
            Py_am_aiter,
            "__aiter__",
            "__aiter__($self, /)\n--\n\nReturn an awaitable, that resolves in asynchronous iterator.",
        ),
        (
            Py_am_anext,
            "__anext__",
            "__anext__($self, /)\n--\n\nReturn a value or raise StopAsyncIteration.",
        ),
    ] {
        // SAFETY: the slots hold a unaryfunc.
        if let Some(function) = unsafe { class.own.get::<Unary>(id) } {
            add_async_method(vm, typ, name, doc, function);
        }
    }
    if let Some(methods) = spec.methods {
        // SAFETY: by this function's contract.
        unsafe { add_methods(vm, typ, methods) }?;
    }
    if let Some(members) = spec.members {
        // SAFETY: by this function's contract.
        unsafe { add_members(vm, typ, members) }?;
    }
    if let Some(getsets) = spec.getsets {
        // SAFETY: by this function's contract.
        unsafe { add_getsets(vm, typ, getsets) }?;
    }
    Ok(())
}

/// Add `__repr__`, `__add__` and so on for the slots that the class itself defines.
///
/// RustPython's function makes one for every slot that is filled, inherited ones too; the derived class would then run
/// the base's function without end (`str` of an exception calls `repr`'s wrapper).
fn add_slot_wrappers(vm: &VirtualMachine, class: &'static Class) {
    let typ = class.typ;
    let before: Vec<_> = SLOT_DEFS
        .iter()
        .map(|definition| vm.ctx.intern_str(definition.name))
        .filter(|name| typ.attributes.contains(name))
        .collect();
    add_operators(typ, &vm.ctx, &[]);
    mark_as_heap_type(typ);
    let mut own: Vec<_> = SLOT_DEFS
        .iter()
        .filter(|definition| class.own.has(slot_id(definition.accessor)))
        .map(|definition| definition.name)
        .collect();
    if class.own.has(Py_tp_richcompare) {
        // `None` if the class has no hash function.
        own.push("__hash__");
    }
    if class.own.has(Py_tp_finalize) {
        own.push("__del__");
    }
    for definition in SLOT_DEFS {
        let name = vm.ctx.intern_str(definition.name);
        if !before.contains(&name) && !own.contains(&definition.name) {
            typ.attributes.remove(name);
        }
    }
}

/// RustPython takes a type without any sequence slot for one of C without a sequence table, which no heap type is: then
/// `x *= 'a'` repeats the text. This slot leaves it to the others, so it changes nothing else.
fn mark_as_heap_type(typ: &Py<PyType>) {
    let slots = &typ.slots.as_sequence;
    if !slots.has_any() {
        slots
            .inplace_concat
            .store(Some(|_, _, vm| Ok(vm.ctx.not_implemented())));
    }
}

/// Our id of RustPython's slot: its numbers are those of CPython until 3.14.
const fn slot_id(accessor: SlotAccessor) -> u16 {
    match accessor as u16 {
        old @ 1..=4 => old - 1 + Py_bf_getbuffer,
        id => id,
    }
}
