//! Stands in front of the functions that a library calls.

use core::ffi::{CStr, c_int, c_void};
use core::ops::Range;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::libraries::{Import, Library, address_of, loaded};
use super::{NOTES, set};

const VARIABLE: &str = "BACKEND_MATRIX_CALLS";
const WATCHED: usize = 0;
const INCOMPLETE: usize = 1;
const RECORD: usize = 128;
const IN_USE: usize = 4;
const NAME: usize = 2;

// What stands in front of a function. It is copied, with four words of its own at the end, and executed there.
// r11 may be changed between a call and the function's first instruction (System V ABI, "Function Calling
// Sequence"); `mov` changes no flag.
core::arch::global_asm!(
    ".pushsection .rodata.backend_matrix_watch,\"a\",@progbits",
    ".balign 8",
    ".globl backend_matrix_watch_begin, backend_matrix_watch_end",
    ".hidden backend_matrix_watch_begin, backend_matrix_watch_end",
    "backend_matrix_watch_begin:",
    "mov r11, qword ptr [rsp]",
    "sub r11, qword ptr [rip + 3f]",
    "cmp r11, qword ptr [rip + 4f]",
    "mov r11, qword ptr [rip + 5f]",
    "jb 2f",
    "mov byte ptr [r11], 1",
    "jmp qword ptr [rip + 6f]",
    "2: mov byte ptr [r11 + 1], 1",
    "jmp qword ptr [rip + 6f]",
    ".balign 8, 0xcc",
    "3: .quad 0", // where the runtime's instructions begin
    "4: .quad 0", // their size
    "5: .quad 0", // the note
    "6: .quad 0", // the function
    "backend_matrix_watch_end:",
    ".popsection",
);

unsafe extern "C" {
    static backend_matrix_watch_begin: u8;
    static backend_matrix_watch_end: u8;
}

fn template() -> &'static [u8] {
    let (begin, end) = (
        &raw const backend_matrix_watch_begin,
        &raw const backend_matrix_watch_end,
    );
    // SAFETY: both labels stand in one section that is never written to, the second behind the first.
    unsafe { core::slice::from_raw_parts(begin, end.addr() - begin.addr()) }
}

pub fn watch_what_was_loaded() {
    static WATCHER: OnceLock<Option<Mutex<Watcher>>> = OnceLock::new();
    if let Some(watcher) = WATCHER.get_or_init(|| Watcher::asked_for().map(Mutex::new)) {
        let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
        let done = watcher.watch_new();
        set(
            watcher.notes,
            if done.is_some() { WATCHED } else { INCOMPLETE },
        );
    }
}

struct Watcher {
    notes: *mut u8,
    records: usize,
    runtime: Range<usize>,
    /// Where what is known already was loaded.
    known: Vec<usize>,
}

// SAFETY: the mapping is never taken away, and written to by atomic instructions or while the lock is held.
unsafe impl Send for Watcher {}

impl Watcher {
    /// What `VARIABLE` asks for; `None` if it is not set, or not to a file that can be mapped.
    fn asked_for() -> Option<Self> {
        let path = std::env::var_os(VARIABLE)?;
        let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
        let size = usize::try_from(file.metadata().ok()?.len()).ok()?;
        let ours = watch_what_was_loaded as *const () as usize;
        let runtime = loaded().iter().find_map(|each| each.code_around(ours))?;
        let notes = map(size, libc::MAP_SHARED, Some(&file)).filter(|_| size >= RECORD)?;
        NOTES.store(notes, Ordering::Relaxed);
        Some(Self {
            notes,
            records: size / RECORD - 1,
            runtime,
            known: Vec::new(),
        })
    }

    /// Watch what is new; `None` if something could not be.
    fn watch_new(&mut self) -> Option<()> {
        for library in loaded() {
            let is_runtime = library.code_around(self.runtime.start).is_some();
            if !is_runtime && !self.known.contains(&library.base) {
                self.known.push(library.base);
                self.watch(&library)?;
            }
        }
        Some(())
    }

    fn watch(&self, library: &Library) -> Option<()> {
        let functions: Vec<(Import, usize)> = library
            .imports()
            .into_iter()
            .map(|import| (address_of(import.name), import))
            .filter(|(address, _)| self.runtime.contains(address))
            .map(|(address, import)| (import, address))
            .collect();
        if functions.is_empty() {
            return Some(());
        }
        let length = template().len();
        let size = functions.len() * length;
        let code = map(size, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, None)?;
        for (number, (import, function)) in functions.iter().enumerate() {
            let note = self.note_of(import.name)?;
            let words = [
                self.runtime.start,
                self.runtime.len(),
                note.addr(),
                *function,
            ];
            // SAFETY: there is room for so many; the words lie at the template's end, whose length and place are
            // multiples of their alignment.
            unsafe {
                let place = code.add(number * length);
                place.copy_from_nonoverlapping(template().as_ptr(), length);
                let its_words = place.add(length - size_of_val(&words));
                its_words.cast::<[usize; 4]>().write(words);
            }
        }
        // SAFETY: our own mapping, which nothing is written to from now on.
        let executable =
            unsafe { libc::mprotect(code.cast(), size, libc::PROT_READ | libc::PROT_EXEC) } == 0;
        if !executable {
            return None;
        }
        for (number, (import, _)) in functions.iter().enumerate() {
            replace(import.slot, code.addr() + number * length)?;
        }
        Some(())
    }

    /// The record of a function; `None` if there is no room.
    fn note_of(&self, name: &CStr) -> Option<*mut u8> {
        if NAME + name.to_bytes_with_nul().len() > RECORD {
            return None;
        }
        // SAFETY: it lies in the first record, and is aligned as the mapping is.
        let in_use = unsafe { AtomicU32::from_ptr(self.notes.add(IN_USE).cast()) };
        // Processes that share the file share its records, or a worker that is started often would fill it.
        let used = (in_use.load(Ordering::Relaxed) as usize).min(self.records);
        let known = (0..used).map(|number| self.record(number)).find(|record| {
            // SAFETY: it ends with a NUL. What another process has not written whole yet is another name.
            unsafe { CStr::from_ptr(record.add(NAME).cast()) == name }
        });
        known.or_else(|| {
            let number = in_use.fetch_add(1, Ordering::Relaxed) as usize;
            let record = (number < self.records).then(|| self.record(number))?;
            let bytes = name.to_bytes();
            // SAFETY: it is this name's alone, and has room for it.
            unsafe {
                record
                    .add(NAME)
                    .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
            };
            Some(record)
        })
    }

    fn record(&self, number: usize) -> *mut u8 {
        // SAFETY: there are as many, behind the first.
        unsafe { self.notes.add((number + 1) * RECORD) }
    }
}

/// Write an address where the dynamic linker wrote another, which may be protected since; it stays writable.
fn replace(slot: usize, address: usize) -> Option<()> {
    // SAFETY: it only asks.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok()?;
    let start = slot - slot % page;
    let size = slot + size_of::<usize>() - start;
    const WRITABLE: c_int = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a page of a library's data, which nothing else protects.
    if unsafe { libc::mprotect(start as *mut c_void, size, WRITABLE) } != 0 {
        return None;
    }
    // SAFETY: writable now, and aligned as the dynamic linker needs it.
    unsafe { AtomicUsize::from_ptr(slot as *mut usize) }.store(address, Ordering::Relaxed);
    Some(())
}

fn map(size: usize, flags: c_int, file: Option<&File>) -> Option<*mut u8> {
    let file = file.map_or(-1, AsRawFd::as_raw_fd);
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping, wherever the kernel puts it.
    let place = unsafe { libc::mmap(null_mut(), size, access, flags, file, 0) };
    (place != libc::MAP_FAILED).then_some(place.cast())
}
