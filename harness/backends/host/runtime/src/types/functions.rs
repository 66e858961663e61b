//! Types of the functions that a slot can hold (`Include/object.h`, `Include/methodobject.h`). A table.

use core::ffi::{c_int, c_void};

use rustpython_vm::PyObject;

pub type Unary = unsafe extern "C" fn(*mut PyObject) -> *mut PyObject;
pub type Binary = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
pub type Ternary =
    unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;
pub type Inquiry = unsafe extern "C" fn(*mut PyObject) -> c_int;
/// `lenfunc` and `hashfunc`.
pub type Length = unsafe extern "C" fn(*mut PyObject) -> isize;
pub type SizeArgument = unsafe extern "C" fn(*mut PyObject, isize) -> *mut PyObject;
pub type SizeObjectArgument = unsafe extern "C" fn(*mut PyObject, isize, *mut PyObject) -> c_int;
pub type ObjectObject = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> c_int;
/// `objobjargproc`, `setattrofunc`, `descrsetfunc` and `initproc`.
pub type ObjectObjectArgument =
    unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> c_int;
pub type RichCompare = unsafe extern "C" fn(*mut PyObject, *mut PyObject, c_int) -> *mut PyObject;
pub type Destructor = unsafe extern "C" fn(*mut PyObject);
pub type Visit = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> c_int;
pub type Traverse = unsafe extern "C" fn(*mut PyObject, Visit, *mut c_void) -> c_int;
pub type Getter = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> *mut PyObject;
pub type Setter = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut c_void) -> c_int;
pub type Fast = unsafe extern "C" fn(*mut PyObject, *const *mut PyObject, isize) -> *mut PyObject;
pub type FastWithKeywords = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    isize,
    *mut PyObject,
) -> *mut PyObject;
/// `PyCMethod`: the defining class comes second.
pub type Method = unsafe extern "C" fn(
    *mut PyObject,
    *mut PyObject,
    *const *mut PyObject,
    isize,
    *mut PyObject,
) -> *mut PyObject;

/// The functions that a type gives for its slots, by slot id; 0 is NULL.
#[derive(Clone)]
pub struct SlotTable([usize; crate::slot_ids::NAMES.len()]);

impl SlotTable {
    pub const EMPTY: Self = Self([0; crate::slot_ids::NAMES.len()]);

    pub const fn address(&self, id: u16) -> usize {
        self.0[id as usize]
    }

    pub const fn has(&self, id: u16) -> bool {
        self.address(id) != 0
    }

    pub fn set(&mut self, id: u16, function: *mut c_void) {
        self.0[usize::from(id)] = function as usize;
    }

    /// The function at `id` as an `F`, one of this module's types.
    ///
    /// # Safety
    /// `F` is the type of function that CPython's documentation gives for the slot.
    pub unsafe fn get<F: Copy>(&self, id: u16) -> Option<F> {
        // SAFETY: by this function's contract.
        unsafe { as_function(self.address(id)) }
    }

    /// This table with `base`'s functions where it has none: what `inherit_slots` of CPython does.
    pub fn over(&self, base: &Self) -> Self {
        let mut merged = self.clone();
        for (own, inherited) in merged.0.iter_mut().zip(base.0) {
            if *own == 0 {
                *own = inherited;
            }
        }
        merged
    }
}

/// `address` as a function pointer of the type `F`; 0 is `None`.
///
/// # Safety
/// `address` is 0 or the address of such a function.
pub unsafe fn as_function<F: Copy>(address: usize) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<usize>()) };
    // SAFETY: the sizes are equal, and it is such a function by this function's contract.
    (address != 0).then(|| unsafe { core::mem::transmute_copy(&address) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot_ids::{Py_tp_clear, Py_tp_repr, Py_tp_str};

    #[test]
    fn a_table_inherits_what_it_lacks() {
        let (mut base, mut own) = (SlotTable::EMPTY, SlotTable::EMPTY);
        base.set(Py_tp_repr, 8 as *mut c_void);
        base.set(Py_tp_str, 16 as *mut c_void);
        own.set(Py_tp_str, 24 as *mut c_void);
        let merged = own.over(&base);
        assert_eq!(merged.address(Py_tp_repr), 8);
        assert_eq!(merged.address(Py_tp_str), 24);
        assert!(!merged.has(Py_tp_clear) && !own.has(Py_tp_repr));
    }
}
