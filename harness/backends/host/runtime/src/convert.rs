//! Arguments and results of exported functions by their types, so that an export reads like a Rust function.
//!
//! [`c_api!`] turns `fn PyList_Clear(vm, list: &Py<PyList>) -> () { ... }` into the exported C function: every
//! argument goes through [`FromC`], the body runs in `ffi_boundary`, and the result goes through [`ToC`].

use core::ffi::{CStr, c_char, c_double};
use core::ptr::null_mut;

use rustpython_vm::{Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};

use crate::objects::{
    bad_internal_call, borrowed, borrowed_as, borrowed_str, into_pointer, owned_or_none,
};

/// A parameter as the body of an export wants it.
pub trait FromC: Sized {
    type C;

    /// Raises: `SystemError` -- NULL where the C-API does not allow it, or an object of another type.
    ///
    /// # Safety
    /// A pointer is null or good for the whole call: a living object, a C string, memory of that type.
    unsafe fn from_c(vm: &VirtualMachine, c: Self::C, function: &str, name: &str)
    -> PyResult<Self>;
}

/// A living object.
impl FromC for &PyObject {
    type C = *mut PyObject;

    unsafe fn from_c(
        vm: &VirtualMachine,
        c: Self::C,
        function: &str,
        name: &str,
    ) -> PyResult<Self> {
        // SAFETY: by this function's contract.
        unsafe { borrowed(vm, c, function, name) }
    }
}

/// A living object or NULL.
impl FromC for Option<&PyObject> {
    type C = *mut PyObject;

    unsafe fn from_c(_vm: &VirtualMachine, c: Self::C, _: &str, _: &str) -> PyResult<Self> {
        // SAFETY: by this function's contract; `as_ref` maps null to None.
        Ok(unsafe { c.as_ref() })
    }
}

/// A living object of that type or a subtype; any other is a bad internal call, as in CPython.
impl<T: PyPayload> FromC for &Py<T> {
    type C = *mut PyObject;

    unsafe fn from_c(
        vm: &VirtualMachine,
        c: Self::C,
        function: &str,
        name: &str,
    ) -> PyResult<Self> {
        // SAFETY: by this function's contract.
        unsafe { borrowed_as(vm, c, function, name) }?.ok_or_else(|| bad_internal_call(vm))
    }
}

/// A reference that C gives away ("steals"), or NULL.
pub struct Stolen(pub Option<PyObjectRef>);

impl FromC for Stolen {
    type C = *mut PyObject;

    unsafe fn from_c(_vm: &VirtualMachine, c: Self::C, _: &str, _: &str) -> PyResult<Self> {
        // SAFETY: the reference is ours, by the contract of a stealing function.
        Ok(Self(unsafe { owned_or_none(c) }))
    }
}

/// A C string in UTF-8.
impl FromC for &str {
    type C = *const c_char;

    unsafe fn from_c(
        vm: &VirtualMachine,
        c: Self::C,
        function: &str,
        name: &str,
    ) -> PyResult<Self> {
        // SAFETY: by this function's contract.
        unsafe { borrowed_str(vm, c, function, name) }
    }
}

/// A C string in UTF-8 or NULL.
impl FromC for Option<&str> {
    type C = *const c_char;

    unsafe fn from_c(
        vm: &VirtualMachine,
        c: Self::C,
        function: &str,
        name: &str,
    ) -> PyResult<Self> {
        if c.is_null() {
            return Ok(None);
        }
        // SAFETY: by this function's contract.
        unsafe { borrowed_str(vm, c, function, name) }.map(Some)
    }
}

/// A C string of any bytes.
impl FromC for &CStr {
    type C = *const c_char;

    unsafe fn from_c(
        vm: &VirtualMachine,
        c: Self::C,
        function: &str,
        name: &str,
    ) -> PyResult<Self> {
        if c.is_null() {
            return Err(crate::objects::null_argument(vm, function, name));
        }
        // SAFETY: not null, and a C string by this function's contract.
        Ok(unsafe { CStr::from_ptr(c) })
    }
}

/// A C string of any bytes or NULL.
impl FromC for Option<&CStr> {
    type C = *const c_char;

    unsafe fn from_c(_vm: &VirtualMachine, c: Self::C, _: &str, _: &str) -> PyResult<Self> {
        // SAFETY: a C string by this function's contract, if it is not null.
        Ok((!c.is_null()).then(|| unsafe { CStr::from_ptr(c) }))
    }
}

/// Where C wants a result; NULL is an error.
pub struct Out<T>(*mut T);

impl<T> Out<T> {
    pub fn set(&self, value: T) {
        // SAFETY: not null, so writable for the whole call, by the contract of `from_c`.
        unsafe { self.0.write(value) }
    }

    pub fn get(&self) -> T
    where
        T: Copy,
    {
        // SAFETY: as above, and initialised where a function reads it.
        unsafe { self.0.read() }
    }
}

impl<T> FromC for Out<T> {
    type C = *mut T;

    unsafe fn from_c(
        vm: &VirtualMachine,
        c: Self::C,
        function: &str,
        name: &str,
    ) -> PyResult<Self> {
        if c.is_null() {
            return Err(crate::objects::null_argument(vm, function, name));
        }
        Ok(Self(c))
    }
}

/// Where C may want a result.
impl<T> FromC for Option<Out<T>> {
    type C = *mut T;

    unsafe fn from_c(_vm: &VirtualMachine, c: Self::C, _: &str, _: &str) -> PyResult<Self> {
        Ok((!c.is_null()).then_some(Out(c)))
    }
}

/// Types that pass as they are.
macro_rules! plain {
    ($($type:ty),*) => {
        $(
            impl FromC for $type {
                type C = Self;

                unsafe fn from_c(_: &VirtualMachine, c: Self, _: &str, _: &str) -> PyResult<Self> {
                    Ok(c)
                }
            }
        )*
    };
}
plain!(i8, u8, i32, u32, i64, u64, isize, usize, f64);

impl<T> FromC for *mut T {
    type C = Self;

    unsafe fn from_c(_: &VirtualMachine, c: Self, _: &str, _: &str) -> PyResult<Self> {
        Ok(c)
    }
}

impl<T> FromC for *const T {
    type C = Self;

    unsafe fn from_c(_: &VirtualMachine, c: Self, _: &str, _: &str) -> PyResult<Self> {
        Ok(c)
    }
}

/// A result as C wants it, and what C gets if an exception was raised.
pub trait ToC {
    type C;
    const FAILED: Self::C;

    fn to_c(self) -> Self::C;
}

/// Implement [`ToC`] by one line each.
macro_rules! results {
    ($($type:ty => $c:ty, $failed:expr, |$value:ident| $result:expr;)*) => {
        $(
            impl ToC for $type {
                type C = $c;
                const FAILED: $c = $failed;

                fn to_c(self) -> $c {
                    let $value = self;
                    $result
                }
            }
        )*
    };
}

/// A result that the caller does not own: something else keeps the object alive.
pub struct Borrowed(pub *mut PyObject);
/// `int`: nonzero is the success, 0 the failure (parsers and converters).
pub struct Accepted(pub i32);
/// Status of a function whose failure is -1: the value.
pub struct Status(pub i32);
/// Nothing is returned.
pub struct Void;
/// A position, or -1 for none; a failure is -2.
pub struct Position(pub isize);
/// A C `int` of which every value is a success.
pub struct Flag(pub bool);

results! {
    () => i32, -1, |_unit| 0;
    bool => i32, -1, |answer| answer.into();
    isize => isize, -1, |value| value;
    i64 => i64, -1, |value| value;
    c_double => c_double, -1.0, |value| value;
    u32 => u32, u32::MAX, |value| value;
    PyObjectRef => *mut PyObject, null_mut(), |object| into_pointer(object);
    Option<PyObjectRef> => *mut PyObject, null_mut(), |object| object.map_or(null_mut(), into_pointer);
    Borrowed => *mut PyObject, null_mut(), |object| object.0;
    Accepted => i32, 0, |status| status.0;
    Status => i32, -1, |status| status.0;
    Flag => i32, 0, |flag| flag.0.into();
    Position => isize, -2, |position| position.0;
    Void => (), (), |_nothing| ();
}

impl<T> ToC for PyRef<T>
where
    Self: Into<PyObjectRef>,
{
    type C = *mut PyObject;
    const FAILED: *mut PyObject = null_mut();

    fn to_c(self) -> *mut PyObject {
        into_pointer(self)
    }
}

impl<T> ToC for *mut T {
    type C = Self;
    const FAILED: Self = null_mut();

    fn to_c(self) -> Self {
        self
    }
}

impl<T> ToC for *const T {
    type C = Self;
    const FAILED: Self = core::ptr::null();

    fn to_c(self) -> Self {
        self
    }
}

/// Export functions of the C-API; see the module's own words.
///
/// The body is a block of type `PyResult<result>`; `?` raises the exception and returns the failure value.
macro_rules! c_api {
    ($(
        $(#[$meta:meta])*
        fn $name:ident($vm:ident $(, $argument:ident: $type:ty)* $(,)?) -> $result:ty $body:block
    )*) => {
        $(
            $(#[$meta])*
            ///
            /// # Safety
            /// Every pointer is null or good for the whole call: a living object, a C string, or memory of that type.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name(
                $($argument: <$type as $crate::convert::FromC>::C),*
            ) -> <$result as $crate::convert::ToC>::C {
                $crate::boundary::ffi_boundary(
                    stringify!($name),
                    <$result as $crate::convert::ToC>::FAILED,
                    |$vm| {
                        $(
                            // SAFETY: by this function's contract.
                            let $argument = unsafe {
                                <$type as $crate::convert::FromC>::from_c(
                                    $vm,
                                    $argument,
                                    stringify!($name),
                                    stringify!($argument),
                                )
                            }?;
                        )*
                        let result: rustpython_vm::PyResult<$result> = $body;
                        result.map($crate::convert::ToC::to_c)
                    },
                )
            }
        )*
    };
}
pub(crate) use c_api;
