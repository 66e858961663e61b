//! Instances of extension types: RustPython's own payload of the native base, followed by ours.
//!
//! PyO3 under abi3t reaches its data only through `PyObject_GetTypeData` (PEP 697, `Py_tp_extra_basicsize`), so the data
//! may lie outside the object: one zeroed block for the whole chain of classes.
//!
//! A base's functions must find their payload where they expect it, so ours comes after it (`#[repr(C)]`) and the object
//! passes for one of the base (`PAYLOAD_TYPE_ID`). That is the rule RustPython has for its own derived types.

use core::cell::{Cell, UnsafeCell};
use core::ffi::{c_int, c_void};
use core::fmt;
use core::mem::{MaybeUninit, offset_of};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use rustpython_vm::builtins::PyType;
use rustpython_vm::object::{MaybeTraverse, TraverseFn, payload_offset};
use rustpython_vm::vm::thread::try_with_current_vm;
use rustpython_vm::{
    AsObject, Context, Py, PyObject, PyObjectRef, PyPayload, PyRef, VirtualMachine,
};

use super::class::Class;
use super::functions::{Destructor, Inquiry, Traverse, Visit};
use crate::boundary::call_extension;
use crate::objects::as_pointer;
use crate::slot_ids::{Py_tp_clear, Py_tp_dealloc, Py_tp_traverse};

/// The most that CPython's `_Py_ALIGN_MAX` asks for.
pub const DATA_ALIGNMENT: usize = 16;

/// The payload of an instance whose nearest native base has the payload `B`.
#[repr(C)]
pub struct Extended<B> {
    base: B,
    tail: Tail,
}

/// Our part of the payload.
pub struct Tail {
    pub class: &'static Class,
    /// The data of all classes of the chain, each at its own offset: in `inline` if it is small, else in memory of its
    /// own. Set once the object has its place.
    block: Cell<NonNull<u8>>,
    inline: UnsafeCell<[MaybeUninit<u64>; INLINE_WORDS]>,
    /// The object's type has bases made by extensions that are not in `class.chain`; see `class::function_by_mro`.
    pub has_other_bases: bool,
    /// The object whose payload this is; NULL until it exists.
    owner: Cell<*mut PyObject>,
}

/// Small data lies in the object itself. With a word to spare, because an object is aligned to 8 bytes.
const INLINE_SIZE: usize = 2 * DATA_ALIGNMENT;
const INLINE_WORDS: usize = (INLINE_SIZE + DATA_ALIGNMENT) / size_of::<u64>() - 1;

// SAFETY: `owner` and `block` are written once, before the object is given to anybody; the block belongs to the extension, which must
// itself order its accesses (free threading).
unsafe impl Send for Tail {}
// SAFETY: as above.
unsafe impl Sync for Tail {}

impl Tail {
    /// `None` if there is no memory.
    fn new(class: &'static Class, typ: &Py<PyType>) -> Option<Self> {
        let block = match block_layout(class) {
            None => NonNull::dangling(),
            // SAFETY: the layout's size is not 0.
            Some(layout) => NonNull::new(unsafe { alloc_zeroed(layout) })?,
        };
        Some(Self {
            class,
            block: Cell::new(block),
            inline: UnsafeCell::new([MaybeUninit::zeroed(); INLINE_WORDS]),
            has_other_bases: !typ.is(class.typ) && class.is_not_all_of(typ),
            owner: Cell::new(core::ptr::null_mut()),
        })
    }

    /// Connect the payload, which will not move any more, with its object.
    fn settle(&self, owner: *mut PyObject) {
        self.owner.set(owner);
        if block_layout(self.class).is_none() {
            let inline: NonNull<u8> = NonNull::from(&self.inline).cast();
            let misaligned = inline.addr().get() % DATA_ALIGNMENT;
            // SAFETY: `INLINE_WORDS` leaves room for it: the words are aligned to 8 bytes.
            let aligned = unsafe { inline.add((DATA_ALIGNMENT - misaligned) % DATA_ALIGNMENT) };
            self.block.set(aligned);
        }
    }

    /// The data of all classes of the chain.
    pub fn block(&self) -> *mut u8 {
        self.block.get().as_ptr()
    }

    /// The data of the class whose type is `typ`, if it is the one that gives the object its layout.
    #[inline]
    pub fn own_data_of(&self, typ: *const Py<PyType>) -> Option<*mut u8> {
        self.data_if(self.class, typ)
    }

    /// The data of the class whose type is `typ`, if it is one of the chain.
    pub fn data_of(&self, typ: *const Py<PyType>) -> Option<*mut u8> {
        let mut chain = self.class.chain.iter().rev();
        chain.find_map(|class| self.data_if(class, typ))
    }

    #[inline]
    fn data_if(&self, class: &Class, typ: *const Py<PyType>) -> Option<*mut u8> {
        // SAFETY: the data of a class of the chain lies in the block.
        core::ptr::eq::<Py<PyType>>(class.typ, typ)
            .then(|| unsafe { self.block().add(class.data.start) })
    }
}

/// The memory for the data of an instance; `None` if it lies in the object.
fn block_layout(class: &Class) -> Option<Layout> {
    let layout = Layout::from_size_align(class.block_size(), DATA_ALIGNMENT).ok()?;
    (layout.size() > INLINE_SIZE).then_some(layout)
}

impl<B: PyPayload + fmt::Debug> Extended<B> {
    /// Byte offset of the tail from the start of the object.
    pub const TAIL_OFFSET: usize = payload_offset::<Self>() + offset_of!(Self, tail);

    // The base's functions look for their payload there.
    const SAME_PLACE: () =
        assert!(payload_offset::<Self>() == payload_offset::<B>() && offset_of!(Self, base) == 0);

    /// An instance of `typ`, whose layout `class` gives; its data is zeroed. `None` if there is no memory.
    pub fn instance(
        base: B,
        class: &'static Class,
        typ: PyRef<PyType>,
        ctx: &Context,
    ) -> Option<PyObjectRef> {
        const { Self::SAME_PLACE };
        let tail = Tail::new(class, &typ)?;
        let has_dict = typ
            .slots
            .flags
            .has_feature(rustpython_vm::types::PyTypeFlags::HAS_DICT);
        let dict = has_dict.then(|| ctx.new_dict());
        let instance = PyRef::new_ref(Self { base, tail }, typ, dict);
        let owner = as_pointer(&instance);
        instance.tail.settle(owner);
        Some(instance.into())
    }
}

impl<B> fmt::Debug for Extended<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "instance of {}", self.tail.class.typ.slot_name())
    }
}

impl<B: PyPayload> PyPayload for Extended<B> {
    const PAYLOAD_TYPE_ID: core::any::TypeId = B::PAYLOAD_TYPE_ID;

    fn class(ctx: &Context) -> &'static Py<PyType> {
        B::class(ctx)
    }
}

impl<B: PyPayload> MaybeTraverse for Extended<B> {
    const HAS_TRAVERSE: bool = true;
    const HAS_CLEAR: bool = true;

    fn try_traverse(&self, visit: &mut TraverseFn<'_>) {
        self.base.try_traverse(visit);
        self.tail.traverse(visit);
    }

    fn try_clear(&mut self, out: &mut Vec<PyObjectRef>) {
        self.tail.clear();
        self.base.try_clear(out);
    }
}

/// What [`visit_child`] gets as its argument.
struct Visitor<'a, 'b> {
    visit: &'a mut TraverseFn<'b>,
    /// The object's type while its own reference has not been seen, if RustPython counts that one itself.
    typ: *const PyObject,
}

/// The `visitproc` that an extension's `tp_traverse` gets.
///
/// # Safety
/// `visitor` is a [`Visitor`] of the traversal that runs; `child` is NULL or alive.
unsafe extern "C" fn visit_child(child: *mut PyObject, visitor: *mut c_void) -> c_int {
    // SAFETY: by this function's contract.
    let (child, visitor) = unsafe { (child.as_ref(), &mut *visitor.cast::<Visitor<'_, '_>>()) };
    match child {
        // Since CPython 3.9 a heap type's tp_traverse visits the object's type (C-API, `Py_tp_traverse`).
        Some(child) if core::ptr::eq(child, visitor.typ) => visitor.typ = core::ptr::null(),
        Some(child) => (visitor.visit)(child),
        None => {}
    }
    0
}

impl Tail {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        // SAFETY: the slot holds a traverseproc.
        let Some(traverse) = (unsafe { self.class.merged.get::<Traverse>(Py_tp_traverse) }) else {
            return;
        };
        // SAFETY: NULL or this payload's object, which is alive while the collector looks at it.
        let Some(owner) = (unsafe { self.owner.get().as_ref() }) else {
            return;
        };
        let mut visitor = Visitor {
            visit,
            // Of types that it calls static RustPython counts no reference.
            typ: match owner.class().heaptype_ext {
                Some(_) => owner.class().as_object().as_raw(),
                None => core::ptr::null(),
            },
        };
        let visit: Visit = visit_child;
        // A traverse function may neither raise nor run Python code, so the error indicator is none of its business.
        // SAFETY: the extension's own function and its object; the visitor lives during the call.
        unsafe { traverse(self.owner.get(), visit, (&raw mut visitor).cast()) };
    }

    /// Call `tp_clear` for the collector. RustPython clears every object that dies too; CPython does not.
    fn clear(&self) {
        // SAFETY: the slot holds an inquiry.
        let clear = unsafe { self.class.merged.get::<Inquiry>(Py_tp_clear) };
        // SAFETY: NULL or this payload's object, whose memory exists while it is cleared.
        let owner = unsafe { self.owner.get().as_ref() };
        if let (Some(clear), Some(owner)) = (clear, owner)
            && owner.strong_count() != 0
        {
            try_with_current_vm(|vm| {
                // SAFETY: the extension's own function and a living object.
                let returned = call_extension(vm, || unsafe { clear(owner.as_raw().cast_mut()) });
                // Source: CPython `delete_garbage`: what tp_clear raises is written to stderr.
                if let Err(raised) = returned.into_status(vm, "tp_clear") {
                    vm.run_unraisable(raised, None, vm.ctx.none());
                }
            });
        }
    }
}

/// `tp_dealloc` belongs here: the finaliser slot of RustPython runs before the collector clears, this after.
/// It comes before the base's own destructor, as a subtype's does in CPython.
impl<B> Drop for Extended<B> {
    fn drop(&mut self) {
        self.tail.finish();
    }
}

impl Tail {
    /// Call `tp_dealloc` and free the data. The object is not used after this.
    fn finish(&self) {
        let owner = self.owner.get();
        // SAFETY: the slot holds a destructor.
        let dealloc_object = unsafe { self.class.merged.get::<Destructor>(Py_tp_dealloc) };
        if let Some(dealloc_object) = dealloc_object
            && !owner.is_null()
        {
            // Without an attached thread, or with an interpreter that is half gone, the data is leaked: the extension
            // could not run its destructors.
            let ran = try_with_current_vm(|vm| {
                if vm.state.finalizing.load(Ordering::Acquire) && !keep_builtins(vm) {
                    return false;
                }
                // SAFETY: RustPython drops the payload before the type reference of the object.
                let typ = unsafe { &*owner }.class().to_owned();
                // A heap type's tp_dealloc gives back one reference to the type (C-API, `Py_tp_dealloc`).
                core::mem::forget(typ);
                // SAFETY: the extension's own function and its object, whose data is still there.
                let returned = call_extension(vm, || unsafe { dealloc_object(owner) });
                if let Err(raised) =
                    returned.check(vm, |()| true, |_| "tp_dealloc set an exception".to_owned())
                {
                    vm.run_unraisable(raised, None, vm.ctx.none());
                }
                true
            });
            if ran != Some(true) {
                return;
            }
        }
        if let Some(layout) = block_layout(self.class) {
            // SAFETY: allocated in `new` with this layout.
            unsafe { dealloc(self.block(), layout) }
        }
    }
}

/// Make `import builtins` work while the interpreter takes its modules apart. False if `builtins` is empty already.
///
/// PyO3 imports `builtins.object` in the first `tp_dealloc` of each extension (`pycell/impl_.rs`, RustPython only) and
/// panics if it cannot. CPython has the type as a static variable.
#[cold]
fn keep_builtins(vm: &VirtualMachine) -> bool {
    let builtins = vm.builtins.as_object();
    let modules = vm.sys_module.dict().get_item_opt("modules", vm);
    let restored = match modules {
        Ok(Some(modules)) => modules.set_item("builtins", builtins.to_owned(), vm),
        Ok(None) => return false,
        Err(raised) => Err(raised),
    };
    restored.is_ok() && matches!(vm.builtins.dict().get_item_opt("object", vm), Ok(Some(_)))
}
