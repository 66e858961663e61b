//! `pylifecycle.h`: signals and the end. Source of all contracts: C-API, "Initialization, Finalization, and Threads".

use core::ffi::c_int;

use crate::boundary::ffi_boundary;
use crate::calls::call_in;

/// The C handler of a signal, `SIG_ERR` if there is no such signal.
#[unsafe(no_mangle)]
pub extern "C" fn PyOS_getsig(signal: c_int) -> libc::sighandler_t {
    // SAFETY: all zeros is a valid value of this plain structure.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    // SAFETY: asks only; a place of ours.
    match unsafe { libc::sigaction(signal, core::ptr::null(), &mut action) } {
        0 => action.sa_sigaction,
        _ => libc::SIG_ERR,
    }
}

/// Set the C handler of a signal; the one before.
///
/// # Safety
/// `handler` is `SIG_DFL`, `SIG_IGN` or a function that may run in a signal.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyOS_setsig(
    signal: c_int,
    handler: libc::sighandler_t,
) -> libc::sighandler_t {
    // SAFETY: by this function's contract.
    unsafe { libc::signal(signal, handler) }
}

/// Call `function` at the very end of the process; -1 if there is no room for it.
///
/// # Safety
/// `function` may be called when the interpreter is gone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Py_AtExit(function: Option<extern "C" fn()>) -> c_int {
    match function {
        // SAFETY: by this function's contract.
        Some(function) if unsafe { libc::atexit(function) } == 0 => 0,
        _ => -1,
    }
}

/// Run what `atexit` holds, flush, and end the process: its contract.
#[unsafe(no_mangle)]
pub extern "C" fn Py_Exit(status: c_int) -> ! {
    ffi_boundary("Py_Exit", (), |vm| {
        call_in(vm, "atexit", "_run_exitfuncs", ())?;
        for stream in ["stdout", "stderr"] {
            if let Some(stream) = crate::calls::sys_attribute(vm, stream)? {
                vm.call_method(&stream, "flush", ())?;
            }
        }
        Ok(())
    });
    std::process::exit(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_are_read_and_set() {
        let signal = libc::SIGUSR2;
        // SAFETY: ignoring a signal that nobody sends.
        let before = unsafe { PyOS_setsig(signal, libc::SIG_IGN) };
        assert_eq!(PyOS_getsig(signal), libc::SIG_IGN);
        // SAFETY: what was there before.
        unsafe { PyOS_setsig(signal, before) };
        assert_eq!(PyOS_getsig(signal), before);
        assert_eq!(PyOS_getsig(-1), libc::SIG_ERR);
        // SAFETY: no function.
        assert_eq!(unsafe { Py_AtExit(None) }, -1);
    }
}
