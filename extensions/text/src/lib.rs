//! How text, bytes and paths cross the boundary between Python and Rust.
//!
//! `strings` takes `str` as Rust text, `python_strings` works on the Python object itself, `bytes`
//! has the bytes-like types, and `paths` has file names.

use pyo3::prelude::*;

mod bytes;
mod paths;
mod python_strings;
mod strings;

#[pymodule]
mod sample_text {
    #[pymodule_export]
    use super::bytes::{
        bytes_xor, checksum, cow_bytes, grow_bytearray, index_bytes, make_bytearray, make_bytes,
        to_vec,
    };
    #[pymodule_export]
    use super::paths::{join_path, os_string, path_parts};
    #[pymodule_export]
    use super::python_strings::{
        borrow_text, encode_utf8, format_object, formatted, intern_is_same, lossy, py_case_map,
        py_encode, py_predicates, py_slice, py_split, text_from_bytes, text_from_object,
    };
    #[pymodule_export]
    use super::strings::{
        case_map, char_info, code_points, cow_text, debug_text, echo, lengths, replace_all,
        reverse, slice_chars, split_words, text_or_char,
    };
}
