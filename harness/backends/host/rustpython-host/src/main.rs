//! `rustpython-host`: finds the runtime library beside itself, loads it so that extension modules see its symbols,
//! and hands the command line over to it.
//!
//! Why two files: rustc exports symbols from a shared library only, not from an executable. Why `dlopen` and not a
//! link: cargo cannot link an executable to another package's cdylib, and this way the pair can be copied anywhere.

use std::env;
use std::ffi::{CStr, CString, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process;

/// Exit status if the runtime cannot be loaded: "cannot execute", as shells have it.
const CANNOT_START: i32 = 126;

const ENTRY: &CStr = c"backend_matrix_host_main";
type Entry = extern "C" fn() -> c_int;

fn main() {
    let entry = find_entry().unwrap_or_else(|problem| {
        eprintln!("rustpython-host: {problem}");
        process::exit(CANNOT_START)
    });
    process::exit(entry())
}

fn find_entry() -> Result<Entry, String> {
    let name = format!(
        "{}backend_matrix_host{}",
        env::consts::DLL_PREFIX,
        env::consts::DLL_SUFFIX
    );
    let executable =
        env::current_exe().map_err(|error| format!("cannot find its own path: {error}"))?;
    let library = executable.with_file_name(name);
    let handle = open(&library).map_err(|words| {
        format!(
            "cannot load its runtime {}\n  {words}\n  \
             The executable and the library belong together: copy or build both.",
            library.display()
        )
    })?;
    // SAFETY: an open handle and a NUL-terminated name.
    let entry = unsafe { libc::dlsym(handle, ENTRY.as_ptr()) };
    if entry.is_null() {
        return Err(format!(
            "{} is not the host's runtime: {}",
            library.display(),
            last_error()
        ));
    }
    // SAFETY: the runtime defines this symbol as such a function.
    Ok(unsafe { std::mem::transmute::<*mut c_void, Entry>(entry) })
}

/// RTLD_GLOBAL is the point: extension modules are linked against nothing and look here for the C-API.
fn open(library: &Path) -> Result<*mut c_void, String> {
    let path = CString::new(library.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: a NUL-terminated path to the library that belongs to this executable.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if handle.is_null() {
        Err(last_error())
    } else {
        Ok(handle)
    }
}

fn last_error() -> String {
    // SAFETY: dlerror returns null or a string of this thread, valid until its next dl* call.
    let words = unsafe { libc::dlerror() };
    if words.is_null() {
        return "no reason given".to_owned();
    }
    // SAFETY: not null, see above.
    unsafe { CStr::from_ptr(words) }
        .to_string_lossy()
        .into_owned()
}
