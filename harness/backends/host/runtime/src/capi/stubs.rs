//! Functions that RustPython's design does not allow, so that an extension that names them loads all the same.
//!
//! Each raises `SystemError` with its name and the reason, and returns what means failure. A table: what can be done
//! is done elsewhere in this directory.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use crate::boundary::ffi_boundary;

type Pointer = *mut c_void;
type Status = c_int;
type Nothing = ();

/// The value that means failure.
pub trait Failure {
    type C: PartialEq;
    const VALUE: Self::C;
}

impl Failure for Pointer {
    type C = Pointer;
    const VALUE: Pointer = null_mut();
}

impl Failure for Status {
    type C = c_int;
    const VALUE: c_int = -1;
}

impl Failure for Nothing {
    type C = ();
    const VALUE: () = ();
}

fn refuse<F: Failure>(name: &str, reason: &str) -> F::C {
    ffi_boundary(name, F::VALUE, |vm| {
        Err(vm.new_system_error(format!("{name} is not available: RustPython {reason}")))
    })
}

macro_rules! stubs {
    ($($reason:literal: $($name:ident -> $result:ident;)*)*) => {
        $($(
            /// Refused with a `SystemError`; the table says why. Arguments are not looked at.
            #[unsafe(no_mangle)]
            pub extern "C" fn $name() -> <$result as Failure>::C {
                refuse::<$result>(stringify!($name), $reason)
            }
        )*)*

        /// Every function here, with its reason.
        pub const STUBS: &[(&str, &str)] = &[$($((stringify!($name), $reason)),*),*];

        /// Calls of every function here, which say whether it returned what means failure.
        #[cfg(test)]
        const CALLS: &[fn() -> bool] = &[$($(|| <$result as Failure>::VALUE.eq(&$name())),*),*];
    };
}

stubs! {
    // vm/thread.rs: a thread's state is a `VirtualMachine` behind its thread-local variable; only the thread itself makes it.
    "has no thread state objects that C could make, swap or delete":
        PyEval_AcquireThread -> Nothing;
        PyEval_ReleaseThread -> Nothing;
        PyThreadState_Clear -> Nothing;
        PyThreadState_Delete -> Nothing;
        PyThreadState_New -> Pointer;
        PyThreadState_Swap -> Pointer;
    "has one interpreter in a process":
        PyInterpreterState_Clear -> Nothing;
        PyInterpreterState_Delete -> Nothing;
        PyInterpreterState_New -> Pointer;
        Py_EndInterpreter -> Nothing;
        Py_NewInterpreter -> Pointer;
    // Nothing in vm/frame.rs looks for one between two instructions but signals, which have no thread.
    "has no asynchronous exceptions":
        PyThreadState_SetAsyncExc -> Status;
    // `VirtualMachine::set_user_signal_channel` wants `&mut`, and the thread state that runs the program has none
    // (vm/thread.rs, `signal_rx: None`).
    "gives the thread of its command line no channel on which others could send calls":
        Py_AddPendingCall -> Status;
    // So has CPython, which ends the process if it is called after `Py_Initialize`.
    "has fixed its table of builtin modules before an extension can call":
        PyImport_AppendInittab -> Status;
    // stdlib/posix.rs: `py_os_after_fork_child` and the locks that it makes anew are private; the callbacks of
    // `os.register_at_fork` alone would leave a child that hangs.
    "calls its own hooks around os.fork and cannot be told of another fork":
        PyOS_AfterFork -> Nothing;
        PyOS_AfterFork_Child -> Nothing;
        PyOS_AfterFork_Parent -> Nothing;
        PyOS_BeforeFork -> Nothing;
    // capi/methodobject.rs, `build_method_def`; the flags are in `PyNativeFunction::value`, which is private.
    "hides the C function of a builtin function in a closure and keeps its flags to itself":
        PyCFunction_GetFlags -> Status;
        PyCFunction_GetFunction -> Pointer;
    "loads abi3t extensions only, and abi3t has no PyModuleDef":
        PyModuleDef_Init -> Pointer;
        PyModule_Create2 -> Pointer;
        PyModule_ExecDef -> Status;
        PyModule_FromDefAndSpec2 -> Pointer;
        PyState_AddModule -> Status;
        PyState_FindModule -> Pointer;
        PyState_RemoveModule -> Status;
        PyType_GetModuleByDef -> Pointer;
    // builtins/capsule.rs: two private fields without a setter, which its own `PyCapsule_GetName` and destructor read.
    "keeps name and destructor of a capsule constant":
        PyCapsule_GetDestructor -> Pointer;
        PyCapsule_SetDestructor -> Status;
        PyCapsule_SetName -> Status;
    // `VirtualMachine::set_exception` would make it the pending one, which `PyErr_Occurred` finds; see `boundary.rs`.
    "keeps the pending and the handled exception in one cell":
        PyErr_SetExcInfo -> Nothing;
        PyErr_SetHandledException -> Nothing;
    "is running already when an extension can call":
        Py_BytesMain -> Status;
        Py_Main -> Status;
        Py_SetProgramName -> Nothing;
        Py_SetPythonHome -> Nothing;
    // Its own `PyTuple_SetItem` refuses for the same reason (capi/tupleobject.rs).
    "cannot fill a tuple after it is made":
        PyStructSequence_New -> Pointer;
        PyStructSequence_NewType -> Pointer;
        PyStructSequence_SetItem -> Nothing;
    "cannot change a text in place":
        PyUnicode_WriteChar -> Status;
    "frees an object itself when the last reference to it is given back":
        _Py_Dealloc -> Nothing;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{pending_message, with_interpreter};

    #[test]
    fn a_stub_names_itself_and_the_reason() {
        with_interpreter(|vm| {
            for ((name, reason), fails) in STUBS.iter().zip(CALLS) {
                assert!(fails(), "{name}");
                let words = format!("SystemError: {name} is not available: RustPython {reason}");
                assert_eq!(pending_message(vm), words);
            }
            // An int in C, of which 0 is success.
            assert_eq!(PyImport_AppendInittab(), -1);
            vm.take_raised_exception();
        });
        assert!(STUBS.len() > 30);
        assert_eq!(STUBS.len(), CALLS.len());
    }
}
