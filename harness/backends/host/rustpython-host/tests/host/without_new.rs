//! Types without `Py_tp_new`, as C and Cython write them; PyO3 always gives one.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::support::{compile_c, fresh_dir, run};

fn modules() -> &'static Path {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        let dir = fresh_dir("without_new");
        compile_c("without_new.c", &dir.join("without_new.so"));
        dir
    })
}

/// What `script` prints after its imports.
fn said(script: &str) -> String {
    let start = "
import gc
from without_new import OfDict, Plain
def error(f, *a):
    try:
        return f(*a)
    except Exception as e:
        return f'{type(e).__name__}: {e}'
";
    let ran = run(modules(), &format!("{start}{script}"));
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    ran.stdout
}

#[test]
fn an_object_has_the_types_own_memory() {
    let script = "
class Derived(Plain):
    def __new__(cls): return super().__new__(cls)
for made in Plain(), Derived(), Plain.__new__(Derived):
    print(made.number(), made.number(), type(made).__name__)
print(error(Plain, 1))
class Initialized(Plain):
    def __init__(self, value): self.value = value
print(Initialized(5).value, Initialized(6).number())
";
    let words = "TypeError: Plain() takes no arguments";
    let expected = format!("0 1 Plain\n0 1 Derived\n0 1 Derived\n{words}\n5 0\n");
    assert_eq!(said(script), expected);
}

#[test]
fn a_native_base_gets_the_arguments() {
    assert_eq!(
        said("print(OfDict(), OfDict(a=1), OfDict({2: 3})[2])"),
        "{} {'a': 1} 3\n"
    );
}

/// Cython's `tp_dealloc` asks `PyObject_CallFinalizerFromDealloc` if the object lives on.
#[test]
fn the_finalizer_has_run_before_an_object_is_freed() {
    let script = "
for _ in range(5): Plain()
kept = Plain()
print(Plain.counted())
";
    assert_eq!(
        said(script),
        "50500\n",
        "five finalized, five freed, none kept"
    );
}
