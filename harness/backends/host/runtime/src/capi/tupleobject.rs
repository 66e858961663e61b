//! `tupleobject.h`.

use core::ptr::null_mut;

use rustpython_vm::PyObject;

use crate::boundary::ffi_boundary;
use crate::objects::{borrowed, into_pointer};
use crate::variadic::{Arguments, Rest, variadic};

variadic! {
    /// A tuple of `n` objects. Source: C-API, "Tuple Objects".
    PyTuple_Pack = backend_matrix_variadic_PyTuple_Pack;
}

/// # Safety
/// `rest` holds `count` living objects.
#[unsafe(no_mangle)]
unsafe extern "C" fn backend_matrix_host_PyTuple_Pack(
    count: isize,
    rest: *mut Arguments,
) -> *mut PyObject {
    const NAME: &str = "PyTuple_Pack";
    ffi_boundary(NAME, null_mut(), |vm| {
        // SAFETY: by this function's contract.
        let mut rest = unsafe { Rest::new(rest) };
        let items = (0..count)
            // SAFETY: by this function's contract.
            .map(|_| unsafe { borrowed(vm, rest.pointer(), NAME, "item") }.map(ToOwned::to_owned))
            .collect::<Result<_, _>>()?;
        Ok(into_pointer(vm.ctx.new_tuple(items)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::{as_pointer, owned_or_none};
    use crate::testing::with_interpreter;

    #[test]
    fn objects_are_packed_in_order() {
        // SAFETY: how C declares the function.
        let pack: unsafe extern "C" fn(isize, ...) -> *mut PyObject =
            unsafe { core::mem::transmute(PyTuple_Pack as unsafe extern "C" fn()) };
        with_interpreter(|vm| {
            let items: Vec<_> = (0..9).map(|i| vm.ctx.new_int(i)).collect();
            let p = |i: usize| as_pointer(&items[i]);
            // SAFETY: living objects, and as many as the count says.
            let tuple = unsafe { pack(9, p(0), p(1), p(2), p(3), p(4), p(5), p(6), p(7), p(8)) };
            // SAFETY: a new reference.
            let tuple = unsafe { owned_or_none(tuple) }.expect("a tuple");
            let text = tuple.repr(vm).expect("repr");
            assert_eq!(text.as_wtf8().to_string(), "(0, 1, 2, 3, 4, 5, 6, 7, 8)");
        });
    }
}
