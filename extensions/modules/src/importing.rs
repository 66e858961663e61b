//! Ways to import.

use std::sync::Barrier;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::contents::inits;
use crate::looking::public_names;

const PACKAGE: &str = "sample_modules";
const NATIVE: &str = "sample_modules._native";
const MOST_THREADS: usize = 8;

fn modules(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    Ok(py.import("sys")?.getattr("modules")?.cast_into()?)
}

/// What is in `sys.modules` and belongs to this package; put back when it is dropped.
struct Kept<'py> {
    modules: Bound<'py, PyDict>,
    kept: Vec<(String, Bound<'py, PyAny>)>,
    native: Option<Bound<'py, PyAny>>,
}

impl<'py> Kept<'py> {
    fn new(py: Python<'py>) -> PyResult<Self> {
        let modules = modules(py)?;
        let kept = Self::ours(&modules)?;
        let native = modules.get_item(NATIVE)?;
        Ok(Self {
            modules,
            kept,
            native,
        })
    }

    fn ours(modules: &Bound<'py, PyDict>) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
        let mut found = Vec::new();
        for (name, module) in modules {
            let name: String = name.extract()?;
            if name == PACKAGE || name.starts_with("sample_modules.") {
                found.push((name, module));
            }
        }
        Ok(found)
    }

    fn restore(&self) -> PyResult<()> {
        for (name, _) in Self::ours(&self.modules)? {
            self.modules.del_item(name)?;
        }
        for (name, module) in &self.kept {
            self.modules.set_item(name, module)?;
        }
        // An import anew also replaced the attribute of the package.
        if let (Some(native), Some(package)) = (&self.native, self.modules.get_item(PACKAGE)?) {
            package.setattr("_native", native)?;
        }
        Ok(())
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.restore() {
            error.write_unraisable(self.modules.py(), None);
        }
    }
}

/// Import a module by its name; its own name, and whether it is the one in `sys.modules`.
#[pyfunction]
pub fn import_by_name(py: Python<'_>, name: &str) -> PyResult<(String, bool)> {
    let module = py.import(name)?;
    let known = modules(py)?.get_item(name)?;
    Ok((
        module.name()?.to_string(),
        known.is_some_and(|known| known.is(&module)),
    ))
}

/// What came of importing the native module anew.
#[derive(IntoPyObject)]
pub struct Anew<'py> {
    same_module: bool,
    same_class: bool,
    same_function: bool,
    same_inner: bool,
    same_names: bool,
    executed: usize,
    double: Bound<'py, PyAny>,
    /// Whether an instance of the old class is one of the new.
    old_is_new: bool,
}

/// Import the native module twice, the second time after it was taken out of `sys.modules` (or not, or with
/// its whole package).
#[pyfunction]
pub fn import_anew<'py>(py: Python<'py>, what: &str, value: i64) -> PyResult<Anew<'py>> {
    let before = inits();
    let kept = Kept::new(py)?;
    let first = py.import(NATIVE)?;
    match what {
        "nothing" => {}
        "module" => kept.modules.del_item(NATIVE)?,
        "package" => {
            for (name, _) in Kept::ours(&kept.modules)? {
                kept.modules.del_item(name)?;
            }
        }
        "none" => kept.modules.set_item(NATIVE, py.None())?,
        _ => return Err(PyValueError::new_err(format!("unknown part {what:?}"))),
    }
    let second = py.import(NATIVE)?;
    let same =
        |name: &str| -> PyResult<bool> { Ok(first.getattr(name)?.is(second.getattr(name)?)) };
    Ok(Anew {
        same_module: first.is(&second),
        same_class: same("Shelf")?,
        same_function: same("double")?,
        same_inner: same("inner")?,
        same_names: public_names(&first.dict())? == public_names(&second.dict())?,
        executed: inits() - before,
        double: second.call_method1("double", (value,))?,
        old_is_new: first
            .getattr("Shelf")?
            .call0()?
            .is_instance(&second.getattr("Shelf")?)?,
    })
}

/// Import the native module in several threads at once that Python has never seen.
///
/// How many different modules they got, and how often it was executed.
#[pyfunction]
pub fn import_in_threads(py: Python<'_>, count: usize, anew: bool) -> PyResult<(usize, usize)> {
    let count = count.clamp(1, MOST_THREADS);
    let kept = Kept::new(py)?;
    if anew {
        kept.modules.del_item(NATIVE)?;
    }
    let before = inits();
    let start = Barrier::new(count);
    let found: Vec<PyResult<Py<PyModule>>> = py.detach(|| {
        std::thread::scope(|scope| {
            let import = || {
                start.wait();
                Python::attach(|py| py.import(NATIVE).map(Bound::unbind))
            };
            let threads: Vec<_> = (0..count).map(|_| scope.spawn(import)).collect();
            threads
                .into_iter()
                .filter_map(|thread| thread.join().ok())
                .collect()
        })
    });
    let mut different: Vec<Py<PyModule>> = Vec::new();
    for module in found {
        let module = module?;
        if !different.iter().any(|known| known.is(&module)) {
            different.push(module);
        }
    }
    Ok((different.len(), inits() - before))
}

/// `from NAME import *`: the names that it brings, sorted.
#[pyfunction]
pub fn import_star(py: Python<'_>, name: &str) -> PyResult<Vec<String>> {
    let namespace = PyDict::new(py);
    let code = std::ffi::CString::new(format!("from {name} import *"))?;
    py.run(&code, Some(&namespace), None)?;
    let mut names = public_names(&namespace)?;
    names.sort();
    Ok(names)
}

/// Load this library under another name, as importlib does with a file that it has found.
fn load<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyModule>> {
    let file = py.import(NATIVE)?.filename()?;
    let machinery = py.import("importlib.machinery")?;
    let util = py.import("importlib.util")?;
    let loader = machinery.call_method1("ExtensionFileLoader", (name, file))?;
    let spec = util.call_method1("spec_from_loader", (name, loader))?;
    let module = util.call_method1("module_from_spec", (&spec,))?;
    spec.getattr("loader")?
        .call_method1("exec_module", (&module,))?;
    Ok(module.cast_into()?)
}

/// Load one of this library's modules by its name; its own name, its docstring and its public names.
#[pyfunction]
pub fn load_as<'py>(
    py: Python<'py>,
    name: &str,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Vec<String>)> {
    let _kept = Kept::new(py)?;
    let module = load(py, name)?;
    let names = public_names(&module.dict())?;
    Ok((
        module.getattr("__name__")?,
        module.getattr("__doc__")?,
        names,
    ))
}

/// Load two of this library's modules side by side: are they two, and do they share a class?
#[pyfunction]
pub fn load_both(py: Python<'_>, first: &str, second: &str) -> PyResult<(bool, Option<bool>)> {
    let _kept = Kept::new(py)?;
    let one = load(py, first)?;
    let two = load(py, second)?;
    let classes = (one.getattr_opt("Shelf")?, two.getattr_opt("Shelf")?);
    let shared = match classes {
        (Some(one), Some(two)) => Some(one.is(two)),
        _ => None,
    };
    Ok((one.is(&two), shared))
}

/// `importlib.reload(module)`: is it the same one, how often was it executed, and is what was set still there?
#[pyfunction]
pub fn reload(module: &Bound<'_, PyModule>) -> PyResult<(bool, usize, bool)> {
    let py = module.py();
    let before = inits();
    module.setattr("mark", 1)?;
    let again = py.import("importlib")?.call_method1("reload", (module,));
    let marked = module.delattr("mark").is_ok();
    Ok((again?.is(module), inits() - before, marked))
}
