//! The functions that take a format in the manner of `printf` or of `Py_BuildValue`, from several headers.
//!
//! Each is a jump to C and the function that C ends in; see [`crate::variadic`].

use core::ffi::{CStr, c_char, c_int};
use core::ptr::null_mut;

use rustpython_vm::builtins::PyBaseException;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::ffi_boundary;
use crate::calls::{call_with_keywords, import};
use crate::formats::build::{arguments, build};
use crate::formats::text::{format_bytes, format_text};
use crate::objects::{bad_internal_call, borrowed, borrowed_str, into_pointer};
use crate::variadic::{Arguments, Rest, variadic};

variadic! {
    /// Source: C-API, "Unicode Objects and Codecs".
    PyUnicode_FromFormat = backend_matrix_variadic_PyUnicode_FromFormat;
    /// Source: C-API, "Bytes Objects".
    PyBytes_FromFormat = backend_matrix_variadic_PyBytes_FromFormat;
    /// Raise `exception` with a formatted message; NULL. Source: C-API, "Exception Handling".
    PyErr_Format = backend_matrix_variadic_PyErr_Format;
    /// Source: C-API, "Issuing warnings".
    PyErr_WarnFormat = backend_matrix_variadic_PyErr_WarnFormat;
    /// A `ResourceWarning` about `source`. Source: C-API, "Issuing warnings".
    PyErr_ResourceWarning = backend_matrix_variadic_PyErr_ResourceWarning;
    /// Source: C-API, "Parsing arguments and building values".
    Py_BuildValue = backend_matrix_variadic_Py_BuildValue;
    /// Call with arguments built as by `Py_BuildValue`. Source: C-API, "Call Protocol".
    PyObject_CallFunction = backend_matrix_variadic_PyObject_CallFunction;
    /// Call a method with arguments built as by `Py_BuildValue`. Source: C-API, "Call Protocol".
    PyObject_CallMethod = backend_matrix_variadic_PyObject_CallMethod;
}

/// # Safety
/// `format` is null or a C string, and `rest` holds what it asks for.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyUnicode_FromFormat(
    format: *const c_char,
    rest: *mut Arguments,
) -> *mut PyObject {
    ffi_boundary("PyUnicode_FromFormat", null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let text = unsafe { format_text(vm, format, &mut Rest::new(rest)) }?;
        Ok(into_pointer(vm.ctx.new_str(text)))
    })
}

/// # Safety
/// `format` is null or a C string, and `rest` holds what it asks for.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyBytes_FromFormat(
    format: *const c_char,
    rest: *mut Arguments,
) -> *mut PyObject {
    ffi_boundary("PyBytes_FromFormat", null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let bytes = unsafe { format_bytes(vm, format, &mut Rest::new(rest)) }?;
        Ok(into_pointer(vm.ctx.new_bytes(bytes)))
    })
}

/// # Safety
/// `exception` is null or alive; `format` is null or a C string, and `rest` holds what it asks for.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyErr_Format(
    exception: *mut PyObject,
    format: *const c_char,
    rest: *mut Arguments,
) -> *mut PyObject {
    const NAME: &str = "PyErr_Format";
    ffi_boundary(NAME, null_mut(), |vm| {
        // What was pending gives way, and must not be seen by code that runs while formatting.
        drop(vm.take_raised_exception());
        // SAFETY: by this function's contract.
        let kind = unsafe { borrowed(vm, exception, NAME, "exception") }?;
        // SAFETY: by this function's contract.
        let text = unsafe { format_text(vm, format, &mut Rest::new(rest)) }?;
        let made = kind.call((vm.ctx.new_str(text),), vm)?;
        Err(made.downcast::<PyBaseException>().map_err(|_| {
            vm.new_system_error("exception must be a class that derives from BaseException")
        })?)
    })
}

/// `warnings.warn`, as from the Python code `level` frames up.
fn warn(
    vm: &VirtualMachine,
    category: PyObjectRef,
    text: PyObjectRef,
    level: isize,
    source: Option<PyObjectRef>,
) -> PyResult<c_int> {
    let warn = import(vm, "warnings")?.get_attr("warn", vm)?;
    let level = vm.ctx.new_int(level).into();
    let mut keywords = vec![("category", category), ("stacklevel", level)];
    keywords.extend(source.map(|source| ("source", source)));
    call_with_keywords(vm, &warn, vec![text], keywords)?;
    Ok(0)
}

/// # Safety
/// `category` is null or alive; `format` is null or a C string, and `rest` holds what it asks for.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyErr_WarnFormat(
    category: *mut PyObject,
    level: isize,
    format: *const c_char,
    rest: *mut Arguments,
) -> c_int {
    ffi_boundary("PyErr_WarnFormat", -1, |vm| {
        // SAFETY: by this function's contract; `as_ref` maps null to None.
        let category = unsafe { category.as_ref() }
            .unwrap_or_else(|| vm.ctx.exceptions.runtime_warning.as_object());
        // SAFETY: by this function's contract.
        let text = unsafe { format_text(vm, format, &mut Rest::new(rest)) }?;
        warn(
            vm,
            category.to_owned(),
            vm.ctx.new_str(text).into(),
            level,
            None,
        )
    })
}

/// # Safety
/// `source` is null or alive; `format` is null or a C string, and `rest` holds what it asks for.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyErr_ResourceWarning(
    source: *mut PyObject,
    level: isize,
    format: *const c_char,
    rest: *mut Arguments,
) -> c_int {
    ffi_boundary("PyErr_ResourceWarning", -1, |vm| {
        // SAFETY: by this function's contract; `as_ref` maps null to None.
        let source = unsafe { source.as_ref() }.map(ToOwned::to_owned);
        let category = vm.ctx.exceptions.resource_warning.to_owned();
        // SAFETY: by this function's contract.
        let text = unsafe { format_text(vm, format, &mut Rest::new(rest)) }?;
        warn(
            vm,
            category.into(),
            vm.ctx.new_str(text).into(),
            level,
            source,
        )
    })
}

/// # Safety
/// `format` is null or a C string, and `rest` holds what it asks for.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_Py_BuildValue(
    format: *const c_char,
    rest: *mut Arguments,
) -> *mut PyObject {
    ffi_boundary("Py_BuildValue", null_mut(), |vm| {
        if format.is_null() {
            return Err(bad_internal_call(vm));
        }
        // SAFETY: not null, and by this function's contract.
        unsafe { build(vm, CStr::from_ptr(format), &mut Rest::new(rest)) }.map(into_pointer)
    })
}

/// # Safety
/// `callable` is null or alive; `format` is null or a C string, and `rest` holds what it asks for.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyObject_CallFunction(
    callable: *mut PyObject,
    format: *const c_char,
    rest: *mut Arguments,
) -> *mut PyObject {
    const NAME: &str = "PyObject_CallFunction";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let callable = unsafe { borrowed(vm, callable, NAME, "callable") }?;
        // SAFETY: by this function's contract.
        let arguments = unsafe { arguments(vm, format, &mut Rest::new(rest)) }?;
        callable.call(arguments, vm).map(into_pointer)
    })
}

/// # Safety
/// `object` is null or alive; `name` is null or a C string; `format` is null or a C string, and `rest` holds what
/// it asks for.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyObject_CallMethod(
    object: *mut PyObject,
    name: *const c_char,
    format: *const c_char,
    rest: *mut Arguments,
) -> *mut PyObject {
    const NAME: &str = "PyObject_CallMethod";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let object = unsafe { borrowed(vm, object, NAME, "obj") }?;
        // SAFETY: by this function's contract.
        let name = unsafe { borrowed_str(vm, name, NAME, "name") }?;
        // SAFETY: by this function's contract.
        let arguments = unsafe { arguments(vm, format, &mut Rest::new(rest)) }?;
        let method = object.get_attr(&*vm.ctx.new_str(name), vm)?;
        method.call(arguments, vm).map(into_pointer)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::call_in;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, pending_message, said, with_interpreter};

    /// Call `$name` as C declares it.
    macro_rules! call {
        ($name:ident($fixed:ty $(, $more:ty)*) -> $result:ty, $($argument:expr),*) => {{
            type Function = unsafe extern "C" fn($fixed $(, $more)*, ...) -> $result;
            let defined: unsafe extern "C" fn() = $name;
            // SAFETY: how C declares the function.
            let function = unsafe { core::mem::transmute::<unsafe extern "C" fn(), Function>(defined) };
            // SAFETY: arguments as the format says.
            unsafe { function($($argument),*) }
        }};
    }

    #[test]
    fn texts_are_formatted_as_cpython_does() {
        with_interpreter(|vm| {
            let object = evaluate(vm, "", "'ä'");
            let o = as_pointer(&object);
            let text = call!(
                PyUnicode_FromFormat(*const c_char) -> *mut PyObject,
                c"%d|%5i|%-4u|%05d|%x|%c|%s|%.2s|%%".as_ptr(),
                -3,
                42,
                7_u32,
                -12,
                255,
                0x20ac,
                c"str".as_ptr(),
                c"cut".as_ptr()
            );
            assert_eq!(said(vm, text), "'-3|   42|7   |-0012|ff|€|str|cu|%'");
            let text = call!(
                PyUnicode_FromFormat(*const c_char) -> *mut PyObject,
                c"%S %R %A %T %zd %llu %U %V".as_ptr(),
                o,
                o,
                o,
                o,
                -1_isize,
                u64::MAX,
                o,
                null_mut::<PyObject>(),
                c"else".as_ptr()
            );
            assert_eq!(
                said(vm, text),
                r#""ä 'ä' '\\xe4' str -1 18446744073709551615 ä else""#
            );
            let text = call!(
                PyUnicode_FromFormat(*const c_char) -> *mut PyObject,
                c"%y".as_ptr()
            );
            assert_eq!(said(vm, text), "SystemError: invalid format string: %y");
            let bytes = call!(
                PyBytes_FromFormat(*const c_char) -> *mut PyObject,
                c"%c%s%ld%y".as_ptr(),
                65,
                c"\xff".as_ptr(),
                5_i64
            );
            assert_eq!(said(vm, bytes), "b'A\\xff5%y'");
        });
    }

    #[test]
    fn errors_and_warnings_are_formatted() {
        with_interpreter(|vm| {
            let kind = as_pointer(vm.ctx.exceptions.value_error);
            let raised = call!(
                PyErr_Format(*mut PyObject, *const c_char) -> *mut PyObject,
                kind,
                c"no %s".as_ptr(),
                c"way".as_ptr()
            );
            assert_eq!(said(vm, raised), "ValueError: no way");
            call_in(vm, "warnings", "filterwarnings", ("error", "(5|left)$")).expect("filter");
            let status = call!(
                PyErr_WarnFormat(*mut PyObject, isize, *const c_char) -> c_int,
                null_mut::<PyObject>(),
                1_isize,
                c"%d".as_ptr(),
                5
            );
            assert_eq!(
                (status, pending_message(vm).as_str()),
                (-1, "RuntimeWarning: 5")
            );
            let status = call!(
                PyErr_ResourceWarning(*mut PyObject, isize, *const c_char) -> c_int,
                null_mut::<PyObject>(),
                1_isize,
                c"left".as_ptr()
            );
            assert_eq!(
                (status, pending_message(vm).as_str()),
                (-1, "ResourceWarning: left")
            );
        });
    }

    #[test]
    fn values_are_built_and_passed() {
        with_interpreter(|vm| {
            let list = evaluate(vm, "", "[]");
            let value = call!(
                Py_BuildValue(*const c_char) -> *mut PyObject,
                c"(iI)[sz#]{s:d}yCO".as_ptr(),
                -1,
                7_u32,
                c"s".as_ptr(),
                c"long".as_ptr(),
                2_isize,
                c"k".as_ptr(),
                1.5,
                c"raw".as_ptr(),
                0xe4,
                as_pointer(&list)
            );
            assert_eq!(
                said(vm, value),
                "((-1, 7), ['s', 'lo'], {'k': 1.5}, b'raw', 'ä', [])"
            );
            let nothing = call!(Py_BuildValue(*const c_char) -> *mut PyObject, c"".as_ptr());
            assert_eq!(said(vm, nothing), "None");
            let bad = call!(
                Py_BuildValue(*const c_char) -> *mut PyObject,
                c"(i".as_ptr(),
                1
            );
            assert_eq!(said(vm, bad), "SystemError: unmatched paren in format");
            let max = evaluate(vm, "", "max");
            let most = call!(
                PyObject_CallFunction(*mut PyObject, *const c_char) -> *mut PyObject,
                as_pointer(&max),
                c"ii".as_ptr(),
                3,
                9
            );
            assert_eq!(said(vm, most), "9");
            let done = call!(
                PyObject_CallMethod(*mut PyObject, *const c_char, *const c_char) -> *mut PyObject,
                as_pointer(&list),
                c"append".as_ptr(),
                c"s".as_ptr(),
                c"x".as_ptr()
            );
            assert_eq!(said(vm, done), "None");
            assert_eq!(said(vm, into_pointer(list)), "['x']");
        });
    }
}
