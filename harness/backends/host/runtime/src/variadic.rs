//! Variable arguments: what `c/variadic.c` collects, and the public names of the functions defined there.
//!
//! The way of `PyTuple_Pack(2, a, b)`: the jump exported here -> C, which starts a `va_list` -> the Rust function
//! `backend_matrix_host_PyTuple_Pack(2, &list)`, which takes the arguments out of the list.

use core::ffi::{c_double, c_int, c_long, c_longlong, c_void};

use rustpython_vm::{PyObject, PyObjectRef};

/// A started `va_list`. Only C knows its layout.
#[repr(C)]
pub struct Arguments {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn backend_matrix_next_int(rest: *mut Arguments) -> c_int;
    fn backend_matrix_next_long(rest: *mut Arguments) -> c_long;
    fn backend_matrix_next_long_long(rest: *mut Arguments) -> c_longlong;
    fn backend_matrix_next_ssize(rest: *mut Arguments) -> isize;
    fn backend_matrix_next_double(rest: *mut Arguments) -> c_double;
    fn backend_matrix_next_pointer(rest: *mut Arguments) -> *mut c_void;
}

/// The arguments of one variadic call that have not been taken yet.
///
/// Made from the pointer that C hands over; a value of this type is the promise that the pointer is good.
pub struct Rest(*mut Arguments);

/// One method of [`Rest`] per C type.
macro_rules! takes {
    ($($method:ident -> $type:ty = $function:ident;)*) => {
        $(
            /// Take the next argument.
            ///
            /// # Safety
            /// The caller passed one more argument, and it has this type.
            pub unsafe fn $method(&mut self) -> $type {
                // SAFETY: a started list, by `new`; the rest by this function's contract.
                unsafe { $function(self.0) }
            }
        )*
    };
}

impl Rest {
    /// # Safety
    /// `arguments` comes from C and stays a started `va_list` for as long as the result is used.
    pub unsafe fn new(arguments: *mut Arguments) -> Self {
        Self(arguments)
    }

    takes! {
        int -> c_int = backend_matrix_next_int;
        long -> c_long = backend_matrix_next_long;
        long_long -> c_longlong = backend_matrix_next_long_long;
        ssize -> isize = backend_matrix_next_ssize;
        double -> c_double = backend_matrix_next_double;
    }

    /// Take the next argument, a pointer.
    ///
    /// # Safety
    /// The caller passed one more argument, and it is a pointer (to a `T`, if the result is followed).
    pub unsafe fn pointer<T>(&mut self) -> *mut T {
        // SAFETY: a started list, by `new`; the rest by this function's contract.
        unsafe { backend_matrix_next_pointer(self.0) }.cast()
    }

    /// Take objects up to the NULL that ends them.
    ///
    /// # Safety
    /// The remaining arguments are living objects and a NULL.
    pub unsafe fn objects_until_null(&mut self) -> Vec<PyObjectRef> {
        // SAFETY: by this function's contract; `as_ref` maps null to None, after which nothing is taken.
        core::iter::from_fn(|| unsafe { self.pointer::<PyObject>().as_ref() })
            .map(ToOwned::to_owned)
            .collect()
    }
}

/// Export `$name` as a jump to the C function `$target`, which finds registers and stack as the caller left them.
macro_rules! variadic {
    ($($(#[$doc:meta])* $name:ident = $target:ident;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Safety
            /// As for the function of this name behind `backend_matrix_host_`, which has the logic; the variable
            /// arguments are of the types that it takes.
            #[unsafe(no_mangle)]
            #[unsafe(naked)]
            pub unsafe extern "C" fn $name() {
                unsafe extern "C" {
                    fn $target();
                }
                #[cfg(target_arch = "x86_64")]
                core::arch::naked_asm!("jmp {target}", target = sym $target);
                #[cfg(target_arch = "aarch64")]
                core::arch::naked_asm!("b {target}", target = sym $target);
            }
        )*
    };
}
pub(crate) use variadic;
