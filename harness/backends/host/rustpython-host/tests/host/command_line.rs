//! The executable behaves as `rustpython` does, from wherever it lies.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{Ran, command, fresh_dir, host, ran, run};

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
        let mut child = command(&dir)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(b"print(6 * 7)\n").expect("write");
        drop(stdin);
        let output = ran(child.wait_with_output().expect("wait"));
        assert!(
            output.stdout.contains("42"),
            "{} {}",
            output.stdout,
            output.stderr
        );
    }
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
