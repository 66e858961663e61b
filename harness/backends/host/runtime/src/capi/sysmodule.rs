//! `sysmodule.h`: `sys` from C. Source of all contracts: C-API, "System Functions".

use core::ffi::{c_char, c_int};

use libc::wchar_t;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::unicode_codecs::{from_wide, wide_string};
use crate::boundary::ffi_boundary;
use crate::calls::sys_attribute;
use crate::convert::{Borrowed, Flag, Void, c_api};
use crate::formats::text::format_text;
use crate::objects::as_pointer;
use crate::variadic::{Arguments, Rest, variadic};

fn wide_text(vm: &VirtualMachine, text: *const wchar_t) -> PyResult<PyObjectRef> {
    if text.is_null() {
        return Err(crate::objects::bad_internal_call(vm));
    }
    // SAFETY: not null, so it ends with NUL by the contract of every function that calls this.
    let characters = unsafe { wide_string(text) };
    Ok(vm.ctx.new_str(from_wide(vm, characters)?).into())
}

fn add_warn_option(vm: &VirtualMachine, option: PyObjectRef) -> PyResult<Void> {
    let options = vm.sys_module.get_attr("warnoptions", vm)?;
    vm.call_method(&options, "append", (option,)).map(|_| Void)
}

/// `sys.argv`, and its directory in front of `sys.path` if `update_path`.
fn set_argv(
    vm: &VirtualMachine,
    count: c_int,
    argv: *mut *mut wchar_t,
    update_path: bool,
) -> PyResult<Void> {
    let count = usize::try_from(count).unwrap_or(0);
    let arguments = (0..count)
        // SAFETY: `argv` has `count` strings, by the contract of the functions that call this.
        .map(|index| wide_text(vm, unsafe { argv.add(index).read() }))
        .collect::<PyResult<Vec<_>>>()?;
    let arguments = if arguments.is_empty() {
        vec![vm.ctx.new_str("").into()]
    } else {
        arguments
    };
    if update_path {
        let directory = crate::calls::call_in(vm, "os.path", "dirname", (arguments[0].clone(),))?;
        let path = vm.sys_module.get_attr("path", vm)?;
        vm.call_method(&path, "insert", (0, directory))?;
    }
    vm.sys_module
        .set_attr("argv", vm.ctx.new_list(arguments), vm)?;
    Ok(Void)
}

c_api! {
    /// Borrowed; NULL without an exception if it is not there.
    fn PySys_GetObject(vm, name: &str) -> Borrowed {
        // `sys` keeps it alive, so the pointer outlives the reference that is dropped here.
        let value = sys_attribute(vm, name)?;
        Ok(Borrowed(value.as_ref().map_or(core::ptr::null_mut(), as_pointer)))
    }

    /// Set, or delete if `value` is NULL.
    fn PySys_SetObject(vm, name: &str, value: Option<&PyObject>) -> () {
        let name = vm.ctx.new_str(name);
        match value {
            Some(value) => vm.sys_module.set_attr(&*name, value.to_owned(), vm),
            None => vm.sys_module.as_object().del_attr(&*name, vm),
        }
    }

    fn PySys_GetXOptions(vm) -> Borrowed {
        let options = vm.sys_module.get_attr("_xoptions", vm)?;
        Ok(Borrowed(as_pointer(&options)))
    }

    fn PySys_AddXOption(vm, option: *const wchar_t) -> Void {
        let text = wide_text(vm, option)?;
        let text = crate::calls::text(vm, &text)?.to_string_lossy().into_owned();
        let options = vm.sys_module.get_attr("_xoptions", vm)?;
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, vm.ctx.new_str(value).into()),
            None => (text.as_str(), vm.ctx.new_bool(true).into()),
        };
        options.set_item(name, value, vm).map(|()| Void)
    }

    fn PySys_HasWarnOptions(vm) -> Flag {
        let options = vm.sys_module.get_attr("warnoptions", vm)?;
        Ok(Flag(options.length(vm)? > 0))
    }

    fn PySys_AddWarnOption(vm, option: *const wchar_t) -> Void {
        add_warn_option(vm, wide_text(vm, option)?)
    }

    fn PySys_AddWarnOptionUnicode(vm, option: &PyObject) -> Void {
        add_warn_option(vm, option.to_owned())
    }

    fn PySys_SetArgv(vm, count: i32, argv: *mut *mut wchar_t) -> Void {
        set_argv(vm, count, argv, true)
    }

    fn PySys_SetArgvEx(vm, count: i32, argv: *mut *mut wchar_t, update_path: i32) -> Void {
        set_argv(vm, count, argv, update_path != 0)
    }

    /// `sys.path`, from names between colons.
    fn PySys_SetPath(vm, path: *const wchar_t) -> Void {
        let text = wide_text(vm, path)?;
        let parts = vm.call_method(&text, "split", (":",))?;
        vm.sys_module.set_attr("path", parts, vm)?;
        Ok(Void)
    }
}

variadic! {
    /// Write to `sys.stdout`; at most 1,000 bytes, as CPython cuts there.
    PySys_WriteStdout = backend_matrix_variadic_PySys_WriteStdout;
    /// Write to `sys.stderr`; at most 1,000 bytes, as CPython cuts there.
    PySys_WriteStderr = backend_matrix_variadic_PySys_WriteStderr;
    /// Write to `sys.stdout`, formatted as by `PyUnicode_FromFormat`.
    PySys_FormatStdout = backend_matrix_variadic_PySys_FormatStdout;
    /// Write to `sys.stderr`, formatted as by `PyUnicode_FromFormat`.
    PySys_FormatStderr = backend_matrix_variadic_PySys_FormatStderr;
}

/// What all four do. A failure is not reported; whatever exception was pending still is (C-API, "System Functions").
fn write(
    function: &str,
    file: &str,
    format: *const c_char,
    rest: *mut Arguments,
    most: usize,
) -> c_int {
    ffi_boundary(function, 0, |vm| {
        let pending = vm.take_raised_exception();
        let attempt = || {
            // SAFETY: a C string and its arguments, by the contract of the functions that call this.
            let text = unsafe { format_text(vm, format, &mut Rest::new(rest)) }?;
            let text: rustpython_vm::common::wtf8::Wtf8Buf =
                text.code_points().take(most).collect();
            if let Some(stream) = sys_attribute(vm, file)?.filter(|stream| !vm.is_none(stream)) {
                vm.call_method(&stream, "write", (vm.ctx.new_str(text),))?;
            }
            PyResult::Ok(())
        };
        drop(attempt());
        vm.set_exception(pending);
        Ok(0)
    })
}

/// The Rust ends of the four functions.
macro_rules! writers {
    ($($name:ident: $public:literal, $file:literal, $most:expr;)*) => {
        $(
            /// # Safety
            /// `format` is a C string and `rest` holds what it asks for.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name(format: *const c_char, rest: *mut Arguments) -> c_int {
                write($public, $file, format, rest, $most)
            }
        )*
    };
}
writers! {
    backend_matrix_host_PySys_WriteStdout: "PySys_WriteStdout", "stdout", 1000;
    backend_matrix_host_PySys_WriteStderr: "PySys_WriteStderr", "stderr", 1000;
    backend_matrix_host_PySys_FormatStdout: "PySys_FormatStdout", "stdout", usize::MAX;
    backend_matrix_host_PySys_FormatStderr: "PySys_FormatStderr", "stderr", usize::MAX;
}

#[cfg(test)]
mod tests {
    use core::ptr::null_mut;

    use super::*;
    use crate::testing::{evaluate, with_interpreter};

    #[test]
    fn attributes_come_and_go() {
        with_interpreter(|vm| {
            let value = evaluate(vm, "", "'kept'");
            let name = c"set_by_test".as_ptr();
            // SAFETY: living objects and C strings.
            unsafe {
                assert!(PySys_GetObject(name).is_null());
                assert_eq!(PySys_SetObject(name, as_pointer(&value)), 0);
                assert_eq!(PySys_GetObject(name), as_pointer(&value));
                assert_eq!(PySys_SetObject(name, null_mut()), 0);
                assert!(PySys_GetObject(name).is_null());
                assert!(!PySys_GetXOptions().is_null());
            }
            assert!(vm.current_exception().is_none());
        });
    }

    /// A text as C's wide characters, with its end.
    fn wide(text: &str) -> Vec<wchar_t> {
        text.chars()
            .map(|character| character as wchar_t)
            .chain([0])
            .collect()
    }

    #[test]
    fn options_arguments_and_path_are_set() {
        with_interpreter(|vm| {
            let unicode = evaluate(vm, "", "'ignore::test_unicode'");
            let kept = evaluate(vm, "sys", "(sys.argv, ':'.join(sys.path), sys.path)");
            let path = evaluate(vm, "sys", "':'.join(sys.path)");
            let path = wide(&path.str(vm).expect("a text").to_string_lossy());
            let mut arguments = [wide("/directory/of/test.py"), wide("an argument")];
            let mut arguments: Vec<*mut wchar_t> =
                arguments.iter_mut().map(|each| each.as_mut_ptr()).collect();
            // SAFETY: wide C strings, as many as the count says, and living objects.
            unsafe {
                PySys_AddWarnOption(wide("ignore::test_wide").as_ptr());
                PySys_AddWarnOptionUnicode(as_pointer(&unicode));
                assert_eq!(PySys_HasWarnOptions(), 1);
                PySys_AddXOption(wide("test_flag").as_ptr());
                PySys_AddXOption(wide("test_pair=value").as_ptr());
                PySys_SetPath(path.as_ptr());
                PySys_SetArgvEx(2, arguments.as_mut_ptr(), 0);
            }
            let all = "sys.path == kept[2], sys.argv, sys.warnoptions[-2:], sys._xoptions['test_flag'], \
                       sys._xoptions['test_pair']";
            let scope = vm.new_scope_with_builtins();
            scope.globals.set_item("kept", kept, vm).expect("a name");
            let seen = |text: &str| {
                let ran = vm.run_string(
                    scope.clone(),
                    &format!("import sys\nseen = {text}\n"),
                    "<test>",
                );
                assert!(ran.is_ok());
                let seen = scope.globals.get_item("seen", vm).expect("assigned");
                seen.repr(vm).expect("repr").as_wtf8().to_string()
            };
            assert_eq!(
                seen(all),
                "(True, ['/directory/of/test.py', 'an argument'], \
                 ['ignore::test_wide', 'ignore::test_unicode'], True, 'value')"
            );
            // SAFETY: as above.
            unsafe { PySys_SetArgv(1, arguments.as_mut_ptr()) };
            assert_eq!(
                seen("sys.argv, sys.path.pop(0)"),
                "(['/directory/of/test.py'], '/directory/of')"
            );
            seen("setattr(sys, 'argv', kept[0]), sys.warnoptions.__delitem__(slice(-2, None))");
            assert!(vm.current_exception().is_none());
        });
    }

    #[test]
    fn what_is_written_goes_to_the_streams_of_sys() {
        type Writer = unsafe extern "C" fn(*const c_char, ...);
        // SAFETY: how C declares the functions.
        let writer = |function: unsafe extern "C" fn()| unsafe {
            core::mem::transmute::<unsafe extern "C" fn(), Writer>(function)
        };
        with_interpreter(|vm| {
            for (stream, write, format) in [
                (
                    "stdout",
                    PySys_WriteStdout as unsafe extern "C" fn(),
                    PySys_FormatStdout as _,
                ),
                ("stderr", PySys_WriteStderr as _, PySys_FormatStderr as _),
            ] {
                let before = vm.sys_module.get_attr(stream, vm).expect("a stream");
                let text = evaluate(vm, "io", "io.StringIO()");
                vm.sys_module
                    .set_attr(stream, text.clone(), vm)
                    .expect("set");
                let object = evaluate(vm, "", "['an', 'object']");
                let long = std::ffi::CString::new("x".repeat(2000)).expect("no NUL");
                vm.set_exception(Some(vm.new_value_error("pending")));
                // SAFETY: C strings, and the arguments that they ask for.
                unsafe {
                    writer(write)(c"%s %d;".as_ptr(), c"text".as_ptr(), 42);
                    writer(format)(c"%R".as_ptr(), as_pointer(&object));
                    writer(write)(c"%s".as_ptr(), long.as_ptr());
                }
                vm.sys_module.set_attr(stream, before, vm).expect("set");
                // What was pending before is not touched.
                assert_eq!(crate::testing::pending_message(vm), "ValueError: pending");
                let written = vm.call_method(&text, "getvalue", ()).expect("a text");
                let written = written
                    .str(vm)
                    .expect("a text")
                    .to_string_lossy()
                    .into_owned();
                assert!(
                    written.starts_with("text 42;['an', 'object']xxx"),
                    "{stream}: {written}"
                );
                assert_eq!(
                    written.len(),
                    "text 42;['an', 'object']".len() + 1000,
                    "{stream}"
                );
            }
        });
    }
}
