//! Slot ids and their names (CPython 3.15, `Include/slots_generated.h`; PEP 820). A table.

#![allow(dead_code)]

pub const Py_slot_end: u16 = 0;
pub const Py_mp_subscript: u16 = 5;
pub const Py_nb_absolute: u16 = 6;
pub const Py_nb_add: u16 = 7;
pub const Py_nb_and: u16 = 8;
pub const Py_nb_bool: u16 = 9;
pub const Py_nb_divmod: u16 = 10;
pub const Py_nb_float: u16 = 11;
pub const Py_nb_floor_divide: u16 = 12;
pub const Py_nb_index: u16 = 13;
pub const Py_nb_inplace_add: u16 = 14;
pub const Py_nb_inplace_and: u16 = 15;
pub const Py_nb_inplace_floor_divide: u16 = 16;
pub const Py_nb_inplace_lshift: u16 = 17;
pub const Py_nb_inplace_multiply: u16 = 18;
pub const Py_nb_inplace_or: u16 = 19;
pub const Py_nb_inplace_power: u16 = 20;
pub const Py_nb_inplace_remainder: u16 = 21;
pub const Py_nb_inplace_rshift: u16 = 22;
pub const Py_nb_inplace_subtract: u16 = 23;
pub const Py_nb_inplace_true_divide: u16 = 24;
pub const Py_nb_inplace_xor: u16 = 25;
pub const Py_nb_int: u16 = 26;
pub const Py_nb_invert: u16 = 27;
pub const Py_nb_lshift: u16 = 28;
pub const Py_nb_multiply: u16 = 29;
pub const Py_nb_negative: u16 = 30;
pub const Py_nb_or: u16 = 31;
pub const Py_nb_positive: u16 = 32;
pub const Py_nb_power: u16 = 33;
pub const Py_nb_remainder: u16 = 34;
pub const Py_nb_rshift: u16 = 35;
pub const Py_nb_subtract: u16 = 36;
pub const Py_nb_true_divide: u16 = 37;
pub const Py_nb_xor: u16 = 38;
pub const Py_sq_ass_item: u16 = 39;
pub const Py_sq_concat: u16 = 40;
pub const Py_sq_contains: u16 = 41;
pub const Py_sq_inplace_concat: u16 = 42;
pub const Py_sq_inplace_repeat: u16 = 43;
pub const Py_sq_item: u16 = 44;
pub const Py_sq_length: u16 = 45;
pub const Py_sq_repeat: u16 = 46;
pub const Py_tp_alloc: u16 = 47;
pub const Py_tp_base: u16 = 48;
pub const Py_tp_bases: u16 = 49;
pub const Py_tp_call: u16 = 50;
pub const Py_tp_clear: u16 = 51;
pub const Py_tp_dealloc: u16 = 52;
pub const Py_tp_del: u16 = 53;
pub const Py_tp_descr_get: u16 = 54;
pub const Py_tp_descr_set: u16 = 55;
pub const Py_tp_doc: u16 = 56;
pub const Py_tp_getattr: u16 = 57;
pub const Py_tp_getattro: u16 = 58;
pub const Py_tp_hash: u16 = 59;
pub const Py_tp_init: u16 = 60;
pub const Py_tp_is_gc: u16 = 61;
pub const Py_tp_iter: u16 = 62;
pub const Py_tp_iternext: u16 = 63;
pub const Py_tp_methods: u16 = 64;
pub const Py_tp_new: u16 = 65;
pub const Py_tp_repr: u16 = 66;
pub const Py_tp_richcompare: u16 = 67;
pub const Py_tp_setattr: u16 = 68;
pub const Py_tp_setattro: u16 = 69;
pub const Py_tp_str: u16 = 70;
pub const Py_tp_traverse: u16 = 71;
pub const Py_tp_members: u16 = 72;
pub const Py_tp_getset: u16 = 73;
pub const Py_tp_free: u16 = 74;
pub const Py_nb_matrix_multiply: u16 = 75;
pub const Py_nb_inplace_matrix_multiply: u16 = 76;
pub const Py_am_await: u16 = 77;
pub const Py_am_aiter: u16 = 78;
pub const Py_am_anext: u16 = 79;
pub const Py_tp_finalize: u16 = 80;
pub const Py_am_send: u16 = 81;
pub const Py_tp_vectorcall: u16 = 82;
pub const Py_tp_token: u16 = 83;
pub const Py_mod_create: u16 = 84;
pub const Py_mod_exec: u16 = 85;
pub const Py_mod_multiple_interpreters: u16 = 86;
pub const Py_mod_gil: u16 = 87;
pub const Py_bf_getbuffer: u16 = 88;
pub const Py_bf_releasebuffer: u16 = 89;
pub const Py_mp_ass_subscript: u16 = 90;
pub const Py_mp_length: u16 = 91;
pub const Py_slot_subslots: u16 = 92;
pub const Py_tp_slots: u16 = 93;
pub const Py_mod_slots: u16 = 94;
pub const Py_tp_name: u16 = 95;
pub const Py_tp_basicsize: u16 = 96;
pub const Py_tp_extra_basicsize: u16 = 97;
pub const Py_tp_itemsize: u16 = 98;
pub const Py_tp_flags: u16 = 99;
pub const Py_mod_name: u16 = 100;
pub const Py_mod_doc: u16 = 101;
pub const Py_mod_state_size: u16 = 102;
pub const Py_mod_methods: u16 = 103;
pub const Py_mod_state_traverse: u16 = 104;
pub const Py_mod_state_clear: u16 = 105;
pub const Py_mod_state_free: u16 = 106;
pub const Py_tp_metaclass: u16 = 107;
pub const Py_tp_module: u16 = 108;
pub const Py_mod_abi: u16 = 109;
pub const Py_mod_token: u16 = 110;
pub const Py_slot_invalid: u16 = 0xffff;

/// Name of each id; ids that nobody uses are empty.
pub const NAMES: [&str; 111] = [
    "Py_slot_end",
    "",
    "",
    "",
    "",
    "Py_mp_subscript",
    "Py_nb_absolute",
    "Py_nb_add",
    "Py_nb_and",
    "Py_nb_bool",
    "Py_nb_divmod",
    "Py_nb_float",
    "Py_nb_floor_divide",
    "Py_nb_index",
    "Py_nb_inplace_add",
    "Py_nb_inplace_and",
    "Py_nb_inplace_floor_divide",
    "Py_nb_inplace_lshift",
    "Py_nb_inplace_multiply",
    "Py_nb_inplace_or",
    "Py_nb_inplace_power",
    "Py_nb_inplace_remainder",
    "Py_nb_inplace_rshift",
    "Py_nb_inplace_subtract",
    "Py_nb_inplace_true_divide",
    "Py_nb_inplace_xor",
    "Py_nb_int",
    "Py_nb_invert",
    "Py_nb_lshift",
    "Py_nb_multiply",
    "Py_nb_negative",
    "Py_nb_or",
    "Py_nb_positive",
    "Py_nb_power",
    "Py_nb_remainder",
    "Py_nb_rshift",
    "Py_nb_subtract",
    "Py_nb_true_divide",
    "Py_nb_xor",
    "Py_sq_ass_item",
    "Py_sq_concat",
    "Py_sq_contains",
    "Py_sq_inplace_concat",
    "Py_sq_inplace_repeat",
    "Py_sq_item",
    "Py_sq_length",
    "Py_sq_repeat",
    "Py_tp_alloc",
    "Py_tp_base",
    "Py_tp_bases",
    "Py_tp_call",
    "Py_tp_clear",
    "Py_tp_dealloc",
    "Py_tp_del",
    "Py_tp_descr_get",
    "Py_tp_descr_set",
    "Py_tp_doc",
    "Py_tp_getattr",
    "Py_tp_getattro",
    "Py_tp_hash",
    "Py_tp_init",
    "Py_tp_is_gc",
    "Py_tp_iter",
    "Py_tp_iternext",
    "Py_tp_methods",
    "Py_tp_new",
    "Py_tp_repr",
    "Py_tp_richcompare",
    "Py_tp_setattr",
    "Py_tp_setattro",
    "Py_tp_str",
    "Py_tp_traverse",
    "Py_tp_members",
    "Py_tp_getset",
    "Py_tp_free",
    "Py_nb_matrix_multiply",
    "Py_nb_inplace_matrix_multiply",
    "Py_am_await",
    "Py_am_aiter",
    "Py_am_anext",
    "Py_tp_finalize",
    "Py_am_send",
    "Py_tp_vectorcall",
    "Py_tp_token",
    "Py_mod_create",
    "Py_mod_exec",
    "Py_mod_multiple_interpreters",
    "Py_mod_gil",
    "Py_bf_getbuffer",
    "Py_bf_releasebuffer",
    "Py_mp_ass_subscript",
    "Py_mp_length",
    "Py_slot_subslots",
    "Py_tp_slots",
    "Py_mod_slots",
    "Py_tp_name",
    "Py_tp_basicsize",
    "Py_tp_extra_basicsize",
    "Py_tp_itemsize",
    "Py_tp_flags",
    "Py_mod_name",
    "Py_mod_doc",
    "Py_mod_state_size",
    "Py_mod_methods",
    "Py_mod_state_traverse",
    "Py_mod_state_clear",
    "Py_mod_state_free",
    "Py_tp_metaclass",
    "Py_tp_module",
    "Py_mod_abi",
    "Py_mod_token",
];
