//! Reading PEP 820 slot arrays: `PySlot`, the legacy arrays that it can include, and the rules for both.
//!
//! Source: PEP 820; CPython 3.15 `Python/slots.c` for the order of the checks and the words of the errors.

use core::ffi::{c_int, c_void};

use rustpython_vm::{PyResult, VirtualMachine};

use crate::slot_ids::*;

/// One entry of an array that an extension gives us (`PySlot` of CPython's `slots.h`).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PySlot {
    pub id: u16,
    pub flags: u16,
    reserved: u32,
    /// `sl_ptr`, `sl_func`, `sl_size`, `sl_int64` or `sl_uint64`: all of 64 bits where this host runs.
    pub value: u64,
}

const _: () = assert!(size_of::<PySlot>() == 16 && size_of::<*mut c_void>() == 8);

/// `PyModuleDef_Slot` and `PyType_Slot`, which have one layout.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct LegacySlot {
    id: c_int,
    value: *mut c_void,
}

/// Skip this slot if its id is unknown.
pub const OPTIONAL: u16 = 0x01;
/// What the slot points to outlives the interpreter.
pub const STATIC: u16 = 0x02;

/// `_PySlot_MAX_NESTING`.
const MAX_NESTING: usize = 5;

/// What an array describes; the same legacy id means different things in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Module,
    Type,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Type => "type",
        }
    }

    /// The id as of Python 3.15, or `None` if this kind has no such slot.
    const fn resolve(self, id: u16) -> Option<u16> {
        match (self, id) {
            (_, Py_slot_end | Py_slot_subslots) => Some(id),
            // Until 3.14 modules and types both numbered their own slots from 1.
            (Self::Module, 1..=4) => Some(id - 1 + Py_mod_create),
            (Self::Type, 1..=4) => Some(id - 1 + Py_bf_getbuffer),
            (Self::Module, Py_mod_create..=Py_mod_gil | Py_mod_slots) => Some(id),
            (Self::Module, Py_mod_name..=Py_mod_state_free | Py_mod_abi | Py_mod_token) => Some(id),
            (Self::Type, Py_mp_subscript..=Py_tp_token) => Some(id),
            (Self::Type, Py_bf_getbuffer..=Py_mp_length | Py_tp_slots) => Some(id),
            (Self::Type, Py_tp_name..=Py_tp_flags | Py_tp_metaclass | Py_tp_module) => Some(id),
            _ => None,
        }
    }
}

/// A slot after the checks: its id is known, nested arrays are laid flat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub id: u16,
    pub flags: u16,
    value: u64,
}

impl Slot {
    pub const fn pointer(self) -> *mut c_void {
        self.value as usize as *mut c_void
    }

    /// The value of a slot that holds a `Py_ssize_t`.
    pub const fn size(self) -> isize {
        self.value as isize
    }

    pub const fn uint64(self) -> u64 {
        self.value
    }
}

/// Name of a slot id, for messages.
pub fn slot_name(id: u16) -> &'static str {
    match id {
        Py_slot_invalid => "Py_slot_invalid",
        id => NAMES
            .get(usize::from(id))
            .copied()
            .unwrap_or("<unknown_slot>"),
    }
}

/// Read `array` to its end, nested arrays included, and return the slots in their order.
///
/// `owner` is the name of the module or type, for messages.
///
/// Raises: `SystemError` -- unknown id without `PySlot_OPTIONAL`, a repeated slot, NULL where it is not allowed,
/// too deep nesting.
///
/// # Safety
/// `array` is not null, ends with id 0, and what its entries point to has the type that the id asks for.
pub unsafe fn read_slots(
    vm: &VirtualMachine,
    array: *const PySlot,
    kind: Kind,
    owner: &str,
) -> PyResult<Vec<Slot>> {
    let mut reader = Reader {
        vm,
        kind,
        owner,
        seen: [false; NAMES.len()],
        slots: Vec::new(),
    };
    // SAFETY: by this function's contract.
    unsafe { reader.read_array(Array::Slots(array), 0) }?;
    Ok(reader.slots)
}

/// As [`read_slots`], for the array of a `PyType_Spec`.
///
/// # Safety
/// As for [`read_slots`].
pub unsafe fn read_legacy_slots(
    vm: &VirtualMachine,
    array: *const LegacySlot,
    owner: &str,
) -> PyResult<Vec<Slot>> {
    let mut reader = Reader {
        vm,
        kind: Kind::Type,
        owner,
        seen: [false; NAMES.len()],
        slots: Vec::new(),
    };
    if !array.is_null() {
        // SAFETY: by this function's contract.
        unsafe { reader.read_array(Array::Legacy(array), 0) }?;
    }
    Ok(reader.slots)
}

#[derive(Clone, Copy)]
enum Array {
    Slots(*const PySlot),
    Legacy(*const LegacySlot),
}

impl Array {
    /// The entry at `index` as a `PySlot`.
    ///
    /// # Safety
    /// The array has an entry at `index`: no earlier one is the end.
    unsafe fn entry(self, index: usize) -> PySlot {
        match self {
            // SAFETY: by this function's contract.
            Self::Slots(array) => unsafe { *array.add(index) },
            Self::Legacy(array) => {
                // SAFETY: by this function's contract.
                let entry = unsafe { *array.add(index) };
                PySlot {
                    id: u16::try_from(entry.id).unwrap_or(Py_slot_invalid),
                    flags: 0,
                    reserved: 0,
                    value: entry.value as usize as u64,
                }
            }
        }
    }
}

struct Reader<'a> {
    vm: &'a VirtualMachine,
    kind: Kind,
    owner: &'a str,
    seen: [bool; NAMES.len()],
    slots: Vec<Slot>,
}

impl Reader<'_> {
    /// # Safety
    /// As for [`read_slots`].
    unsafe fn read_array(&mut self, array: Array, level: usize) -> PyResult<()> {
        for index in 0.. {
            // SAFETY: the loop ends at the array's end.
            let raw = unsafe { array.entry(index) };
            let Some(id) = self.kind.resolve(raw.id) else {
                if raw.flags & OPTIONAL != 0 {
                    continue;
                }
                return Err(self.error(self.unknown_words(raw.id)));
            };
            match id {
                Py_slot_end if raw.flags & OPTIONAL != 0 => {
                    return Err(
                        self.error(format!("invalid flags for Py_slot_end: {:#x}", raw.flags))
                    );
                }
                Py_slot_end => break,
                Py_slot_subslots | Py_tp_slots | Py_mod_slots => {
                    // SAFETY: the nested array has the form that the id says, by `read_slots`' contract.
                    unsafe { self.read_nested(id, raw, level) }?;
                }
                id => self.push(id, raw, matches!(array, Array::Slots(_)))?,
            }
        }
        Ok(())
    }

    /// # Safety
    /// As for [`read_slots`].
    unsafe fn read_nested(&mut self, id: u16, raw: PySlot, level: usize) -> PyResult<()> {
        let pointer = raw.value as usize as *const c_void;
        if pointer.is_null() {
            return Ok(());
        }
        if level + 1 >= MAX_NESTING {
            let name = slot_name(id);
            let words = format!("{name} (slot {}): too many levels of nested slots", raw.id);
            return Err(self.error(words));
        }
        let array = match id {
            Py_slot_subslots => Array::Slots(pointer.cast()),
            _ => Array::Legacy(pointer.cast()),
        };
        // SAFETY: by this function's contract.
        unsafe { self.read_array(array, level + 1) }
    }

    fn push(&mut self, id: u16, raw: PySlot, is_new_struct: bool) -> PyResult<()> {
        let name = slot_name(id);
        if must_be_static(id) && is_new_struct && raw.flags & STATIC == 0 {
            return Err(self.error(format!("{name} requires PySlot_STATIC")));
        }
        if raw.value == 0 && !may_be_null(id) {
            return Err(self.error(format!("NULL not allowed for slot {name}")));
        }
        if self.seen[usize::from(id)] && !may_repeat(id) {
            let words = format!(
                "{} {} has multiple {name} ({id}) slots",
                self.kind.name(),
                self.owner
            );
            return Err(self.error(words));
        }
        self.seen[usize::from(id)] = true;
        self.slots.push(Slot {
            id,
            flags: raw.flags,
            value: raw.value,
        });
        Ok(())
    }

    fn unknown_words(&self, id: u16) -> String {
        let kind = self.kind.name();
        match NAMES.get(usize::from(id)) {
            Some(name) => format!("invalid {kind} slot {id} ({name})"),
            None if id == Py_slot_invalid => format!("invalid slot (Py_slot_invalid, {id})"),
            None => format!("unknown {kind} slot ID {id}"),
        }
    }

    fn error(&self, words: String) -> rustpython_vm::builtins::PyBaseExceptionRef {
        self.vm.new_system_error(words)
    }
}

/// Arrays that the interpreter goes on reading after creation.
const fn must_be_static(id: u16) -> bool {
    matches!(
        id,
        Py_tp_methods | Py_tp_members | Py_tp_getset | Py_mod_methods
    )
}

/// Numbers may be 0. Of the type slots CPython rejects NULL in `Py_tp_members` and merely deprecates it in most
/// others, so everything else of a type passes here.
const fn may_be_null(id: u16) -> bool {
    match id {
        Py_mod_multiple_interpreters | Py_mod_gil | Py_mod_state_size => true,
        Py_mod_create..=Py_mod_gil | Py_mod_name..=Py_mod_state_free => false,
        Py_mod_abi | Py_mod_token | Py_tp_members => false,
        _ => true,
    }
}

/// PEP 820 lets only what has no meaning of its own come twice. CPython deprecates repeated type slots whose second
/// value simply wins and rejects those that it would have to add up.
const fn may_repeat(id: u16) -> bool {
    match id {
        Py_mod_abi => true,
        Py_mod_create..=Py_mod_gil | Py_mod_name..=Py_mod_state_free | Py_mod_token => false,
        Py_tp_doc | Py_tp_members | Py_tp_flags => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{pending_message, with_interpreter};

    const fn slot(id: u16, flags: u16, value: usize) -> PySlot {
        PySlot {
            id,
            flags,
            reserved: 0,
            value: value as u64,
        }
    }

    const END: PySlot = slot(Py_slot_end, 0, 0);

    fn ids(vm: &VirtualMachine, array: &[PySlot]) -> PyResult<Vec<u16>> {
        // SAFETY: every array of these tests ends with id 0; values are numbers or nested arrays of the right form.
        let slots = unsafe { read_slots(vm, array.as_ptr(), Kind::Module, "m") }?;
        Ok(slots.iter().map(|slot| slot.id).collect())
    }

    fn error(array: &[PySlot]) -> String {
        let mut message = String::new();
        with_interpreter(|vm| {
            let error = ids(vm, array).expect_err("the array is wrong");
            vm.set_exception(Some(error));
            message = pending_message(vm);
        });
        message
    }

    #[test]
    fn nested_arrays_are_laid_flat_and_old_ids_renumbered() {
        let legacy = [
            LegacySlot {
                id: 2,
                value: 8 as *mut c_void,
            },
            LegacySlot {
                id: 0,
                value: core::ptr::null_mut(),
            },
        ];
        let inner = [
            slot(Py_mod_gil, 0, 1),
            slot(Py_mod_slots, 0, legacy.as_ptr() as usize),
            END,
        ];
        let outer = [
            slot(Py_slot_subslots, 0, inner.as_ptr() as usize),
            slot(Py_mod_doc, 0, 8),
            END,
        ];
        with_interpreter(|vm| {
            assert_eq!(
                ids(vm, &outer).unwrap(),
                [Py_mod_gil, Py_mod_exec, Py_mod_doc]
            );
        });
    }

    #[test]
    fn unknown_ids_are_skipped_only_if_optional() {
        with_interpreter(|vm| {
            assert!(ids(vm, &[slot(200, OPTIONAL, 1), END]).unwrap().is_empty());
        });
        assert_eq!(
            error(&[slot(200, 0, 1), END]),
            "SystemError: unknown module slot ID 200"
        );
        assert_eq!(
            error(&[slot(Py_tp_name, 0, 1), END]),
            "SystemError: invalid module slot 95 (Py_tp_name)"
        );
        assert_eq!(
            error(&[slot(0xffff, 0, 1), END]),
            "SystemError: invalid slot (Py_slot_invalid, 65535)"
        );
    }

    #[test]
    fn repeated_null_and_too_deep_slots_are_errors() {
        assert_eq!(
            error(&[slot(Py_mod_exec, 0, 8), slot(Py_mod_exec, 0, 8), END]),
            "SystemError: module m has multiple Py_mod_exec (85) slots"
        );
        assert_eq!(
            error(&[slot(Py_mod_exec, 0, 0), END]),
            "SystemError: NULL not allowed for slot Py_mod_exec"
        );
        let mut endless = [slot(Py_slot_subslots, 0, 0), END];
        endless[0].value = endless.as_ptr() as usize as u64;
        assert_eq!(
            error(&endless),
            "SystemError: Py_slot_subslots (slot 92): too many levels of nested slots"
        );
    }
}
