//! The executable behaves as `rustpython` does, from wherever it lies.

use std::fs;
use std::process::Command;

use crate::support::{bare, command, fresh_dir, host, ran, with_arguments, with_input};

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
