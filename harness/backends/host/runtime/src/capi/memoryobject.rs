//! `memoryobject.h`. Source of all contracts: C-API, "MemoryView objects"; the words are CPython's.

use core::ffi::{c_char, c_int};
use core::ptr::null_mut;

use rustpython_vm::builtins::PyMemoryView;
use rustpython_vm::protocol::{BufferDescriptor, PyBuffer, VecBuffer};
use rustpython_vm::{AsObject, PyObject, PyPayload, PyResult, VirtualMachine};

use crate::boundary::ffi_boundary;
use crate::buffers::layout::{Layout, contiguous_strides, copy_order, is_contiguous};
use crate::buffers::{Py_buffer, exported, flags, held};
use crate::objects::{borrowed, into_pointer, null_argument};

fn view_of(vm: &VirtualMachine, buffer: PyBuffer) -> PyResult<*mut PyObject> {
    let view = PyMemoryView::from_buffer(buffer, vm)?;
    Ok(into_pointer(view.into_ref(&vm.ctx)))
}

/// A view of memory that nobody owns; its `obj` is None.
///
/// # Safety
/// `info` is null or filled, and what it points to lives as long as the view.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMemoryView_FromBuffer(info: *const Py_buffer) -> *mut PyObject {
    const NAME: &str = "PyMemoryView_FromBuffer";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let info = unsafe { info.as_ref() }.ok_or_else(|| null_argument(vm, NAME, "info"))?;
        if info.buf.is_null() {
            let words = "PyMemoryView_FromBuffer(): info->buf must not be NULL";
            return Err(vm.new_value_error(words));
        }
        let view = Box::new(Py_buffer {
            obj: null_mut(),
            ..*info
        });
        view_of(vm, exported::wrap(vm, vm.ctx.none(), view, None)?)
    })
}

/// # Safety
/// `memory` has `size` bytes that live as long as the view; with `PyBUF_WRITE` they are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMemoryView_FromMemory(
    memory: *mut c_char,
    size: isize,
    mode: c_int,
) -> *mut PyObject {
    const NAME: &str = "PyMemoryView_FromMemory";
    ffi_boundary(NAME, null_mut(), |vm| {
        if memory.is_null() {
            return Err(null_argument(vm, NAME, "mem"));
        }
        let mut view = Box::new(Py_buffer::EMPTY);
        let readonly = mode != flags::WRITE;
        // SAFETY: the box does not move its content.
        unsafe {
            exported::fill_info(
                &raw mut *view,
                null_mut(),
                memory.cast(),
                size,
                readonly,
                flags::FULL_RO,
            );
        };
        view_of(vm, exported::wrap(vm, vm.ctx.none(), view, None)?)
    })
}

/// A view of `object` that is contiguous: of a copy, if it must be and `mode` is `PyBUF_READ`.
///
/// # Safety
/// `object` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMemoryView_GetContiguous(
    object: *mut PyObject,
    mode: c_int,
    order: c_char,
) -> *mut PyObject {
    const NAME: &str = "PyMemoryView_GetContiguous";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let object = unsafe { borrowed(vm, object, NAME, "obj") }?;
        let view = PyMemoryView::from_object(object, vm)?.into_ref(&vm.ctx);
        let mut filled = Py_buffer::EMPTY;
        held::acquire(vm, view.as_object(), &mut filled, flags::FULL_RO)?;
        let readonly = filled.readonly != 0;
        // SAFETY: filled.
        let layout = unsafe { Layout::of(&filled) };
        let answer = if mode == flags::WRITE && readonly {
            let words = "underlying buffer is not writable";
            Err(vm.new_buffer_error(words.to_owned()))
        } else if is_contiguous(&layout, order) == 1 {
            Ok(None)
        } else if mode == flags::WRITE {
            let words = "writable contiguous buffer requested for a non-contiguous object.";
            Err(vm.new_buffer_error(words.to_owned()))
        } else {
            Ok(Some(copied(vm, &filled, &layout, order)))
        };
        // SAFETY: filled, and not used any more.
        unsafe { held::release(&mut filled) };
        match answer? {
            None => Ok(into_pointer(view)),
            Some(buffer) => view_of(vm, buffer),
        }
    })
}

fn copied(vm: &VirtualMachine, filled: &Py_buffer, layout: &Layout, order: c_char) -> PyBuffer {
    let order = copy_order(order);
    let mut bytes = vec![0_u8; filled.len.max(0).unsigned_abs()];
    // SAFETY: a filled view, and room for all its items.
    unsafe { layout.gather(filled.buf, bytes.as_mut_ptr(), order) };
    let strides = contiguous_strides(&layout.shape, layout.itemsize, order);
    let dimensions = layout.shape.iter().zip(strides);
    let desc = BufferDescriptor {
        // CPython's copy is a bytes object.
        readonly: true,
        dim_desc: dimensions
            .map(|(items, stride)| (items.unsigned_abs(), stride, 0))
            .collect(),
        ..BufferDescriptor::format(
            bytes.len(),
            true,
            layout.itemsize.max(1).unsigned_abs(),
            // SAFETY: requested with PyBUF_FORMAT, so a C string.
            unsafe { core::ffi::CStr::from_ptr(filled.format) }
                .to_string_lossy()
                .into_owned()
                .into(),
        )
    };
    VecBuffer::from(bytes)
        .into_ref(&vm.ctx)
        .into_pybuffer_with_descriptor(desc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, said, with_interpreter};

    #[test]
    fn memory_of_nobody_and_a_contiguous_copy() {
        with_interpreter(|vm| {
            // SAFETY: a static string.
            let view =
                unsafe { PyMemoryView_FromMemory(c"xy".as_ptr().cast_mut(), 2, flags::READ) };
            // SAFETY: a new reference.
            let view = unsafe { crate::objects::owned_or_none(view) }.expect("a view");
            let content = vm.call_method(&view, "tolist", ()).expect("tolist");
            assert_eq!(said(vm, into_pointer(content)), "[120, 121]");
            let owner = view.get_attr("obj", vm).expect("obj");
            assert!(vm.is_none(&owner));

            let strided = evaluate(vm, "", "memoryview(b'abcdef')[::2]");
            let order = b'C'.cast_signed();
            // SAFETY: a living object.
            let copy =
                unsafe { PyMemoryView_GetContiguous(as_pointer(&strided), flags::READ, order) };
            // SAFETY: a new reference.
            let copy = unsafe { crate::objects::owned_or_none(copy) }.expect("a view");
            let content = vm.call_method(&copy, "tobytes", ()).expect("tobytes");
            assert_eq!(said(vm, into_pointer(content)), "b'ace'");
            // SAFETY: a living object.
            let refused =
                unsafe { PyMemoryView_GetContiguous(as_pointer(&strided), flags::WRITE, order) };
            assert_eq!(
                said(vm, refused),
                "BufferError: underlying buffer is not writable"
            );
        });
    }

    #[test]
    fn a_filled_buffer_becomes_a_view_without_an_owner() {
        with_interpreter(|vm| {
            let source = evaluate(vm, "array", "array.array('h', [1, -2, 3])");
            let mut filled = Py_buffer::EMPTY;
            // SAFETY: a place of ours; `source` lives as long as the view.
            unsafe {
                held::acquire(vm, &source, &mut filled, flags::FULL_RO).expect("a buffer");
                let view = PyMemoryView_FromBuffer(&filled);
                let view = crate::objects::owned_or_none(view).expect("a view");
                let content = vm.call_method(&view, "tolist", ()).expect("tolist");
                assert_eq!(said(vm, into_pointer(content)), "[1, -2, 3]");
                assert!(vm.is_none(&view.get_attr("obj", vm).expect("obj")));
                drop(view);
                held::release(&mut filled);
                let words = "ValueError: PyMemoryView_FromBuffer(): info->buf must not be NULL";
                assert_eq!(said(vm, PyMemoryView_FromBuffer(&Py_buffer::EMPTY)), words);
            }
        });
    }
}
