//! Checks of exact types that RustPython's C-API leaves out, from `setobject.h` and `weakrefobject.h`.

use rustpython_vm::{AsObject, PyObject};

use crate::convert::{Flag, c_api};

super::exact_type_check!(
    /// Source: C-API, "Set Objects".
    PySet_CheckExact,
    set_type
);
super::exact_type_check!(
    /// Source: C-API, "Set Objects".
    PyFrozenSet_CheckExact,
    frozenset_type
);
super::exact_type_check!(
    /// Source: C-API, "Weak Reference Objects".
    PyWeakref_CheckRefExact,
    weakref_type
);

c_api! {
    /// A set or frozenset, or of a subtype. Source: C-API, "Set Objects".
    fn PyAnySet_Check(vm, object: Option<&PyObject>) -> Flag {
        let types = &vm.ctx.types;
        let any = |object: &PyObject| [types.set_type, types.frozenset_type].iter().any(|class| object.fast_isinstance(class));
        Ok(Flag(object.is_some_and(any)))
    }

    /// Exactly a set or frozenset. Source: C-API, "Set Objects".
    fn PyAnySet_CheckExact(vm, object: Option<&PyObject>) -> Flag {
        let types = &vm.ctx.types;
        let any = |object: &PyObject| [types.set_type, types.frozenset_type].iter().any(|class| object.class().is(*class));
        Ok(Flag(object.is_some_and(any)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::as_pointer;
    use crate::testing::{evaluate, with_interpreter};

    #[test]
    fn exact_types_and_subtypes() {
        with_interpreter(|vm| {
            let set = evaluate(vm, "", "{1}");
            let frozen = evaluate(vm, "", "frozenset()");
            let derived = evaluate(vm, "", "type('S', (set,), {})()");
            // SAFETY: living objects.
            let answers = [&set, &frozen, &derived].map(|object| unsafe {
                let object = as_pointer(object);
                [
                    PySet_CheckExact(object),
                    PyFrozenSet_CheckExact(object),
                    PyAnySet_Check(object),
                    PyAnySet_CheckExact(object),
                    PyWeakref_CheckRefExact(object),
                ]
            });
            assert_eq!(answers, [[1, 0, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]]);
        });
    }
}
