//! A PyO3 extension without classes, imported by plain `import`.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use crate::support::{Ran, build_pyo3, fresh_dir, run};

/// A directory with `functions.abi3t.so` and a package that holds the same library.
fn modules() -> &'static Path {
    static MODULES: OnceLock<std::path::PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        let dir = fresh_dir("modules");
        let library = build_pyo3("pyo3/abi3t");
        fs::create_dir(dir.join("pkg")).expect("package");
        fs::write(
            dir.join("pkg/__init__.py"),
            "from .functions import double\n",
        )
        .expect("package");
        for place in ["functions.abi3t.so", "pkg/functions.so"] {
            fs::copy(&library, dir.join(place)).expect("copy the extension");
        }
        dir
    })
}

fn stdout(script: &str) -> String {
    let Ran {
        stdout,
        stderr,
        status,
    } = run(modules(), script);
    assert_eq!(status, Some(0), "{stderr}");
    stdout
}

#[test]
fn functions_constants_and_exceptions_work() {
    let script = "
import functions as f
print(f.double(21), f.ANSWER, f.initialised, f.echo(1, a=2), f.in_a_thread())
print([f.kind(x) for x in (range(3), slice(2), 1)], f.check_signals())
try:
    f.trouble('text')
except ValueError as e:
    print(repr(e), type(e) is f.Trouble)
";
    assert_eq!(
        stdout(script),
        "42 42 True ((1,), {'a': 2}) 42\n['range', 'slice', 'other'] None\nTrouble('text') True\n"
    );
}

#[test]
fn importlib_knows_the_module() {
    let script = "
import functions, importlib.util, importlib.machinery as m, os, sys
spec = functions.__spec__
print(type(spec.loader) is m.ExtensionFileLoader, spec.loader is functions.__loader__)
print(os.path.basename(spec.origin), spec.origin == functions.__file__, spec.parent == '', spec.has_location)
print(importlib.util.find_spec('functions') is spec, importlib.reload(functions) is functions)
del sys.modules['functions']
import functions as again
print(again is functions, again.double(2))
";
    assert_eq!(
        stdout(script),
        "True True\nfunctions.abi3t.so True True True\nTrue True\nFalse 4\n"
    );
}

#[test]
fn packages_and_nested_modules_work() {
    let script = "
import pkg, functions
print(pkg.double(3), pkg.functions.__name__, pkg.functions.__package__, pkg.functions.__file__.endswith('pkg/functions.so'))
print(functions.inner.triple(3), functions.inner.__name__)
";
    assert_eq!(
        stdout(script),
        "6 pkg.functions pkg True\n9 functions.inner\n"
    );
}

#[test]
fn threads_may_import_at_once() {
    let script = "
import threading
seen = []
def work():
    import functions
    seen.append(functions)
threads = [threading.Thread(target=work) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(seen), len(set(map(id, seen))))
";
    assert_eq!(stdout(script), "8 1\n");
}

#[test]
fn a_failing_init_raises_and_leaves_nothing_behind() {
    let dir = fresh_dir("failing");
    fs::copy(build_pyo3("pyo3/abi3t,fails"), dir.join("functions.so")).expect("copy");
    let script = "
import sys
for _ in range(2):
    try:
        import functions
    except RuntimeError as e:
        print(e, 'functions' in sys.modules)
";
    let ran = run(&dir, script);
    assert_eq!(
        ran.stdout.lines().next(),
        Some("init fails on purpose False"),
        "{}",
        ran.stderr
    );
}
