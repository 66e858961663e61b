//! What is loaded, and what of the C-API it uses, as the dynamic linker knows it.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ops::Range;

/// A shared library as the dynamic linker describes it.
pub struct Library {
    pub base: usize,
    code: Vec<Range<usize>>,
    dynamic: Option<usize>,
}

/// A function of the C-API that a library uses, and where the library keeps its address.
pub struct Import {
    pub name: &'static CStr,
    pub slot: usize,
}

// Source: ELF-64 Object File Format, "Symbol Table", "Relocations" and "Dynamic Table".
#[repr(C)]
struct Symbol {
    name: u32,
    info: u8,
    other: u8,
    section: u16,
    value: u64,
    size: u64,
}

#[repr(C)]
struct Relocation {
    offset: u64,
    info: u64,
    addend: i64,
}

#[repr(C)]
struct Entry {
    tag: i64,
    value: u64,
}

const END: i64 = 0;
const PLT_SIZE: i64 = 2;
const NAMES: i64 = 5;
const SYMBOLS: i64 = 6;
const RELOCATIONS: i64 = 7;
const RELOCATIONS_SIZE: i64 = 8;
const PLT: i64 = 23;
const UNDEFINED: u16 = 0;
/// `R_X86_64_64`, `R_X86_64_GLOB_DAT` and `R_X86_64_JUMP_SLOT`: the whole address of a symbol.
const WHOLE_ADDRESS: [u32; 3] = [1, 6, 7];

impl Library {
    pub fn code_around(&self, address: usize) -> Option<Range<usize>> {
        let mut ranges = self.code.iter();
        ranges.find(|range| range.contains(&address)).cloned()
    }

    /// What the library takes of the C-API.
    pub fn imports(&self) -> Vec<Import> {
        let Some(dynamic) = self.dynamic else {
            return Vec::new();
        };
        let value = |tag| entry(dynamic, tag);
        // Some systems relocate these addresses when they load a library, others do not.
        let place = |tag| {
            value(tag).map(|address| {
                if address < self.base {
                    self.base + address
                } else {
                    address
                }
            })
        };
        let (Some(symbols), Some(names)) = (place(SYMBOLS), place(NAMES)) else {
            return Vec::new();
        };
        let tables = [
            (place(RELOCATIONS), value(RELOCATIONS_SIZE)),
            (place(PLT), value(PLT_SIZE)),
        ];
        let mut imports = Vec::new();
        for (table, size) in tables {
            let (Some(table), Some(size)) = (table, size) else {
                continue;
            };
            // SAFETY: the library's own table, as long as its dynamic section says; libraries are never unloaded.
            let relocations = unsafe {
                let length = size / size_of::<Relocation>();
                core::slice::from_raw_parts(table as *const Relocation, length)
            };
            for relocation in relocations {
                let symbol = (relocation.info >> 32) as usize;
                // SAFETY: a number of the library's own table of symbols.
                let symbol = unsafe { &*(symbols as *const Symbol).add(symbol) };
                // SAFETY: an offset into the library's own table of names, each with a NUL.
                let name =
                    unsafe { CStr::from_ptr((names as *const c_char).add(symbol.name as usize)) };
                let is_ours = [&b"Py"[..], b"_Py"]
                    .iter()
                    .any(|each| name.to_bytes().starts_with(each));
                if symbol.section == UNDEFINED
                    && is_ours
                    && WHOLE_ADDRESS.contains(&(relocation.info as u32))
                    && relocation.addend == 0
                {
                    let slot = self.base + relocation.offset as usize;
                    imports.push(Import { name, slot });
                }
            }
        }
        imports
    }
}

/// An entry of the dynamic section at `dynamic`.
fn entry(dynamic: usize, tag: i64) -> Option<usize> {
    let mut at = dynamic as *const Entry;
    loop {
        // SAFETY: the section ends with an entry whose tag is `END`.
        let entry = unsafe { &*at };
        if entry.tag == tag {
            return Some(entry.value as usize);
        }
        if entry.tag == END {
            return None;
        }
        // SAFETY: as above.
        at = unsafe { at.add(1) };
    }
}

/// Everything that is loaded now.
pub fn loaded() -> Vec<Library> {
    unsafe extern "C" fn add(info: *mut libc::dl_phdr_info, _: usize, found: *mut c_void) -> c_int {
        // SAFETY: what `dl_iterate_phdr` gives, and the vector below.
        let (info, found) = unsafe { (&*info, &mut *found.cast::<Vec<Library>>()) };
        let base = info.dlpi_addr as usize;
        let mut library = Library {
            base,
            code: Vec::new(),
            dynamic: None,
        };
        for number in 0..usize::from(info.dlpi_phnum) {
            // SAFETY: one of as many as there are.
            let part = unsafe { &*info.dlpi_phdr.add(number) };
            let start = base + part.p_vaddr as usize;
            if part.p_type == libc::PT_DYNAMIC {
                library.dynamic = Some(start);
            }
            if part.p_type == libc::PT_LOAD && part.p_flags & libc::PF_X != 0 {
                library.code.push(start..start + part.p_memsz as usize);
            }
        }
        found.push(library);
        0
    }
    let mut found: Vec<Library> = Vec::new();
    // SAFETY: the callback gets what it expects, and does not unwind: it only pushes to vectors.
    unsafe { libc::dl_iterate_phdr(Some(add), (&raw mut found).cast()) };
    found
}

/// Where the dynamic linker finds a name; 0 if nowhere.
pub fn address_of(name: &CStr) -> usize {
    // SAFETY: a NUL-terminated name.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }.addr()
}
