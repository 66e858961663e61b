//! `Py_tp_methods`: instance, class and static methods.
//!
//! Upstream's `PyDescr_NewMethod` leaves a handled exception where C code takes it for a raised one and makes instance
//! methods of class methods, so these are our own.

use core::ffi::CStr;
use core::ptr::null_mut;

use rustpython_capi::methodobject::PyMethodDef as CMethodDef;
use rustpython_vm::builtins::{PyStaticMethod, PyType};
use rustpython_vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

use super::call::{optional_pointer, pointer, with_arguments};
use super::class::class_of;
use super::functions::{Binary, Fast, FastWithKeywords, Method, Ternary};
use super::install::{new_owner, new_trampoline};
use super::text::leaked_text;
use crate::boundary::call_extension;
use crate::objects::as_pointer;
use crate::watch;

/// `METH_METHOD`, which the limited API declares for `PyCMethod` only.
const METH_METHOD: u32 = 0x0200;

/// A function of the extension and how it wants its arguments.
#[derive(Clone, Copy)]
enum Convention {
    NoArguments(Binary),
    One(Binary),
    Tuple(Binary),
    TupleAndDict(Ternary),
    Fast(Fast),
    FastWithKeywords(FastWithKeywords),
    DefiningClass(Method),
}

impl Convention {
    /// # Safety
    /// The function has the type that its flags say.
    unsafe fn read(definition: &CMethodDef) -> Option<Self> {
        const VARARGS: u32 = PyMethodFlags::VARARGS.bits();
        const KEYWORDS: u32 = PyMethodFlags::KEYWORDS.bits();
        const NOARGS: u32 = PyMethodFlags::NOARGS.bits();
        const O: u32 = PyMethodFlags::O.bits();
        const FASTCALL: u32 = PyMethodFlags::FASTCALL.bits();
        const TUPLE_AND_DICT: u32 = VARARGS | KEYWORDS;
        const FAST_WITH_KEYWORDS: u32 = FASTCALL | KEYWORDS;
        const DEFINING_CLASS: u32 = METH_METHOD | FASTCALL | KEYWORDS;
        let known = DEFINING_CLASS | VARARGS | NOARGS | O;
        let method = definition.ml_meth;
        // SAFETY: by this function's contract; every field of the union is a function pointer.
        unsafe {
            Some(match definition.ml_flags as u32 & known {
                NOARGS => Self::NoArguments(method.PyCFunction),
                O => Self::One(method.PyCFunction),
                VARARGS => Self::Tuple(method.PyCFunction),
                TUPLE_AND_DICT => Self::TupleAndDict(method.PyCFunctionWithKeywords),
                FASTCALL => Self::Fast(method.PyCFunctionFast),
                FAST_WITH_KEYWORDS => Self::FastWithKeywords(method.PyCFunctionFastWithKeywords),
                DEFINING_CLASS => {
                    Self::DefiningClass(core::mem::transmute::<FastWithKeywords, Method>(
                        method.PyCFunctionFastWithKeywords,
                    ))
                }
                _ => return None,
            })
        }
    }

    const fn takes_keywords(self) -> bool {
        matches!(
            self,
            Self::TupleAndDict(_) | Self::FastWithKeywords(_) | Self::DefiningClass(_)
        )
    }
}

/// A method as the closure that RustPython calls.
struct Callable {
    convention: Convention,
    class: &'static Py<PyType>,
    name: &'static str,
    is_static: bool,
}

impl Callable {
    fn call(&self, vm: &VirtualMachine, mut args: FuncArgs) -> PyResult {
        watch::host_acts();
        if !args.kwargs.is_empty() && !self.convention.takes_keywords() {
            let words = format!("{}() takes no keyword arguments", self.words());
            return Err(vm.new_type_error(words));
        }
        let first = usize::from(!self.is_static);
        if args.args.len() < first {
            let words = format!("unbound method {}() needs an argument", self.words());
            return Err(vm.new_type_error(words));
        }
        let given = args.args.len() - first;
        // A static method's `self` is NULL.
        let zelf = match first {
            0 => null_mut(),
            _ => pointer(&args.args[0]),
        };
        let result = match self.convention {
            Convention::NoArguments(_) if given != 0 => {
                return Err(self.wrong_count(vm, "no arguments", given));
            }
            Convention::One(_) if given != 1 => {
                return Err(self.wrong_count(vm, "exactly one argument", given));
            }
            Convention::NoArguments(function) => {
                // SAFETY: the extension's own function and a living object.
                call_extension(vm, || unsafe { function(zelf, null_mut()) })
            }
            Convention::One(function) => {
                let argument = pointer(&args.args[first]);
                // SAFETY: the extension's own function and living objects.
                call_extension(vm, || unsafe { function(zelf, argument) })
            }
            Convention::Tuple(function) => {
                let tuple = vm.ctx.new_tuple(args.args.split_off(first));
                // SAFETY: the extension's own function and living objects.
                call_extension(vm, || unsafe { function(zelf, as_pointer(&tuple)) })
            }
            Convention::TupleAndDict(function) => {
                let rest = FuncArgs {
                    args: args.args.split_off(first),
                    kwargs: args.kwargs,
                };
                with_arguments(rest, vm, |tuple, dict| {
                    // SAFETY: the extension's own function and living objects.
                    Ok(call_extension(vm, || unsafe {
                        function(zelf, tuple, dict)
                    }))
                })?
            }
            Convention::Fast(function) => {
                let array = array_from(&args.args, first);
                // SAFETY: the extension's own function, living objects and an array of that length.
                call_extension(vm, || unsafe { function(zelf, array, given as isize) })
            }
            Convention::FastWithKeywords(function) => {
                let names = push_keywords(&mut args, vm);
                let array = array_from(&args.args, first);
                let names = optional_pointer(names.as_deref());
                // SAFETY: as for `Fast`; the values of the names follow the positional arguments.
                call_extension(vm, || unsafe {
                    function(zelf, array, given as isize, names)
                })
            }
            Convention::DefiningClass(function) => {
                let names = push_keywords(&mut args, vm);
                let array = array_from(&args.args, first);
                let names = optional_pointer(names.as_deref());
                let class = as_pointer(self.class);
                // SAFETY: as for `FastWithKeywords`.
                call_extension(vm, || unsafe {
                    function(zelf, class, array, given as isize, names)
                })
            }
        };
        // SAFETY: such a function returns a new reference or NULL.
        unsafe { result.into_object(vm, self.name) }
    }

    fn words(&self) -> String {
        // Source: CPython, `_PyObject_FunctionStr`: the qualified name.
        format!("{}.{}", self.class.name(), self.name)
    }

    /// Source: CPython, `method_vectorcall_NOARGS` and `method_vectorcall_O`.
    fn wrong_count(
        &self,
        vm: &VirtualMachine,
        takes: &str,
        given: usize,
    ) -> rustpython_vm::builtins::PyBaseExceptionRef {
        vm.new_type_error(format!("{}() takes {takes} ({given} given)", self.words()))
    }
}

/// The arguments from `first` on as C sees them.
fn array_from(args: &[PyObjectRef], first: usize) -> *const *mut PyObject {
    // `PyObjectRef` is `#[repr(transparent)]` over a pointer.
    args[first..].as_ptr().cast()
}

/// Put the values of the keyword arguments behind the positional ones and return the tuple of their names.
fn push_keywords(args: &mut FuncArgs, vm: &VirtualMachine) -> Option<PyObjectRef> {
    if args.kwargs.is_empty() {
        return None;
    }
    let kwargs = core::mem::take(&mut args.kwargs);
    let mut names = Vec::with_capacity(kwargs.len());
    for (name, value) in kwargs {
        names.push(vm.ctx.new_str(name).into());
        args.args.push(value);
    }
    Some(vm.ctx.new_tuple(names).into())
}

/// Never called: `PyMethodDef::new_const` wants a function without state, which is replaced at once.
fn placeholder(vm: &VirtualMachine) -> PyResult {
    Ok(vm.ctx.none())
}

/// Add the methods of the array `methods` to `class`.
///
/// Raises: `SystemError` -- flags that are no calling convention.
///
/// # Safety
/// `methods` ends with an entry without a name, its functions are of the types that their flags say, and all of it lives
/// as long as the process.
pub unsafe fn add_methods(
    vm: &VirtualMachine,
    class: &'static Py<PyType>,
    methods: *const CMethodDef,
) -> PyResult<()> {
    for index in 0.. {
        // SAFETY: the loop ends at the array's end.
        let definition = unsafe { &*methods.add(index) };
        if definition.ml_name.is_null() {
            break;
        }
        // SAFETY: not null, and a C string by this function's contract.
        let name = leaked_text(vm, unsafe { CStr::from_ptr(definition.ml_name) })?;
        let name = vm.ctx.intern_str(name);
        let flags = PyMethodFlags::from_bits_truncate(definition.ml_flags as u32);
        // Source: CPython, `type_add_method`: a slot of the same name wins unless METH_COEXIST is set.
        if class.attributes.contains(name) && !flags.contains(PyMethodFlags::COEXIST) {
            continue;
        }
        // SAFETY: by this function's contract.
        let convention = unsafe { Convention::read(definition) }.ok_or_else(|| {
            let words = format!("{}() method: bad call flags", name.as_str());
            vm.new_system_error(words)
        })?;
        let doc = match definition.ml_doc {
            doc if doc.is_null() => ItemDoc::NONE,
            // SAFETY: not null, and a C string by this function's contract.
            doc => ItemDoc::static_text(leaked_text(vm, unsafe { CStr::from_ptr(doc) })?),
        };
        let object = method_object(vm, class, name.as_str(), convention, flags, doc);
        class.set_attr(name, object);
    }
    Ok(())
}

fn method_object(
    vm: &VirtualMachine,
    class: &'static Py<PyType>,
    name: &'static str,
    convention: Convention,
    flags: PyMethodFlags,
    doc: ItemDoc,
) -> PyObjectRef {
    let callable = Callable {
        convention,
        class,
        name,
        is_static: flags.contains(PyMethodFlags::STATIC),
    };
    let kind = if flags.contains(PyMethodFlags::STATIC) {
        PyMethodFlags::STATIC
    } else if flags.contains(PyMethodFlags::CLASS) {
        PyMethodFlags::CLASS
    } else {
        PyMethodFlags::METHOD
    };
    let mut definition = PyMethodDef::new_const(name, placeholder, kind, doc);
    definition.func = Box::leak(Box::new(
        move |vm: &VirtualMachine, args: FuncArgs, _: Callee| callable.call(vm, args),
    ));
    let definition: &'static PyMethodDef = Box::leak(Box::new(definition));
    match kind {
        PyMethodFlags::STATIC => {
            let function = definition.build_staticmethod(&vm.ctx, class);
            PyStaticMethod::new(function.into()).into_pyobject(vm)
        }
        PyMethodFlags::CLASS => definition.build_classmethod(&vm.ctx, class).into(),
        _ => definition.build_method(&vm.ctx, class).into(),
    }
}

/// Add a method without arguments that calls the C function of `Py_am_await`, `Py_am_aiter` or `Py_am_anext`.
///
/// RustPython has no such slots and looks the methods up by name.
pub fn add_async_method(
    vm: &VirtualMachine,
    class: &'static Py<PyType>,
    name: &str,
    doc: &'static str,
    slot: super::functions::Unary,
) {
    let name = vm.ctx.intern_str(name);
    if class.attributes.contains(name) {
        return;
    }
    let mut definition = PyMethodDef::new_const(
        name.as_str(),
        placeholder,
        PyMethodFlags::METHOD,
        ItemDoc::static_text(doc),
    );
    definition.func = Box::leak(Box::new(
        move |vm: &VirtualMachine, args: FuncArgs, _: Callee| {
            let (zelf,): (PyObjectRef,) = args.bind(vm)?;
            // SAFETY: the extension's own function and a living object.
            let returned = call_extension(vm, || unsafe { slot(pointer(&zelf)) });
            // SAFETY: a unaryfunc returns a new reference or NULL.
            unsafe { returned.into_object(vm, name.as_str()) }
        },
    ));
    let definition: &'static PyMethodDef = Box::leak(Box::new(definition));
    let method = definition.build_method(&vm.ctx, class);
    class.set_attr(name, method.into());
}

/// `__new__`, as `type_add_tp_new` of CPython makes it.
pub fn add_new(vm: &VirtualMachine, class: &'static Py<PyType>) {
    static NEW: PyMethodDef = PyMethodDef::new_const(
        "__new__",
        call_new,
        PyMethodFlags::METHOD,
        ItemDoc::static_text(
            "__new__($type, *args, **kwargs)\n--\n\nCreate and return a new object.  See help(type) for accurate signature.",
        ),
    );
    let method = NEW.build_bound_method(&vm.ctx, class.to_owned().into(), class);
    class.set_attr(vm.ctx.intern_str("__new__"), method.into());
}

/// Source: CPython, `tp_new_wrapper`.
fn call_new(args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let (class, mut rest): (rustpython_vm::builtins::PyTypeRef, FuncArgs) = args.bind(vm)?;
    let name = class.slot_name().to_owned();
    let subtype = rest
        .take_positional()
        .ok_or_else(|| vm.new_type_error(format!("{name}.__new__(): not enough arguments")))?;
    let subtype = subtype.downcast::<PyType>().map_err(|object| {
        let given = object.class().slot_name().to_owned();
        vm.new_type_error(format!(
            "{name}.__new__(X): X is not a type object ({given})"
        ))
    })?;
    let sub = subtype.slot_name().to_owned();
    if !subtype.fast_issubclass(&*class) {
        let words = format!("{name}.__new__({sub}): {sub} is not a subtype of {name}");
        return Err(vm.new_type_error(words));
    }
    let maker = class_of(&class)
        .ok_or_else(|| vm.new_type_error(format!("cannot create '{name}' instances")))?;
    let new = new_trampoline(maker);
    // The class that gives `subtype` its layout must make the object; Python classes on the way pass it on.
    let layout = class_of(&subtype).filter(|class| class.typ.slots.new.load().is_some());
    if let Some(layout) = layout
        && new_owner(layout).map(core::ptr::from_ref) != new_owner(maker).map(core::ptr::from_ref)
    {
        // Python classes that override `__new__` are skipped, others have it from the class with the layout.
        let its_own = layout.typ.slots.new.load().map(|new| new as usize);
        let safe = subtype
            .iter_base_chain()
            .find(|typ| typ.slots.new.load().map(|new| new as usize) == its_own)
            .map_or_else(
                || layout.typ.slot_name().to_owned(),
                |typ| typ.slot_name().to_owned(),
            );
        let words = format!("{name}.__new__({sub}) is not safe, use {safe}.__new__()");
        return Err(vm.new_type_error(words));
    }
    new(subtype, rest, vm)
}
