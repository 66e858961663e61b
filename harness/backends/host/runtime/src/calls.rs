//! Short ways to call Python from exports that are Python's own functions under another name.

use rustpython_vm::builtins::PyStr;
use rustpython_vm::function::{FuncArgs, IntoFuncArgs, KwArgs};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// `module.function(arguments)`.
pub fn call_in(
    vm: &VirtualMachine,
    module: &str,
    function: &str,
    arguments: impl IntoFuncArgs,
) -> PyResult {
    let module = import(vm, module)?;
    let function = module.get_attr(&*vm.ctx.new_str(function), vm)?;
    function.call(arguments, vm)
}

/// `callable(*positional, **keywords)`.
pub fn call_with_keywords(
    vm: &VirtualMachine,
    callable: &PyObject,
    positional: Vec<PyObjectRef>,
    keywords: Vec<(&str, PyObjectRef)>,
) -> PyResult {
    let keywords: Vec<(String, PyObjectRef)> = keywords
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let keywords: KwArgs = keywords.into_iter().collect();
    callable.call(FuncArgs::new(positional, keywords), vm)
}

/// The module of that dotted name itself, not its top package.
pub fn import(vm: &VirtualMachine, name: &str) -> PyResult {
    let name = vm.ctx.new_str(name);
    vm.import(&*name, 0)?;
    modules(vm)?.get_item(&*name, vm)
}

/// `sys.modules`.
pub fn modules(vm: &VirtualMachine) -> PyResult {
    vm.sys_module.get_attr("modules", vm)
}

/// An attribute of `sys`, None if it is not there.
pub fn sys_attribute(vm: &VirtualMachine, name: &str) -> PyResult<Option<PyObjectRef>> {
    vm.get_attribute_opt(vm.sys_module.as_object(), &*vm.ctx.new_str(name))
}

/// The text of `object`. Raises: `TypeError` -- it is not a str.
pub fn text<'a>(vm: &VirtualMachine, object: &'a PyObject) -> PyResult<&'a Py<PyStr>> {
    object
        .downcast_ref::<PyStr>()
        .ok_or_else(|| crate::objects::bad_argument(vm))
}
