//! `modsupport.h`: `PyABIInfo_Check` and `PyModule_AddFunctions`.

use core::ffi::{c_char, c_int};

use rustpython_capi::methodobject::PyMethodDef;
use rustpython_vm::builtins::{PyModule, PyStrRef};
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};

use crate::boundary::ffi_boundary;
use crate::modules;
use crate::objects::{bad_argument, borrowed_as, borrowed_str, null_argument};

/// How an extension was compiled (PEP 793, "ABI Checking"; `Include/modsupport.h`).
#[repr(C)]
pub struct PyABIInfo {
    pub abiinfo_major_version: u8,
    pub abiinfo_minor_version: u8,
    pub flags: u16,
    pub build_version: u32,
    pub abi_version: u32,
}

const STABLE: u16 = 0x1;
const GIL: u16 = 0x2;
const FREETHREADED: u16 = 0x4;
const INTERNAL: u16 = 0x8;

/// Major and minor of the stable ABI that extensions are compiled for.
///
/// PyO3's target is `RustPython-abi3t-3.15`, although the interpreter calls itself 3.14.
const ABI_VERSION: u32 = 0x030f_0000;
const OLDEST_STABLE: u32 = 0x0302_0000;
const MAJOR_MINOR: u32 = 0xffff_0000;

/// Compare `info` with this interpreter.
///
/// Raises: `ImportError` -- compiled for another ABI; `module_name` goes in front of the message.
/// Source: CPython, `PyABIInfo_Check`; the words are CPython's.
pub fn check_abi(vm: &VirtualMachine, info: &PyABIInfo, module_name: Option<&str>) -> PyResult<()> {
    let Some(problem) = abi_problem(info) else {
        return Ok(());
    };
    let words = match module_name {
        Some(name) => format!("{name}: {problem}"),
        None => problem,
    };
    Err(vm.new_exception_msg(vm.ctx.exceptions.import_error.to_owned(), words.into()))
}

fn abi_problem(info: &PyABIInfo) -> Option<String> {
    let has = |flag: u16| info.flags & flag != 0;
    let version = info.abi_version;
    let said = || format!("({}.{})", version >> 24, version >> 16 & 0xff);
    match info.abiinfo_major_version {
        0 => return None,
        1 => {}
        _ => return Some("PyABIInfo version too high".to_owned()),
    }
    if has(INTERNAL) && version != 0 {
        return Some(format!(
            "incompatible internal ABI ({version:#x} != {ABI_VERSION:#x})"
        ));
    }
    if has(STABLE) {
        if version != 0 && version & MAJOR_MINOR > ABI_VERSION {
            return Some(format!("incompatible future stable ABI version {}", said()));
        }
        if version != 0 && version < OLDEST_STABLE {
            return Some(format!("invalid stable ABI version {}", said()));
        }
        if has(INTERNAL) {
            return Some("cannot use both internal and stable ABI".to_owned());
        }
    } else if version != 0 && version & MAJOR_MINOR != ABI_VERSION {
        return Some(format!("incompatible ABI version {}", said()));
    }
    if has(GIL) && !has(FREETHREADED) {
        return Some("incompatible with free-threaded CPython".to_owned());
    }
    None
}

/// Source: C-API, "ABI Checking".
///
/// # Safety
/// `info` is null or points to a `PyABIInfo`; `module_name` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyABIInfo_Check(
    info: *mut PyABIInfo,
    module_name: *const c_char,
) -> c_int {
    ffi_boundary("PyABIInfo_Check", -1, |vm| {
        let name = if module_name.is_null() {
            None
        } else {
            // SAFETY: a C string by this function's contract.
            Some(unsafe { borrowed_str(vm, module_name, "PyABIInfo_Check", "module_name") }?)
        };
        // SAFETY: null or a `PyABIInfo`, by this function's contract.
        let info =
            unsafe { info.as_ref() }.ok_or_else(|| null_argument(vm, "PyABIInfo_Check", "info"))?;
        check_abi(vm, info, name)?;
        Ok(0)
    })
}

/// Source: C-API, "Module Objects".
///
/// # Safety
/// `module` is null or alive; `functions` is null or ends with an entry without a name, and lives as long as the
/// functions that are made from it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_AddFunctions(
    module: *mut PyObject,
    functions: *mut PyMethodDef,
) -> c_int {
    const NAME: &str = "PyModule_AddFunctions";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: null or alive, by this function's contract.
        let module = unsafe { borrowed_as::<PyModule>(vm, module, NAME, "module") }?
            .ok_or_else(|| bad_argument(vm))?;
        if functions.is_null() {
            return Err(null_argument(vm, NAME, "functions"));
        }
        let name: PyStrRef = module.get_attr("__name__", vm)?.try_into_value(vm)?;
        // SAFETY: not null; the rest by this function's contract.
        unsafe { modules::add_functions(vm, module.as_object(), &name, functions) }?;
        Ok(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{pending_message, with_interpreter};

    const fn info(flags: u16, abi_version: u32) -> PyABIInfo {
        PyABIInfo {
            abiinfo_major_version: 1,
            abiinfo_minor_version: 0,
            flags,
            build_version: 0,
            abi_version,
        }
    }

    #[test]
    fn what_pyo3_compiles_passes() {
        assert_eq!(abi_problem(&info(STABLE | GIL | FREETHREADED, 0)), None);
        let at_most = info(STABLE | GIL | FREETHREADED, 0x030f_0000);
        assert_eq!(abi_problem(&at_most), None);
    }

    #[test]
    fn other_abis_are_named() {
        let problem = |flags, version| abi_problem(&info(flags, version)).expect("a problem");
        assert_eq!(
            problem(STABLE | GIL, 0),
            "incompatible with free-threaded CPython"
        );
        assert_eq!(
            problem(STABLE | FREETHREADED, 0x0310_0000),
            "incompatible future stable ABI version (3.16)"
        );
        assert_eq!(
            problem(FREETHREADED, 0x030e_0000),
            "incompatible ABI version (3.14)"
        );
        assert_eq!(
            problem(STABLE | FREETHREADED, 0x0301_0000),
            "invalid stable ABI version (3.1)"
        );
    }

    #[test]
    fn the_check_raises_in_the_name_of_the_module() {
        with_interpreter(|vm| {
            let (mut good, mut bad) = (info(STABLE | FREETHREADED, 0), info(STABLE | GIL, 0));
            // SAFETY: places of ours and C strings.
            unsafe {
                assert_eq!(PyABIInfo_Check(&mut good, core::ptr::null()), 0);
                assert_eq!(PyABIInfo_Check(&mut bad, c"module".as_ptr()), -1);
            }
            assert_eq!(
                pending_message(vm),
                "ImportError: module: incompatible with free-threaded CPython"
            );
        });
    }
}
