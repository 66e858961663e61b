//! `__qualname__` of types that RustPython calls static, which it does not let anybody set.
//!
//! CPython lets it be set on every heap type, and PyO3 does so for the variants of an enum. The descriptor in
//! `type.__dict__` and the function for `repr(type)` are replaced by ones that know our types and hand everything else
//! on to RustPython's. `PyType_GetQualName`, which is RustPython's own, does not know the name.

use std::sync::{Once, OnceLock};

use rustpython_vm::builtins::{PyGetSet, PyStr, PyType};
use rustpython_vm::function::PySetterValue;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::class::{Class, exact_class};

/// The class of `typ` if it is ours and RustPython keeps no `__qualname__` for it.
fn class_without_name(typ: &PyObjectRef) -> Option<&'static Class> {
    let typ: &Py<PyType> = typ.downcast_ref()?;
    exact_class(typ).filter(|_| typ.heaptype_ext.is_none())
}

/// Replace the descriptor, once.
pub fn install(vm: &VirtualMachine) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let type_type = vm.ctx.types.type_type;
        let name = vm.ctx.intern_str("__qualname__");
        let Some(original) = type_type.get_direct_attr(name) else {
            return;
        };
        let for_set = original.clone();
        let descriptor = PyGetSet::new("__qualname__", type_type, &vm.ctx)
            .with_get(move |typ: PyObjectRef, vm: &VirtualMachine| get(&original, &typ, vm))
            .with_set(
                move |typ: PyObjectRef, value: PySetterValue, vm: &VirtualMachine| {
                    set(&for_set, typ, value, vm)
                },
            );
        let descriptor = PyRef::new_ref(descriptor, vm.ctx.types.getset_type.to_owned(), None);
        type_type.set_attr(name, descriptor.into());
        if let Some(repr) = type_type.slots.repr.load() {
            let _ = TYPE_REPR.set(repr);
            type_type.slots.repr.store(Some(type_repr));
        }
    });
}

type ReprFunction = fn(&PyObject, &VirtualMachine) -> PyResult<PyRef<PyStr>>;

/// RustPython's own function for `repr(type)`.
static TYPE_REPR: OnceLock<ReprFunction> = OnceLock::new();

/// `module.qualname` of `typ` if it is a class whose `__qualname__` was set.
fn full_name(typ: &Py<PyType>, vm: &VirtualMachine) -> Option<String> {
    let name = exact_class(typ)?.qualname()?.downcast::<PyStr>().ok()?;
    let module = typ.__module__(vm).ok()?.downcast::<PyStr>().ok()?;
    (module.as_wtf8() != "builtins").then(|| format!("{}.{}", module.as_wtf8(), name.as_wtf8()))
}

fn type_repr(typ: &PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    let name = typ
        .downcast_ref::<PyType>()
        .and_then(|typ| full_name(typ, vm));
    match (name, TYPE_REPR.get()) {
        (None, Some(repr)) => repr(typ, vm),
        (name, _) => {
            let text = format!("<class '{}'>", name.unwrap_or_default());
            Ok(vm.ctx.new_str(text))
        }
    }
}

/// `object.__repr__` for instances of a class whose `__qualname__` was set.
fn instance_repr(object: &PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    match (
        full_name(object.class(), vm),
        vm.ctx.types.object_type.slots.repr.load(),
    ) {
        (None, Some(repr)) => repr(object, vm),
        (name, _) => {
            let name = name.unwrap_or_default();
            let text = format!("<{name} object at {:#x}>", object.get_id());
            Ok(vm.ctx.new_str(text))
        }
    }
}

/// Let instances show the name, if they have no `__repr__` but that of `object`.
fn show_in_instances(typ: &Py<PyType>, vm: &VirtualMachine) {
    let address = |repr: Option<ReprFunction>| repr.map(|repr| repr as usize);
    let of_object = vm.ctx.types.object_type.slots.repr.load();
    if address(typ.slots.repr.load()) == address(of_object) {
        typ.slots.repr.store(Some(instance_repr));
    }
}

fn get(original: &PyObjectRef, typ: &PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let set_name = class_without_name(typ).and_then(Class::qualname);
    match (set_name, original.class().slots.descr_get.load()) {
        (Some(name), _) => Ok(name),
        (None, Some(get)) => get(original, Some(typ), Some(typ.class().as_object()), vm),
        (None, None) => Ok(original.clone()),
    }
}

fn set(
    original: &PyObjectRef,
    typ: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let ours = class_without_name(&typ).filter(|class| {
        let flags = &class.typ.slots.flags;
        !flags.has_feature(PyTypeFlags::IMMUTABLETYPE)
    });
    match (ours, value, original.class().slots.descr_set.load()) {
        (Some(class), PySetterValue::Assign(name), _)
            if name.fast_isinstance(vm.ctx.types.str_type) =>
        {
            class.set_qualname(name);
            show_in_instances(class.typ, vm);
            Ok(())
        }
        // RustPython has the words for what is wrong with it.
        (_, value, Some(set)) => set(original, typ, value, vm),
        (_, _, None) => Err(vm.new_attribute_error("__qualname__ is not writable")),
    }
}
