//! How containers cross the boundary between Python and Rust.
//!
//! `conversions` copies them into Rust's own, `shapes` into derived types, `in_place` changes the
//! caller's, and `protocols` uses whatever behaves like a sequence or a mapping.

use pyo3::prelude::*;

mod conversions;
mod in_place;
mod protocols;
mod shapes;

#[pymodule]
mod sample_collections {
    #[pymodule_export]
    use super::conversions::{
        array_of_three, collect, count_words, frozen, group_by_length, invert, nested_lists,
        ordered_map, pair, sorted_map, total, unique_sorted,
    };
    #[pymodule_export]
    use super::in_place::{
        append_all, change_dict, change_list, change_set, dict_with_defaults,
        grow_while_walking_dict, grow_while_walking_list, grow_while_walking_set, pop_all,
        sort_list, walk_locked,
    };
    #[pymodule_export]
    use super::protocols::{
        dict_views, list_search, mapping_items, range_parts, sequence_parts, slice_indices,
        slice_items, tuple_parts,
    };
    #[pymodule_export]
    use super::shapes::{area, describe_record, which_kind};
}
