//! What a slot array says about a type, before anything is made of it.

use core::ffi::{CStr, c_char};

use rustpython_capi::descrobject::{PyGetSetDef, PyMemberDef};
use rustpython_capi::methodobject::PyMethodDef;
use rustpython_vm::builtins::{PyTuple, PyType, PyTypeRef};
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::functions::SlotTable;
use super::text::leaked_text;
use crate::slot_ids::*;
use crate::slots::Slot;

/// Bits of `Py_TPFLAGS_*` that mean the same to RustPython: bits 3 to 8 and 10 have CPython's numbers.
const KNOWN_FLAGS: PyTypeFlags = PyTypeFlags::from_slice(&[
    PyTypeFlags::SEQUENCE,
    PyTypeFlags::MAPPING,
    PyTypeFlags::DISALLOW_INSTANTIATION,
    PyTypeFlags::IMMUTABLETYPE,
    PyTypeFlags::BASETYPE,
]);

/// A type as the extension describes it.
pub struct Spec {
    /// Dotted, as in `Py_tp_name`.
    pub full_name: &'static str,
    pub flags: PyTypeFlags,
    pub has_dict: bool,
    pub has_weakrefs: bool,
    /// Bytes of data in addition to the base's; `None` inherits (C-API, `PyType_Spec.basicsize`).
    pub extra_size: usize,
    pub doc: Option<&'static str>,
    pub methods: Option<*const PyMethodDef>,
    pub members: Option<*const PyMemberDef>,
    pub getsets: Option<*const PyGetSetDef>,
    pub bases: Vec<PyTypeRef>,
    pub metaclass: Option<PyTypeRef>,
    pub module: Option<PyObjectRef>,
    pub token: usize,
    pub functions: SlotTable,
}

/// Ids whose value is not a function.
const fn is_data(id: u16) -> bool {
    matches!(
        id,
        Py_tp_base
            | Py_tp_bases
            | Py_tp_doc
            | Py_tp_methods
            | Py_tp_members
            | Py_tp_getset
            | Py_tp_token
            | Py_tp_name..=Py_tp_flags | Py_tp_metaclass | Py_tp_module
    )
}

impl Spec {
    /// The name after the last dot.
    pub fn name(&self) -> &'static str {
        self.full_name
            .rsplit_once('.')
            .map_or(self.full_name, |(_, name)| name)
    }

    /// The name of the module, if the type's name has a dot.
    pub fn module_name(&self) -> Option<&'static str> {
        self.full_name.rsplit_once('.').map(|(module, _)| module)
    }

    /// Read `slots` as [`read_slots`](crate::slots::read_slots) returned them. A later slot wins.
    ///
    /// Raises: `SystemError` -- a size, a token or a name that makes no sense.
    ///
    /// # Safety
    /// The values of the slots are what their ids say; text and arrays live as long as the process.
    pub unsafe fn read(vm: &VirtualMachine, slots: &[Slot]) -> PyResult<Self> {
        // SAFETY: by this function's contract.
        unsafe { Self::read_named(vm, "", slots) }
    }

    /// As [`Self::read`], for a name that is not among the slots.
    ///
    /// # Safety
    /// As for [`Self::read`].
    pub unsafe fn read_named(vm: &VirtualMachine, name: &str, slots: &[Slot]) -> PyResult<Self> {
        let mut spec = Self {
            full_name: Box::leak(name.to_owned().into_boxed_str()),
            flags: PyTypeFlags::empty(),
            has_dict: false,
            has_weakrefs: false,
            extra_size: 0,
            doc: None,
            methods: None,
            members: None,
            getsets: None,
            bases: Vec::new(),
            metaclass: None,
            module: None,
            token: 0,
            functions: SlotTable::EMPTY,
        };
        for slot in slots {
            if is_data(slot.id) {
                // SAFETY: by this function's contract.
                unsafe { spec.read_data(vm, *slot) }?;
            } else {
                spec.functions.set(slot.id, slot.pointer());
            }
        }
        if spec.full_name.is_empty() {
            return Err(vm.new_system_error("Type spec does not define the name field."));
        }
        Ok(spec)
    }

    /// # Safety
    /// As for [`Self::read`].
    unsafe fn read_data(&mut self, vm: &VirtualMachine, slot: Slot) -> PyResult<()> {
        let pointer = slot.pointer();
        let object = pointer.cast::<PyObject>();
        match slot.id {
            // SAFETY: a C string, by this function's contract.
            Py_tp_name => self.full_name = unsafe { text(vm, pointer.cast()) }?.unwrap_or(""),
            // SAFETY: NULL or a C string, by this function's contract.
            Py_tp_doc => self.doc = unsafe { text(vm, pointer.cast()) }?,
            Py_tp_flags => self.set_flags(slot.uint64()),
            Py_tp_basicsize => self.set_basic_size(vm, slot.size())?,
            Py_tp_extra_basicsize => {
                self.extra_size = usize::try_from(slot.size())
                    .map_err(|_| vm.new_system_error("Py_tp_extra_basicsize is negative"))?;
            }
            Py_tp_itemsize if slot.size() != 0 => {
                let words = format!(
                    "{}: objects of variable size are not supported",
                    self.full_name
                );
                return Err(vm.new_system_error(words));
            }
            Py_tp_methods => self.methods = Some(pointer.cast_const().cast()),
            Py_tp_getset => self.getsets = Some(pointer.cast_const().cast()),
            Py_tp_members => {
                let members = pointer.cast_const().cast();
                self.members = Some(members);
                // SAFETY: an array of members, by this function's contract.
                unsafe { self.read_special_members(members) };
            }
            // SAFETY: NULL or a type, by this function's contract.
            Py_tp_base => self.bases.extend(unsafe { type_at(vm, object) }?),
            Py_tp_bases => {
                // SAFETY: NULL, a tuple of types or a type, by this function's contract.
                self.bases = unsafe { bases_at(vm, object) }?;
            }
            // SAFETY: NULL or a type, by this function's contract.
            Py_tp_metaclass => self.metaclass = unsafe { type_at(vm, object) }?,
            // SAFETY: NULL or alive, by this function's contract.
            Py_tp_module => self.module = unsafe { object.as_ref() }.map(ToOwned::to_owned),
            // NULL is `Py_TP_USE_SPEC`: the spec's own address, which a slot array does not have.
            Py_tp_token => self.token = pointer as usize,
            _ => {}
        }
        Ok(())
    }

    /// Also used for the flags of a `PyType_Spec`.
    pub fn set_flags(&mut self, bits: u64) {
        let bits = PyTypeFlags::from_bits_retain(bits);
        self.flags = bits & KNOWN_FLAGS;
        self.has_dict |= bits.contains(&PyTypeFlags::MANAGED_DICT);
        self.has_weakrefs |= bits.contains(&PyTypeFlags::MANAGED_WEAKREF);
    }

    /// Negative sizes are added to the base's (PEP 697); positive ones count the object's head, which an extension for
    /// the opaque `PyObject` of abi3t cannot know.
    pub fn set_basic_size(&mut self, vm: &VirtualMachine, size: isize) -> PyResult<()> {
        if size > 0 {
            let words = format!(
                "{}: a positive basicsize needs the layout of PyObject, which abi3t hides; use a negative one (PEP 697)",
                self.full_name
            );
            return Err(vm.new_system_error(words));
        }
        self.extra_size = size.unsigned_abs();
        Ok(())
    }

    /// Two names say that instances have a dict or weak references; RustPython keeps both outside our data.
    ///
    /// # Safety
    /// `members` ends with an entry without a name.
    unsafe fn read_special_members(&mut self, members: *const PyMemberDef) {
        for index in 0.. {
            // SAFETY: the loop ends at the array's end.
            let name = unsafe { (*members.add(index)).name };
            if name.is_null() {
                break;
            }
            // SAFETY: not null, and a C string by this function's contract.
            match unsafe { CStr::from_ptr(name) }.to_bytes() {
                b"__dictoffset__" => self.has_dict = true,
                b"__weaklistoffset__" => self.has_weakrefs = true,
                _ => {}
            }
        }
    }
}

/// # Safety
/// `pointer` is null or a C string.
unsafe fn text(vm: &VirtualMachine, pointer: *const c_char) -> PyResult<Option<&'static str>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: not null, and a C string by this function's contract.
    leaked_text(vm, unsafe { CStr::from_ptr(pointer) }).map(Some)
}

/// # Safety
/// `object` is null or alive.
unsafe fn type_at(vm: &VirtualMachine, object: *mut PyObject) -> PyResult<Option<PyTypeRef>> {
    // SAFETY: by this function's contract.
    let Some(object) = (unsafe { object.as_ref() }) else {
        return Ok(None);
    };
    let typ = object.to_owned().downcast::<PyType>().map_err(|object| {
        let words = format!("bases must be types, not '{}'", object.class().name());
        vm.new_type_error(words)
    })?;
    Ok(Some(typ))
}

/// The bases in a tuple of types, or one type.
///
/// # Safety
/// `object` is null or alive.
pub unsafe fn bases_at(vm: &VirtualMachine, object: *mut PyObject) -> PyResult<Vec<PyTypeRef>> {
    // SAFETY: by this function's contract.
    let tuple = unsafe { object.as_ref() }.and_then(|object| object.downcast_ref::<PyTuple>());
    let Some(tuple) = tuple else {
        // SAFETY: by this function's contract.
        return Ok(unsafe { type_at(vm, object) }?.into_iter().collect());
    };
    let mut bases = Vec::new();
    for base in tuple.as_slice() {
        // SAFETY: the tuple keeps it alive.
        bases.extend(unsafe { type_at(vm, base.as_object().as_raw().cast_mut()) }?);
    }
    Ok(bases)
}
