//! The executable and its library, from outside: what a user of the host sees.

mod calls;
mod classes;
mod command_line;
mod endings;
mod pyo3;
mod slots;
mod support;
mod types;
mod without_new;
