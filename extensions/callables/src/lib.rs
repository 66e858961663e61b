//! Calling Python from Rust and back.
//!
//! `calling` calls what it is given, `closures` gives Python functions that Rust made, `iterating`
//! draws from iterators, and `objects` uses attributes, items and special methods.

use pyo3::prelude::*;

mod calling;
mod closures;
mod iterating;
mod objects;

#[pymodule]
mod sample_callables {
    #[pymodule_export]
    use super::calling::{
        apply, apply_each, call_each_way, call_from_thread, call_method, call_until_stop,
        describe_callable, run_finally, sort_by_key,
    };
    #[pymodule_export]
    use super::closures::{
        bounce, compose, make_accumulator, make_adder, make_failing, make_recorder, memoise,
    };
    #[pymodule_export]
    use super::iterating::{
        chunks, drain_send, filter_items, first_items, map_items, reduce_items, sum_items, zip_with,
    };
    #[pymodule_export]
    use super::objects::{
        change_attribute, change_item, contains, get_attribute, is_instance, list_attributes,
        same_object, special_methods,
    };
}
