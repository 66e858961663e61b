//! Types made by extensions: what CPython does in `PyType_FromSlots` and around `PyTypeObject`.
//!
//! RustPython's types have slots that are plain Rust functions, and objects with a Rust payload. A type of an extension
//! becomes a heap type of RustPython whose slots are *trampolines* ([`install`]) and whose instances carry a block of
//! memory for the extension ([`payload`]). [`class::Class`] holds what connects the two.
//!
//! | file | job |
//! | --- | --- |
//! | `create`, `spec` | from slots to a type |
//! | `class`, `functions` | what we know of such a type |
//! | `payload`, `natives`, `steal` | its instances, and the native types that it can extend |
//! | `call`, `trampolines_*`, `install` | its slots |
//! | `methods`, `members`, `qualname`, `text` | its attributes |
//! | `get_slot` | `PyType_GetSlot` |

mod call;
pub mod class;
pub mod create;
pub mod functions;
pub mod get_slot;
mod install;
pub mod members;
mod methods;
pub mod natives;
mod payload;
mod qualname;
mod spec;
mod steal;
mod text;
mod trampolines_container;
mod trampolines_number;
mod trampolines_object;
