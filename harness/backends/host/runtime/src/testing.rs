//! What the unit tests share: one interpreter per process, as the C-API has it.

use std::sync::{Mutex, Once, PoisonError};

use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, VirtualMachine};

use crate::objects::owned_or_none;

/// Run `test` on a thread that is attached to the one interpreter of this process.
///
/// One test at a time: two threads that import the same modules at once can meet a `_DeadlockError` of RustPython's
/// importlib, which is not what is tested. A panic of `test` fails the test that called.
pub fn with_interpreter(test: impl FnOnce(&VirtualMachine)) {
    static START: Once = Once::new();
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    START.call_once(|| rustpython_capi::init_main_interpreter(crate::run::builder().build()));
    let state = rustpython_capi::pystate::PyGILState_Ensure();
    with_current_vm(test);
    rustpython_capi::pystate::PyGILState_Release(state);
}

/// Take the pending exception as `Type: text`.
pub fn pending_message(vm: &VirtualMachine) -> String {
    let error = vm.take_raised_exception().expect("no exception is pending");
    let text = error.as_object().str(vm).expect("str(exception)");
    format!("{}: {}", error.class().name(), text.as_wtf8())
}

/// The value of a Python expression; `imports` (comma-separated) are imported first.
pub fn evaluate(vm: &VirtualMachine, imports: &str, expression: &str) -> PyObjectRef {
    let scope = vm.new_scope_with_builtins();
    let mut source = String::new();
    for name in imports.split(',').filter(|name| !name.is_empty()) {
        source.push_str(&format!("import {name}\n"));
    }
    source.push_str(&format!("result = {expression}\n"));
    let ran = vm.run_string(scope.clone(), &source, "<test>");
    if let Err(error) = ran {
        vm.set_exception(Some(error));
        panic!("{expression}: {}", pending_message(vm));
    }
    scope.globals.get_item("result", vm).expect("assigned")
}

/// `repr` of what a C function returned with a new reference; a pending exception instead, if it returned NULL.
pub fn said(vm: &VirtualMachine, returned: *mut PyObject) -> String {
    // SAFETY: a new reference or null, by this function's contract.
    match unsafe { owned_or_none(returned) } {
        Some(object) => object.repr(vm).expect("repr").as_wtf8().to_string(),
        None => pending_message(vm),
    }
}
