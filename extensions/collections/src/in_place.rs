//! The caller's own containers, changed in place.

use std::cell::RefCell;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping, PySet};

/// The longest that a walk may make a container.
const SIZE_LIMIT: usize = 50;

/// Append each item to the list; returns the new length. The items may come from the list itself.
#[pyfunction]
pub fn append_all(list: &Bound<'_, PyList>, items: &Bound<'_, PyAny>) -> PyResult<usize> {
    for item in items.try_iter()? {
        list.append(item?)?;
        if list.len() >= SIZE_LIMIT {
            return Err(PyRuntimeError::new_err("the list has grown too long"));
        }
    }
    Ok(list.len())
}

/// Change a list at `index` in a way called by name.
#[pyfunction]
#[pyo3(signature = (list, change, index, value = None))]
pub fn change_list<'py>(
    list: &Bound<'py, PyList>,
    change: &str,
    index: usize,
    value: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    match change {
        "set" => list.set_item(index, value),
        "insert" => list.insert(index, value),
        "delete" => list.del_item(index),
        "delete slice" => list.del_slice(0, index),
        "reverse" => list.reverse(),
        "set slice" => {
            let none = list.py().None().into_bound(list.py());
            list.set_slice(index, index.saturating_add(2), value.unwrap_or(&none))
        }
        _ => Err(PyValueError::new_err(format!("unknown change {change:?}"))),
    }
}

/// Sort a list as Python does, and turn it round on request.
#[pyfunction]
#[pyo3(signature = (list, reverse = false))]
pub fn sort_list(list: &Bound<'_, PyList>, reverse: bool) -> PyResult<()> {
    list.sort()?;
    if reverse {
        list.reverse()?;
    }
    Ok(())
}

/// Change a dict in a way called by name; returns what was found under the key before.
#[pyfunction]
#[pyo3(signature = (dict, change, key = None, value = None))]
pub fn change_dict<'py>(
    dict: &Bound<'py, PyDict>,
    change: &str,
    key: Option<&Bound<'py, PyAny>>,
    value: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let before = dict.get_item(key)?;
    match change {
        "set" => dict.set_item(key, value)?,
        "delete" => dict.del_item(key)?,
        "default" => {
            dict.set_default(key, value)?;
        }
        "clear" => dict.clear(),
        _ => return Err(PyValueError::new_err(format!("unknown change {change:?}"))),
    }
    Ok(before)
}

/// Put the entries of a mapping into a dict: all of them, or only those it does not have.
#[pyfunction]
#[pyo3(signature = (dict, more, *, only_missing = false))]
pub fn dict_with_defaults(
    dict: &Bound<'_, PyDict>,
    more: &Bound<'_, PyMapping>,
    only_missing: bool,
) -> PyResult<usize> {
    if only_missing {
        dict.update_if_missing(more)?;
    } else {
        dict.update(more)?;
    }
    Ok(dict.len())
}

/// Add one item to a set and take another out; whether each changed something.
#[pyfunction]
pub fn change_set(
    set: &Bound<'_, PySet>,
    add: &Bound<'_, PyAny>,
    discard: &Bound<'_, PyAny>,
) -> PyResult<(bool, bool)> {
    let had = set.contains(add)?;
    set.add(add)?;
    Ok((!had, set.discard(discard)?))
}

/// Empty a set one by one and count. The order is the set's own, so it is not shown.
#[pyfunction]
pub fn pop_all(set: &Bound<'_, PySet>) -> usize {
    std::iter::from_fn(|| set.pop()).count()
}

/// Walk over a list and append each item again until it holds `limit`; then take items out instead.
#[pyfunction]
pub fn grow_while_walking_list(list: &Bound<'_, PyList>, limit: usize) -> PyResult<usize> {
    let mut steps = 0;
    for item in list {
        steps += 1;
        if list.len() < limit.min(SIZE_LIMIT) {
            list.append(item)?;
        } else if steps % 2 == 0 {
            list.del_item(0)?;
        }
    }
    Ok(steps)
}

/// Walk over a dict and change it: `"value"` keeps its keys, `"add"` and `"delete"` do not, and panic.
#[pyfunction]
pub fn grow_while_walking_dict(dict: &Bound<'_, PyDict>, change: &str) -> PyResult<usize> {
    let mut steps = 0_usize;
    for (key, _) in dict {
        match change {
            "value" => dict.set_item(&key, steps)?,
            "add" => dict.set_item(format!("added {steps}"), steps)?,
            "delete" => dict.del_item(&key)?,
            "replace" => {
                dict.del_item(&key)?;
                dict.set_item(format!("replaced {steps}"), steps)?;
            }
            _ => {}
        }
        steps += 1;
    }
    Ok(steps)
}

/// Walk over a set of integers and change its size in the first step, or not.
#[pyfunction]
pub fn grow_while_walking_set(set: &Bound<'_, PySet>, extra: Option<i64>) -> PyResult<usize> {
    let mut steps = 0;
    for _ in set {
        if let Some(number) = extra {
            set.add(number)?;
        }
        steps += 1;
    }
    Ok(steps)
}

/// Walk over a list and a dict while both are locked: the pairs of an item and the key beside it.
#[pyfunction]
pub fn walk_locked<'py>(
    list: &Bound<'py, PyList>,
    dict: &Bound<'py, PyDict>,
) -> PyResult<Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    let items = RefCell::new(Vec::new());
    list.locked_for_each(|item| {
        items.borrow_mut().push(item);
        Ok(())
    })?;
    let keys = RefCell::new(Vec::new());
    dict.locked_for_each(|key, _| {
        keys.borrow_mut().push(key);
        Ok(())
    })?;
    Ok(items
        .into_inner()
        .into_iter()
        .zip(keys.into_inner())
        .collect())
}
