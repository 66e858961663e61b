//! Notes of which functions of the C-API an extension calls, for who asks for them when the process is started.
//!
//! `BACKEND_MATRIX_CALLS` names a file of zeros, which is mapped and shared with who made it, so the notes outlive a
//! process that dies. Without it nothing is watched, and all that is left is a look at a null pointer in
//! [`host_acts`].
//!
//! An extension reaches the C-API through addresses that the dynamic linker writes into it. Once it is loaded, each
//! of them is replaced by the address of a few instructions that leave a note and jump to the function. A note tells
//! calls that return to the extension from those that return to the runtime: then the extension handed the function
//! to the interpreter, or called it as the last thing that one of its own functions did.
//!
//! The file is an array of records of `RECORD` bytes. Of the first, byte 0 is 1 once a library is watched, byte 1 if
//! something could not be, byte 2 if the host did something without being called, and bytes 4 to 7 count the records in
//! use. Of the others, byte 0 is 1 if the function returned to the extension, byte 1 if to the runtime; its name
//! follows, and a NUL. Who reads may set a note to 0 again.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod libraries;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod watcher;

use core::sync::atomic::{AtomicPtr, AtomicU8, Ordering};

const ACTED: usize = 2;

/// The mapped file; null where nobody asked for notes.
static NOTES: AtomicPtr<u8> = AtomicPtr::new(core::ptr::null_mut());

/// Note that the host does something that no function of the C-API asks of it: it calls a function of the extension,
/// such as a slot of a type, deals with a class that it made, or imports.
#[inline]
pub fn host_acts() {
    let notes = NOTES.load(Ordering::Relaxed);
    if !notes.is_null() {
        set(notes, ACTED);
    }
}

fn set(notes: *mut u8, what: usize) {
    // SAFETY: the first record lies in the mapping, which is never taken away; a byte has no alignment.
    unsafe { AtomicU8::from_ptr(notes.add(what)) }.store(1, Ordering::Relaxed);
}

/// Watch the libraries that were loaded since the last call, if notes were asked for.
pub fn watch_what_was_loaded() {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    watcher::watch_what_was_loaded();
}
