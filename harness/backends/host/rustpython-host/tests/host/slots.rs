//! Export hooks and slot arrays that keep or break the rules, written in C.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::support::{compile_c, fresh_dir, run};

const NAMES: &[&str] = &[
    "hook_silent",
    "hook_raises",
    "hook_unreported",
    "empty",
    "lančmít",
    "old_init",
    "no_hook",
    "exec_silent",
    "exec_reports_late",
    "exec_raises",
    "exec_clean",
    "exec_twice",
    "exec_null",
    "create_silent",
    "create_number",
    "create_number_exec",
    "abi_gil",
    "abi_future",
    "unknown_slot",
    "unknown_optional_slot",
    "type_slot",
    "full",
    "maker",
    "interrupts",
];

fn modules() -> &'static Path {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        let dir = fresh_dir("slots");
        let library = dir.join("all");
        compile_c("slots.c", &library);
        for name in NAMES {
            fs::copy(&library, dir.join(format!("{name}.so"))).expect("copy the library");
        }
        compile_c("missing_symbol.c", &dir.join("missing_symbol.so"));
        dir
    })
}

fn stdout(script: &str) -> String {
    let ran = run(modules(), script);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    ran.stdout
}

/// What `import name` raises, as `Type: text`, with its cause behind ` <- `.
fn import_error(name: &str) -> String {
    let script = format!(
        "
import sys
try:
    import {name}
except Exception as e:
    line = f'{{type(e).__name__}}: {{e}}'
    if e.__cause__ is not None:
        line += f' <- {{e.__cause__!r}}'
    print(line)
assert '{name}' not in sys.modules
assert sys.exception() is None
"
    );
    stdout(&script)
        .trim_end()
        .replace(&modules().display().to_string(), "DIR")
}

#[test]
fn hooks_that_break_the_rules() {
    assert_eq!(
        import_error("hook_silent"),
        "SystemError: module export hook for module 'hook_silent' failed without setting an exception"
    );
    assert_eq!(import_error("hook_raises"), "ValueError: hook");
    assert_eq!(
        import_error("hook_unreported"),
        "SystemError: module export hook for module 'hook_unreported' raised unreported exception \
         <- ValueError('hook')"
    );
}

#[test]
fn missing_hooks() {
    assert_eq!(
        import_error("no_hook"),
        "ImportError: dynamic module does not define module export function \
         (PyModExport_no_hook or PyInit_no_hook)"
    );
    assert_eq!(
        import_error("old_init"),
        "ImportError: dynamic module does not define module export function (PyModExport_old_init); \
         it defines PyInit_old_init, which the abi3t stable ABI does not have"
    );
}

#[test]
fn a_missing_symbol_is_named() {
    // Lazily bound functions would hide it until the call; the host binds at once.
    assert_eq!(
        import_error("missing_symbol"),
        "ImportError: DIR/missing_symbol.so: undefined symbol: PyNobody_HasThis"
    );
    let script = "
try:
    import missing_symbol
except ImportError as e:
    print(e.name, e.path.endswith('missing_symbol.so'))
";
    assert_eq!(stdout(script), "missing_symbol True\n");
}

#[test]
fn exec_functions_that_break_the_rules() {
    let module = |name| format!("<module '{name}' from 'DIR/{name}.so'>");
    assert_eq!(
        import_error("exec_silent"),
        format!(
            "SystemError: execution of {} failed without setting an exception",
            module("exec_silent")
        )
    );
    assert_eq!(
        import_error("exec_reports_late"),
        format!(
            "SystemError: execution of module {} raised unreported exception <- ValueError('exec')",
            module("exec_reports_late")
        )
    );
    assert_eq!(import_error("exec_raises"), "ValueError: exec");
    assert_eq!(
        import_error("exec_twice"),
        "SystemError: module exec_twice has multiple Py_mod_exec (85) slots"
    );
    assert_eq!(
        import_error("exec_null"),
        "SystemError: NULL not allowed for slot Py_mod_exec"
    );
}

#[test]
fn create_functions() {
    assert_eq!(
        import_error("create_silent"),
        "SystemError: creation of module create_silent failed without setting an exception"
    );
    assert_eq!(
        import_error("create_number_exec"),
        "SystemError: module create_number_exec specifies execution slots, but did not create \
         a ModuleType instance"
    );
    // An object that cannot hold __spec__ may still be a module.
    assert_eq!(stdout("import create_number; print(create_number)"), "7\n");
}

#[test]
fn abi_and_slot_ids() {
    assert_eq!(
        import_error("abi_gil"),
        "ImportError: abi_gil: incompatible with free-threaded CPython"
    );
    assert_eq!(
        import_error("abi_future"),
        "ImportError: abi_future: incompatible future stable ABI version (3.99)"
    );
    assert_eq!(
        import_error("unknown_slot"),
        "SystemError: unknown module slot ID 200"
    );
    assert_eq!(
        import_error("type_slot"),
        "SystemError: invalid module slot 95 (Py_tp_name)"
    );
    assert_eq!(
        stdout("import unknown_optional_slot as m; print(m.__name__, m.__doc__)"),
        "unknown_optional_slot None\n"
    );
}

#[test]
fn names_that_are_not_ascii() {
    assert_eq!(
        stdout("import lančmít as m; print(ascii(m.__name__))"),
        "'lan\\u010dm\\xedt'\n"
    );
}

#[test]
fn the_indicator_is_clean_while_an_exception_is_handled() {
    let script = "
import sys
try:
    raise KeyError('handled')
except KeyError:
    import exec_clean
    print(repr(sys.exception()))
";
    assert_eq!(stdout(script), "KeyError('handled')\n");
}

#[test]
fn state_token_methods_and_free() {
    let script = "
import full, gc, importlib, sys
print(full.__doc__, full.count.__module__, full.count.__doc__)
print(full.count(), full.count(), importlib.reload(full).count(), full.size(), full.has_my_token())
first = full
del sys.modules['full']
import full
print(full is first, full.count())
del first
gc.collect()
print(full.times_freed(), full.count())
";
    assert_eq!(
        stdout(script),
        "All of it. full How often it was called.\n1 2 3 8 1\nFalse 1\n1 2\n"
    );
}

#[test]
fn modules_made_by_functions() {
    let script = "
import maker
class Spec:
    name = 'outer.inner'
made = maker.make(Spec)
print(type(made).__name__, made.__name__, made.__doc__, made.size.__module__)
print(hasattr(made, 'seven'), maker.has_state(made))
print(maker.execute(made), made.seven, maker.has_state(made), made.count(), made.size())
print(maker.execute(made), made.count())
print(maker.make(Spec) is made, maker.dict_of(made) is made.__dict__)
print(maker.add(made), made.added(), made.added.__doc__, made.added.__module__)
";
    assert_eq!(
        stdout(script),
        "module outer.inner Inner. outer.inner\nFalse 0\n0 7 1 1 8\n0 2\nFalse True\n0 8 Added later. outer.inner\n"
    );
}

#[test]
fn what_is_no_module_has_no_functions_and_no_dict() {
    let script = "
import maker, math
class Spec:
    name = 7
for function, argument in [
    (maker.make_of_nothing, None), (maker.make, Spec), (maker.make, None), (maker.execute, 7), (maker.dict_of, 7),
    (maker.add, 7), (maker.add_nothing, maker), (maker.add_of_a_class, maker),
]:
    try:
        function(argument)
    except Exception as e:
        print(f'{function.__name__}: {type(e).__name__}: {e}')
# A module that was not made from slots has nothing to execute.
print(maker.execute(math))
";
    assert_eq!(
        stdout(script),
        "make_of_nothing: SystemError: PyModule_FromSlotsAndSpec called with NULL slots\n\
         make: TypeError: Expected type 'str' but 'int' found.\n\
         make: AttributeError: 'NoneType' object has no attribute 'name'\n\
         execute: TypeError: expected module, got int\n\
         dict_of: SystemError: bad argument to internal function\n\
         add: TypeError: bad argument type for built-in operation\n\
         add_nothing: SystemError: PyModule_AddFunctions: argument 'functions' is NULL\n\
         add_of_a_class: ValueError: module functions cannot set METH_CLASS or METH_STATIC\n\
         0\n"
    );
}

#[test]
fn an_interrupt_from_c_runs_the_handler() {
    let script = "
import interrupts, signal
seen = []
signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
print(interrupts.interrupt(), seen)
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    interrupts.interrupt()
except KeyboardInterrupt:
    print('interrupted')
signal.signal(signal.SIGINT, signal.SIG_IGN)
print(interrupts.interrupt(), seen)
";
    assert_eq!(stdout(script), "0 [2]\ninterrupted\n0 [2]\n");
}
