//! RustPython's buffers seen from C: what `PyObject_GetBuffer` fills in, and what `PyBuffer_Release` gives back.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use std::collections::HashSet;
use std::ffi::CString;
use std::sync::{LazyLock, Mutex, PoisonError};

use rustpython_vm::protocol::{BufferFlags, PyBuffer};
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};

use super::{Py_buffer, exported, flags};
use crate::objects::{into_pointer, owned_or_none};

/// What a filled `Py_buffer` points into. Its address is the view's `internal`.
struct Held {
    /// Counts as one export of its object until it is dropped.
    _buffer: PyBuffer,
    format: CString,
    shape: Vec<isize>,
    strides: Vec<isize>,
}

/// Addresses of all `Held` in use: a view whose `internal` is not among them was filled by C.
static IN_USE: LazyLock<Mutex<HashSet<usize>>> = LazyLock::new(Mutex::default);

/// Where the buffers without bytes begin: aligned for every item type, never followed.
#[repr(align(64))]
struct Nothing;
static NOTHING: Nothing = Nothing;

/// Fill `view` from `object`'s buffer. Raises: what the exporter raises; the words are RustPython's.
///
/// Source: C-API, "Buffer request types": what was not asked for is NULL.
pub fn acquire(
    vm: &VirtualMachine,
    object: &PyObject,
    view: &mut Py_buffer,
    requested: c_int,
) -> PyResult<()> {
    let buffer_flags = BufferFlags::from_bits_retain(requested.cast_unsigned());
    let buffer = PyBuffer::from_object(vm, object, buffer_flags)?;
    *view = match exported::view_of(&buffer) {
        // A C type filled it as asked; its pointers stay good until the release.
        Some(filled) => Py_buffer {
            obj: into_pointer(buffer.obj.clone()),
            internal: hold(Held {
                _buffer: buffer,
                format: CString::default(),
                shape: Vec::new(),
                strides: Vec::new(),
            })
            .cast(),
            ..filled
        },
        None => fill(vm, buffer, requested)?,
    };
    Ok(())
}

fn fill(vm: &VirtualMachine, buffer: PyBuffer, requested: c_int) -> PyResult<Py_buffer> {
    let asked = |flag: c_int| requested & flag == flag;
    let desc = &buffer.desc;
    let dimensions = desc.dim_desc.iter();
    let shape: Vec<isize> = dimensions.clone().map(|d| d.0.cast_signed()).collect();
    let strides: Vec<isize> = dimensions.map(|d| d.1).collect();
    let format = CString::new(desc.format.as_ref())
        .map_err(|_| vm.new_buffer_error("the format holds a NUL".to_owned()))?;
    let mut view = Py_buffer {
        buf: start(&buffer),
        obj: into_pointer(buffer.obj.clone()),
        len: desc.len.cast_signed(),
        itemsize: desc.itemsize.cast_signed(),
        readonly: desc.readonly.into(),
        ndim: c_int::try_from(shape.len()).unwrap_or(c_int::MAX),
        ..Py_buffer::EMPTY
    };
    if !asked(flags::ND) && view.ndim != 0 {
        view.ndim = 1;
    }
    let is_ctypes = is_ctypes(&buffer.obj);
    let held = hold(Held {
        _buffer: buffer,
        format,
        shape,
        strides,
    });
    // SAFETY: just made; nobody else knows it yet.
    let parts = unsafe { &mut *held };
    if asked(flags::FORMAT) {
        view.format = parts.format.as_ptr().cast_mut();
    }
    // CPython gives NULL for both in a buffer without dimensions, and ctypes gives no strides to anybody.
    if asked(flags::ND) && view.ndim > 0 {
        view.shape = parts.shape.as_mut_ptr();
    }
    if asked(flags::STRIDES) && view.ndim > 0 && !is_ctypes {
        view.strides = parts.strides.as_mut_ptr();
    }
    view.internal = held.cast();
    Ok(view)
}

/// Source: CPython, `Modules/_ctypes/_ctypes.c`, `PyCData_NewGetBuffer`.
fn is_ctypes(object: &PyObject) -> bool {
    let mut classes = object.class().iter_base_chain();
    classes.any(|class| &*class.name() == "_CData")
}

/// The address of item `[0, .., 0]`.
///
/// The guard that RustPython gives is dropped at once: the export that `buffer` counts as keeps the memory where it is.
fn start(buffer: &PyBuffer) -> *mut c_void {
    if buffer.desc.len == 0 {
        return (&raw const NOTHING).cast_mut().cast();
    }
    let whole = if buffer.desc.readonly {
        buffer.obj_bytes().as_ptr().cast_mut()
    } else {
        buffer.obj_bytes_mut().as_mut_ptr()
    };
    whole.wrapping_offset(buffer.desc.offset).cast()
}

fn hold(held: Held) -> *mut Held {
    let pointer = Box::into_raw(Box::new(held));
    let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    in_use.insert(pointer as usize);
    pointer
}

/// Give back what `view` holds; a view without an object holds nothing.
///
/// # Safety
/// `view.obj` is null or one of its references belongs to the view.
pub unsafe fn release(view: &mut Py_buffer) {
    let object = core::mem::replace(&mut view.obj, null_mut());
    // SAFETY: by this function's contract.
    let Some(object) = (unsafe { owned_or_none(object) }) else {
        return;
    };
    let address = view.internal as usize;
    let ours = IN_USE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&address);
    if ours {
        view.internal = null_mut();
        // SAFETY: it was in use, so it is a `Held` that nobody has released yet.
        drop(unsafe { Box::from_raw(address as *mut Held) });
    } else {
        exported::release_of_c_view(object.as_object(), view);
    }
}
