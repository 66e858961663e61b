//! RustPython, its C-API and what that C-API lacks, as one shared library.
//!
//! `rustpython-host` loads this library with its symbols visible to everything loaded later, so a PyO3
//! extension module finds `PyList_New` here as it would in `libpython`. Exports come from two places:
//! `rustpython-capi` (upstream, never overridden) and [`capi`] (ours, only what upstream does not have).
//!
//! The way of an import: importlib's `ExtensionFileLoader` -> [`imp`] (our part of `_imp`) -> [`loader`]
//! (`dlopen`, export hook) -> [`slots`] (PEP 820 arrays) -> [`modules`] (PEP 793 modules); its classes: [`types`].
//! Every crossing between Rust and C goes through [`boundary`].

// Upstream's exports are symbols of another crate: without a use of it the linker would drop them all.
extern crate rustpython_capi;

pub mod boundary;
pub mod buffers;
mod calls;
pub mod capi;
pub mod convert;
pub mod formats;
mod imp;
mod loader;
mod modules;
pub mod objects;
mod run;
pub mod slot_ids;
pub mod slots;
mod texts;
pub mod types;
pub mod variadic;
mod watch;

#[cfg(test)]
mod testing;
