//! Which trampoline goes into which slot of RustPython. A table.

use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyResult, VirtualMachine};

use super::class::Class;
use super::natives::inherited_new;
use super::trampolines_container as container;
use super::trampolines_number as number;
use super::trampolines_object as object;
use crate::slot_ids::*;

/// Depths that trampolines were compiled for: how many classes of extensions may extend one another.
pub const MAX_DEPTH: usize = 8;

pub type NewFunc = fn(PyTypeRef, FuncArgs, &VirtualMachine) -> PyResult;

/// Put a trampoline into every slot that `class` itself defines. False if the class is too deep.
pub fn install(class: &Class) -> bool {
    match class.depth {
        0 => install_at::<0>(class),
        1 => install_at::<1>(class),
        2 => install_at::<2>(class),
        3 => install_at::<3>(class),
        4 => install_at::<4>(class),
        5 => install_at::<5>(class),
        6 => install_at::<6>(class),
        7 => install_at::<7>(class),
        MAX_DEPTH.. => return false,
    }
    true
}

/// The class that `class` has its `Py_tp_new` from: itself or a base. Two classes make objects in the same way if this
/// is the same; their trampolines, which are known by their depth, may be so by chance.
pub fn new_owner(class: &Class) -> Option<&'static Class> {
    let bases = class.chain.iter().rev();
    bases.copied().find(|class| class.own.has(Py_tp_new))
}

/// The trampoline for the `tp_new` that `class` itself or the nearest class below it defines; the native base's if none does.
///
/// The type's slot does not always hold it: after an assignment to `__bases__` RustPython puts a function of its own
/// there, which looks up `__new__`.
pub fn new_trampoline(class: &Class) -> NewFunc {
    match new_owner(class).map_or(MAX_DEPTH, |owner| owner.depth) {
        0 => object::new::<0>,
        1 => object::new::<1>,
        2 => object::new::<2>,
        3 => object::new::<3>,
        4 => object::new::<4>,
        5 => object::new::<5>,
        6 => object::new::<6>,
        7 => object::new::<7>,
        MAX_DEPTH.. => inherited_new,
    }
}

fn install_at<const D: usize>(class: &Class) {
    let typ: &PyType = class.typ;
    macro_rules! put {
        ($($id:ident => $($cell:ident).+ = $trampoline:expr;)+) => {$(
            if class.own.has($id) {
                typ.slots.$($cell).+.store(Some($trampoline));
            }
        )+};
    }
    put! {
        Py_tp_repr => repr = object::repr::<D>;
        Py_tp_str => str = object::str::<D>;
        Py_tp_hash => hash = object::hash::<D>;
        Py_tp_call => call = object::call::<D>;
        Py_tp_richcompare => richcompare = object::richcompare::<D>;
        Py_tp_iter => iter = object::iter::<D>;
        Py_tp_iternext => iternext = object::iternext::<D>;
        Py_tp_getattro => getattro = object::getattro::<D>;
        Py_tp_setattro => setattro = object::setattro::<D>;
        Py_tp_descr_get => descr_get = object::descr_get::<D>;
        Py_tp_descr_set => descr_set = object::descr_set::<D>;
        Py_tp_init => init = object::init::<D>;
        Py_tp_new => new = object::new::<D>;
        Py_bf_getbuffer => as_buffer = object::buffer::<D>;
        Py_tp_finalize => del = object::finalize::<D>;

        Py_sq_length => as_sequence.length = container::sequence_length::<D>;
        Py_sq_concat => as_sequence.concat = container::concat::<D, Py_sq_concat>;
        Py_sq_inplace_concat => as_sequence.inplace_concat = container::concat::<D, Py_sq_inplace_concat>;
        Py_sq_repeat => as_sequence.repeat = container::repeat::<D, Py_sq_repeat>;
        Py_sq_inplace_repeat => as_sequence.inplace_repeat = container::repeat::<D, Py_sq_inplace_repeat>;
        Py_sq_item => as_sequence.item = container::item::<D>;
        Py_sq_ass_item => as_sequence.ass_item = container::ass_item::<D>;
        Py_sq_contains => as_sequence.contains = container::contains::<D>;
        Py_mp_length => as_mapping.length = container::mapping_length::<D>;
        Py_mp_subscript => as_mapping.subscript = container::subscript::<D>;
        Py_mp_ass_subscript => as_mapping.ass_subscript = container::ass_subscript::<D>;

        Py_nb_bool => as_number.boolean = number::boolean::<D>;
        Py_nb_negative => as_number.negative = number::unary::<D, Py_nb_negative>;
        Py_nb_positive => as_number.positive = number::unary::<D, Py_nb_positive>;
        Py_nb_absolute => as_number.absolute = number::unary::<D, Py_nb_absolute>;
        Py_nb_invert => as_number.invert = number::unary::<D, Py_nb_invert>;
        Py_nb_int => as_number.int = number::unary::<D, Py_nb_int>;
        Py_nb_float => as_number.float = number::unary::<D, Py_nb_float>;
        Py_nb_index => as_number.index = number::unary::<D, Py_nb_index>;

        Py_nb_power => as_number.power = number::power_left::<D, Py_nb_power>;
        Py_nb_power => as_number.right_power = number::power_right::<D, Py_nb_power>;
        Py_nb_inplace_power => as_number.inplace_power = number::power_left::<D, Py_nb_inplace_power>;
    }
    if class.own.has(Py_bf_releasebuffer) {
        typ.slots.has_release_buffer.store(true);
    }
    macro_rules! put_binary {
        ($($id:ident, $in_place:ident => $left:ident, $right:ident, $assign:ident;)+) => {
            put! {$(
                $id => as_number.$left = number::left::<D, $id>;
                $id => as_number.$right = number::right::<D, $id>;
                $in_place => as_number.$assign = number::left::<D, $in_place>;
            )+}
        };
    }
    // `divmod` has no in-place form.
    put! {
        Py_nb_divmod => as_number.divmod = number::left::<D, Py_nb_divmod>;
        Py_nb_divmod => as_number.right_divmod = number::right::<D, Py_nb_divmod>;
    }
    put_binary! {
        Py_nb_add, Py_nb_inplace_add => add, right_add, inplace_add;
        Py_nb_subtract, Py_nb_inplace_subtract => subtract, right_subtract, inplace_subtract;
        Py_nb_multiply, Py_nb_inplace_multiply => multiply, right_multiply, inplace_multiply;
        Py_nb_remainder, Py_nb_inplace_remainder => remainder, right_remainder, inplace_remainder;
        Py_nb_lshift, Py_nb_inplace_lshift => lshift, right_lshift, inplace_lshift;
        Py_nb_rshift, Py_nb_inplace_rshift => rshift, right_rshift, inplace_rshift;
        Py_nb_and, Py_nb_inplace_and => and, right_and, inplace_and;
        Py_nb_xor, Py_nb_inplace_xor => xor, right_xor, inplace_xor;
        Py_nb_or, Py_nb_inplace_or => or, right_or, inplace_or;
        Py_nb_floor_divide, Py_nb_inplace_floor_divide => floor_divide, right_floor_divide, inplace_floor_divide;
        Py_nb_true_divide, Py_nb_inplace_true_divide => true_divide, right_true_divide, inplace_true_divide;
        Py_nb_matrix_multiply, Py_nb_inplace_matrix_multiply => matrix_multiply, right_matrix_multiply, inplace_matrix_multiply;
    }
}
