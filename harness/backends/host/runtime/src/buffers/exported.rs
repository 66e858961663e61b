//! Buffers of C types seen from RustPython.
//!
//! RustPython describes a buffer by an object, a descriptor and four functions without state. The object has to be
//! the exporter (`memoryview.obj` shows it), and one object can have several exports at different addresses, so the
//! functions cannot find the `Py_buffer` from the object. They find it by the address of the descriptor's format:
//! each export takes a text of its own for as long as it lives. Texts are never freed but used again, because
//! descriptors are copied and may outlive the export; their number is that of the most exports alive at one time.

use core::ffi::{CStr, c_int};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use rustpython_vm::common::borrow::{BorrowedValue, BorrowedValueMut};
use rustpython_vm::protocol::{BufferDescriptor, BufferFlags, BufferMethods, PyBuffer};
use rustpython_vm::vm::thread::try_with_current_vm;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::layout::Layout;
use super::{GetBuffer, Py_buffer, ReleaseBuffer, held};
use crate::boundary::call_extension;
use crate::objects::{as_pointer, owned_or_none};

/// The view that a C type filled, where it filled it: C may have put pointers to the view into the view.
struct Export {
    view: Box<Py_buffer>,
    release: Option<ReleaseBuffer>,
    /// All bytes that the items reach, from the lowest.
    start: *mut u8,
    length: usize,
    format: &'static str,
}

// SAFETY: plain data; who touches the memory behind it is the exporter's concern, as in CPython.
unsafe impl Send for Export {}

#[derive(Default)]
struct Exports {
    /// By the address of their format.
    alive: HashMap<usize, Export>,
    /// Texts that are free, by content.
    unused: HashMap<String, Vec<&'static str>>,
}

fn exports() -> MutexGuard<'static, Exports> {
    static EXPORTS: LazyLock<Mutex<Exports>> = LazyLock::new(Mutex::default);
    EXPORTS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Exports {
    fn own_text(&mut self, text: &str) -> &'static str {
        let unused = self.unused.get_mut(text).and_then(Vec::pop);
        unused.unwrap_or_else(|| {
            // With a byte behind it, or all empty texts would have one address.
            let longer: &'static str = Box::leak(format!("{text}\0").into_boxed_str());
            &longer[..text.len()]
        })
    }
}

fn key(buffer: &PyBuffer) -> usize {
    buffer.desc.format.as_ptr() as usize
}

static METHODS: BufferMethods = BufferMethods {
    obj_bytes: |buffer| {
        let (start, length) = memory(buffer);
        // SAFETY: the exporter promised this memory until the release, and `buffer` holds a share of the export.
        BorrowedValue::Ref(unsafe { core::slice::from_raw_parts(start, length) })
    },
    obj_bytes_mut: |buffer| {
        let (start, length) = memory(buffer);
        // SAFETY: as above; RustPython asks for it only if the descriptor is not read-only.
        BorrowedValueMut::RefMut(unsafe { core::slice::from_raw_parts_mut(start, length) })
    },
    release: give_back,
    retain: |_| {},
};

fn memory(buffer: &PyBuffer) -> (*mut u8, usize) {
    let exports = exports();
    let export = exports.alive.get(&key(buffer));
    export.map_or((core::ptr::dangling_mut(), 0), |export| {
        (export.start, export.length)
    })
}

/// The view as C filled it, if `buffer` is an export of a C type.
pub fn view_of(buffer: &PyBuffer) -> Option<Py_buffer> {
    exports().alive.get(&key(buffer)).map(|export| *export.view)
}

fn give_back(buffer: &PyBuffer) {
    let removed = {
        let mut exports = exports();
        let removed = exports.alive.remove(&key(buffer));
        if let Some(export) = &removed {
            let unused = exports.unused.entry(export.format.to_owned()).or_default();
            unused.push(export.format);
        }
        removed
    };
    if let Some(mut export) = removed {
        call_release(&buffer.obj, &mut export.view, export.release);
    }
}

fn call_release(object: &PyObject, view: &mut Py_buffer, release: Option<ReleaseBuffer>) {
    let Some(release) = release else { return };
    try_with_current_vm(|vm| {
        // SAFETY: the type's own function, the exporter and the view that it filled.
        let returned = call_extension(vm, || unsafe { release(as_pointer(object), view) });
        // It cannot fail; what it left pending has nowhere to go but there (CPython: `PyErr_WriteUnraisable`).
        if let Err(raised) = returned.check(vm, |()| true, |_| "bf_releasebuffer raised".to_owned())
        {
            vm.run_unraisable(raised, None, object.to_owned());
        }
    });
}

/// `as_buffer` for objects whose C type has these slots: ask it and wrap what it filled.
///
/// A trampoline in the type's `as_buffer` slot finds the two functions and calls this.
/// Raises: what `getbuffer` raises; `BufferError` -- suboffsets, which RustPython's buffers do not have.
pub fn protocol(
    vm: &VirtualMachine,
    object: &PyObject,
    requested: BufferFlags,
    getbuffer: GetBuffer,
    releasebuffer: Option<ReleaseBuffer>,
) -> PyResult<PyBuffer> {
    let mut view = Box::new(Py_buffer::EMPTY);
    let flags = requested.bits().cast_signed();
    let filling: *mut Py_buffer = &raw mut *view;
    // SAFETY: the type's own function, a living object and a view that is ours.
    let returned = call_extension(vm, || unsafe {
        getbuffer(as_pointer(object), filling, flags)
    });
    let name = object.class().name().to_owned();
    returned.into_status(vm, &format!("<slot bf_getbuffer of '{name}'>"))?;
    // SAFETY: the view comes with a reference to its object.
    let exporter = unsafe { owned_or_none(view.obj) }.unwrap_or_else(|| object.to_owned());
    let release = if exporter.is(object) {
        releasebuffer
    } else {
        // Passed on from another object (C-API, "re-export"): what releases it is the view's own object.
        Some(release_passed_on as ReleaseBuffer)
    };
    wrap(vm, exporter, view, release)
}

unsafe extern "C" fn release_passed_on(_exporter: *mut PyObject, view: *mut Py_buffer) {
    // SAFETY: called by `call_release` with a view that is alive.
    let view = unsafe { &mut *view };
    // The reference went to the wrapper; `release` gives one back.
    if let Some(object) = core::ptr::NonNull::new(view.obj) {
        // SAFETY: the wrapper still holds a reference, so the object is alive.
        let _ = unsafe { object.as_ref() }.to_owned().into_raw();
        // SAFETY: the reference made in the line above.
        unsafe { held::release(view) };
    }
}

/// A buffer of `exporter` over the memory that `view` describes. Raises: `BufferError` -- it has suboffsets.
pub fn wrap(
    vm: &VirtualMachine,
    exporter: PyObjectRef,
    mut view: Box<Py_buffer>,
    release: Option<ReleaseBuffer>,
) -> PyResult<PyBuffer> {
    // SAFETY: filled by the exporter as C-API, "Buffer structure", says.
    let layout = unsafe { Layout::of(&view) };
    if layout.suboffsets.iter().any(|suboffset| *suboffset >= 0) {
        call_release(&exporter, &mut view, release);
        let words = "buffers with suboffsets are not supported by RustPython";
        return Err(vm.new_buffer_error(words.to_owned()));
    }
    let (low, high) = layout.extent();
    let format = if view.format.is_null() {
        Cow::Borrowed("B")
    } else {
        // SAFETY: not null, so it is a C string (C-API, "Buffer structure").
        unsafe { CStr::from_ptr(view.format) }.to_string_lossy()
    };
    let mut exports = exports();
    let format = exports.own_text(&format);
    let dimensions = layout.shape.iter().zip(&layout.strides);
    let desc = BufferDescriptor {
        len: view.len.max(0).unsigned_abs(),
        offset: -low,
        readonly: view.readonly != 0,
        itemsize: view.itemsize.max(0).unsigned_abs(),
        format: Cow::Borrowed(format),
        dim_desc: dimensions
            .map(|(items, stride)| (items.unsigned_abs(), *stride, 0))
            .collect(),
    };
    let export = Export {
        start: view.buf.cast::<u8>().wrapping_offset(low),
        length: if view.buf.is_null() {
            0
        } else {
            (high - low).unsigned_abs()
        },
        view,
        release,
        format,
    };
    exports.alive.insert(format.as_ptr() as usize, export);
    drop(exports);
    Ok(PyBuffer::new(exporter, desc, &METHODS))
}

/// Finds `bf_releasebuffer` of an object's C type; set by the part that makes types.
pub type FindRelease = fn(&PyObject) -> Option<ReleaseBuffer>;

static FIND_RELEASE: std::sync::OnceLock<FindRelease> = std::sync::OnceLock::new();

/// Tell how the release function of a C type is found, for views that C filled without `PyObject_GetBuffer`.
pub fn set_find_release(find: FindRelease) {
    // The first stays: there is one way, and it does not change.
    let _ = FIND_RELEASE.set(find);
}

/// Release a view that C filled itself (`PyBuffer_FillInfo`). Source: CPython, `PyBuffer_Release`.
pub fn release_of_c_view(object: &PyObject, view: &mut Py_buffer) {
    let release = FIND_RELEASE.get().and_then(|find| find(object));
    call_release(object, view, release);
}

/// `PyBuffer_FillInfo`'s view, for memory of a single dimension.
///
/// # Safety
/// `view` is writable and stays where it is: with `PyBUF_ND` the shape points into it.
pub unsafe fn fill_info(
    view: *mut Py_buffer,
    object: *mut PyObject,
    buf: *mut core::ffi::c_void,
    len: isize,
    readonly: bool,
    requested: c_int,
) {
    use super::flags;
    let asked = |flag: c_int| requested & flag == flag;
    // SAFETY: writable, by this function's contract.
    let view = unsafe { &mut *view };
    *view = Py_buffer {
        buf,
        obj: object,
        len,
        itemsize: 1,
        readonly: readonly.into(),
        ndim: 1,
        ..Py_buffer::EMPTY
    };
    if asked(flags::FORMAT) {
        view.format = c"B".as_ptr().cast_mut();
    }
    if asked(flags::ND) {
        view.shape = &raw mut view.len;
    }
    if asked(flags::STRIDES) {
        view.strides = &raw mut view.itemsize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_export_has_a_text_of_its_own_and_an_empty_one_too() {
        let mut exports = Exports::default();
        for text in ["", "B"] {
            let (one, other) = (exports.own_text(text), exports.own_text(text));
            assert_eq!((one, other), (text, text));
            assert_ne!(one.as_ptr(), other.as_ptr());
        }
    }
}
