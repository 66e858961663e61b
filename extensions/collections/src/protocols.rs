//! Whatever behaves like a sequence, a mapping, a range or a slice.

use pyo3::prelude::*;
use pyo3::types::{
    PyDict, PyList, PyMapping, PyRange, PyRangeMethods, PySequence, PySlice, PySliceMethods,
    PyTuple,
};

/// What the sequence protocol tells.
#[derive(IntoPyObject)]
pub struct SequenceParts<'py> {
    len: usize,
    first: Option<Bound<'py, PyAny>>,
    head: Bound<'py, PySequence>,
    twice: Bound<'py, PySequence>,
    count: usize,
    index: Option<usize>,
    list: Bound<'py, PyList>,
    tuple: Bound<'py, PyTuple>,
}

/// Use a sequence: its parts, and where `item` is in it.
#[pyfunction]
pub fn sequence_parts<'py>(
    sequence: &Bound<'py, PySequence>,
    item: &Bound<'py, PyAny>,
) -> PyResult<SequenceParts<'py>> {
    let found = sequence.contains(item)?;
    Ok(SequenceParts {
        len: sequence.len()?,
        first: sequence.get_item(0).ok(),
        head: sequence.get_slice(0, 2)?,
        twice: sequence.repeat(2)?,
        count: sequence.count(item)?,
        index: if found {
            Some(sequence.index(item)?)
        } else {
            None
        },
        list: sequence.to_list()?,
        tuple: sequence.to_tuple()?,
    })
}

/// Use a mapping: its keys, values and items as lists, what `key` is mapped to, and if it is there.
#[pyfunction]
pub fn mapping_items<'py>(
    mapping: &Bound<'py, PyMapping>,
    key: &Bound<'py, PyAny>,
) -> PyResult<(Vec<Bound<'py, PyList>>, bool, Bound<'py, PyAny>)> {
    let lists = vec![mapping.keys()?, mapping.values()?, mapping.items()?];
    let there = mapping.contains(key)?;
    Ok((lists, there, mapping.get_item(key)?))
}

/// The same dict seen five ways.
#[derive(IntoPyObject)]
pub struct DictViews<'py> {
    keys: Bound<'py, PyList>,
    values: Bound<'py, PyList>,
    items: Bound<'py, PyList>,
    copy: Bound<'py, PyDict>,
    again: Bound<'py, PyDict>,
}

/// A dict's keys, values and items, a copy of it, and the same dict made from its items.
#[pyfunction]
pub fn dict_views<'py>(dict: &Bound<'py, PyDict>) -> PyResult<DictViews<'py>> {
    Ok(DictViews {
        keys: dict.keys(),
        values: dict.values(),
        items: dict.items(),
        copy: dict.copy()?,
        again: PyDict::from_sequence(dict.items().as_any())?,
    })
}

/// Look for `item` in a list: whether it is there, its first index, and every index.
#[pyfunction]
pub fn list_search(
    list: &Bound<'_, PyList>,
    item: &Bound<'_, PyAny>,
) -> PyResult<(bool, Option<usize>, Vec<usize>)> {
    let mut every = Vec::new();
    for (index, each) in list.iter().enumerate() {
        if each.eq(item)? {
            every.push(index);
        }
    }
    let there = list.contains(item)?;
    let first = if there { Some(list.index(item)?) } else { None };
    Ok((there, first, every))
}

/// A tuple, taken apart.
#[derive(IntoPyObject)]
pub struct TupleParts<'py> {
    list: Bound<'py, PyList>,
    middle: Bound<'py, PyTuple>,
    backwards: Vec<Bound<'py, PyAny>>,
    item: Bound<'py, PyAny>,
}

/// A tuple as a list, its items from 1 up to `index`, all of them from the end, and the one at `index`.
#[pyfunction]
pub fn tuple_parts<'py>(tuple: &Bound<'py, PyTuple>, index: usize) -> PyResult<TupleParts<'py>> {
    Ok(TupleParts {
        list: tuple.to_list(),
        middle: tuple.get_slice(1, index),
        backwards: tuple.iter().rev().collect(),
        item: tuple.get_item(index)?,
    })
}

/// The numbers that `slice` selects out of `length`: start, stop, step, and how many.
#[pyfunction]
pub fn slice_indices(
    slice: &Bound<'_, PySlice>,
    length: isize,
) -> PyResult<(isize, isize, isize, usize)> {
    let found = slice.indices(length)?;
    Ok((found.start, found.stop, found.step, found.slicelength))
}

/// `object[slice]` for a slice that Rust makes of its numbers.
#[pyfunction]
pub fn slice_items<'py>(
    object: &Bound<'py, PyAny>,
    start: isize,
    stop: isize,
    step: isize,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PySlice>)> {
    let slice = PySlice::new(object.py(), start, stop, step);
    Ok((object.get_item(&slice)?, slice))
}

/// The numbers of a range, and the range the other way round, as far as `isize` reaches.
#[pyfunction]
pub fn range_parts<'py>(
    range: &Bound<'py, PyRange>,
) -> PyResult<(isize, isize, isize, Bound<'py, PyRange>)> {
    let (start, stop, step) = (range.start()?, range.stop()?, range.step()?);
    let back = PyRange::new_with_step(range.py(), stop, start, step.saturating_neg())?;
    Ok((start, stop, step, back))
}
