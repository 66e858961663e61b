//! What an extension asks of its interpreter besides values, calls and classes.
//!
//! `capsules` and `weak` hold things for others, `kinds` asks what an object is, `running` runs Python code,
//! `process` has signals, threads and cells that are set once, `dates` has dates, `views` the objects that
//! show others.

use pyo3::prelude::*;

#[expect(unsafe_code, reason = "what a capsule holds is reached by a pointer")]
mod capsules;
mod dates;
mod kinds;
#[expect(unsafe_code, reason = "a signal is raised by a function of C")]
mod process;
mod running;
mod views;
mod weak;

#[pymodule]
mod sample_runtime {
    #[pymodule_export]
    use super::capsules::{
        capsule_context, capsule_facts, import_capsule, leave_trace, make_capsule, read_capsule,
        traces,
    };
    #[pymodule_export]
    use super::dates::{
        chrono_date, chrono_delta, chrono_fixed, chrono_naive, chrono_time, chrono_utc, date_parts,
        delta_parts, duration, from_timestamp, ip_address, make_date, make_datetime, make_delta,
        make_offset, make_time, system_time, utc,
    };
    #[pymodule_export]
    use super::kinds::{class_facts, exactly, kinds_of, singletons, type_of_kind};
    #[pymodule_export]
    use super::process::{
        Once, attach_in_attach, call_detached, checked_signal, in_critical_section, panic_detached,
        run_threads, untouched_handler,
    };
    #[pymodule_export]
    use super::running::{
        compile_and_run, evaluate, format_traceback, run_code, warn_caught, warn_with_action,
    };
    #[pymodule_export]
    use super::views::{
        Base, Derived, function_facts, generic_alias, iterate_and_send, mapping_proxy, new_range,
        new_slice, proxy_of, range_to_slice, view_bytes,
    };
    #[pymodule_export]
    use super::weak::{Target, call_weak, same_reference, upgrade, weak_proxy, weak_reference};
}
