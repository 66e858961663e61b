//! `pyerrors.h` and `pythonrun.h`: the error indicator. Source of all contracts: C-API, "Exception Handling".

use core::ffi::{CStr, c_char, c_int};

use rustpython_vm::builtins::{PyBaseException, PyBaseExceptionRef, PyType};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::calls::{call_in, call_with_keywords};
use crate::convert::{Accepted, Flag, Out, Status, Stolen, Void, c_api};
use crate::objects::{bad_argument, into_pointer};

/// Where the three parts of an exception go.
type Part = Out<*mut PyObject>;

/// Type, value and traceback, each with a reference; three times NULL for none.
fn give_parts(raised: Option<PyBaseExceptionRef>, kind: &Part, value: &Part, traceback: &Part) {
    let Some(raised) = raised else {
        for part in [kind, value, traceback] {
            part.set(core::ptr::null_mut());
        }
        return;
    };
    kind.set(into_pointer(raised.class().to_owned()));
    traceback.set(
        raised
            .__traceback__()
            .map_or(core::ptr::null_mut(), into_pointer),
    );
    value.set(into_pointer(raised));
}

/// The exception of these parts. Raises: what making it raises.
fn from_parts(
    vm: &VirtualMachine,
    kind: PyObjectRef,
    value: Option<PyObjectRef>,
    traceback: Option<PyObjectRef>,
) -> PyResult<PyBaseExceptionRef> {
    let or_none = |part: Option<PyObjectRef>| part.unwrap_or_else(|| vm.ctx.none());
    let value = or_none(value);
    match value.downcast_ref::<PyBaseException>() {
        // Already made: the traceback is all there is to set.
        Some(exception) => {
            if let Some(traceback) = traceback {
                exception
                    .as_object()
                    .set_attr("__traceback__", traceback, vm)?;
            }
            Ok(exception.to_owned())
        }
        None => vm.normalize_exception(kind, value, or_none(traceback)),
    }
}

/// An instance of `kind` made with these arguments, to be raised. Raises: `SystemError` -- it is no exception class.
fn instance(
    vm: &VirtualMachine,
    kind: &PyObject,
    arguments: Vec<PyObjectRef>,
) -> PyResult<PyBaseExceptionRef> {
    let made = kind.call(arguments, vm)?;
    made.downcast::<PyBaseException>().map_err(|_| {
        vm.new_system_error("exception must be a class that derives from BaseException")
    })
}

/// The `OSError` (or what `kind` is) of `number`. An interrupted call runs the signal handlers first.
fn os_error(
    vm: &VirtualMachine,
    number: i32,
    kind: &PyObject,
    names: &[Option<&PyObject>],
) -> PyResult<PyBaseExceptionRef> {
    if number == libc::EINTR {
        vm.check_signals()?;
    }
    let text = call_in(vm, "os", "strerror", (number,))?;
    let mut arguments: Vec<PyObjectRef> = vec![vm.ctx.new_int(number).into(), text];
    if let Some(first) = names.first().copied().flatten() {
        arguments.push(first.to_owned());
        if let Some(second) = names.get(1).copied().flatten() {
            arguments.push(vm.ctx.new_int(0).into());
            arguments.push(second.to_owned());
        }
    }
    instance(vm, kind, arguments)
}

/// What the C library's last call said.
fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

fn import_error(
    vm: &VirtualMachine,
    kind: &PyObject,
    message: Option<&PyObject>,
    name: Option<&PyObject>,
    path: Option<&PyObject>,
) -> PyResult<PyObjectRef> {
    let is_import_error = kind
        .downcast_ref::<PyType>()
        .is_some_and(|kind| kind.is_subtype(vm.ctx.exceptions.import_error));
    if !is_import_error {
        return Err(vm.new_type_error("expected a subclass of ImportError"));
    }
    let message = message.ok_or_else(|| vm.new_type_error("expected a message argument"))?;
    let or_none = |part: Option<&PyObject>| part.map_or_else(|| vm.ctx.none(), ToOwned::to_owned);
    let keywords = vec![("name", or_none(name)), ("path", or_none(path))];
    let made = call_with_keywords(vm, kind, vec![message.to_owned()], keywords)?;
    match made.downcast::<PyBaseException>() {
        Ok(error) => Err(error),
        Err(_) => Err(bad_argument(vm)),
    }
}

/// Line `number` of a file, None if there is none.
fn program_text(vm: &VirtualMachine, file: &CStr, number: c_int) -> PyResult<Option<PyObjectRef>> {
    let line = call_in(
        vm,
        "linecache",
        "getline",
        (file.to_string_lossy().into_owned(), number),
    )?;
    Ok((line.length(vm)? > 0).then_some(line))
}

/// Add the place to the pending exception, which should be a `SyntaxError`.
fn syntax_location(vm: &VirtualMachine, file: &CStr, line: c_int, column: c_int) -> PyResult<()> {
    let Some(raised) = vm.take_raised_exception() else {
        return Ok(());
    };
    let place = || {
        let object = raised.as_object();
        object.set_attr("lineno", vm.ctx.new_int(line), vm)?;
        let offset = if column >= 0 {
            vm.ctx.new_int(column + 1).into()
        } else {
            vm.ctx.none()
        };
        object.set_attr("offset", offset, vm)?;
        let name = vm.ctx.new_str(file.to_string_lossy().into_owned());
        object.set_attr("filename", name, vm)?;
        if let Some(text) = program_text(vm, file, line)? {
            object.set_attr("text", text, vm)?;
        }
        PyResult::Ok(())
    };
    // What goes wrong here must not hide the exception that is being described (CPython clears it too).
    let _ = place();
    vm.set_exception(Some(raised));
    Ok(())
}

/// Let a signal arrive that Python code handles; the system's own handlers are left alone (C-API, "Signal Handling").
///
/// Not by `signal.raise_signal`, which runs the handler at once: what that raises would be pending too early.
fn deliver(vm: &VirtualMachine, signal: c_int) -> PyResult<()> {
    if call_in(vm, "signal", "getsignal", (signal,))?.is_callable() {
        // SAFETY: takes a number only, and the signal's handler is RustPython's, which does no more than note it.
        unsafe { libc::raise(signal) };
    }
    Ok(())
}

/// The exception that an `except` block of the calling Python code handles.
fn handled(vm: &VirtualMachine) -> PyResult<Option<PyBaseExceptionRef>> {
    let exception = call_in(vm, "sys", "exception", ())?;
    Ok(exception.downcast::<PyBaseException>().ok())
}

c_api! {
    /// Run the handlers of signals that have arrived; -1 if one raised.
    fn PyErr_CheckSignals(vm) -> () {
        vm.check_signals()
    }

    fn PyErr_Clear(vm) -> Void {
        drop(vm.take_raised_exception());
        Ok(Void)
    }

    /// `TypeError` with CPython's words; 0.
    fn PyErr_BadArgument(vm) -> Accepted {
        Err(bad_argument(vm))
    }

    /// What the macro `PyErr_BadInternalCall` calls, with the place in the C source.
    fn _PyErr_BadInternalCall(vm, file: Option<&str>, line: i32) -> Void {
        let file = file.unwrap_or("?");
        Err(vm.new_system_error(format!("{file}:{line}: bad argument to internal function")))
    }

    fn PyErr_NoMemory(vm) -> Option<PyObjectRef> {
        Err(vm.no_memory_error())
    }

    fn PyErr_SetNone(vm, kind: &PyObject) -> Void {
        Err(instance(vm, kind, Vec::new())?)
    }

    /// Is the pending exception of that class, or of one in that tuple?
    fn PyErr_ExceptionMatches(vm, kind: &PyObject) -> Flag {
        match vm.current_exception() {
            Some(raised) => raised.class().as_object().is_subclass(kind, vm).map(Flag),
            None => Ok(Flag(false)),
        }
    }

    fn PyErr_Fetch(vm, kind: Part, value: Part, traceback: Part) -> Void {
        give_parts(vm.take_raised_exception(), &kind, &value, &traceback);
        Ok(Void)
    }

    fn PyErr_Restore(vm, kind: Stolen, value: Stolen, traceback: Stolen) -> Void {
        match kind.0 {
            Some(kind) => Err(from_parts(vm, kind, value.0, traceback.0)?),
            None => {
                drop(vm.take_raised_exception());
                Ok(Void)
            }
        }
    }

    /// What `PyErr_Fetch` gives is normalized already; parts that C made itself are made one here.
    fn PyErr_NormalizeException(vm, kind: Part, value: Part, traceback: Part) -> Void {
        let take = |part: &Part| {
            // SAFETY: the caller's reference, replaced below.
            unsafe { crate::objects::owned_or_none(part.get()) }
        };
        if let Some(class) = take(&kind) {
            let made = from_parts(vm, class, take(&value), take(&traceback));
            // An error on the way takes the place of what could not be made.
            give_parts(Some(made.unwrap_or_else(|error| error)), &kind, &value, &traceback);
        }
        Ok(Void)
    }

    fn PyErr_GetHandledException(vm) -> Option<PyObjectRef> {
        handled(vm).map(|exception| exception.map(Into::into))
    }

    fn PyErr_GetExcInfo(vm, kind: Part, value: Part, traceback: Part) -> Void {
        give_parts(handled(vm)?, &kind, &value, &traceback);
        Ok(Void)
    }

    /// The exception for C's `errno`.
    fn PyErr_SetFromErrno(vm, kind: &PyObject) -> Option<PyObjectRef> {
        Err(os_error(vm, errno(), kind, &[])?)
    }

    fn PyErr_SetFromErrnoWithFilename(vm, kind: &PyObject, file: Option<&CStr>) -> Option<PyObjectRef> {
        let number = errno();
        let name = match file {
            Some(file) => {
                let bytes = vm.ctx.new_bytes(file.to_bytes().to_vec());
                Some(call_in(vm, "os", "fsdecode", (bytes,))?)
            }
            None => None,
        };
        Err(os_error(vm, number, kind, &[name.as_deref()])?)
    }

    fn PyErr_SetFromErrnoWithFilenameObject(vm, kind: &PyObject, file: Option<&PyObject>) -> Option<PyObjectRef> {
        Err(os_error(vm, errno(), kind, &[file])?)
    }

    fn PyErr_SetFromErrnoWithFilenameObjects(vm, kind: &PyObject, file: Option<&PyObject>, second: Option<&PyObject>) -> Option<PyObjectRef> {
        Err(os_error(vm, errno(), kind, &[file, second])?)
    }

    fn PyErr_SetImportError(vm, message: Option<&PyObject>, name: Option<&PyObject>, path: Option<&PyObject>) -> PyObjectRef {
        let kind = vm.ctx.exceptions.import_error.as_object();
        import_error(vm, kind, message, name, path)
    }

    fn PyErr_SetImportErrorSubclass(vm, kind: &PyObject, message: Option<&PyObject>, name: Option<&PyObject>, path: Option<&PyObject>) -> PyObjectRef {
        import_error(vm, kind, message, name, path)
    }

    /// A line of a source file, NULL without an exception if there is none.
    fn PyErr_ProgramText(vm, file: &CStr, line: i32) -> Option<PyObjectRef> {
        program_text(vm, file, line)
    }

    fn PyErr_SyntaxLocation(vm, file: &CStr, line: i32) -> Void {
        syntax_location(vm, file, line, -1).map(|()| Void)
    }

    fn PyErr_SyntaxLocationEx(vm, file: &CStr, line: i32, column: i32) -> Void {
        syntax_location(vm, file, line, column).map(|()| Void)
    }

    /// As if SIGINT had arrived: its handler runs when signals are looked for next.
    fn PyErr_SetInterrupt(vm) -> Void {
        deliver(vm, libc::SIGINT)?;
        Ok(Void)
    }

    /// As if that signal had arrived; -1 without an exception if there is no such signal.
    fn PyErr_SetInterruptEx(vm, signal: i32) -> Status {
        if !(1..=64).contains(&signal) {
            return Ok(Status(-1).0);
        }
        deliver(vm, signal)?;
        Ok(Status(0))
    }

    /// Print the pending exception to `sys.stderr` and clear it; nothing if there is none.
    fn PyErr_Print(vm) -> Void {
        if let Some(raised) = vm.take_raised_exception() {
            let object: PyObjectRef = raised.clone().into();
            vm.sys_module.set_attr("last_exc", object, vm)?;
            vm.print_exception(&raised);
        }
        Ok(Void)
    }

    /// Print an exception given in parts.
    fn PyErr_Display(vm, kind: Option<&PyObject>, value: Option<&PyObject>, traceback: Option<&PyObject>) -> Void {
        let Some(value) = value else { return Ok(()) };
        let kind = kind.map_or_else(|| value.class().to_owned().into(), ToOwned::to_owned);
        let raised = from_parts(vm, kind, Some(value.to_owned()), traceback.map(ToOwned::to_owned))?;
        vm.print_exception(&raised);
        Ok(Void)
    }
}

/// Say so and end the process: the one function whose contract that is.
///
/// # Safety
/// `message` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Py_FatalError(message: *const c_char) -> ! {
    let words = if message.is_null() {
        "<message not set>".into()
    } else {
        // SAFETY: a C string by this function's contract.
        unsafe { CStr::from_ptr(message) }.to_string_lossy()
    };
    eprintln!("Fatal Python error: {words}");
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use core::ptr::{null, null_mut};

    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, pending_message, said, with_interpreter};

    #[test]
    fn an_exception_is_fetched_and_restored() {
        with_interpreter(|vm| {
            let (mut kind, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
            vm.set_exception(Some(vm.new_value_error("words")));
            let value_error = as_pointer(vm.ctx.exceptions.value_error);
            let type_error = as_pointer(vm.ctx.exceptions.type_error);
            // SAFETY: living objects and places of ours; what is fetched is given back.
            unsafe {
                assert_eq!(PyErr_ExceptionMatches(value_error), 1);
                assert_eq!(PyErr_ExceptionMatches(type_error), 0);
                PyErr_Fetch(&mut kind, &mut value, &mut traceback);
                assert!(vm.current_exception().is_none());
                assert_eq!(kind, value_error);
                PyErr_NormalizeException(&mut kind, &mut value, &mut traceback);
                PyErr_Restore(kind, value, traceback);
                assert_eq!(pending_message(vm), "ValueError: words");
                let text = into_pointer(vm.ctx.new_str("made later"));
                PyErr_Restore(
                    into_pointer(vm.ctx.exceptions.type_error.to_owned()),
                    text,
                    null_mut(),
                );
                assert_eq!(pending_message(vm), "TypeError: made later");
                PyErr_SetNone(value_error);
                PyErr_Clear();
                assert!(vm.current_exception().is_none());
                assert_eq!(PyErr_ExceptionMatches(value_error), 0);
            }
        });
    }

    #[test]
    fn what_the_setters_raise() {
        with_interpreter(|vm| {
            let name = evaluate(vm, "", "'there'");
            let not_import = as_pointer(vm.ctx.exceptions.value_error);
            let os_error = as_pointer(vm.ctx.exceptions.os_error);
            // SAFETY: living objects and C strings.
            unsafe {
                assert_eq!(PyErr_BadArgument(), 0);
                assert_eq!(
                    pending_message(vm),
                    "TypeError: bad argument type for built-in operation"
                );
                _PyErr_BadInternalCall(c"x.c".as_ptr(), 7);
                assert_eq!(
                    pending_message(vm),
                    "SystemError: x.c:7: bad argument to internal function"
                );
                assert_eq!(said(vm, PyErr_NoMemory()), "MemoryError: ");
                *libc::__errno_location() = libc::ENOENT;
                let raised = PyErr_SetFromErrnoWithFilename(os_error, c"/x".as_ptr());
                assert_eq!(
                    said(vm, raised),
                    "FileNotFoundError: [Errno 2] No such file or directory: '/x'"
                );
                *libc::__errno_location() = libc::EPERM;
                assert_eq!(
                    said(vm, PyErr_SetFromErrno(os_error)),
                    "PermissionError: [Errno 1] Operation not permitted"
                );
                let raised = PyErr_SetImportError(as_pointer(&name), as_pointer(&name), null_mut());
                assert_eq!(said(vm, raised), "ImportError: there");
                let raised = PyErr_SetImportErrorSubclass(
                    not_import,
                    as_pointer(&name),
                    null_mut(),
                    null_mut(),
                );
                assert_eq!(
                    said(vm, raised),
                    "TypeError: expected a subclass of ImportError"
                );
                assert_eq!(PyErr_SetInterruptEx(-3), -1);
                assert!(PyErr_ProgramText(c"/no/such".as_ptr(), 1).is_null());
                assert!(PyErr_GetHandledException().is_null());
                PyErr_Display(null_mut(), null_mut(), null_mut());
                let syntax = evaluate(vm, "", "SyntaxError('bad')");
                vm.set_exception(syntax.clone().downcast().ok());
                PyErr_SyntaxLocationEx(c"f.py".as_ptr(), 3, 4);
                vm.take_raised_exception();
                let offset = syntax.get_attr("offset", vm).expect("set");
                assert_eq!(said(vm, into_pointer(offset)), "5");
                PyErr_SyntaxLocation(null(), 1);
            }
            vm.take_raised_exception();
        });
    }

    #[test]
    fn errors_of_the_system_name_their_files() {
        with_interpreter(|vm| {
            let (first, second) = (evaluate(vm, "", "'first'"), evaluate(vm, "", "b'second'"));
            let os_error = as_pointer(vm.ctx.exceptions.os_error);
            // SAFETY: living objects.
            unsafe {
                *libc::__errno_location() = libc::ENOENT;
                let raised = PyErr_SetFromErrnoWithFilenameObject(os_error, as_pointer(&first));
                assert_eq!(
                    said(vm, raised),
                    "FileNotFoundError: [Errno 2] No such file or directory: 'first'"
                );
                *libc::__errno_location() = libc::EEXIST;
                let raised = PyErr_SetFromErrnoWithFilenameObjects(
                    os_error,
                    as_pointer(&first),
                    as_pointer(&second),
                );
                assert_eq!(
                    said(vm, raised),
                    "FileExistsError: [Errno 17] File exists: 'first' -> b'second'"
                );
            }
        });
    }

    #[test]
    fn what_is_printed_is_kept_as_the_last_exception() {
        with_interpreter(|vm| {
            let before = vm.sys_module.get_attr("stderr", vm).expect("a stream");
            let text = evaluate(vm, "io", "io.StringIO()");
            vm.sys_module
                .set_attr("stderr", text.clone(), vm)
                .expect("set");
            vm.set_exception(Some(vm.new_value_error("words")));
            // SAFETY: an exception is pending, then none.
            unsafe {
                PyErr_Print();
                PyErr_Print();
            }
            vm.sys_module.set_attr("stderr", before, vm).expect("set");
            assert!(vm.current_exception().is_none());
            let printed = vm.call_method(&text, "getvalue", ()).expect("a text");
            assert_eq!(said(vm, into_pointer(printed)), "'ValueError: words\\n'");
            let kept = vm.sys_module.get_attr("last_exc", vm).expect("set");
            assert_eq!(said(vm, into_pointer(kept)), "ValueError('words')");
        });
    }

    #[test]
    fn nothing_is_handled_and_no_signal_has_arrived() {
        with_interpreter(|vm| {
            let (mut kind, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
            // SAFETY: places of ours.
            unsafe {
                PyErr_GetExcInfo(&mut kind, &mut value, &mut traceback);
                assert_eq!(PyErr_CheckSignals(), 0);
            }
            assert!(kind.is_null() && value.is_null() && traceback.is_null());
            assert!(vm.current_exception().is_none());
        });
    }
}
