//! A PyO3 extension of classes. Each script prints what every line gave; the texts beside the scripts are what CPython
//! 3.15 prints, but for the lines that `README.md` ("Limits to know") names.
//!
//! `UPDATE_GOLDEN=1` rewrites the texts with what the host prints.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs};

use crate::support::{Ran, build_extension, command, fixtures, fresh_dir, ran, run};

fn scripts() -> PathBuf {
    fixtures().join("classes/scripts")
}

/// A directory with the extension and the module that the scripts import.
fn modules() -> &'static Path {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        let dir = fresh_dir("classes");
        let library = build_extension("classes", "pyo3/abi3t");
        fs::copy(library, dir.join("classes.abi3t.so")).expect("copy the extension");
        fs::copy(scripts().join("show.py"), dir.join("show.py")).expect("copy the module");
        dir
    })
}

fn compare(name: &str) {
    let mut command = command(modules());
    let script = scripts().join(format!("{name}.py"));
    let Ran {
        stdout,
        stderr,
        status,
    } = ran(command.arg(script).output().expect("start the host"));
    assert_eq!(status, Some(0), "{stderr}");
    let golden = scripts().join(format!("{name}.txt"));
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &stdout).expect("write the expected text");
    }
    let expected = fs::read_to_string(golden).expect("the expected text");
    for (is, should) in stdout.lines().zip(expected.lines()) {
        assert_eq!(is, should, "\n{stderr}");
    }
    assert_eq!(stdout.lines().count(), expected.lines().count());
}

#[test]
fn attributes_methods_and_properties() {
    compare("attributes");
}

#[test]
fn every_slot() {
    compare("slots");
}

#[test]
fn inheritance() {
    compare("inheritance");
}

#[test]
fn lifetimes() {
    compare("lifetimes");
}

#[test]
fn python_classes_may_follow_each_other_without_end() {
    let ran = run(
        modules(),
        "
import classes
class P(classes.Bottom): pass
for _ in range(20):
    P = type('P', (P,), {})
print(len(P.__mro__), P().who())
",
    );
    assert_eq!(ran.stdout, "25 Middle\n", "{}", ran.stderr);
}

#[test]
fn a_hundred_thousand_objects_leave_nothing() {
    let script = "
import classes, gc
def rss():
    return int(next(l for l in open('/proc/self/status') if l.startswith('VmRSS')).split()[1])
def round():
    classes.build(100_000)
    for _ in range(20_000):
        a = classes.Cell(); a.held = classes.Cell(a)
        classes.Failure('x'); classes.Keys(a=1); classes.Pooled(1)
    del a
    gc.collect()
round()
before = rss()
round()
print(classes.alive(), rss() - before < 2_000)
";
    let ran = run(modules(), script);
    assert_eq!(ran.stdout, "0 True\n", "{}", ran.stderr);
}
