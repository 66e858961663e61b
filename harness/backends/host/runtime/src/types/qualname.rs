//! `__qualname__` of types that RustPython calls static, which it does not let anybody set.
//!
//! CPython lets it be set on every heap type. The descriptor in `type.__dict__` is replaced by one that knows our types
//! and hands everything else on to RustPython's.

use std::sync::Once;

use rustpython_vm::builtins::{PyGetSet, PyType};
use rustpython_vm::function::PySetterValue;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyRef, PyResult, VirtualMachine};

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
    });
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
            Ok(())
        }
        // RustPython has the words for what is wrong with it.
        (_, value, Some(set)) => set(original, typ, value, vm),
        (_, _, None) => Err(vm.new_attribute_error("__qualname__ is not writable")),
    }
}
