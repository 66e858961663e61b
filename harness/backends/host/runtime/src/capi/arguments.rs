//! `modsupport.h`: the functions that take arguments apart. Source: C-API, "Parsing arguments and building values".

use core::ffi::{CStr, c_char, c_int};

use rustpython_vm::builtins::{PyDict, PyStr, PyTuple};
use rustpython_vm::{Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::ffi_boundary;
use crate::convert::{Accepted, c_api};
use crate::formats::parse::parse_arguments;
use crate::formats::units::Format;
use crate::objects::{as_pointer, bad_internal_call, borrowed_as, borrowed_str};
use crate::variadic::{Arguments, Rest, variadic};

variadic! {
    /// Convert positional arguments; 1 after a success, 0 after a failure.
    PyArg_ParseTuple = backend_matrix_variadic_PyArg_ParseTuple;
    /// Convert positional arguments and those by name.
    PyArg_ParseTupleAndKeywords = backend_matrix_variadic_PyArg_ParseTupleAndKeywords;
    /// Convert one object.
    PyArg_Parse = backend_matrix_variadic_PyArg_Parse;
    /// Store between `min` and `max` arguments as they are.
    PyArg_UnpackTuple = backend_matrix_variadic_PyArg_UnpackTuple;
}

c_api! {
    /// Are all keys texts? `TypeError` if not.
    fn PyArg_ValidateKeywordArguments(vm, keywords: &Py<PyDict>) -> Accepted {
        let texts = keywords.into_iter().all(|(name, _)| name.downcastable::<PyStr>());
        if texts {
            Ok(Accepted(1))
        } else {
            Err(vm.new_type_error("keywords must be strings"))
        }
    }
}

/// # Safety
/// `format` is null or a C string.
unsafe fn format(vm: &VirtualMachine, format: *const c_char) -> PyResult<Format> {
    if format.is_null() {
        return Err(bad_internal_call(vm));
    }
    // SAFETY: not null, and a C string by this function's contract.
    let format = unsafe { CStr::from_ptr(format) };
    Format::parse(format.to_bytes()).ok_or_else(|| {
        vm.new_system_error(format!("bad format string: {}", format.to_string_lossy()))
    })
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Raises: `TypeError` -- too few or too many positional arguments.
fn check_count(vm: &VirtualMachine, format: &Format, given: usize) -> PyResult<()> {
    let (least, most) = (format.required(), format.units.len());
    if (least..=most).contains(&given) {
        return Ok(());
    }
    if let Some(message) = &format.message {
        return Err(vm.new_type_error(message.clone()));
    }
    let bound = if given < least { least } else { most };
    let how = match (least == most, given < least) {
        (true, _) => "exactly",
        (false, true) => "at least",
        (false, false) => "at most",
    };
    let subject = format.subject();
    let plural = plural(bound);
    Err(vm.new_type_error(format!(
        "{subject} takes {how} {bound} argument{plural} ({given} given)"
    )))
}

/// # Safety
/// `arguments` is null or alive; `text` is null or a C string, and `rest` holds what it asks for.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyArg_ParseTuple(
    arguments: *mut PyObject,
    text: *const c_char,
    rest: *mut Arguments,
) -> c_int {
    const NAME: &str = "PyArg_ParseTuple";
    ffi_boundary(NAME, 0, |vm| {
        // SAFETY: by this function's contract.
        let format = unsafe { format(vm, text) }?;
        // SAFETY: by this function's contract.
        let tuple =
            unsafe { borrowed_as::<PyTuple>(vm, arguments, NAME, "args") }?.ok_or_else(|| {
                vm.new_system_error("new style getargs format but argument is not a tuple")
            })?;
        check_count(vm, &format, tuple.len())?;
        let given: Vec<_> = tuple.as_slice().iter().cloned().map(Some).collect();
        // SAFETY: by this function's contract.
        unsafe { parse_arguments(vm, &format, &given, &mut Rest::new(rest)) }?;
        Ok(1)
    })
}

/// # Safety
/// `object` is null or alive; `text` is null or a C string, and `rest` holds what it asks for.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyArg_Parse(
    object: *mut PyObject,
    text: *const c_char,
    rest: *mut Arguments,
) -> c_int {
    const NAME: &str = "PyArg_Parse";
    ffi_boundary(NAME, 0, |vm| {
        // SAFETY: by this function's contract.
        let format = unsafe { format(vm, text) }?;
        // SAFETY: by this function's contract.
        let object = unsafe { crate::objects::borrowed(vm, object, NAME, "args") }?;
        if format.units.len() > 1 {
            return Err(vm.new_system_error("old style getargs format uses new features"));
        }
        // SAFETY: by this function's contract.
        unsafe {
            parse_arguments(
                vm,
                &format,
                &[Some(object.to_owned())],
                &mut Rest::new(rest),
            )
        }?;
        Ok(1)
    })
}

/// # Safety
/// `arguments` is null or alive; `name` is null or a C string; `rest` holds `most` places for objects.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyArg_UnpackTuple(
    arguments: *mut PyObject,
    name: *const c_char,
    least: isize,
    most: isize,
    rest: *mut Arguments,
) -> c_int {
    const NAME: &str = "PyArg_UnpackTuple";
    ffi_boundary(NAME, 0, |vm| {
        // SAFETY: by this function's contract.
        let tuple =
            unsafe { borrowed_as::<PyTuple>(vm, arguments, NAME, "args") }?.ok_or_else(|| {
                vm.new_system_error("PyArg_UnpackTuple() argument list is not a tuple")
            })?;
        let name = if name.is_null() {
            "unpacked tuple should have "
        } else {
            // SAFETY: by this function's contract.
            unsafe { borrowed_str(vm, name, NAME, "name") }?
        };
        let given = tuple.len().cast_signed();
        if given < least || given > most {
            let how = match (least == most, given < least) {
                (true, _) => "",
                (false, true) => "at least ",
                (false, false) => "at most ",
            };
            let bound = if given < least { least } else { most };
            let plural = plural(bound.unsigned_abs());
            let words = format!("{name} expected {how}{bound} argument{plural}, got {given}");
            return Err(vm.new_type_error(words));
        }
        // SAFETY: by this function's contract.
        let mut rest = unsafe { Rest::new(rest) };
        for item in tuple.as_slice() {
            // SAFETY: by this function's contract there are `most` places, and not more items.
            unsafe { rest.pointer::<*mut PyObject>().write(as_pointer(item)) };
        }
        Ok(1)
    })
}

/// The arguments in the order of their units. Raises: `TypeError`, with CPython's words.
fn by_position(
    vm: &VirtualMachine,
    format: &Format,
    tuple: &Py<PyTuple>,
    keywords: Option<&Py<PyDict>>,
    names: &[String],
) -> PyResult<Vec<Option<PyObjectRef>>> {
    let subject = format.subject();
    let error = |words: String| Err(vm.new_type_error(format!("{subject} {words}")));
    let (given, named) = (
        tuple.len(),
        keywords.map_or(0, |keywords| keywords.__len__()),
    );
    let units = format.units.len();
    if given + named > units {
        let how = if format.required() == units {
            "exactly"
        } else {
            "at most"
        };
        let kind = if given == 0 { "keyword " } else { "" };
        let plural = plural(units);
        return error(format!(
            "takes {how} {units} {kind}argument{plural} ({} given)",
            given + named
        ));
    }
    let positional = format.named_from.unwrap_or(units);
    if given > positional {
        let plural = plural(positional);
        let how = if format.required() < positional {
            "at most"
        } else {
            "exactly"
        };
        return error(format!(
            "takes {how} {positional} positional argument{plural} ({given} given)"
        ));
    }
    let mut found = Vec::with_capacity(units);
    let mut used = 0;
    for (index, name) in names.iter().enumerate().take(units) {
        let by_name = match keywords {
            Some(keywords) if !name.is_empty() => keywords.get_item_opt(name.as_str(), vm)?,
            _ => None,
        };
        used += usize::from(by_name.is_some());
        let by_place = tuple.as_slice().get(index).cloned();
        if by_name.is_some() && by_place.is_some() {
            let words = format!(
                "argument for {subject} given by name ('{name}') and position ({})",
                index + 1
            );
            return Err(vm.new_type_error(words));
        }
        let argument = by_place.or(by_name);
        if argument.is_none() && index < format.required() {
            return error(format!(
                "missing required argument '{name}' (pos {})",
                index + 1
            ));
        }
        found.push(argument);
    }
    if used < named {
        let unknown = keywords
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
            .find(|name| {
                !names.iter().any(|known| {
                    name.downcast_ref::<PyStr>()
                        .is_some_and(|name| name.to_str() == Some(known))
                })
            });
        let unknown = unknown.map_or_else(
            || Ok(String::new()),
            |name| name.str(vm).map(|name| name.to_string_lossy().into_owned()),
        )?;
        return error(format!("got an unexpected keyword argument '{unknown}'"));
    }
    Ok(found)
}

/// # Safety
/// `arguments` and `keywords` are null or alive; `text` is null or a C string; `names` is null or an array of C
/// strings that ends with NULL; `rest` holds what the format asks for.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyArg_ParseTupleAndKeywords(
    arguments: *mut PyObject,
    keywords: *mut PyObject,
    text: *const c_char,
    names: *const *const c_char,
    rest: *mut Arguments,
) -> c_int {
    const NAME: &str = "PyArg_ParseTupleAndKeywords";
    ffi_boundary(NAME, 0, |vm| {
        // SAFETY: by this function's contract.
        let format = unsafe { format(vm, text) }?;
        // SAFETY: by this function's contract.
        let tuple = unsafe { borrowed_as::<PyTuple>(vm, arguments, NAME, "args") }?
            .ok_or_else(|| bad_internal_call(vm))?;
        // SAFETY: by this function's contract; `as_ref` maps null to None.
        let keywords = match unsafe { keywords.as_ref() } {
            Some(keywords) => Some(
                keywords
                    .downcast_ref::<PyDict>()
                    .ok_or_else(|| bad_internal_call(vm))?,
            ),
            None => None,
        };
        if names.is_null() {
            return Err(bad_internal_call(vm));
        }
        let mut known = Vec::new();
        for index in 0.. {
            // SAFETY: it ends with NULL, which has not been seen yet.
            let name = unsafe { names.add(index).read() };
            if name.is_null() {
                break;
            }
            // SAFETY: a C string, by this function's contract.
            let name = unsafe { CStr::from_ptr(name) };
            known.push(name.to_string_lossy().into_owned());
        }
        let names = known;
        if names.len() != format.units.len() {
            let words = "more argument specifiers than keyword list entries";
            return Err(vm.new_system_error(words));
        }
        let found = by_position(vm, &format, tuple, keywords, &names)?;
        // SAFETY: by this function's contract.
        unsafe { parse_arguments(vm, &format, &found, &mut Rest::new(rest)) }?;
        Ok(1)
    })
}

#[cfg(test)]
mod tests {
    use core::ptr::{null, null_mut};

    use super::*;
    use crate::testing::{evaluate, pending_message, with_interpreter};

    type ParseTuple = unsafe extern "C" fn(*mut PyObject, *const c_char, ...) -> c_int;
    type WithKeywords = unsafe extern "C" fn(
        *mut PyObject,
        *mut PyObject,
        *const c_char,
        *const *const c_char,
        ...
    ) -> c_int;
    type Unpack = unsafe extern "C" fn(*mut PyObject, *const c_char, isize, isize, ...) -> c_int;

    fn parse_tuple() -> ParseTuple {
        let defined: unsafe extern "C" fn() = PyArg_ParseTuple;
        // SAFETY: how C declares the function.
        unsafe { core::mem::transmute::<unsafe extern "C" fn(), ParseTuple>(defined) }
    }

    #[test]
    fn positional_arguments_are_converted() {
        with_interpreter(|vm| {
            let arguments = evaluate(vm, "", "(7, 'text', b'ab\\0', (2**70, 1.5), None, True)");
            let (mut number, mut text, mut bytes, mut length) = (0_i32, null(), null(), 0_isize);
            let (mut low, mut real, mut none, mut truth) =
                (0_u64, 0.0_f64, null::<c_char>(), 0_i32);
            // SAFETY: variables as the format says.
            let status = unsafe {
                parse_tuple()(
                    as_pointer(&arguments),
                    c"isy#(Kd)z|pO:f".as_ptr(),
                    &raw mut number,
                    &raw mut text,
                    &raw mut bytes,
                    &raw mut length,
                    &raw mut low,
                    &raw mut real,
                    &raw mut none,
                    &raw mut truth,
                    null_mut::<*mut PyObject>(),
                )
            };
            assert_eq!(status, 1);
            // SAFETY: stored by the function.
            let text = unsafe { CStr::from_ptr(text) };
            assert_eq!(
                (number, text, length, low, real, truth),
                (7, c"text", 3, 0, 1.5, 1)
            );
            assert!(none.is_null());
            let bytes: *const u8 = bytes;
            // SAFETY: three bytes, stored by the function.
            assert_eq!(unsafe { core::slice::from_raw_parts(bytes, 3) }, b"ab\0");
        });
    }

    #[test]
    fn what_does_not_fit_is_said_in_cpythons_words() {
        with_interpreter(|vm| {
            let mut place = [0_u64; 2];
            for (source, format, words) in [
                (
                    "()",
                    c"i:f",
                    "TypeError: f() takes exactly 1 argument (0 given)",
                ),
                (
                    "(1, 2, 3)",
                    c"i|i",
                    "TypeError: function takes at most 2 arguments (3 given)",
                ),
                (
                    "(1,)",
                    c"s:f",
                    "TypeError: f() argument 1 must be str, not int",
                ),
                (
                    "(None,)",
                    c"U",
                    "TypeError: argument 1 must be str, not None",
                ),
                (
                    "(2**40,)",
                    c"i",
                    "OverflowError: signed integer is greater than maximum",
                ),
                (
                    "(-1,)",
                    c"b",
                    "OverflowError: unsigned byte integer is less than minimum",
                ),
                ("('a\\0b',)", c"s", "ValueError: embedded null character"),
                ("(1,)", c"s;own words", "TypeError: own words"),
                ("(1,)", c"q", "SystemError: bad format string: q"),
            ] {
                let arguments = evaluate(vm, "", source);
                // SAFETY: a variable that is large enough.
                let status = unsafe {
                    parse_tuple()(as_pointer(&arguments), format.as_ptr(), place.as_mut_ptr())
                };
                assert_eq!(
                    (status, pending_message(vm).as_str()),
                    (0, words),
                    "{source}"
                );
            }
        });
    }

    #[test]
    fn arguments_by_name() {
        with_interpreter(|vm| {
            let defined: unsafe extern "C" fn() = PyArg_ParseTupleAndKeywords;
            // SAFETY: how C declares the function.
            let parse =
                unsafe { core::mem::transmute::<unsafe extern "C" fn(), WithKeywords>(defined) };
            let names = [c"a".as_ptr(), c"b".as_ptr(), null()];
            let (mut a, mut b) = (0_i32, 0_i32);
            for (positional, named, outcome) in [
                ("(1,)", "{'b': 2}", "1 2"),
                ("()", "{'a': 3}", "3 0"),
                (
                    "(1,)",
                    "{'a': 2}",
                    "TypeError: argument for f() given by name ('a') and position (1)",
                ),
                (
                    "()",
                    "{'b': 2}",
                    "TypeError: f() missing required argument 'a' (pos 1)",
                ),
                (
                    "(1,)",
                    "{'c': 2}",
                    "TypeError: f() got an unexpected keyword argument 'c'",
                ),
                (
                    "(1, 2, 3)",
                    "{}",
                    "TypeError: f() takes at most 2 arguments (3 given)",
                ),
            ] {
                (a, b) = (0, 0);
                let (args, keywords) = (evaluate(vm, "", positional), evaluate(vm, "", named));
                // SAFETY: variables as the format says.
                let status = unsafe {
                    parse(
                        as_pointer(&args),
                        as_pointer(&keywords),
                        c"i|i:f".as_ptr(),
                        names.as_ptr(),
                        &raw mut a,
                        &raw mut b,
                    )
                };
                let said = if status == 1 {
                    format!("{a} {b}")
                } else {
                    pending_message(vm)
                };
                assert_eq!(said, outcome, "{positional} {named}");
                // SAFETY: a living dict.
                let texts = unsafe { PyArg_ValidateKeywordArguments(as_pointer(&keywords)) };
                assert_eq!(texts, 1);
            }
            assert_eq!((a, b), (0, 0));
        });
    }

    #[test]
    fn a_tuple_is_unpacked() {
        with_interpreter(|vm| {
            let defined: unsafe extern "C" fn() = PyArg_UnpackTuple;
            // SAFETY: how C declares the function.
            let unpack = unsafe { core::mem::transmute::<unsafe extern "C" fn(), Unpack>(defined) };
            let arguments = evaluate(vm, "", "('x',)");
            let (mut first, mut second) = (null_mut::<PyObject>(), null_mut::<PyObject>());
            // SAFETY: two places for at most two objects.
            unsafe {
                let args = as_pointer(&arguments);
                assert_eq!(
                    unpack(args, c"f".as_ptr(), 1, 2, &raw mut first, &raw mut second),
                    1
                );
                assert!(!first.is_null() && second.is_null());
                assert_eq!(
                    unpack(args, c"f".as_ptr(), 2, 2, &raw mut first, &raw mut second),
                    0
                );
            }
            assert_eq!(
                pending_message(vm),
                "TypeError: f expected 2 arguments, got 1"
            );
        });
    }

    #[test]
    fn one_object_is_converted_without_a_tuple() {
        let defined: unsafe extern "C" fn() = PyArg_Parse;
        // SAFETY: how C declares the function.
        let parse = unsafe { core::mem::transmute::<unsafe extern "C" fn(), ParseTuple>(defined) };
        with_interpreter(|vm| {
            let (number, text) = (evaluate(vm, "", "-7"), evaluate(vm, "", "'text'"));
            let mut found = 0_i32;
            // SAFETY: a variable as the format says.
            unsafe {
                let format = c"i".as_ptr();
                assert_eq!(parse(as_pointer(&number), format, &raw mut found), 1);
                assert_eq!(found, -7);
                assert_eq!(parse(as_pointer(&text), format, &raw mut found), 0);
            }
            assert!(pending_message(vm).starts_with("TypeError"));
        });
    }
}
