//! `str` taken as Rust text.

use std::borrow::Cow;

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;

/// Give text back.
#[pyfunction]
pub fn echo(text: &str) -> String {
    text.to_owned()
}

/// Turn text round, code point by code point.
#[pyfunction]
pub fn reverse(text: String) -> String {
    text.chars().rev().collect()
}

/// What Rust knows about one code point: its number, UTF-8 and UTF-16 lengths, and classes.
#[pyfunction]
pub fn char_info(letter: char) -> (u32, usize, usize, [bool; 4]) {
    let classes = [
        letter.is_alphabetic(),
        letter.is_numeric(),
        letter.is_whitespace(),
        letter.is_control(),
    ];
    (
        u32::from(letter),
        letter.len_utf8(),
        letter.len_utf16(),
        classes,
    )
}

/// The text in upper and in lower case, as Rust maps it.
#[pyfunction]
pub fn case_map(text: &str) -> (String, String) {
    (text.to_uppercase(), text.to_lowercase())
}

/// Borrow text if possible, and leave the blanks at its ends out.
#[pyfunction]
pub fn cow_text(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.trim().to_owned())
}

/// Lengths in bytes, in UTF-16 units, in code points and in lines.
#[pyfunction]
pub fn lengths(text: &str) -> [usize; 4] {
    [
        text.len(),
        text.encode_utf16().count(),
        text.chars().count(),
        text.lines().count(),
    ]
}

/// The number of each code point.
#[pyfunction]
pub fn code_points(text: &str) -> Vec<u32> {
    text.chars().map(u32::from).collect()
}

/// The code points from `start` up to `stop`; unlike Python's, positions may not lie outside.
#[pyfunction]
#[pyo3(signature = (text, start, stop = None))]
pub fn slice_chars(text: &str, start: usize, stop: Option<usize>) -> PyResult<String> {
    let count = text.chars().count();
    let stop = stop.unwrap_or(count);
    if start > stop || stop > count {
        return Err(PyIndexError::new_err(format!(
            "{start}..{stop} lies outside of {count} code points"
        )));
    }
    Ok(text.chars().skip(start).take(stop - start).collect())
}

/// Replace every `old` by `new`.
#[pyfunction]
pub fn replace_all(text: &str, old: &str, new: &str) -> String {
    text.replace(old, new)
}

/// Split at white space, as Unicode and Rust have it.
#[pyfunction]
pub fn split_words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// Show text as Rust's `Debug` does.
#[pyfunction]
pub fn debug_text(text: &str) -> String {
    format!("{text:?}")
}

/// One code point, or else text.
#[derive(FromPyObject)]
pub enum TextOrChar {
    #[pyo3(transparent, annotation = "one character")]
    Char(char),
    #[pyo3(transparent, annotation = "str")]
    Text(String),
}

/// Say whether a single code point or text was given; the error tells what both attempts said.
#[pyfunction]
pub fn text_or_char(value: TextOrChar) -> (&'static str, String) {
    match value {
        TextOrChar::Char(letter) => ("char", letter.to_string()),
        TextOrChar::Text(text) => ("text", text),
    }
}
