//! Differences in whether a call comes back.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;

use crate::PLANTED;

static CALLS: AtomicU32 = AtomicU32::new(0);

#[pyfunction]
pub fn ends_at_one_value(value: u8) -> u8 {
    if PLANTED && value == 137 {
        std::process::abort();
    }
    value
}

#[pyfunction]
pub fn never_at_one_value(value: u8) -> u8 {
    while PLANTED && value == 200 {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    value
}

#[pyfunction]
pub fn panics_otherwise(value: i64) -> i64 {
    assert!(
        value >= 0,
        "{}",
        if PLANTED {
            "less than zero"
        } else {
            "below zero"
        }
    );
    value
}

/// Every third call in a process.
#[pyfunction]
pub fn third_time() -> bool {
    PLANTED && CALLS.fetch_add(1, Ordering::Relaxed) % 3 == 2
}
