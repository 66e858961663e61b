//! `listobject.h`. Source of all contracts: C-API, "List Objects".

use rustpython_vm::builtins::PyList;
use rustpython_vm::{AsObject, Py, PyObject};

use crate::convert::{Borrowed, c_api};
use crate::objects::as_pointer;

c_api! {
    /// Remove all items.
    fn PyList_Clear(vm, list: &Py<PyList>) -> () {
        vm.call_method(list.as_object(), "clear", ()).map(drop)
    }

    /// Append all items of an iterable.
    fn PyList_Extend(vm, list: &Py<PyList>, iterable: &PyObject) -> () {
        vm.call_method(list.as_object(), "extend", (iterable.to_owned(),)).map(drop)
    }

    /// The item at `index`, borrowed from the list; negative indices are out of range.
    fn PyList_GetItem(vm, list: &Py<PyList>, index: isize) -> Borrowed {
        let items = list.borrow_vec();
        let item = usize::try_from(index).ok().and_then(|index| items.get(index));
        item.map(|item| Borrowed(as_pointer(item)))
            .ok_or_else(|| vm.new_index_error("list index out of range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{evaluate, pending_message, with_interpreter};

    #[test]
    fn items_are_added_found_and_removed() {
        with_interpreter(|vm| {
            let list = evaluate(vm, "", "[1]");
            let pointer = as_pointer(&list);
            let more = evaluate(vm, "", "(2, 3)");
            // SAFETY: living objects.
            unsafe {
                assert_eq!(PyList_Extend(pointer, as_pointer(&more)), 0);
                let item = PyList_GetItem(pointer, 2).as_ref().expect("an item");
                assert_eq!(item.repr(vm).expect("repr").as_wtf8().to_string(), "3");
                assert!(PyList_GetItem(pointer, -1).is_null());
                assert_eq!(pending_message(vm), "IndexError: list index out of range");
                assert!(PyList_GetItem(as_pointer(&more), 0).is_null());
                assert_eq!(
                    pending_message(vm),
                    "SystemError: bad argument to internal function"
                );
                assert_eq!(PyList_Clear(pointer), 0);
            }
            assert_eq!(list.repr(vm).expect("repr").as_wtf8().to_string(), "[]");
        });
    }
}
