//! The types of RustPython that an extension type can extend.
//!
//! A native type is told from `slots.alloc`, which RustPython passes on to Python subclasses: it finds our part of any
//! object without a look-up and while a type is being torn down.

use core::fmt;

use rustpython_vm::builtins::*;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{
    AsObject, Context, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine,
};

use super::class::{Class, class_of};
use super::payload::{Extended, Tail};
use super::steal::steal;

type AllocFunction = fn(PyTypeRef, usize, &VirtualMachine) -> PyResult;

/// A native base and how to make instances of what extends it.
pub struct Native {
    typ: fn(&Context) -> &'static Py<PyType>,
    pub alloc: AllocFunction,
    create: fn(&'static Class, PyTypeRef, FuncArgs, &VirtualMachine) -> PyResult,
    tail_offset: usize,
}

/// A payload that can be the first part of ours.
trait Base: PyPayload + fmt::Debug {
    /// What `typ.__new__(typ, *args, **kwargs)` puts into a new object of the native type `typ`.
    fn new_payload(typ: &Py<PyType>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self>;
}

impl Base for PyFrozenSet {
    fn new_payload(_: &Py<PyType>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        // `frozenset()` is one shared object, so there is no payload to take.
        let members = match args.args.first() {
            Some(iterable) => vm.extract_elements_with(iterable, Ok)?,
            None => Vec::new(),
        };
        Self::from_iter(vm, members)
    }
}

impl Base for PyBaseObject {
    fn new_payload(_: &Py<PyType>, _: FuncArgs, _: &VirtualMachine) -> PyResult<Self> {
        Ok(Self)
    }
}

/// Types whose `__new__` ignores its arguments and leaves the rest to `__init__`.
macro_rules! empty_bases {
    ($($payload:ty),+) => {$(
        impl Base for $payload {
            fn new_payload(_: &Py<PyType>, _: FuncArgs, _: &VirtualMachine) -> PyResult<Self> {
                Ok(Self::default())
            }
        }
    )+};
}

/// Types whose payload only their own `__new__` can make.
macro_rules! made_bases {
    ($($payload:ty),+ $(,)?) => {$(
        impl Base for $payload {
            fn new_payload(typ: &Py<PyType>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
                steal(typ, args, vm)
            }
        }
    )+};
}

empty_bases!(PyDict, PyList, PySet);
made_bases!(
    PyFloat,
    PyComplex,
    PyBaseException,
    PySystemExit,
    PyStopIteration,
    PyAttributeError,
    PyImportError,
    PyNameError,
    PyOSError,
    PySyntaxError,
    PyUnicodeError,
);

const fn native<B: Base>() -> Native {
    Native {
        typ: B::class,
        alloc: alloc::<B>,
        create: create::<B>,
        tail_offset: Extended::<B>::TAIL_OFFSET,
    }
}

/// A derived type stands before its base. The last one is `object`, which everything is.
static NATIVES: [Native; 16] = [
    native::<PyDict>(),
    native::<PyList>(),
    native::<PySet>(),
    native::<PyFrozenSet>(),
    native::<PyFloat>(),
    native::<PyComplex>(),
    native::<PySystemExit>(),
    native::<PyStopIteration>(),
    native::<PyAttributeError>(),
    native::<PyImportError>(),
    native::<PyNameError>(),
    native::<PyOSError>(),
    native::<PySyntaxError>(),
    native::<PyUnicodeError>(),
    native::<PyBaseException>(),
    native::<PyBaseObject>(),
];

const OBJECT: &Native = &NATIVES[NATIVES.len() - 1];

/// How to extend the native type `typ`; `None` if its payload is one we cannot put ours behind.
///
/// A type without a Rust payload of its own has its base's size, which is how the two are told apart.
pub fn native_for(typ: &Py<PyType>, ctx: &Context) -> Option<&'static Native> {
    let native = NATIVES
        .iter()
        .find(|native| typ.fast_issubclass((native.typ)(ctx)))?;
    let base = (native.typ)(ctx);
    (typ.slots.basicsize == base.slots.basicsize).then_some(native)
}

/// As [`tail`], for a type over `object`, as nearly all are: `None` for any other. The constants keep it short.
#[inline]
pub fn plain_tail(object: &PyObject) -> Option<&Tail> {
    let allocate = object.class().slots.alloc.load();
    let is_plain = allocate.map_or(0, |function| function as usize) == OBJECT.alloc as usize;
    // SAFETY: as in `tail`.
    is_plain.then(|| unsafe { tail_at(object, Extended::<PyBaseObject>::TAIL_OFFSET) })
}

/// Our part of `object`'s payload, if its type is an extension's or derived from one.
#[inline]
pub fn tail(object: &PyObject) -> Option<&Tail> {
    if let Some(tail) = plain_tail(object) {
        return Some(tail);
    }
    let allocate = object.class().slots.alloc.load()? as usize;
    let offset = rare_tail_offset(allocate)?;
    // SAFETY: only instances made by `Extended::<B>::instance` have a type with that function in its slot, and the payload
    // of such an object is an `Extended<B>`.
    Some(unsafe { tail_at(object, offset) })
}

/// # Safety
/// `object`'s payload is an `Extended<B>`, and `offset` is its `TAIL_OFFSET`.
#[inline]
unsafe fn tail_at(object: &PyObject, offset: usize) -> &Tail {
    // SAFETY: by this function's contract.
    unsafe { &*core::ptr::from_ref(object).byte_add(offset).cast::<Tail>() }
}

#[cold]
fn rare_tail_offset(allocate: usize) -> Option<usize> {
    NATIVES
        .iter()
        .find(|native| native.alloc as usize == allocate)
        .map(|native| native.tail_offset)
}

/// `tp_alloc` of all extension types over one native base, and the mark by which [`tail`] knows them. Its body names `B`:
/// the compiler makes one function of several with equal bodies.
fn alloc<B: Base>(typ: PyTypeRef, _items: usize, vm: &VirtualMachine) -> PyResult {
    let class = made_by_extension(&typ, vm)?;
    create::<B>(class, typ, FuncArgs::default(), vm)
}

/// An instance of `typ` with zeroed data; the native base gets the arguments.
///
/// Raises: `TypeError` -- `typ` is not derived from an extension's type.
pub fn new_instance(typ: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let class = made_by_extension(&typ, vm)?;
    instance_of(class, typ, args, vm)
}

/// `tp_new` of a type that inherits the native base's. Source: CPython, `object_new`, "excess_args".
///
/// Raises: `TypeError` -- arguments that neither the base nor an `__init__` takes.
pub fn inherited_new(typ: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let class = made_by_extension(&typ, vm)?;
    let object_type = vm.ctx.types.object_type;
    if class.native_type.is(object_type) && !(args.args.is_empty() && args.kwargs.is_empty()) {
        let init = vm.ctx.intern_str("__init__");
        let (its, objects) = (typ.get_attr(init), object_type.get_attr(init));
        if its
            .zip(objects)
            .is_some_and(|(its, objects)| its.is(&objects))
        {
            return Err(vm.new_type_error(format!("{}() takes no arguments", typ.name())));
        }
    }
    instance_of(class, typ, args, vm)
}

/// As [`instance_of`] without arguments, made in fewer steps.
pub fn empty_instance(
    class: &'static Class,
    typ: &Py<PyType>,
    vm: &VirtualMachine,
) -> PyResult<PyObjectRef> {
    if core::ptr::eq(class.native, OBJECT) {
        return plain_instance(class, typ.to_owned(), vm);
    }
    instance_of(class, typ.to_owned(), FuncArgs::default(), vm)
}

/// As [`new_instance`], for a type whose layout `class` is known to give.
pub fn instance_of(
    class: &'static Class,
    typ: PyTypeRef,
    args: FuncArgs,
    vm: &VirtualMachine,
) -> PyResult<PyObjectRef> {
    (class.native.create)(class, typ, args, vm)
}

fn made_by_extension(typ: &Py<PyType>, vm: &VirtualMachine) -> PyResult<&'static Class> {
    class_of(typ).ok_or_else(|| {
        let words = format!("'{}' is not a type made by an extension", typ.slot_name());
        vm.new_type_error(words)
    })
}

fn create<B: Base>(
    class: &'static Class,
    typ: PyTypeRef,
    args: FuncArgs,
    vm: &VirtualMachine,
) -> PyResult {
    if core::ptr::eq(class.native, OBJECT) {
        return plain_instance(class, typ, vm);
    }
    let base = B::new_payload(class.native_type, args, vm)?;
    made(base, class, typ, vm)
}

#[inline]
fn plain_instance(class: &'static Class, typ: PyTypeRef, vm: &VirtualMachine) -> PyResult {
    if typ.slots.flags.has_feature(PyTypeFlags::IS_ABSTRACT) {
        check_not_abstract(&typ, vm)?;
    }
    made(PyBaseObject, class, typ, vm)
}

#[inline]
fn made<B: Base>(base: B, class: &'static Class, typ: PyTypeRef, vm: &VirtualMachine) -> PyResult {
    Extended::instance(base, class, typ, &vm.ctx)
        .ok_or_else(|| vm.new_memory_error("the data of an extension's object".to_owned()))
}

/// Source: CPython, `object_new`: a class with abstract methods has no instances. Other native bases do not ask.
#[cold]
fn check_not_abstract(typ: &Py<PyType>, vm: &VirtualMachine) -> PyResult<()> {
    let name = vm.ctx.intern_str("__abstractmethods__");
    let Some(methods) = typ.get_attr(name) else {
        return Ok(());
    };
    let mut names: Vec<String> = vm.extract_elements_with(&methods, |name| {
        Ok(name.str(vm)?.to_string_lossy().into_owned())
    })?;
    names.sort();
    let plural = if names.len() > 1 { "s" } else { "" };
    Err(vm.new_type_error(format!(
        "Can't instantiate abstract class {} without an implementation for abstract method{plural} '{}'",
        typ.slot_name(),
        names.join("', '")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_native_base_has_a_mark_of_its_own() {
        for (index, native) in NATIVES.iter().enumerate() {
            let same = |other: &Native| other.alloc as usize == native.alloc as usize;
            assert_eq!(NATIVES.iter().position(same), Some(index));
        }
    }
}
