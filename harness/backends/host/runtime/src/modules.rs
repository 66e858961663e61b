//! Modules made from slots (PEP 793): creation, deferred execution, and what a module object cannot hold itself.
//!
//! CPython keeps exec function, state and token in the module object. RustPython's has no room for them, so they are
//! kept in a table by the module's address; a weak reference removes the entry when the module dies.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::mem::transmute;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::collections::HashMap;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};

use rustpython_capi::methodobject::{PyCFunction_NewEx, PyMethodDef};
use rustpython_vm::builtins::{PyModule, PyStrRef, PyWeak};
use rustpython_vm::function::PyMethodFlags;
use rustpython_vm::{PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use crate::boundary::{Breach, call_extension};
use crate::capi::modsupport::{PyABIInfo, check_abi};
use crate::loader::utf8;
use crate::objects::{as_pointer, borrowed_str, owned_or_none};
use crate::slot_ids::*;
use crate::slots::{Kind, PySlot, Slot, read_slots};

type CreateFunction = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> *mut PyObject;
type ExecFunction = unsafe extern "C" fn(*mut PyObject) -> c_int;
type FreeFunction = unsafe extern "C" fn(*mut c_void);

/// What a slot array says about a module.
#[derive(Default)]
struct Description {
    create: Option<CreateFunction>,
    exec: Option<ExecFunction>,
    free: Option<FreeFunction>,
    state_size: usize,
    visits_state: bool,
    token: *mut c_void,
    doc: Option<*const c_char>,
    methods: Option<*mut PyMethodDef>,
}

/// What we know of a living module.
pub struct Record {
    exec: Option<ExecFunction>,
    free: Option<FreeFunction>,
    pub state_size: usize,
    state: OnceLock<State>,
    token: AtomicPtr<c_void>,
    /// Keeps the weak reference, and with it its callback, alive.
    _weak: PyRef<PyWeak>,
}

impl Record {
    /// NULL until the module is executed. Source: C-API, `PyModule_GetState`.
    pub fn state(&self) -> *mut c_void {
        self.state
            .get()
            .map_or(null_mut(), |state| state.block.as_ptr().cast())
    }

    pub fn token(&self) -> *mut c_void {
        self.token.load(Ordering::Acquire)
    }

    /// Give a module without a token of its own the one of its slot array.
    ///
    /// Source: C-API, `Py_mod_token`: "by default the slots array of the export hook".
    pub fn set_default_token(&self, token: *mut c_void) {
        let _ = self
            .token
            .compare_exchange(null_mut(), token, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// Zeroed memory for the state of one module.
struct State {
    block: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the block is plain memory of the extension, which must itself order its accesses (free threading).
unsafe impl Send for State {}
// SAFETY: as above; `State` hands out only the address.
unsafe impl Sync for State {}

impl State {
    /// Never NULL, as a state marks a module as executed even if it has no size.
    fn new(size: usize) -> Option<Self> {
        let layout = Layout::from_size_align(size.max(1), 16).ok()?;
        // SAFETY: the layout's size is not 0.
        let block = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        Some(Self { block, layout })
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout.
        unsafe { dealloc(self.block.as_ptr(), self.layout) }
    }
}

static RECORDS: LazyLock<RwLock<HashMap<usize, Arc<Record>>>> = LazyLock::new(RwLock::default);

/// The record of a module that was made from slots.
pub fn record_of(module: &PyObject) -> Option<Arc<Record>> {
    RECORDS
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&address(module))
        .cloned()
}

fn address(module: &PyObject) -> usize {
    module.as_raw() as usize
}

/// `PyModule_FromSlotsAndSpec`: create the module, do not execute it.
///
/// # Safety
/// As for [`read_slots`]; what the slots point to lives as long as the module.
pub unsafe fn from_slots_and_spec(
    vm: &VirtualMachine,
    slots: *const PySlot,
    spec: &PyObject,
) -> PyResult {
    let name: PyStrRef = spec.get_attr("name", vm)?.try_into_value(vm)?;
    let text = utf8(vm, &name)?;
    // SAFETY: by this function's contract.
    let slots = unsafe { read_slots(vm, slots, Kind::Module, text) }?;
    // SAFETY: as above.
    let description = unsafe { describe(vm, &slots, text) }?;
    let module = match description.create {
        // SAFETY: the slot's value is such a function, by this function's contract.
        Some(create) => unsafe { run_create(vm, create, spec, text) }?,
        None => vm.new_module(text, vm.ctx.new_dict(), None).into(),
    };
    if module.downcastable::<PyModule>() {
        remember(vm, &module, &description)?;
    } else {
        check_not_a_module(vm, &description, text)?;
    }
    if let Some(methods) = description.methods {
        // SAFETY: the slot's value is a `PyMethodDef` array, by this function's contract.
        unsafe { add_functions(vm, &module, &name, methods) }?;
    }
    if let Some(doc) = description.doc {
        // SAFETY: the slot's value is a C string, by this function's contract.
        let doc = unsafe { borrowed_str(vm, doc, "PyModule_FromSlotsAndSpec", "Py_mod_doc") }?;
        module.set_attr("__doc__", vm.ctx.new_str(doc), vm)?;
    }
    Ok(module)
}

/// # Safety
/// As for [`read_slots`].
unsafe fn describe(vm: &VirtualMachine, slots: &[Slot], name: &str) -> PyResult<Description> {
    let mut description = Description::default();
    for slot in slots {
        let pointer = slot.pointer();
        match slot.id {
            Py_mod_create => {
                // SAFETY: not null (`read_slots` checked), and a function of this type by this function's contract.
                let create = unsafe { transmute::<*mut c_void, CreateFunction>(pointer) };
                description.create = Some(create);
            }
            Py_mod_exec => {
                // SAFETY: as for `Py_mod_create`.
                let exec = unsafe { transmute::<*mut c_void, ExecFunction>(pointer) };
                description.exec = Some(exec);
            }
            Py_mod_state_free => {
                // SAFETY: as for `Py_mod_create`.
                let free = unsafe { transmute::<*mut c_void, FreeFunction>(pointer) };
                description.free = Some(free);
            }
            // RustPython's collector does not look into native memory, so these two are never called.
            Py_mod_state_traverse | Py_mod_state_clear => description.visits_state = true,
            Py_mod_state_size => {
                description.state_size = usize::try_from(slot.size()).map_err(|_| {
                    vm.new_system_error(format!(
                        "module {name}: m_size may not be negative for multi-phase initialization"
                    ))
                })?;
            }
            // SAFETY: not null (`read_slots` checked), and a PyABIInfo by this function's contract.
            Py_mod_abi => check_abi(vm, unsafe { &*pointer.cast::<PyABIInfo>() }, Some(name))?,
            Py_mod_token => description.token = pointer,
            Py_mod_doc => description.doc = Some(pointer.cast()),
            Py_mod_methods => description.methods = Some(pointer.cast()),
            // There is one interpreter and never a GIL, and the name comes from the spec.
            Py_mod_name | Py_mod_gil | Py_mod_multiple_interpreters => {}
            id => unreachable!("`read_slots` let module slot {id} pass"),
        }
    }
    Ok(description)
}

/// # Safety
/// `create` is the extension's `Py_mod_create` function.
unsafe fn run_create(
    vm: &VirtualMachine,
    create: CreateFunction,
    spec: &PyObject,
    name: &str,
) -> PyResult {
    let returned = call_extension(vm, || {
        // SAFETY: by this function's contract. The second argument is the PyModuleDef: there is none (PEP 793).
        let module = unsafe { create(spec.as_raw().cast_mut(), null_mut()) };
        // SAFETY: the function returns a new reference or NULL.
        unsafe { owned_or_none(module) }
    });
    let module = returned.check(vm, Option::is_some, |breach| match breach {
        Breach::FailedSilently => {
            format!("creation of module {name} failed without setting an exception")
        }
        Breach::RaisedUnreported => {
            format!("creation of module {name} raised unreported exception")
        }
    })?;
    Ok(module.expect("`check` lets only `Some` pass"))
}

/// Source: CPython, `module_from_def_and_spec`.
fn check_not_a_module(vm: &VirtualMachine, description: &Description, name: &str) -> PyResult<()> {
    let wants = if description.state_size > 0
        || description.visits_state
        || description.free.is_some()
    {
        format!("module {name} is not a module object, but requests module state")
    } else if description.exec.is_some() {
        format!("module {name} specifies execution slots, but did not create a ModuleType instance")
    } else if !description.token.is_null() {
        format!("module {name} specifies a token, but did not create a ModuleType instance")
    } else {
        return Ok(());
    };
    Err(vm.new_system_error(wants))
}

fn remember(vm: &VirtualMachine, module: &PyObject, description: &Description) -> PyResult<()> {
    let address = address(module);
    let forget = vm.new_function(
        "forget_module",
        move |_weak: PyObjectRef, vm: &VirtualMachine| {
            forget(vm, address);
        },
    );
    let record = Arc::new(Record {
        exec: description.exec,
        free: description.free,
        state_size: description.state_size,
        state: OnceLock::new(),
        token: AtomicPtr::new(description.token),
        _weak: module.downgrade(Some(forget.into()), vm)?,
    });
    RECORDS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(address, record);
    Ok(())
}

/// The module at `address` dies: call `m_free` if there is a state to free, and drop the record.
///
/// Source: C-API, `PyModuleDef.m_free`: not called if the state was never allocated.
fn forget(vm: &VirtualMachine, address: usize) {
    let find = |records: &HashMap<usize, Arc<Record>>| records.get(&address).cloned();
    let Some(record) = find(&RECORDS.read().unwrap_or_else(PoisonError::into_inner)) else {
        return;
    };
    if let Some(free) = record.free
        && !record.state().is_null()
    {
        // SAFETY: the extension's own function; the module's memory is released after weak references are cleared.
        let freed = call_extension(vm, || unsafe { free(address as *mut c_void) });
        if let Err(error) = freed.check(vm, |()| true, |_| "m_free raised".to_owned()) {
            vm.run_unraisable(error, None, vm.ctx.none());
        }
    }
    RECORDS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&address);
}

/// `PyModule_Exec`: allocate the state once, run the exec function. A module without a record has nothing to run.
pub fn exec(vm: &VirtualMachine, module: &PyObject) -> PyResult<()> {
    let Some(record) = record_of(module) else {
        return Ok(());
    };
    if record.state.get().is_none() {
        let state = State::new(record.state_size)
            .ok_or_else(|| vm.new_memory_error("the state of a module".to_owned()))?;
        // Another thread may have been faster; its state is as good.
        let _ = record.state.set(state);
    }
    let Some(exec) = record.exec else {
        return Ok(());
    };
    let repr = module.repr(vm)?;
    // SAFETY: the extension's own function and a living module.
    let returned = call_extension(vm, || unsafe { exec(module.as_raw().cast_mut()) });
    returned
        .check(
            vm,
            |status| *status == 0,
            |breach| match breach {
                Breach::FailedSilently => {
                    format!(
                        "execution of {} failed without setting an exception",
                        repr.as_wtf8()
                    )
                }
                Breach::RaisedUnreported => {
                    format!(
                        "execution of module {} raised unreported exception",
                        repr.as_wtf8()
                    )
                }
            },
        )
        .map(drop)
}

/// `PyModule_AddFunctions`: add the functions of `methods` to `module`.
///
/// Raises: `ValueError` -- a function sets `METH_CLASS` or `METH_STATIC`.
///
/// # Safety
/// `methods` ends with an entry without a name and lives as long as the functions.
pub unsafe fn add_functions(
    vm: &VirtualMachine,
    module: &PyObject,
    module_name: &PyStrRef,
    methods: *mut PyMethodDef,
) -> PyResult<()> {
    for index in 0.. {
        // SAFETY: the loop ends at the array's end.
        let entry = unsafe { methods.add(index) };
        // SAFETY: as above.
        let method = unsafe { &*entry };
        if method.ml_name.is_null() {
            break;
        }
        // SAFETY: not null, and a C string by this function's contract.
        let name = unsafe { CStr::from_ptr(method.ml_name) }
            .to_str()
            .map_err(|_| vm.new_system_error("a name in PyMethodDef is not UTF-8"))?;
        let unusual = PyMethodFlags::CLASS | PyMethodFlags::STATIC;
        if method.ml_flags as u32 & unusual.bits() != 0 {
            return Err(vm.new_value_error("module functions cannot set METH_CLASS or METH_STATIC"));
        }
        // SAFETY: `entry` outlives the function by this function's contract; the objects are alive.
        let function = call_extension(vm, || unsafe {
            PyCFunction_NewEx(entry, module.as_raw().cast_mut(), as_pointer(module_name))
        });
        // SAFETY: PyCFunction_NewEx returns a new reference.
        let function = unsafe { function.into_object(vm, "PyCFunction_NewEx") }?;
        // The released PyCFunction_NewEx drops its third argument, which CPython stores as `__module__`.
        function.set_attr("__module__", module_name.clone(), vm)?;
        module.set_attr(name, function, vm)?;
    }
    Ok(())
}
