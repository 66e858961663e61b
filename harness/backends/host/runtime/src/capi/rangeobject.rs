//! `rangeobject.h`.

use rustpython_vm::AsObject;

super::exact_type_check!(
    /// Source: C-API, "Range objects" (a range cannot be subclassed).
    PyRange_Check,
    range_type
);

#[cfg(test)]
mod tests {
    use core::ptr::null_mut;

    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::with_interpreter;

    #[test]
    fn only_a_range_is_a_range() {
        with_interpreter(|vm| {
            let range = vm.ctx.types.range_type.to_owned();
            let range = range.as_object().call((3,), vm).expect("range(3)");
            let none = vm.ctx.none();
            // SAFETY: living objects, and null.
            unsafe {
                assert_eq!(PyRange_Check(as_pointer(&range)), 1);
                assert_eq!(PyRange_Check(as_pointer(&none)), 0);
                assert_eq!(PyRange_Check(null_mut()), 0);
            }
        });
    }
}
