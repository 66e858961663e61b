//! How arguments reach a Rust function.
//!
//! `binding` has one function for each way to bind arguments to parameters, `converting` has the
//! parameters that turn what they are given into something else.

use pyo3::prelude::*;

mod binding;
mod converting;

#[pymodule]
mod sample_signatures {
    #[pymodule_export]
    use super::binding::{
        all_kinds, defaults, keyword_only, many, name_clash, no_arguments, none_defaults,
        only_args, only_kwargs, positional_only, python_keywords, renamed, required,
        required_keywords, shown_otherwise,
    };
    #[pymodule_export]
    use super::converting::{
        count_or_length, describe_module, first_failing, length_of, optional_values, sized_args,
        sorted_kwargs, text_signatures, unset_or_none,
    };
}
