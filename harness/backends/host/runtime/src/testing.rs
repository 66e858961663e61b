//! What the unit tests share: one interpreter per process, as the C-API has it.

use std::sync::Once;

use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, VirtualMachine};

/// Run `test` on a thread that is attached to the one interpreter of this process.
///
/// A panic of `test` fails the test that called.
pub fn with_interpreter(test: impl FnOnce(&VirtualMachine)) {
    static START: Once = Once::new();
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
