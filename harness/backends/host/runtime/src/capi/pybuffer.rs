//! `pybuffer.h`. Source of all contracts: C-API, "Buffer Protocol"; the words are CPython's.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;

use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use crate::boundary::{detached_boundary, ffi_boundary};
use crate::buffers::layout::{Layout, contiguous_strides, copy_order, is_contiguous};
use crate::buffers::{Py_buffer, exported, flags, held};
use crate::objects::{bad_internal_call, borrowed, null_argument};

/// # Safety
/// `view` is null or filled.
unsafe fn filled<'a>(
    vm: &VirtualMachine,
    view: *const Py_buffer,
    function: &str,
) -> PyResult<&'a Py_buffer> {
    // SAFETY: by this function's contract; `as_ref` maps null to None.
    unsafe { view.as_ref() }.ok_or_else(|| null_argument(vm, function, "view"))
}

/// 1 if the object has a buffer, else 0.
///
/// # Safety
/// `object` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CheckBuffer(object: *mut PyObject) -> c_int {
    // SAFETY: by this function's contract; `as_ref` maps null to None.
    let object = unsafe { object.as_ref() };
    detached_boundary(0, || object.is_some_and(PyObject::check_buffer).into())
}

/// Fill `view` as `requested`; `view->obj` is NULL after a failure.
///
/// # Safety
/// `object` is null or alive; `view` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GetBuffer(
    object: *mut PyObject,
    view: *mut Py_buffer,
    requested: c_int,
) -> c_int {
    const NAME: &str = "PyObject_GetBuffer";
    ffi_boundary(NAME, -1, |vm| {
        if view.is_null() {
            let words = "PyObject_GetBuffer: view==NULL argument is obsolete";
            return Err(vm.new_buffer_error(words.to_owned()));
        }
        // SAFETY: not null, so writable. C may pass memory that was never written.
        unsafe { view.write(Py_buffer::EMPTY) };
        // SAFETY: written in the line above.
        let view = unsafe { &mut *view };
        if requested == flags::READ || requested == flags::WRITE {
            return Err(bad_internal_call(vm));
        }
        // SAFETY: by this function's contract.
        let object = unsafe { borrowed(vm, object, NAME, "exporter") }?;
        held::acquire(vm, object, view, requested)?;
        Ok(0)
    })
}

/// Give the buffer back; harmless for a view without an object, so also for one that was released.
///
/// # Safety
/// `view` is null or was filled, and is not in use any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_Release(view: *mut Py_buffer) {
    ffi_boundary("PyBuffer_Release", (), |_vm| {
        // SAFETY: by this function's contract.
        if let Some(view) = unsafe { view.as_mut() } {
            // SAFETY: a filled view owns the reference in `obj`.
            unsafe { held::release(view) };
        }
        Ok(())
    });
}

/// # Safety
/// `view` is null or filled; `indices` has an index for each dimension, within its shape.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_GetPointer(
    view: *const Py_buffer,
    indices: *const isize,
) -> *mut c_void {
    const NAME: &str = "PyBuffer_GetPointer";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let view = unsafe { filled(vm, view, NAME) }?;
        // SAFETY: a filled view.
        let layout = unsafe { Layout::of(view) };
        let indices = match layout.shape.len() {
            0 => &[],
            _ if indices.is_null() => return Err(null_argument(vm, NAME, "indices")),
            // SAFETY: not null, so one for each dimension by this function's contract.
            dimensions => unsafe { core::slice::from_raw_parts(indices, dimensions) },
        };
        // SAFETY: a filled view and indices within its shape, by this function's contract.
        Ok(unsafe { layout.item(view.buf, indices) })
    })
}

/// # Safety
/// `view` is null or filled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_IsContiguous(view: *const Py_buffer, order: c_char) -> c_int {
    // SAFETY: by this function's contract; `as_ref` maps null to None.
    let view = unsafe { view.as_ref() };
    detached_boundary(0, || {
        let Some(view) = view else { return 0 };
        // SAFETY: a filled view.
        let layout = unsafe { Layout::of(view) };
        is_contiguous(&layout, order)
    })
}

/// Copy all items into `buf`, which has `len` bytes.
///
/// # Safety
/// `buf` is writable for `len` bytes; `view` is null or filled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_ToContiguous(
    buf: *mut c_void,
    view: *const Py_buffer,
    len: isize,
    order: c_char,
) -> c_int {
    const NAME: &str = "PyBuffer_ToContiguous";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: by this function's contract.
        let view = unsafe { filled(vm, view, NAME) }?;
        if len != view.len {
            return Err(vm.new_value_error("PyBuffer_ToContiguous: len != view->len"));
        }
        // SAFETY: a filled view.
        let layout = unsafe { Layout::of(view) };
        if is_contiguous(&layout, order) == 1 {
            // SAFETY: `len` bytes without gaps on both sides.
            unsafe {
                view.buf
                    .cast::<u8>()
                    .copy_to(buf.cast(), len.unsigned_abs())
            };
        } else {
            // SAFETY: a filled view, and room for all its items.
            unsafe { layout.gather(view.buf, buf.cast(), copy_order(order)) };
        }
        Ok(0)
    })
}

/// Copy at most `len` bytes into the items of `view`.
///
/// # Safety
/// `buf` has `len` bytes; `view` is null or filled and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_FromContiguous(
    view: *const Py_buffer,
    buf: *const c_void,
    len: isize,
    order: c_char,
) -> c_int {
    const NAME: &str = "PyBuffer_FromContiguous";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: by this function's contract.
        let view = unsafe { filled(vm, view, NAME) }?;
        let length = len.min(view.len).max(0).unsigned_abs();
        // SAFETY: a filled view.
        let layout = unsafe { Layout::of(view) };
        if is_contiguous(&layout, order) == 1 {
            // SAFETY: at least `length` bytes without gaps on both sides.
            unsafe { view.buf.cast::<u8>().copy_from(buf.cast(), length) };
        } else {
            // SAFETY: a filled view, and `length` bytes of source.
            unsafe { layout.scatter(buf.cast(), length, view.buf, copy_order(order)) };
        }
        Ok(0)
    })
}

/// Copy the items of `source` into those of `target`, which may be larger.
///
/// # Safety
/// Both are null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CopyData(target: *mut PyObject, source: *mut PyObject) -> c_int {
    const NAME: &str = "PyObject_CopyData";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: by this function's contract.
        let target = unsafe { borrowed(vm, target, NAME, "dest") }?;
        // SAFETY: by this function's contract.
        let source = unsafe { borrowed(vm, source, NAME, "src") }?;
        if !target.check_buffer() || !source.check_buffer() {
            let words = "both destination and source must be bytes-like objects";
            return Err(vm.new_type_error(words));
        }
        let (mut to, mut from) = (Py_buffer::EMPTY, Py_buffer::EMPTY);
        held::acquire(vm, target, &mut to, flags::FULL)?;
        let copied = held::acquire(vm, source, &mut from, flags::FULL_RO)
            .and_then(|()| copy_items(vm, &to, &from));
        // SAFETY: both are filled or empty, and not used any more.
        unsafe {
            held::release(&mut to);
            held::release(&mut from);
        }
        copied.map(|()| 0)
    })
}

fn copy_items(vm: &VirtualMachine, to: &Py_buffer, from: &Py_buffer) -> PyResult<()> {
    if to.len < from.len {
        let words = "destination is too small to receive data from source";
        return Err(vm.new_buffer_error(words.to_owned()));
    }
    let order = copy_order(b'C'.cast_signed());
    let length = from.len.max(0).unsigned_abs();
    let mut bytes = vec![0_u8; length];
    // SAFETY: both views are filled, and the bytes have room for all items of the source.
    unsafe {
        Layout::of(from).gather(from.buf, bytes.as_mut_ptr(), order);
        Layout::of(to).scatter(bytes.as_ptr(), length, to.buf, order);
    }
    Ok(())
}

/// # Safety
/// `shape` and `strides` have `ndims` entries.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_FillContiguousStrides(
    ndims: c_int,
    shape: *mut isize,
    strides: *mut isize,
    itemsize: c_int,
    order: c_char,
) {
    detached_boundary((), || {
        let dimensions = usize::try_from(ndims).unwrap_or(0);
        if dimensions == 0 || shape.is_null() || strides.is_null() {
            return;
        }
        // SAFETY: not null, and that long by this function's contract.
        let shape = unsafe { core::slice::from_raw_parts(shape, dimensions) };
        let filled = contiguous_strides(shape, itemsize as isize, copy_order(order));
        // SAFETY: as above.
        unsafe { strides.copy_from(filled.as_ptr(), dimensions) };
    });
}

/// Fill `view` for `len` bytes at `buf`: what a simple `bf_getbuffer` does.
///
/// # Safety
/// `view` is null or writable, and stays where it is; `object` is null or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_FillInfo(
    view: *mut Py_buffer,
    object: *mut PyObject,
    buf: *mut c_void,
    len: isize,
    readonly: c_int,
    requested: c_int,
) -> c_int {
    ffi_boundary("PyBuffer_FillInfo", -1, |vm| {
        if view.is_null() {
            let words = "PyBuffer_FillInfo: view==NULL argument is obsolete";
            return Err(vm.new_buffer_error(words.to_owned()));
        }
        if requested == flags::READ || requested == flags::WRITE {
            return Err(bad_internal_call(vm));
        }
        if requested & flags::WRITABLE != 0 && readonly != 0 {
            return Err(vm.new_buffer_error("Object is not writable.".to_owned()));
        }
        // SAFETY: null or alive, by this function's contract; the view gets a reference.
        if let Some(object) = unsafe { object.as_ref() } {
            let _ = object.to_owned().into_raw();
        }
        // SAFETY: by this function's contract.
        unsafe { exported::fill_info(view, object, buf, len, readonly != 0, requested) };
        Ok(0)
    })
}

/// `struct.calcsize(format)`.
///
/// # Safety
/// `format` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_SizeFromFormat(format: *const c_char) -> isize {
    const NAME: &str = "PyBuffer_SizeFromFormat";
    ffi_boundary(NAME, -1, |vm| {
        // SAFETY: by this function's contract.
        let format = unsafe { crate::objects::borrowed_str(vm, format, NAME, "format") }?;
        let calcsize = vm.import("struct", 0)?.get_attr("calcsize", vm)?;
        calcsize.call((format.to_owned(),), vm)?.try_into_value(vm)
    })
}

#[cfg(test)]
mod tests {
    use core::ffi::CStr;

    use rustpython_vm::builtins::PyMemoryView;
    use rustpython_vm::{AsObject, PyPayload};

    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, pending_message, with_interpreter};

    fn acquire(object: &PyObject, requested: c_int) -> (c_int, Py_buffer) {
        let mut view = Py_buffer::EMPTY;
        // SAFETY: a living object and a view of ours.
        let status = unsafe { PyObject_GetBuffer(as_pointer(&object), &mut view, requested) };
        (status, view)
    }

    #[test]
    fn what_was_not_asked_for_is_null() {
        with_interpreter(|vm| {
            let bytes = evaluate(vm, "", "b'abc'");
            let (status, mut view) = acquire(&bytes, flags::SIMPLE);
            assert_eq!(
                (status, view.len, view.itemsize, view.readonly),
                (0, 3, 1, 1)
            );
            assert!(view.format.is_null() && view.shape.is_null() && view.strides.is_null());
            // SAFETY: three bytes.
            let content = unsafe { core::slice::from_raw_parts(view.buf.cast::<u8>(), 3) };
            assert_eq!(content, b"abc");
            // SAFETY: filled; releasing twice is allowed.
            unsafe {
                PyBuffer_Release(&mut view);
                PyBuffer_Release(&mut view);
            }
            assert!(view.obj.is_null());
            let (status, view) = acquire(&bytes, flags::WRITABLE);
            assert_eq!(status, -1);
            assert!(view.obj.is_null());
            assert_eq!(pending_message(vm), "BufferError: Object is not writable.");
        });
    }

    #[test]
    fn items_of_an_array_and_of_a_reversed_view() {
        with_interpreter(|vm| {
            let view = evaluate(vm, "array", "memoryview(array.array('h', [1, 2, 3]))[::-1]");
            let (status, mut view) = acquire(&view, flags::FULL_RO);
            assert_eq!((status, view.len, view.itemsize, view.ndim), (0, 6, 2, 1));
            // SAFETY: a filled view.
            unsafe {
                assert_eq!(CStr::from_ptr(view.format), c"h");
                assert_eq!((*view.shape, *view.strides), (3, -2));
                assert_eq!(PyBuffer_IsContiguous(&view, b'A'.cast_signed()), 0);
                let last = PyBuffer_GetPointer(&view, &2);
                assert_eq!(last.cast::<i16>().read(), 1);
                let mut items = [0_i16; 3];
                let target = items.as_mut_ptr().cast();
                assert_eq!(
                    PyBuffer_ToContiguous(target, &view, 6, b'C'.cast_signed()),
                    0
                );
                assert_eq!(items, [3, 2, 1]);
                PyBuffer_Release(&mut view);
            }
        });
    }

    #[test]
    fn an_exported_bytearray_cannot_be_resized() {
        with_interpreter(|vm| {
            let target = evaluate(vm, "", "bytearray(b'abc')");
            let (status, mut view) = acquire(&target, flags::FULL);
            assert_eq!((status, view.readonly), (0, 0));
            let error = vm
                .call_method(&target, "append", (1,))
                .expect_err("exported");
            vm.set_exception(Some(error));
            assert_eq!(
                pending_message(vm),
                "BufferError: Existing exports of data: object cannot be re-sized"
            );
            // SAFETY: filled, three bytes.
            unsafe {
                let order = b'C'.cast_signed();
                assert_eq!(
                    PyBuffer_FromContiguous(&view, c"xyz".as_ptr().cast(), 3, order),
                    0
                );
                PyBuffer_Release(&mut view);
            }
            vm.call_method(&target, "append", (1,)).expect("released");
            let text = target.repr(vm).expect("repr");
            assert_eq!(text.as_wtf8().to_string(), "bytearray(b'xyz\\x01')");
        });
    }

    #[test]
    fn ctypes_gives_no_strides() {
        with_interpreter(|vm| {
            let array = evaluate(vm, "ctypes", "(ctypes.c_short * 2 * 3)()");
            let (status, mut view) = acquire(&array, flags::FULL_RO);
            assert_eq!((status, view.ndim, view.len), (0, 2, 12));
            assert!(view.strides.is_null() && !view.shape.is_null());
            // SAFETY: filled.
            unsafe {
                assert_eq!(PyBuffer_IsContiguous(&view, b'C'.cast_signed()), 1);
                PyBuffer_Release(&mut view);
            }
        });
    }

    static mut MEMORY: [u8; 4] = *b"host";
    static RELEASED: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);

    unsafe extern "C" fn getbuffer(
        object: *mut PyObject,
        view: *mut Py_buffer,
        requested: c_int,
    ) -> c_int {
        // SAFETY: what the interpreter passes on; memory of the test.
        unsafe { PyBuffer_FillInfo(view, object, (&raw mut MEMORY).cast(), 4, 0, requested) }
    }

    unsafe extern "C" fn releasebuffer(_object: *mut PyObject, _view: *mut Py_buffer) {
        RELEASED.fetch_add(1, core::sync::atomic::Ordering::SeqCst);
    }

    #[test]
    fn a_c_type_is_a_buffer_for_memoryview() {
        with_interpreter(|vm| {
            // Any object can stand for one whose type has the slots.
            let exporter = evaluate(vm, "", "[]");
            let flags = rustpython_vm::protocol::BufferFlags::FULL_RO;
            let buffer = exported::protocol(vm, &exporter, flags, getbuffer, Some(releasebuffer));
            let view = PyMemoryView::from_buffer(buffer.expect("a buffer"), vm).expect("a view");
            let view = view.into_ref(&vm.ctx);
            let shown = view.as_object().get_attr("obj", vm).expect("obj");
            assert!(shown.is(&exporter));
            vm.call_method(view.as_object(), "__setitem__", (0, 109))
                .expect("writable");
            let content = vm
                .call_method(view.as_object(), "tobytes", ())
                .expect("tobytes");
            assert_eq!(
                content.repr(vm).expect("repr").as_wtf8().to_string(),
                "b'most'"
            );
            assert_eq!(RELEASED.load(core::sync::atomic::Ordering::SeqCst), 0);
            vm.call_method(view.as_object(), "release", ())
                .expect("released");
            assert_eq!(RELEASED.load(core::sync::atomic::Ordering::SeqCst), 1);
        });
    }

    #[test]
    fn copying_needs_room() {
        with_interpreter(|vm| {
            let target = evaluate(vm, "", "bytearray(5)");
            let source = evaluate(vm, "", "b'abc'");
            let large = evaluate(vm, "", "b'abcdef'");
            // SAFETY: living objects.
            unsafe {
                assert_eq!(
                    PyObject_CopyData(as_pointer(&target), as_pointer(&source)),
                    0
                );
                assert_eq!(
                    PyObject_CopyData(as_pointer(&target), as_pointer(&large)),
                    -1
                );
            }
            assert_eq!(
                pending_message(vm),
                "BufferError: destination is too small to receive data from source"
            );
            let text = target.repr(vm).expect("repr").as_wtf8().to_string();
            assert_eq!(text, "bytearray(b'abc\\x00\\x00')");
            // SAFETY: a C string.
            assert_eq!(unsafe { PyBuffer_SizeFromFormat(c"<ih".as_ptr()) }, 6);
        });
    }

    #[test]
    fn who_has_a_buffer_and_how_far_apart_its_items_lie() {
        with_interpreter(|vm| {
            let (bytes, number) = (evaluate(vm, "", "b'x'"), evaluate(vm, "", "1"));
            let mut shape = [2, 3, 4];
            let mut strides = [0; 3];
            // SAFETY: living objects, and places as long as the count says.
            unsafe {
                assert_eq!(PyObject_CheckBuffer(as_pointer(&bytes)), 1);
                assert_eq!(PyObject_CheckBuffer(as_pointer(&number)), 0);
                for (order, expected) in [(b'C', [96, 32, 8]), (b'F', [8, 16, 48])] {
                    let order = order.cast_signed();
                    PyBuffer_FillContiguousStrides(
                        3,
                        shape.as_mut_ptr(),
                        strides.as_mut_ptr(),
                        8,
                        order,
                    );
                    assert_eq!(strides, expected);
                }
            }
        });
    }
}
