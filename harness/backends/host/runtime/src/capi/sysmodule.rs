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
}
