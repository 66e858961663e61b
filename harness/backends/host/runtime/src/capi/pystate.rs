//! `pystate.h`: threads and the interpreter. Source of all contracts: C-API, "Initialization, Finalization, and Threads".

use rustpython_capi::pystate::PyInterpreterState_Get;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

use crate::calls::{call_in, sys_attribute};
use crate::convert::{Borrowed, c_api};
use crate::objects::as_pointer;

/// What C sees of a thread: its first field, as upstream's `PyThreadState` has it, and an address of its own.
///
/// It is not what `PyEval_RestoreThread` takes; only `PyEval_SaveThread` makes that.
#[repr(C)]
pub struct ThreadState {
    interpreter: *mut rustpython_capi::pystate::PyInterpreterState,
}

thread_local! {
    static STATE: Box<ThreadState> = Box::new(ThreadState { interpreter: PyInterpreterState_Get() });
}

fn state() -> *mut ThreadState {
    STATE.with(|state| (&raw const **state).cast_mut())
}

/// An attribute of `sys` that is made at first use and stays.
fn kept(
    vm: &VirtualMachine,
    name: &'static str,
    make: impl FnOnce() -> PyResult,
) -> PyResult<PyObjectRef> {
    if let Some(found) = sys_attribute(vm, name)? {
        return Ok(found);
    }
    let made = make()?;
    vm.sys_module.set_attr(name, made.clone(), vm)?;
    Ok(made)
}

c_api! {
    /// This thread's state: good for comparing, and for the functions that ask about it.
    fn PyThreadState_Get(_vm) -> *mut ThreadState {
        Ok(state())
    }

    fn PyGILState_GetThisThreadState(_vm) -> *mut ThreadState {
        Ok(state())
    }

    fn PyThreadState_GetInterpreter(_vm, _state: *mut ThreadState) -> *mut rustpython_capi::pystate::PyInterpreterState {
        Ok(PyInterpreterState_Get())
    }

    /// A number that no other living thread has.
    fn PyThreadState_GetID(_vm, state: *mut ThreadState) -> i64 {
        Ok(i64::try_from(state as usize).unwrap_or(i64::MAX))
    }

    /// The frame of the Python code that called, NULL if there is none.
    fn PyThreadState_GetFrame(vm, _state: *mut ThreadState) -> Option<PyObjectRef> {
        Ok(vm.current_frame().map(Into::into))
    }

    /// A dict of this thread, for extensions to keep things in; borrowed.
    fn PyThreadState_GetDict(vm) -> Borrowed {
        let local = kept(vm, "_backend_matrix_thread_dict", || call_in(vm, "_thread", "_local", ()))?;
        // The thread's part of the object keeps the dict alive.
        Ok(Borrowed(as_pointer(&local.get_attr("__dict__", vm)?)))
    }

    /// A dict of the interpreter, for extensions to keep things in; borrowed.
    fn PyInterpreterState_GetDict(vm, _interpreter: *mut rustpython_capi::pystate::PyInterpreterState) -> Borrowed {
        let dict = kept(vm, "_backend_matrix_interpreter_dict", || Ok(vm.ctx.new_dict().into()))?;
        Ok(Borrowed(as_pointer(&dict)))
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::null_mut;

    use super::*;
    use crate::testing::with_interpreter;

    #[test]
    fn a_thread_and_the_interpreter_keep_a_dict_each() {
        // SAFETY: an attached thread.
        with_interpreter(|_vm| unsafe {
            let state = PyThreadState_Get();
            assert_eq!(PyGILState_GetThisThreadState(), state);
            assert_eq!(
                PyThreadState_GetInterpreter(state),
                PyInterpreterState_Get()
            );
            assert!(PyThreadState_GetID(state) > 0);
            assert!(PyThreadState_GetFrame(state).is_null());
            let mine = PyThreadState_GetDict();
            assert_eq!(PyThreadState_GetDict(), mine);
            let shared = PyInterpreterState_GetDict(null_mut());
            assert!(!shared.is_null() && shared != mine);
        });
    }
}
