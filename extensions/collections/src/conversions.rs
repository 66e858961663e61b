//! Containers copied into Rust's own, and back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use indexmap::IndexMap;
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyFrozenSet;

/// Add a sequence of integers.
#[pyfunction]
pub fn total(values: Vec<i64>) -> PyResult<i64> {
    values
        .into_iter()
        .try_fold(0_i64, i64::checked_add)
        .ok_or_else(|| PyOverflowError::new_err("the total does not fit i64"))
}

/// Exactly three integers, turned round.
#[pyfunction]
pub fn array_of_three(values: [i32; 3]) -> [i32; 3] {
    let [first, second, third] = values;
    [third, second, first]
}

/// A tuple of exactly two, turned round.
#[pyfunction]
pub fn pair(values: (i64, String)) -> (String, i64) {
    (values.1, values.0)
}

/// Lists in a list, with gaps: the rows' lengths, and the rows.
#[pyfunction]
pub fn nested_lists(rows: Vec<Vec<Option<i64>>>) -> (Vec<usize>, Vec<Vec<Option<i64>>>) {
    (rows.iter().map(Vec::len).collect(), rows)
}

/// A set of integers, in order. Both `set` and `frozenset` are taken.
#[pyfunction]
pub fn unique_sorted(values: HashSet<i64>) -> Vec<i64> {
    let mut sorted: Vec<i64> = values.into_iter().collect();
    sorted.sort_unstable();
    sorted
}

/// A set of texts as a `frozenset`, with one more.
#[pyfunction]
pub fn frozen<'py>(
    py: Python<'py>,
    values: BTreeSet<String>,
    extra: String,
) -> PyResult<Bound<'py, PyFrozenSet>> {
    PyFrozenSet::new(py, values.into_iter().chain([extra]))
}

/// A dict by its sorted keys.
#[pyfunction]
pub fn sorted_map(values: BTreeMap<String, Option<f64>>) -> BTreeMap<String, Option<f64>> {
    values
}

/// A dict in its own order, without the entries whose value is zero.
#[pyfunction]
pub fn ordered_map(values: IndexMap<i64, i64>) -> IndexMap<i64, i64> {
    values
        .into_iter()
        .filter(|(_, value)| *value != 0)
        .collect()
}

/// Keys become values; of two equal values the larger key is kept.
#[pyfunction]
pub fn invert(values: HashMap<i64, i64>) -> BTreeMap<i64, i64> {
    let mut inverted = BTreeMap::new();
    for (key, value) in values {
        let kept = inverted.entry(value).or_insert(key);
        *kept = key.max(*kept);
    }
    inverted
}

/// How often each word comes.
#[pyfunction]
pub fn count_words(words: Vec<String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}

/// Words by their length in code points: a dict of sets.
#[pyfunction]
pub fn group_by_length(words: Vec<String>) -> BTreeMap<usize, BTreeSet<String>> {
    let mut groups: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for word in words {
        groups.entry(word.chars().count()).or_default().insert(word);
    }
    groups
}

/// The first `limit` items of anything that can be iterated, and whether more were left.
#[pyfunction]
#[pyo3(signature = (values, limit = 10))]
pub fn collect<'py>(
    values: &Bound<'py, PyAny>,
    limit: usize,
) -> PyResult<(Vec<Bound<'py, PyAny>>, bool)> {
    if limit > 1000 {
        return Err(PyValueError::new_err("limit is at most 1000"));
    }
    let mut items = values.try_iter()?;
    let found = items.by_ref().take(limit).collect::<PyResult<Vec<_>>>()?;
    let more = items.next().transpose()?.is_some();
    Ok((found, more))
}
