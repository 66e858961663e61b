//! The book of births and deaths. Rust writes it, with or without an interpreter attached.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyType;

#[derive(Default)]
struct Entries {
    /// By class: how many were made, how many were dropped.
    counts: BTreeMap<&'static str, (u64, u64)>,
    /// What happened, in order, and whether Python wrote it.
    events: Vec<(bool, String)>,
}

/// Counts objects of each class of this module that were made with it and dropped since.
#[pyclass(module = "sample_gc", frozen)]
#[derive(Clone, Default)]
pub struct Ledger {
    entries: Arc<Mutex<Entries>>,
    /// Count only: a long run would fill the memory with events.
    quiet: bool,
}

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Write down a birth. What is returned writes down the death when it is dropped.
    pub fn receipt(&self, class: &'static str, label: &str) -> Receipt {
        self.entries().counts.entry(class).or_default().0 += 1;
        Receipt {
            ledger: self.clone(),
            class,
            label: label.to_owned(),
        }
    }
}

#[pymethods]
impl Ledger {
    #[new]
    #[pyo3(signature = (*, quiet = false))]
    fn new(quiet: bool) -> Self {
        Self {
            quiet,
            ..Self::default()
        }
    }

    /// Write an event; finalisers and callbacks in Python use it.
    fn note(&self, event: String) {
        self.entries().events.push((true, event));
    }

    /// For each class how many objects were made, and how many were dropped.
    fn counts(&self) -> BTreeMap<&'static str, (u64, u64)> {
        self.entries().counts.clone()
    }

    /// For each class how many objects are alive. Less than 0 if one was dropped twice.
    fn alive(&self) -> BTreeMap<&'static str, i128> {
        let entries = self.entries();
        let counts = entries.counts.iter();
        counts
            .map(|(class, (made, dropped))| (*class, i128::from(*made) - i128::from(*dropped)))
            .collect()
    }

    /// What happened, in order. The order in which one collection frees a cycle is nobody's promise.
    fn events(&self) -> Vec<String> {
        let entries = self.entries();
        entries
            .events
            .iter()
            .map(|(_, each)| each.clone())
            .collect()
    }

    /// What Python wrote, in order.
    fn noted(&self) -> Vec<String> {
        let entries = self.entries();
        let noted = entries.events.iter().filter(|(noted, _)| *noted);
        noted.map(|(_, each)| each.clone()).collect()
    }

    /// What happened, sorted.
    fn sorted_events(&self) -> Vec<String> {
        let mut events = self.events();
        events.sort();
        events
    }
}

/// Lives in an object of Rust and writes down its death.
pub struct Receipt {
    ledger: Ledger,
    class: &'static str,
    pub label: String,
}

impl Drop for Receipt {
    fn drop(&mut self) {
        let mut entries = self.ledger.entries();
        entries.counts.entry(self.class).or_default().1 += 1;
        if !self.ledger.quiet {
            entries
                .events
                .push((false, format!("dropped {}", self.label)));
        }
    }
}

/// Collect what earlier programs left behind, and let no collection start by itself from here on: when one does is
/// nobody's promise. What the left objects raise is not this program's doing.
#[pyfunction]
pub fn pause_collector(py: Python<'_>) -> PyResult<()> {
    let (sys, gc) = (py.import("sys")?, py.import("gc")?);
    let hook = sys.getattr("unraisablehook")?;
    sys.setattr("unraisablehook", py.get_type::<PyType>())?;
    let collected = gc.call_method0("collect");
    sys.setattr("unraisablehook", hook)?;
    collected?;
    gc.call_method0("disable")?;
    Ok(())
}

/// Collect. How many objects were found is nobody's promise, so it is not told.
#[pyfunction]
pub fn collect(py: Python<'_>) -> PyResult<()> {
    py.import("gc")?.call_method0("collect")?;
    Ok(())
}
