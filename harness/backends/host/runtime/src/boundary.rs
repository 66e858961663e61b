//! The two crossings between Rust and C.
//!
//! [`ffi_boundary`] is the way in: an extension calls one of our exports.
//! [`call_extension`] is the way out: the interpreter calls a function of the extension.
//!
//! RustPython keeps the *error indicator* (the exception a C function has raised) and the *handled exception*
//! (`sys.exc_info()`, set inside an `except` block) in one cell: `VirtualMachine::current_exception`. C code that
//! asks `PyErr_Occurred` must see the first only, which is why the way out empties the cell and fills it again.

use core::ffi::c_int;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::vm::thread::try_with_current_vm;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::objects::owned_or_none;
use crate::watch;

/// Run `body` as the C function `name`; an `Err` or a panic becomes the pending exception and `failed` is returned.
///
/// A panic is reported as `SystemError`; what the interpreter was doing is then unknown, so the caller of the host
/// should replace the process. A thread that is not attached to the interpreter cannot hold an exception: it gets
/// `failed` and a line on stderr.
pub fn ffi_boundary<R>(
    name: &str,
    failed: R,
    body: impl FnOnce(&VirtualMachine) -> PyResult<R>,
) -> R {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        try_with_current_vm(|vm| body(vm).map_err(|raised| vm.set_exception(Some(raised))))
    }));
    match outcome {
        Ok(Some(Ok(value))) => value,
        Ok(Some(Err(()))) => failed,
        Ok(None) => {
            eprintln!("{name} was called by a thread that is not attached to the interpreter");
            failed
        }
        Err(panic) => {
            raise_panic(name, &*panic);
            failed
        }
    }
}

/// As [`ffi_boundary`], for the few functions that C may call without an attached thread.
///
/// Nothing can be raised there, so a panic gives `failed` and the panic's own message on stderr.
pub fn detached_boundary<R>(failed: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(failed)
}

fn raise_panic(name: &str, panic: &(dyn Any + Send)) {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    // A second panic while reporting the first leaves no exception, which the caller reports as its own SystemError.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        try_with_current_vm(|vm| {
            vm.set_exception(Some(
                vm.new_system_error(format!("{name}: the host panicked: {said}")),
            ));
        })
    }));
}

/// What a function of the extension gave back: its value and the exception it left pending.
pub struct Returned<R> {
    pub value: R,
    pub raised: Option<PyBaseExceptionRef>,
}

/// How a C function can break the rule "an exception is set if and only if the result says failure".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// The result says failure, no exception is set.
    FailedSilently,
    /// The result says success, an exception is set.
    RaisedUnreported,
}

/// Call C code of the extension with a clean error indicator; restore the handled exception afterwards.
///
/// While the call runs, Python code that it calls back sees no handled exception in `sys.exc_info()`; CPython keeps
/// the two apart, RustPython cannot.
#[inline]
pub fn call_extension<R>(vm: &VirtualMachine, call: impl FnOnce() -> R) -> Returned<R> {
    watch::host_acts();
    if vm.current_exception().is_some() {
        return call_while_handling(vm, call);
    }
    let value = call();
    let raised = take_exception(vm);
    Returned { value, raised }
}

#[cold]
fn call_while_handling<R>(vm: &VirtualMachine, call: impl FnOnce() -> R) -> Returned<R> {
    let handled = vm.take_raised_exception();
    let value = call();
    let raised = take_exception(vm);
    vm.set_exception(handled);
    Returned { value, raised }
}

/// What is in the cell, which is empty afterwards. Mostly it is empty before, too, and emptying it is not cheap:
/// RustPython then looks for the topmost exception of the whole thread.
#[inline]
fn take_exception(vm: &VirtualMachine) -> Option<PyBaseExceptionRef> {
    vm.current_exception()?;
    vm.take_raised_exception()
}

impl<R> Returned<R> {
    /// The value if it is a success, the exception if it is not, `SystemError` with `words` if both or neither.
    ///
    /// An unreported exception becomes cause and context of the `SystemError`.
    /// Source: CPython, `_Py_CheckFunctionResult` and `_PyErr_FormatFromCause`.
    pub fn check(
        self,
        vm: &VirtualMachine,
        succeeded: impl FnOnce(&R) -> bool,
        words: impl FnOnce(Breach) -> String,
    ) -> PyResult<R> {
        match (succeeded(&self.value), self.raised) {
            (true, None) => Ok(self.value),
            (false, Some(raised)) => Err(raised),
            (false, None) => Err(vm.new_system_error(words(Breach::FailedSilently))),
            (true, Some(raised)) => {
                let error = vm.new_system_error(words(Breach::RaisedUnreported));
                error.set_cause(Some(raised.clone()));
                error.set_context(Some(raised));
                Err(error)
            }
        }
    }
}

impl Returned<*mut PyObject> {
    /// Take the object that `callee` (its `repr`, for the messages) returned with one reference.
    ///
    /// # Safety
    /// `value` is null or a pointer whose reference is now ours.
    #[inline]
    pub unsafe fn into_object(self, vm: &VirtualMachine, callee: &str) -> PyResult<PyObjectRef> {
        // SAFETY: by this function's contract.
        let object = unsafe { owned_or_none(self.value) };
        match (object, self.raised) {
            (Some(object), None) => Ok(object),
            (object, raised) => raised_object(object, raised, vm, callee),
        }
    }
}

#[cold]
fn raised_object(
    value: Option<PyObjectRef>,
    raised: Option<PyBaseExceptionRef>,
    vm: &VirtualMachine,
    callee: &str,
) -> PyResult<PyObjectRef> {
    Returned { value, raised }
        .check(vm, Option::is_some, |breach| function_words(callee, breach))
        .map(|object| object.expect("`check` lets only `Some` pass"))
}

impl Returned<c_int> {
    /// Take the status of `callee`: negative is failure, everything else success.
    pub fn into_status(self, vm: &VirtualMachine, callee: &str) -> PyResult<c_int> {
        self.check(
            vm,
            |status| *status >= 0,
            |breach| function_words(callee, breach),
        )
    }
}

/// Source: CPython, `_Py_CheckFunctionResult`.
fn function_words(callee: &str, breach: Breach) -> String {
    match breach {
        Breach::FailedSilently => format!("{callee} returned NULL without setting an exception"),
        Breach::RaisedUnreported => format!("{callee} returned a result with an exception set"),
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::null_mut;

    use rustpython_vm::AsObject;

    use super::*;
    use crate::testing::with_interpreter;

    fn message(vm: &VirtualMachine, error: &PyBaseExceptionRef) -> String {
        let text = error.as_object().str(vm).expect("str(exception)");
        format!("{}: {}", error.class().name(), text.as_wtf8())
    }

    #[test]
    fn a_panic_becomes_a_system_error() {
        with_interpreter(|vm| {
            let value = ffi_boundary("PyTest_Panics", -1, |_vm| -> PyResult<i32> {
                panic!("on purpose")
            });
            assert_eq!(value, -1);
            let error = vm.take_raised_exception().expect("an exception is set");
            assert_eq!(
                message(vm, &error),
                "SystemError: PyTest_Panics: the host panicked: on purpose"
            );
        });
    }

    #[test]
    fn an_error_is_set_and_a_success_sets_nothing() {
        with_interpreter(|vm| {
            let failed = ffi_boundary("PyTest", -1, |vm| Err(vm.new_value_error("no")));
            assert_eq!(failed, -1);
            let error = vm.take_raised_exception().expect("an exception is set");
            assert_eq!(message(vm, &error), "ValueError: no");
            assert_eq!(ffi_boundary("PyTest", -1, |_vm| Ok(7)), 7);
            assert!(vm.current_exception().is_none());
        });
    }

    #[test]
    fn the_extension_sees_no_handled_exception_and_finds_it_again() {
        with_interpreter(|vm| {
            vm.set_exception(Some(vm.new_value_error("handled")));
            let returned = call_extension(vm, || {
                assert!(vm.current_exception().is_none());
                vm.set_exception(Some(vm.new_type_error("raised")));
                -1
            });
            let error = returned.into_status(vm, "f").expect_err("it raised");
            assert_eq!(message(vm, &error), "TypeError: raised");
            let handled = vm.take_raised_exception().expect("still handled");
            assert_eq!(message(vm, &handled), "ValueError: handled");
        });
    }

    #[test]
    fn both_breaches_are_system_errors() {
        with_interpreter(|vm| {
            let silent = call_extension(vm, null_mut::<PyObject>);
            // SAFETY: null.
            let error = unsafe { silent.into_object(vm, "<f>") }.expect_err("NULL");
            assert_eq!(
                message(vm, &error),
                "SystemError: <f> returned NULL without setting an exception"
            );
            let unreported = call_extension(vm, || {
                vm.set_exception(Some(vm.new_type_error("raised")));
                0
            });
            let error = unreported.into_status(vm, "<f>").expect_err("both");
            assert_eq!(
                message(vm, &error),
                "SystemError: <f> returned a result with an exception set"
            );
            assert!(error.__cause__().is_some() && error.__context__().is_some());
        });
    }
}
