//! Objects that are alive when the interpreter ends.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use pyo3::PyTraverseError;
use pyo3::PyVisit;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

const SCRIPTS: &str = include_str!("exit_scripts.py");
const NAMES: [&str; 10] = [
    "in_globals",
    "in_cycle",
    "in_dead_cycle",
    "in_modules",
    "at_exit",
    "finalised",
    "held_by_another",
    "in_thread",
    "in_daemon",
    "failing",
];

/// Says on the standard output that it is dropped.
#[pyclass(module = "sample_gc", subclass)]
pub struct Crier {
    #[pyo3(get)]
    label: String,
    links: Vec<Py<PyAny>>,
}

#[pymethods]
impl Crier {
    #[new]
    fn new(label: String) -> Self {
        Self {
            label,
            links: Vec::new(),
        }
    }

    fn link(&mut self, to: Py<PyAny>) {
        self.links.push(to);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.links.iter().try_for_each(|link| visit.call(link))
    }

    fn __clear__(&mut self) {
        self.links.clear();
    }
}

impl Drop for Crier {
    fn drop(&mut self) {
        cry(&format!("dropped {}", self.label));
    }
}

/// Write a line on the standard output, without Python's help.
#[pyfunction]
pub fn cry(line: &str) {
    let mut output = std::io::stdout();
    // There is nobody to tell that the output is closed.
    let _ = writeln!(output, "{line}");
    let _ = output.flush();
}

/// What a program left behind: its status, its error output, what happened before its last line or was promised for
/// later, and what happened more than once.
type Ending = (Option<i32>, String, Vec<String>, Vec<String>);

/// Run a program of `exit_scripts.py` in an interpreter of its own, to the very end.
///
/// Which objects are freed at the end is nobody's promise (the language reference, `object.__del__`), so what happened
/// after the last line is told only if its words say "promised", or if it happened twice.
#[pyfunction]
pub fn run_to_exit(py: Python<'_>, name: &str) -> PyResult<Ending> {
    if !NAMES.contains(&name) {
        return Err(PyValueError::new_err(format!("no program {name:?}")));
    }
    let sys = py.import("sys")?;
    let executable: String = sys.getattr("executable")?.extract()?;
    let path: Vec<String> = sys.getattr("path")?.extract()?;
    let mut command = Command::new(executable);
    command
        .args(["-c", SCRIPTS, name])
        .env("PYTHONPATH", path.join(":"))
        .stdin(Stdio::null());
    let output = py.detach(|| command.output())?;
    let lines = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = lines.lines().collect();
    let end = lines.iter().position(|line| *line == "end");
    let told = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| end.is_none_or(|end| *at < end) || line.contains("promised"));
    let mut times = BTreeMap::<&str, usize>::new();
    for line in &lines {
        *times.entry(line).or_default() += 1;
    }
    let twice = times.into_iter().filter(|(_, times)| *times > 1);
    Ok((
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
        told.map(|(_, line)| line.to_string()).collect(),
        twice.map(|(line, _)| line.to_owned()).collect(),
    ))
}
