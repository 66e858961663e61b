//! `import.h`. Source of all contracts: C-API, "Importing Modules".

use core::ffi::{c_char, c_long};
use std::ffi::CString;
use std::sync::OnceLock;

use rustpython_vm::builtins::PyCode;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::calls::{call_in, import, modules};
use crate::convert::{Borrowed, Status, c_api};
use crate::objects::as_pointer;

/// The module in `sys.modules`, made if it is not there; `sys.modules` keeps it alive.
fn add_module(vm: &VirtualMachine, name: &PyObject) -> PyResult<Borrowed> {
    let modules = modules(vm)?;
    if let Some(module) = found(vm, name)? {
        return Ok(Borrowed(as_pointer(&module)));
    }
    let text = crate::calls::text(vm, name)?.to_string_lossy().into_owned();
    let module: PyObjectRef = vm.new_module(&text, vm.ctx.new_dict(), None).into();
    modules.set_item(name, module.clone(), vm)?;
    Ok(Borrowed(as_pointer(&module)))
}

fn found(vm: &VirtualMachine, name: &PyObject) -> PyResult<Option<PyObjectRef>> {
    match modules(vm)?.get_item(name, vm) {
        Ok(module) => Ok(Some(module)),
        Err(error) if error.fast_isinstance(vm.ctx.exceptions.key_error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `__import__`, as the statement calls it.
fn import_level(
    vm: &VirtualMachine,
    name: PyObjectRef,
    namespaces: [Option<&PyObject>; 2],
    names: Option<&PyObject>,
    level: i32,
) -> PyResult {
    let or_none = |part: Option<&PyObject>| part.map_or_else(|| vm.ctx.none(), ToOwned::to_owned);
    let [globals, locals] = namespaces.map(or_none);
    let names = match names {
        Some(names) => names.to_owned(),
        None => vm.ctx.empty_tuple.clone().into(),
    };
    call_in(
        vm,
        "builtins",
        "__import__",
        vec![name, globals, locals, names, vm.ctx.new_int(level).into()],
    )
}

/// Execute code as that module, as `PyImport_ExecCodeModuleEx` does, and tell it where it comes from.
fn execute(
    vm: &VirtualMachine,
    name: &PyObject,
    code: &Py<PyCode>,
    path: Option<PyObjectRef>,
    cached: Option<PyObjectRef>,
) -> PyResult {
    add_module(vm, name)?;
    let module = modules(vm)?.get_item(name, vm)?;
    if let Some(path) = path {
        module.set_attr("__file__", path, vm)?;
    }
    if let Some(cached) = cached {
        module.set_attr("__cached__", cached, vm)?;
    }
    let namespace = module.get_attr("__dict__", vm)?;
    let builtins: PyObjectRef = vm.builtins.clone().into();
    vm.call_method(&namespace, "setdefault", ("__builtins__", builtins))?;
    let code: PyObjectRef = code.to_owned().into();
    if let Err(error) = call_in(vm, "builtins", "exec", (code, namespace)) {
        // A module that failed is not left behind (CPython, `remove_module`).
        vm.call_method(
            modules(vm)?.as_object(),
            "pop",
            (name.to_owned(), vm.ctx.none()),
        )?;
        return Err(error);
    }
    // The code may have put another object in its place.
    modules(vm)?.get_item(name, vm)
}

/// 1 if there is a frozen module of that name, which is then imported; 0 if not.
fn import_frozen(vm: &VirtualMachine, name: &PyObject) -> PyResult<Status> {
    let frozen = call_in(vm, "_imp", "is_frozen", (name.to_owned(),))?.try_to_bool(vm)?;
    if frozen {
        import_level(vm, name.to_owned(), [None, None], None, 0)?;
    }
    Ok(Status(frozen.into()))
}

c_api! {
    fn PyImport_AddModule(vm, name: &str) -> Borrowed {
        add_module(vm, vm.ctx.new_str(name).as_object())
    }

    fn PyImport_AddModuleObject(vm, name: &PyObject) -> Borrowed {
        add_module(vm, name)
    }

    /// From `sys.modules`, NULL without an exception if it is not there.
    fn PyImport_GetModule(vm, name: &PyObject) -> Option<PyObjectRef> {
        found(vm, name)
    }

    fn PyImport_GetModuleDict(vm) -> Borrowed {
        Ok(Borrowed(as_pointer(&modules(vm)?)))
    }

    /// The module of that dotted name itself, not its top package.
    fn PyImport_ImportModule(vm, name: &str) -> PyObjectRef {
        import(vm, name)
    }

    fn PyImport_ImportModuleLevel(vm, name: &str, globals: Option<&PyObject>, locals: Option<&PyObject>, names: Option<&PyObject>, level: i32) -> PyObjectRef {
        import_level(vm, vm.ctx.new_str(name).into(), [globals, locals], names, level)
    }

    fn PyImport_ImportModuleLevelObject(vm, name: &PyObject, globals: Option<&PyObject>, locals: Option<&PyObject>, names: Option<&PyObject>, level: i32) -> PyObjectRef {
        import_level(vm, name.to_owned(), [globals, locals], names, level)
    }

    fn PyImport_ReloadModule(vm, module: &PyObject) -> PyObjectRef {
        call_in(vm, "importlib", "reload", (module.to_owned(),))
    }

    /// The finder for a path, None if there is none.
    fn PyImport_GetImporter(vm, path: &PyObject) -> PyObjectRef {
        call_in(vm, "pkgutil", "get_importer", (path.to_owned(),))
    }

    fn PyImport_GetMagicNumber(vm) -> c_long {
        let magic = import(vm, "importlib.util")?.get_attr("MAGIC_NUMBER", vm)?;
        let number = call_in(vm, "builtins", "int", ())?;
        vm.call_method(&number, "from_bytes", (magic, "little"))?.try_into_value(vm)
    }

    fn PyImport_GetMagicTag(vm) -> *const c_char {
        static TAG: OnceLock<CString> = OnceLock::new();
        let tag = import(vm, "sys")?.get_attr("implementation", vm)?.get_attr("cache_tag", vm)?;
        let text = crate::calls::text(vm, &tag)?.to_string_lossy().into_owned();
        Ok(TAG.get_or_init(|| CString::new(text).unwrap_or_default()).as_ptr())
    }

    fn PyImport_ImportFrozenModule(vm, name: &str) -> Status {
        import_frozen(vm, vm.ctx.new_str(name).as_object())
    }

    fn PyImport_ImportFrozenModuleObject(vm, name: &PyObject) -> Status {
        import_frozen(vm, name)
    }

    fn PyImport_ExecCodeModule(vm, name: &str, code: &Py<PyCode>) -> PyObjectRef {
        execute(vm, vm.ctx.new_str(name).as_object(), code, None, None)
    }

    fn PyImport_ExecCodeModuleObject(vm, name: &PyObject, code: &Py<PyCode>, path: Option<&PyObject>, cached: Option<&PyObject>) -> PyObjectRef {
        execute(vm, name, code, path.map(ToOwned::to_owned), cached.map(ToOwned::to_owned))
    }

    fn PyImport_ExecCodeModuleWithPathnames(vm, name: &str, code: &Py<PyCode>, path: Option<&str>, cached: Option<&str>) -> PyObjectRef {
        let text = |text: &str| vm.ctx.new_str(text).into();
        execute(vm, vm.ctx.new_str(name).as_object(), code, path.map(text), cached.map(text))
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::null_mut;

    use super::*;
    use crate::testing::{evaluate, said, with_interpreter};

    #[test]
    fn modules_are_found_made_and_imported() {
        with_interpreter(|vm| {
            let name = evaluate(vm, "", "'made_by_test'");
            let n = as_pointer(&name);
            // SAFETY: living objects and C strings.
            unsafe {
                assert!(PyImport_GetModule(n).is_null());
                let made = PyImport_AddModule(c"made_by_test".as_ptr());
                assert_eq!(PyImport_AddModuleObject(n), made);
                assert_eq!(said(vm, PyImport_GetModule(n)), "<module 'made_by_test'>");
                assert_eq!(
                    PyImport_GetModuleDict(),
                    as_pointer(&modules(vm).expect("dict"))
                );
                let module = said(vm, PyImport_ImportModule(c"json.decoder".as_ptr()));
                assert!(module.starts_with("<module 'json.decoder'"), "{module}");
                let module = PyImport_ImportModuleLevel(
                    c"os.path".as_ptr(),
                    null_mut(),
                    null_mut(),
                    null_mut(),
                    0,
                );
                assert!(said(vm, module).starts_with("<module 'os'"));
                assert_eq!(
                    said(vm, PyImport_ImportModule(c"no_such".as_ptr())),
                    "ModuleNotFoundError: No module named 'no_such'"
                );
                assert!(PyImport_GetMagicNumber() > 0);
                assert!(!PyImport_GetMagicTag().is_null());
                assert_eq!(PyImport_ImportFrozenModule(c"no_such".as_ptr()), 0);
            }
        });
    }

    #[test]
    fn code_becomes_a_module() {
        with_interpreter(|vm| {
            let good = evaluate(vm, "", "compile('x = __name__ + __file__', 'f', 'exec')");
            let bad = evaluate(vm, "", "compile('1 / 0', 'f', 'exec')");
            // SAFETY: living objects and C strings.
            unsafe {
                let (name, path) = (c"from_code".as_ptr(), c"/there".as_ptr());
                let null = core::ptr::null();
                let module =
                    PyImport_ExecCodeModuleWithPathnames(name, as_pointer(&good), path, null);
                let module = crate::objects::owned_or_none(module).expect("a module");
                let x = module.get_attr("x", vm).expect("x");
                assert_eq!(
                    said(vm, crate::objects::into_pointer(x)),
                    "'from_code/there'"
                );
                let failed = PyImport_ExecCodeModule(c"bad_code".as_ptr(), as_pointer(&bad));
                assert!(said(vm, failed).starts_with("ZeroDivisionError"));
                let name = vm.ctx.new_str("bad_code");
                assert!(PyImport_GetModule(as_pointer(&name)).is_null());
            }
        });
    }

    #[test]
    fn modules_by_objects_and_their_finders() {
        with_interpreter(|vm| {
            let text = |text: &str| evaluate(vm, "", &format!("'{text}'"));
            let (name, path, cached) = (text("from_object"), text("/a/path"), text("/cached"));
            let good = evaluate(
                vm,
                "",
                "compile('x = __name__, __file__, __cached__', 'f', 'exec')",
            );
            let names = evaluate(vm, "", "('path',)");
            let json = evaluate(vm, "json", "json");
            let (os, none) = (text("os"), vm.ctx.none());
            // SAFETY: living objects.
            unsafe {
                let module = PyImport_ImportModuleLevelObject(
                    as_pointer(&os),
                    as_pointer(&none),
                    null_mut(),
                    as_pointer(&names),
                    0,
                );
                assert!(said(vm, module).starts_with("<module 'os'"));
                let module = PyImport_ReloadModule(as_pointer(&json));
                assert_eq!(module, as_pointer(&json));
                assert!(said(vm, module).starts_with("<module 'json'"));
                let module = PyImport_ExecCodeModuleObject(
                    as_pointer(&name),
                    as_pointer(&good),
                    as_pointer(&path),
                    as_pointer(&cached),
                );
                let module = crate::objects::owned_or_none(module).expect("a module");
                let x = crate::objects::into_pointer(module.get_attr("x", vm).expect("x"));
                assert_eq!(said(vm, x), "('from_object', '/a/path', '/cached')");
                let finder = said(vm, PyImport_GetImporter(as_pointer(&text("/"))));
                assert_eq!(finder, "FileFinder('/')");
                assert_eq!(PyImport_ImportFrozenModuleObject(as_pointer(&os)), 1);
                assert_eq!(PyImport_ImportFrozenModuleObject(as_pointer(&name)), 0);
            }
        });
    }
}
