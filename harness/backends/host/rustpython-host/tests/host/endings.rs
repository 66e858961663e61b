//! How a process of the host ends: its status, what is said, and what still happens.

use std::fs;
use std::os::unix::process::ExitStatusExt;

use crate::support::{Ran, bare, command, compile_c, fresh_dir, ran, run, with_arguments};

#[test]
fn exit_codes_atexit_and_flushing() {
    let dir = fresh_dir("exit");
    let Ran { stdout, status, .. } = run(
        &dir,
        "import atexit, sys; atexit.register(print, 'bye'); sys.stdout.write('no newline '); sys.exit(7)",
    );
    assert_eq!((stdout.as_str(), status), ("no newline bye\n", Some(7)));
    let Ran { stderr, status, .. } = run(&dir, "1/0");
    assert_eq!(status, Some(1));
    assert!(stderr.contains("ZeroDivisionError"), "{stderr}");
}

/// What `sys.exit` is given, and what the process ends with. Source: the library's "sys.exit".
#[test]
fn each_exit_value_has_its_status_and_text() {
    let dir = fresh_dir("exit_values");
    for (value, status, stderr) in [
        ("", 0, ""),
        ("None", 0, ""),
        ("0", 0, ""),
        ("True", 1, ""),
        ("256 + 3", 3, ""),
        ("-1", 255, ""),
        ("2**70", 255, ""),
        ("'some text'", 1, "some text\n"),
        ("(1, 2)", 1, "(1, 2)\n"),
        ("1.5", 1, "1.5\n"),
    ] {
        let output = with_arguments(&dir, &["-c", &format!("import sys; sys.exit({value})")]);
        assert_eq!(
            (output.status, output.stderr.as_str()),
            (Some(status), stderr),
            "sys.exit({value})"
        );
    }
}

#[test]
fn what_goes_wrong_ends_with_its_own_status() {
    let dir = fresh_dir("wrong");
    for (arguments, status, said) in [
        (&["-c", "x = ("][..], 1, "SyntaxError: '(' was never closed"),
        (&["nowhere.py"], 2, "nowhere.py': [Errno 2]"),
        (&["-m", "nowhere"], 1, "No module named nowhere"),
        (
            &["-W", "error", "-c", "import warnings; warnings.warn('w')"],
            1,
            "UserWarning: w",
        ),
        (
            &["-W", "nonsense", "-c", ""],
            0,
            "Invalid -W option ignored",
        ),
        (
            &[
                "-c",
                "import threading; threading.Thread(target=lambda: 1/0).start()",
            ],
            0,
            "Exception in thread Thread-1",
        ),
        (
            &["-c", "import atexit; atexit.register(lambda: 1/0)"],
            0,
            "Exception ignored in atexit callback",
        ),
    ] {
        let output = with_arguments(&dir, arguments);
        assert_eq!(
            output.status,
            Some(status),
            "{arguments:?}: {}",
            output.stderr
        );
        assert!(
            output.stderr.contains(said),
            "{arguments:?}: {}",
            output.stderr
        );
    }
    let unknown = with_arguments(&dir, &["--nosuch"]);
    // On stdout, and with 1 instead of CPython's 2: RustPython's own way.
    assert_eq!(
        (unknown.stdout.as_str(), unknown.status),
        ("invalid option '--nosuch'\n", Some(1))
    );
}

#[test]
fn a_process_ends_in_order() {
    let dir = fresh_dir("order");
    let order = "
import atexit, sys, threading, time
class Dies:
    def __del__(self): print('freed')
atexit.register(print, 'first registered, last called')
atexit.register(print, 'last registered, first called')
threading.Thread(target=lambda: (time.sleep(.2), print('thread'))).start()
kept = Dies()
sys.stdout.write('main, not flushed; ')
";
    let output = with_arguments(&dir, &["-c", order]);
    assert_eq!(
        output.stdout,
        "main, not flushed; thread\nlast registered, first called\nfirst registered, last called\nfreed\n",
        "{}",
        output.stderr
    );
    assert_eq!(output.status, Some(0));
    let at_once =
        "import atexit, os, sys; atexit.register(print, 'no'); sys.stdout.write('no'); os._exit(3)";
    let output = with_arguments(&dir, &["-c", at_once]);
    assert_eq!(
        (output.stdout.as_str(), output.status),
        ("", Some(3)),
        "{}",
        output.stderr
    );
}

#[test]
fn threads_that_never_end_do_not_hold_the_process() {
    let dir = fresh_dir("spinning");
    let script = "
import sys, threading, time
def spin():
    while True: pass
for target in (spin, spin, lambda: time.sleep(1000), lambda: threading.Event().wait()):
    threading.Thread(target=target, daemon=True).start()
print('done')
sys.exit(4)
";
    let output = with_arguments(&dir, &["-c", script]);
    assert_eq!(
        (output.stdout.as_str(), output.status),
        ("done\n", Some(4)),
        "{}",
        output.stderr
    );
}

#[test]
fn output_that_cannot_be_written_is_said_in_the_status() {
    let dir = fresh_dir("full");
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let output = ran(bare(&dir)
        .args(["-c", "print('lost')"])
        .stdout(full)
        .output()
        .expect("start"));
    // Source: C-API, "Py_RunMain": 120 if the last flush fails.
    assert_eq!(output.status, Some(120), "{}", output.stderr);
    assert!(
        output.stderr.contains("No space left on device"),
        "{}",
        output.stderr
    );
}

/// RustPython built with its C-API runs the program on a second thread state, which has no signal handlers until
/// `signal.signal` is called (its `lib.rs`, `run`): an interrupt does not arrive, and breaks into the last flush.
/// When this fails, upstream has mended it.
#[test]
fn an_interrupt_is_lost_until_a_handler_is_set_which_is_upstreams() {
    let dir = fresh_dir("interrupt");
    let interrupt = "os.kill(os.getpid(), signal.SIGINT); time.sleep(.1); print('went on')";
    let lost = format!("import os, signal, time; {interrupt}");
    let output = with_arguments(&dir, &["-c", &lost]);
    assert_eq!(
        (output.stdout.as_str(), output.status),
        ("went on\n", Some(120))
    );
    let set = "signal.signal(signal.SIGINT, signal.default_int_handler)";
    let arrives = format!("import os, signal, time; {set}; {interrupt}");
    let output = bare(&dir).args(["-c", &arrives]).output().expect("start");
    assert_eq!(output.status.signal(), Some(libc::SIGINT));
    assert!(output.stdout.is_empty());
}

/// The process ends by the signal, so that its parent knows (CPython's `exit_sigint`); but RustPython raises it before
/// threads are waited for and `atexit` has run (vm/src/vm/interpreter.rs, `finalize`), which is upstream's to mend.
#[test]
fn an_interrupt_that_nothing_catches_ends_the_process_by_its_signal() {
    let dir = fresh_dir("interrupted");
    let script =
        "import atexit; atexit.register(print, 'bye'); print('flushed'); raise KeyboardInterrupt";
    let output = bare(&dir).args(["-c", script]).output().expect("start");
    assert_eq!(output.status.signal(), Some(libc::SIGINT));
    assert_eq!(output.stdout, b"flushed\n");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.ends_with("KeyboardInterrupt\n"), "{said}");
}

#[test]
fn faulthandler_shows_where_python_was() {
    let dir = fresh_dir("dump");
    // Twice: Rust's runtime takes the first for an overflow of the stack, and puts the default action back.
    let script = "import os, signal\ndef dies():\n    for _ in 1, 2: os.kill(os.getpid(), signal.SIGSEGV)\ndies()";
    for (options, variable) in [(&["-X", "faulthandler"][..], None), (&[], Some("1"))] {
        let mut command = bare(&dir);
        if let Some(value) = variable {
            command.env("PYTHONFAULTHANDLER", value);
        }
        let output = command
            .args(options)
            .args(["-c", script])
            .output()
            .expect("start");
        assert_eq!(output.status.signal(), Some(libc::SIGSEGV));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("Fatal Python error: Segmentation fault"),
            "{said}"
        );
        assert!(
            said.contains("line 3 in dies") && said.contains("line 4 in <module>"),
            "{said}"
        );
    }
    let without = bare(&dir).args(["-c", script]).output().expect("start");
    assert_eq!(without.status.signal(), Some(libc::SIGSEGV));
    assert!(
        without.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&without.stderr)
    );
}

#[test]
fn an_extension_may_end_the_process() {
    let dir = fresh_dir("ended");
    for name in ["exits", "dies"] {
        compile_c("endings.c", &dir.join(format!("{name}.so")));
    }
    let before = "import atexit; atexit.register(print, 'bye'); print('not flushed', end=' ')";
    let exited = run(&dir, &format!("{before}\nimport exits"));
    assert_eq!(
        (exited.stdout.as_str(), exited.status),
        ("not flushed bye\n", Some(7)),
        "{}",
        exited.stderr
    );
    let died = command(&dir)
        .args(["-c", "import dies"])
        .output()
        .expect("start");
    assert_eq!(died.status.signal(), Some(libc::SIGABRT));
    assert_eq!(
        died.stderr,
        b"Fatal Python error: nothing can be done\n".as_slice()
    );
}
