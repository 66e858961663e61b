//! Ways to end a process.

use crate::misbehaving;

fn raise(signal: libc::c_int) {
    // SAFETY: a signal to ourselves.
    unsafe { libc::raise(signal) };
}

/// Deep enough for any stack; the result keeps the compiler from making a loop of it.
#[inline(never)]
#[allow(unconditional_recursion)]
fn recurse(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 64]);
    recurse(depth + 1) + room[(depth % 64) as usize]
}

extern "C" fn panics_in_c() {
    panic!("in a function that cannot unwind");
}

misbehaving! {
    fn segfault(value) {
        // SAFETY: none; this is what is tested.
        unsafe { std::ptr::write_volatile(std::hint::black_box(8 as *mut i64), value) };
    }
    fn bad_memory(value) {
        // SAFETY: none; the read is of an address that no process has.
        let read = unsafe { std::ptr::read_volatile(std::hint::black_box(!7 as *const i64)) };
        std::hint::black_box(read);
    }
    fn double_free(value) {
        // SAFETY: none; the C library notices.
        unsafe {
            let block = libc::malloc(4096);
            std::ptr::write_bytes(block.cast::<u8>(), 1, 4096);
            libc::free(block);
            libc::free(std::hint::black_box(block));
        }
    }
    fn abort(value) { std::process::abort() }
    fn panic(value) { panic!("it panicked at {value}") }
    fn panic_in_c(value) { panics_in_c() }
    fn panic_in_thread(value) {
        let _ = std::thread::spawn(|| panic!("in a thread")).join();
    }
    fn overflow_the_stack(value) { std::hint::black_box(recurse(0)); }
    fn exit_zero(value) { std::process::exit(0) }
    fn exit_one(value) { std::process::exit(1) }
    fn leave_at_once(value) {
        // SAFETY: it ends the process.
        unsafe { libc::_exit(3) }
    }
    fn kill_itself(value) { raise(libc::SIGKILL) }
    fn terminate(value) { raise(libc::SIGTERM) }
    fn trap(value) { raise(libc::SIGTRAP) }
    fn bus_error(value) { raise(libc::SIGBUS) }
    fn bad_float(value) { raise(libc::SIGFPE) }
    fn illegal(value) { raise(libc::SIGILL) }
}
