//! `ceval.h`, `intrcheck.h` and `traceback.h`. Sources: C-API, "Recursion Control", "Reflection", "Signal Handling".

use core::ffi::{CStr, c_char};

use rustpython_capi::pyframe::PyFrameObject;
use rustpython_vm::builtins::PyTraceback;
use rustpython_vm::frame::FrameObject;
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult};

use crate::calls::call_in;
use crate::convert::{Flag, Status, Void, c_api};
use crate::texts::lasting;

c_api! {
    /// `RecursionError` if the C stack is nearly used up; `where` ends the message.
    ///
    /// RustPython measures the stack, so there is no counter that `Py_LeaveRecursiveCall` would have to lower.
    fn Py_EnterRecursiveCall(vm, place: Option<&CStr>) -> () {
        let place = place.map(CStr::to_string_lossy).unwrap_or_default();
        vm.with_recursion(place.trim_start(), || Ok(()))
    }

    /// See `Py_EnterRecursiveCall`.
    fn Py_LeaveRecursiveCall(_vm) -> Void {
        Ok(Void)
    }

    fn Py_GetRecursionLimit(vm) -> Status {
        Ok(Status(i32::try_from(vm.recursion_limit.get()).unwrap_or(i32::MAX)))
    }

    fn Py_SetRecursionLimit(vm, limit: i32) -> Void {
        call_in(vm, "sys", "setrecursionlimit", (limit,)).map(|_| Void)
    }

    /// Threads need no preparation. Source: C-API, "Initialization" (no effect since 3.9).
    fn PyEval_InitThreads(_vm) -> Void {
        Ok(Void)
    }

    /// Handlers of signals are what is pending in RustPython.
    fn Py_MakePendingCalls(vm) -> () {
        vm.check_signals()
    }

    /// 1 if SIGINT has arrived; its handler has run then.
    fn PyOS_InterruptOccurred(vm) -> Flag {
        match vm.check_signals() {
            Err(error) if error.fast_isinstance(vm.ctx.exceptions.keyboard_interrupt) => Ok(Flag(true)),
            Err(error) => Err(error),
            Ok(()) => Ok(Flag(false)),
        }
    }

    /// The name of a function, or of the class of any other callable.
    fn PyEval_GetFuncName(vm, function: &PyObject) -> *const c_char {
        let is_function = ["function", "method", "builtin_function_or_method"]
            .contains(&&*function.class().name().to_owned());
        let name = match vm.get_attribute_opt(function, "__name__")? {
            Some(name) if is_function => name.str(vm)?.to_string_lossy().into_owned(),
            _ => function.class().name().to_string(),
        };
        lasting(vm, &name)
    }

    /// Run code as a function with these arguments. `locals` is not used, as in CPython for optimised code.
    fn PyEval_EvalCodeEx(
        vm, code: &PyObject, globals: &PyObject, _locals: Option<&PyObject>,
        args: *const *mut PyObject, argc: i32, keywords: *const *mut PyObject, keyword_count: i32,
        defaults: *const *mut PyObject, default_count: i32, keyword_defaults: Option<&PyObject>, closure: Option<&PyObject>,
    ) -> PyObjectRef {
        let list = |start: *const *mut PyObject, count: i32| -> Vec<PyObjectRef> {
            let count = if start.is_null() { 0 } else { usize::try_from(count).unwrap_or(0) };
            // SAFETY: as many living objects as the count says, by the contract.
            (0..count).filter_map(|index| unsafe { start.add(index).read().as_ref() }).map(ToOwned::to_owned).collect()
        };
        let or_none = |part: Option<&PyObject>| part.map_or_else(|| vm.ctx.none(), ToOwned::to_owned);
        let defaults = vm.ctx.new_tuple(list(defaults, default_count));
        let name = code.get_attr("co_name", vm)?;
        let made: Vec<PyObjectRef> =
            vec![code.to_owned(), globals.to_owned(), name, defaults.into(), or_none(closure)];
        let function = call_in(vm, "types", "FunctionType", made)?;
        function.set_attr("__kwdefaults__", or_none(keyword_defaults), vm)?;
        let named = vm.ctx.new_dict();
        for pair in list(keywords, keyword_count.saturating_mul(2)).chunks(2) {
            if let [name, value] = pair {
                named.set_item(&**name, value.clone(), vm)?;
            }
        }
        let keywords = named.into_iter().map(|(name, value)| Ok((name.str(vm)?.to_string_lossy().into_owned(), value)));
        let keywords: KwArgs = keywords.collect::<PyResult<Vec<(String, PyObjectRef)>>>()?.into_iter().collect();
        function.call(FuncArgs::new(list(args, argc), keywords), vm)
    }

    /// Add a frame to the pending exception's traceback.
    fn PyTraceBack_Here(vm, frame: *mut PyFrameObject) -> () {
        // SAFETY: null or a living frame object, by the contract.
        let frame = unsafe { frame.cast::<PyObject>().as_ref() };
        let frame = frame.and_then(|frame| frame.downcast_ref::<FrameObject>());
        let Some(frame) = frame else { return Err(crate::objects::bad_internal_call(vm)) };
        let Some(raised) = vm.take_raised_exception() else { return Ok(0) };
        let (lasti, line) = (frame.as_object().get_attr("f_lasti", vm)?, frame.as_object().get_attr("f_lineno", vm)?);
        let next = raised.__traceback__().map_or_else(|| vm.ctx.none(), Into::into);
        let frame: PyObjectRef = frame.to_owned().into();
        let made = call_in(vm, "types", "TracebackType", vec![next, frame, lasti, line])?;
        raised.set_traceback(made.downcast::<PyTraceback>().ok());
        vm.set_exception(Some(raised));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::{null, null_mut};

    use super::*;
    use crate::objects::{as_pointer, into_pointer};
    use crate::testing::{evaluate, said, with_interpreter};

    #[test]
    fn recursion_names_and_code_with_arguments() {
        with_interpreter(|vm| {
            let code = evaluate(vm, "", "(lambda a, b=5: a + b).__code__");
            let globals = evaluate(vm, "", "{}");
            let arguments = [into_pointer(vm.ctx.new_int(2))];
            let defaults = [into_pointer(vm.ctx.new_int(40))];
            // SAFETY: living objects, as many as the counts say.
            unsafe {
                assert_eq!(Py_EnterRecursiveCall(c" in a test".as_ptr()), 0);
                Py_LeaveRecursiveCall();
                assert!(Py_GetRecursionLimit() > 0);
                let function = evaluate(vm, "", "len");
                let name = PyEval_GetFuncName(as_pointer(&function));
                assert_eq!(CStr::from_ptr(name), c"len");
                let value = PyEval_EvalCodeEx(
                    as_pointer(&code),
                    as_pointer(&globals),
                    null_mut(),
                    arguments.as_ptr(),
                    1,
                    null(),
                    0,
                    defaults.as_ptr(),
                    1,
                    null_mut(),
                    null_mut(),
                );
                assert_eq!(said(vm, value), "42");
                assert_eq!(Py_MakePendingCalls(), 0);
                assert_eq!(PyOS_InterruptOccurred(), 0);
            }
        });
    }

    #[test]
    fn the_limit_is_set_and_frames_are_added() {
        with_interpreter(|vm| {
            let frame = evaluate(vm, "sys", "(lambda: sys._getframe())()");
            // SAFETY: living objects.
            unsafe {
                PyEval_InitThreads();
                let before = Py_GetRecursionLimit();
                Py_SetRecursionLimit(before + 1);
                assert_eq!(Py_GetRecursionLimit(), before + 1);
                Py_SetRecursionLimit(before);
                vm.set_exception(Some(vm.new_value_error("words")));
                assert_eq!(PyTraceBack_Here(as_pointer(&frame).cast()), 0);
                let raised = vm.take_raised_exception().expect("still pending");
                let traceback = raised.__traceback__().expect("made");
                let found = traceback
                    .as_object()
                    .get_attr("tb_frame", vm)
                    .expect("a frame");
                assert!(found.is(&frame));
                assert_eq!(PyTraceBack_Here(null_mut()), -1);
                assert!(crate::testing::pending_message(vm).starts_with("SystemError"));
            }
        });
    }
}
