//! Notes of the functions that an extension calls, as who asks for them finds them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{command, compile_c, fresh_dir, ran};

const RECORD: usize = 128;

fn modules(name: &str) -> PathBuf {
    let dir = fresh_dir(name);
    compile_c("slots.c", &dir.join("full.so"));
    dir
}

fn run(mut command: Command, script: &str) {
    let ran = ran(command.args(["-c", script]).output().expect("start"));
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
}

/// The first bytes of the file, and what was noted by the time the script had ended.
fn notes(modules: &Path, size: usize, script: &str) -> (Vec<u8>, BTreeSet<String>) {
    let file = modules.join("notes");
    fs::write(&file, vec![0; size]).expect("a file of zeros");
    let mut host = command(modules);
    host.env("BACKEND_MATRIX_CALLS", &file);
    run(host, script);
    let bytes = fs::read(&file).expect("the notes");
    let noted = bytes.chunks(RECORD).skip(1).filter(|record| record[0] == 1);
    let name = |record: &[u8]| {
        let name = record[2..].split(|byte| *byte == 0).next();
        String::from_utf8(name.expect("a name").to_vec()).expect("UTF-8")
    };
    (bytes[..4].to_vec(), noted.map(name).collect())
}

#[test]
fn what_an_extension_calls_is_noted_and_nothing_else() {
    let dir = modules("calls");
    let (head, imported) = notes(&dir, 64 * 1024, "import full");
    assert_eq!(
        head,
        [1, 0, 1, 0],
        "watched, whole, and the host called the export hook"
    );
    assert_eq!(imported, ["PyErr_Occurred".to_owned()].into());
    let (_, called) = notes(&dir, 64 * 1024, "import full; full.count(); full.size()");
    let called: Vec<&String> = called.difference(&imported).collect();
    assert_eq!(
        called,
        [
            "PyLong_FromLong",
            "PyModule_GetState",
            "PyModule_GetStateSize"
        ]
    );
}

#[test]
fn without_room_for_the_notes_they_say_so() {
    let dir = modules("calls_without_room");
    let (head, called) = notes(&dir, 2 * RECORD, "import full; full.count()");
    assert_eq!((&head[..2], called), (&[0, 1][..], BTreeSet::new()));
}

#[test]
fn a_file_that_is_not_there_is_no_reason_to_fail() {
    let dir = modules("calls_without_file");
    let mut host = command(&dir);
    host.env("BACKEND_MATRIX_CALLS", dir.join("nowhere"));
    run(host, "import full; full.count()");
}
