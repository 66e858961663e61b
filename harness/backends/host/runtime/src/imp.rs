//! Our part of the `_imp` module: importlib's way to extension modules.
//!
//! RustPython 0.6.0 has these three functions, but takes the slot array for a module, runs no exec slot and
//! announces no suffix. They are replaced in the definition of `_imp`, before importlib first imports it, so that
//! `importlib.machinery.EXTENSION_SUFFIXES`, the path hooks and `ExtensionFileLoader` need no change.

use rustpython_vm::builtins::{PyModule, PyModuleDef, PyStrRef};
use rustpython_vm::function::{OptionalArg, PyMethodDef, PyNativeFn, static_func};
use rustpython_vm::{AsObject, Context, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{Breach, call_extension};
use crate::{loader, modules, watch};

/// In the order of importlib's search. Source: CPython 3.15, `_PyImport_DynLoadFiletab` of an abi3t build.
const SUFFIXES: [&str; 2] = [".abi3t.so", ".so"];

/// The definition of `_imp` with our functions in place of upstream's; everything else is upstream's.
pub fn module_def(ctx: &Context) -> &'static PyModuleDef {
    let upstream = rustpython_vm::stdlib::builtin_module_defs(ctx)
        .into_iter()
        .find(|def| def.name.as_str() == "_imp")
        .expect("RustPython has a built-in module _imp");
    let methods: Vec<PyMethodDef> = upstream.methods.iter().map(replaced).collect();
    // A definition must be 'static; there is one interpreter, so this happens once per process.
    Box::leak(Box::new(PyModuleDef {
        name: upstream.name,
        doc: upstream.doc,
        methods: Box::leak(methods.into_boxed_slice()),
        slots: rustpython_vm::builtins::PyModuleSlots {
            create: upstream.slots.create,
            exec: upstream.slots.exec,
        },
    }))
}

fn replaced(method: &PyMethodDef) -> PyMethodDef {
    let ours: Option<&'static dyn PyNativeFn> = match method.name {
        "extension_suffixes" => Some(static_func(extension_suffixes)),
        "create_dynamic" => Some(static_func(create_dynamic)),
        "exec_dynamic" => Some(static_func(exec_dynamic)),
        _ => None,
    };
    PyMethodDef {
        func: ours.unwrap_or(method.func),
        ..method.clone()
    }
}

fn extension_suffixes(vm: &VirtualMachine) -> PyObjectRef {
    let suffixes = SUFFIXES.map(|suffix| vm.ctx.new_str(suffix).into());
    vm.ctx.new_list(suffixes.into()).into()
}

/// Create the module of an extension; importlib executes it later.
///
/// Source: CPython, `_imp_create_dynamic_impl` and `import_run_modexport`.
fn create_dynamic(
    spec: PyObjectRef,
    _file: OptionalArg<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult {
    watch::host_acts();
    let name: PyStrRef = spec.get_attr("name", vm)?.try_into_value(vm)?;
    let path: PyStrRef = spec.get_attr("origin", vm)?.try_into_value(vm)?;
    let hook = loader::find_export_hook(vm, &name, &path)?;
    // SAFETY: the function of the extension that PEP 793 describes.
    let returned = call_extension(vm, || unsafe { hook() });
    let repr = name.as_object().repr(vm)?;
    let slots = returned.check(
        vm,
        |slots| !slots.is_null(),
        |breach| {
            let broke = match breach {
                Breach::FailedSilently => "failed without setting an exception",
                Breach::RaisedUnreported => "raised unreported exception",
            };
            format!("module export hook for module {} {broke}", repr.as_wtf8())
        },
    )?;
    // SAFETY: not null; an export hook returns a slot array that lives as long as the library (PEP 793).
    let module = unsafe { modules::from_slots_and_spec(vm, slots, &spec) }?;
    if let Some(record) = modules::record_of(&module) {
        record.set_default_token(slots.cast_mut().cast());
    }
    Ok(module)
}

/// Execute a module once; `importlib.reload` does nothing, as in CPython.
///
/// Source: CPython, `exec_builtin_or_dynamic`.
fn exec_dynamic(module: PyObjectRef, vm: &VirtualMachine) -> PyResult<i32> {
    watch::host_acts();
    let already = modules::record_of(&module).is_some_and(|record| !record.state().is_null());
    if module.downcastable::<PyModule>() && !already {
        modules::exec(vm, &module)?;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use crate::testing::with_interpreter;

    #[test]
    fn importlib_sees_our_suffixes() {
        with_interpreter(|vm| {
            let machinery = vm.import("importlib.machinery", 0).expect("import");
            let suffixes = machinery
                .get_attr("machinery", vm)
                .and_then(|module| module.get_attr("EXTENSION_SUFFIXES", vm))
                .and_then(|list| list.repr(vm))
                .expect("EXTENSION_SUFFIXES");
            assert_eq!(suffixes.to_str(), Some("['.abi3t.so', '.so']"));
        });
    }
}
