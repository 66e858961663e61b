//! Ways not to come back, and what is left behind by those that do.

use std::thread::{sleep, spawn};
use std::time::Duration;

use crate::misbehaving;

const LONG: Duration = Duration::from_secs(600);

/// Start a process that sleeps, `daemons` of them one inside the other, each in a session of its own.
fn leave_processes(daemons: u32) {
    // SAFETY: the child calls nothing but what may be called after a fork of a process with threads.
    unsafe {
        if libc::fork() == 0 {
            libc::setsid();
            if daemons > 1 && libc::fork() != 0 {
                libc::_exit(0);
            }
            libc::setsid();
            libc::sleep(600);
            libc::_exit(0);
        }
    }
}

misbehaving! {
    fn hang(value) { sleep(LONG) }
    fn spin(value) { while std::hint::black_box(value) == value {} }
    fn stop_itself(value) {
        // SAFETY: a signal to ourselves.
        unsafe { libc::raise(libc::SIGSTOP) };
    }
    fn leave_a_thread(value) { spawn(|| sleep(LONG)); }
    fn spin_in_a_thread(value) {
        spawn(|| loop { std::hint::spin_loop() });
    }
    fn leave_a_child(value) { leave_processes(1) }
    fn become_a_daemon(value) { leave_processes(2) }
    fn change_directory(value) { let _ = std::env::set_current_dir("/"); }
    fn close_descriptors(value) {
        for descriptor in 0..64 {
            // SAFETY: none; whoever owns them is what is tested.
            unsafe { libc::close(descriptor) };
        }
    }
    fn close_replies(value) {
        for descriptor in 3..64 {
            // SAFETY: as above.
            unsafe { libc::close(descriptor) };
        }
        sleep(LONG);
    }
}
