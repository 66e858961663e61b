//! The executable behaves as `rustpython` does, from wherever it lies.

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Ran, command, fresh_dir, host, ran, run};

/// A command with nothing of this process's environment that an interpreter reads.
fn bare(dir: &Path) -> Command {
    let mut command = command(dir);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PYTHON") {
            command.env_remove(name);
        }
    }
    command.env_remove("PYTHONPATH").current_dir(dir);
    command
}

fn with_arguments(dir: &Path, arguments: &[&str]) -> Ran {
    ran(bare(dir)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("start"))
}

fn with_input(dir: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut child = bare(dir)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("write");
    drop(stdin);
    ran(child.wait_with_output().expect("wait"))
}

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

#[test]
fn modules_scripts_and_stdin() {
    let dir = fresh_dir("ways");
    fs::write(
        dir.join("way.py"),
        "import sys; print(__name__, sys.argv[1:])\n",
    )
    .expect("script");
    let by_module = ran(command(&dir)
        .args(["-m", "way", "a"])
        .output()
        .expect("start"));
    assert_eq!(by_module.stdout, "__main__ ['a']\n", "{}", by_module.stderr);
    let by_path = ran(command(&dir)
        .arg(dir.join("way.py"))
        .arg("b")
        .output()
        .expect("start"));
    assert_eq!(by_path.stdout, "__main__ ['b']\n", "{}", by_path.stderr);
    for arguments in [&[][..], &["-"]] {
        let output = with_input(&dir, arguments, "print(6 * 7)\n");
        assert!(
            output.stdout.contains("42"),
            "{} {}",
            output.stdout,
            output.stderr
        );
    }
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
fn options_are_seen_in_sys_flags() {
    let dir = fresh_dir("options");
    for (options, expression, shown) in [
        (&["-E"][..], "sys.flags.ignore_environment", "1"),
        (
            &["-I"],
            "sys.flags.isolated, sys.flags.ignore_environment, sys.flags.no_user_site, sys.flags.safe_path",
            "(1, 1, 1, True)",
        ),
        (&["-s"], "sys.flags.no_user_site", "1"),
        (&["-S"], "sys.flags.no_site", "1"),
        (&["-O"], "sys.flags.optimize, __debug__", "(1, False)"),
        (
            &["-OO"],
            "sys.flags.optimize, (lambda: 0).__doc__",
            "(2, None)",
        ),
        (
            &["-P"],
            "sys.flags.safe_path, '' in sys.path",
            "(True, False)",
        ),
        (&["-B"], "sys.flags.dont_write_bytecode", "1"),
        (&["-bb"], "sys.flags.bytes_warning", "2"),
        (&["-q"], "sys.flags.quiet", "1"),
        (&["-u"], "sys.stdout.write_through", "True"),
        (
            &["-W", "ignore", "-W", "error::UserWarning"],
            "sys.warnoptions",
            "['ignore', 'error::UserWarning']",
        ),
        (
            &["-X", "utf8", "-X", "some=thing"],
            "sys._xoptions",
            "{'utf8': True, 'some': 'thing'}",
        ),
    ] {
        let script = format!("import sys; print(repr(({expression})))");
        let output = with_arguments(&dir, &[options, &["-c", &script]].concat());
        assert_eq!(
            output.stdout.trim_end(),
            shown,
            "{options:?}: {}",
            output.stderr
        );
    }
    let asserted = with_arguments(&dir, &["-O", "-c", "assert False; print('still here')"]);
    assert_eq!(asserted.stdout, "still here\n", "{}", asserted.stderr);
}

#[test]
fn the_environment_is_read_unless_an_option_says_no() {
    let dir = fresh_dir("environment");
    let modules = dir.join("modules");
    fs::create_dir(&modules).expect("directory");
    fs::write(modules.join("found_by_path.py"), "print('imported')\n").expect("module");
    for (option, status) in [(None, 0), (Some("-E"), 1), (Some("-I"), 1)] {
        let output = ran(bare(&dir)
            .env("PYTHONPATH", &modules)
            .args(option)
            .args(["-c", "import found_by_path"])
            .output()
            .expect("start"));
        assert_eq!(output.status, Some(status), "{option:?}: {}", output.stderr);
        assert_eq!(output.stdout == "imported\n", status == 0, "{option:?}");
    }
    let output = ran(bare(&dir)
        .env("PYTHONSAFEPATH", "1")
        .env("PYTHONOPTIMIZE", "2")
        .args([
            "-c",
            "import sys; print(sys.flags.safe_path, sys.flags.optimize)",
        ])
        .output()
        .expect("start"));
    assert_eq!(output.stdout, "True 2\n", "{}", output.stderr);
}

#[test]
fn a_directory_and_a_zip_file_with_a_main_module_are_run() {
    let dir = fresh_dir("mains");
    let package = dir.join("program");
    fs::create_dir(&package).expect("directory");
    let main = "import sys, other\nprint(__name__, sys.argv[1:], other.word, sys.path[0].rpartition('/')[2])\n";
    fs::write(package.join("__main__.py"), main).expect("main module");
    fs::write(package.join("other.py"), "word = 'beside'\n").expect("module");
    let by_directory = with_arguments(&dir, &["program", "a"]);
    assert_eq!(
        by_directory.stdout, "__main__ ['a'] beside program\n",
        "{}",
        by_directory.stderr
    );
    let packed = with_arguments(
        &dir,
        &[
            "-m",
            "zipfile",
            "-c",
            "program.zip",
            "program/__main__.py",
            "program/other.py",
        ],
    );
    assert_eq!(packed.status, Some(0), "{}", packed.stderr);
    let by_zip = with_arguments(&dir, &["program.zip", "b"]);
    assert_eq!(
        by_zip.stdout, "__main__ ['b'] beside program.zip\n",
        "{}",
        by_zip.stderr
    );
}

#[test]
fn lines_from_stdin_are_run_one_by_one() {
    let dir = fresh_dir("lines");
    // RustPython takes stdin for a conversation even if it is no terminal: it prompts, and goes on after an error.
    let output = with_input(
        &dir,
        &["-", "a"],
        "import sys\n1/0\nprint('argv', sys.argv)\nsys.exit(5)\nprint('no')\n",
    );
    assert!(
        output.stderr.contains("ZeroDivisionError"),
        "{}",
        output.stderr
    );
    assert!(
        output.stdout.contains("argv ['-', 'a']\n"),
        "{}",
        output.stdout
    );
    assert!(!output.stdout.contains("no\n"), "{}", output.stdout);
    assert_eq!(output.status, Some(5));
    let inspected = with_input(
        &dir,
        &["-i", "-c", "answer = 42"],
        "print('answer', answer)\n",
    );
    assert!(
        inspected.stdout.contains("answer 42\n"),
        "{} {}",
        inspected.stdout,
        inspected.stderr
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
fn faulthandler_and_executable() {
    let dir = fresh_dir("fault");
    let script = "import faulthandler, sys; print(faulthandler.is_enabled(), sys.executable)";
    let output = ran(command(&dir)
        .args(["-X", "faulthandler", "-c", script])
        .output()
        .expect("start"));
    assert_eq!(
        output.stdout,
        format!("True {}\n", host().display()),
        "{}",
        output.stderr
    );
}

#[test]
fn without_its_library_it_says_what_is_missing() {
    let dir = fresh_dir("alone");
    let alone = dir.join("rustpython-host");
    fs::copy(host(), &alone).expect("copy");
    let output = ran(Command::new(&alone).arg("-V").output().expect("start"));
    assert_eq!(output.status, Some(126));
    assert!(
        output.stderr.contains("cannot load its runtime"),
        "{}",
        output.stderr
    );
    assert!(
        output.stderr.contains("copy or build both"),
        "{}",
        output.stderr
    );
}
