//! The command line: the same as that of the `rustpython` executable, with our `_imp`.

use core::ffi::c_int;
use std::panic::catch_unwind;
use std::process::ExitCode;

use rustpython::{InterpreterBuilder, InterpreterBuilderExt};

use crate::imp;

/// Exit status after a panic of the host itself: what `std` uses for a panic in `main`.
const PANICKED: c_int = 101;

/// Run the command line of this process and return its exit status.
///
/// The arguments are read from the process, not passed. Output is flushed and `atexit` has run when this returns.
#[unsafe(no_mangle)]
pub extern "C" fn backend_matrix_host_main() -> c_int {
    catch_unwind(|| exit_status(rustpython::run(builder()))).unwrap_or(PANICKED)
}

/// An interpreter with the whole standard library and our way of importing extension modules.
pub(crate) fn builder() -> InterpreterBuilder {
    let builder = InterpreterBuilder::new().init_stdlib();
    crate::capi::data::initialize();
    // A later definition of the same name replaces an earlier one, and `_imp` is first imported by
    // importlib's own start, so importlib never sees upstream's version.
    let imp = imp::module_def(&builder.ctx);
    builder.add_native_module(imp)
}

/// `ExitCode` hides its number, which must cross a C function here; comparing is what std allows.
fn exit_status(code: ExitCode) -> c_int {
    (0..=u8::MAX)
        .find(|number| ExitCode::from(*number) == code)
        .map_or(PANICKED, c_int::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_status_gives_the_number_back() {
        assert_eq!(exit_status(ExitCode::SUCCESS), 0);
        assert_eq!(exit_status(ExitCode::from(255)), 255);
    }
}
