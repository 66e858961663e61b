//! The buffer protocol in both directions.
//!
//! `reading` and `writing` use the buffers of any object, `holding` keeps one, `exporting` has classes with
//! memory of their own, and `careless` has those that keep no rule.

use pyo3::prelude::*;

#[expect(unsafe_code, reason = "PyO3 has no safe form of __getbuffer__")]
mod careless;
#[expect(unsafe_code, reason = "PyO3 has no safe form of __getbuffer__")]
mod exporting;
#[expect(unsafe_code, reason = "PyO3 has no safe form of __getbuffer__")]
mod growing;
mod holding;
#[expect(unsafe_code, reason = "PyO3 gives the place of an item as a pointer")]
mod reading;
#[expect(unsafe_code, reason = "PyO3 gives the place of an item as a pointer")]
mod writing;

#[pymodule]
mod sample_buffers {
    #[pymodule_export]
    use super::careless::Careless;
    #[pymodule_export]
    use super::exporting::Grid;
    #[pymodule_export]
    use super::growing::Growing;
    #[pymodule_export]
    use super::holding::Holder;
    #[pymodule_export]
    use super::reading::{
        copy_out, ctypes_array, describe, hashes_as_bytes, items, matching, read, shaped, view,
    };
    #[pymodule_export]
    use super::writing::{change_item, copy_between, fill, scale, write};
}
