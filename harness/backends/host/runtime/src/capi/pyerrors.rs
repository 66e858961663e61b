//! `pyerrors.h`.

use core::ffi::c_int;

use crate::boundary::ffi_boundary;

/// Run the handlers of signals that have arrived; -1 if one raised.
///
/// Source: C-API, "Signal Handling".
#[unsafe(no_mangle)]
pub extern "C" fn PyErr_CheckSignals() -> c_int {
    ffi_boundary("PyErr_CheckSignals", -1, |vm| {
        vm.check_signals()?;
        Ok(0)
    })
}
