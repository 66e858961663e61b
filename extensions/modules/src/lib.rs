//! Modules: declared, nested, made at run time, and imported in every way.
//!
//! `contents` is what the modules hold, `making` makes modules at run time, `importing` imports, and
//! `looking` tells what a module says of itself. `variants` has further modules of this library.

use pyo3::prelude::*;

mod contents;
mod importing;
mod looking;
mod making;
mod variants;

/// The native part of the package.
#[pymodule]
mod _native {
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    #[pymodule_export]
    use super::contents::{Shelf, ShelfError, double, whole_name};
    #[pymodule_export]
    use super::importing::{
        import_anew, import_by_name, import_in_threads, import_star, load_as, load_both, reload,
    };
    #[pymodule_export]
    use super::looking::{facts, listing, named_in, pickled, shown};
    #[pymodule_export]
    use super::making::{
        from_code, grow, make_module, module_filename, module_index, module_name, order_of_names,
    };

    #[pymodule_export]
    const VERSION: &str = "1.2.3";
    #[pymodule_export]
    const LIMIT: u64 = u64::MAX;
    #[pymodule_export]
    const RATIO: f64 = -0.0;
    #[pymodule_export]
    const FLAG: bool = true;
    #[pymodule_export]
    const LETTER: char = 'é';
    #[pymodule_export]
    const NOTHING: Option<i32> = None;

    /// A module inside the module.
    #[pymodule]
    mod inner {
        use pyo3::prelude::*;

        #[pymodule_export]
        use crate::contents::Book;
        #[pymodule_export]
        use crate::contents::{ShelfError, double};
        #[pymodule_export]
        const DEPTH: i8 = 1;

        /// The last one.
        #[pymodule]
        mod deepest {
            #[pymodule_export]
            use crate::contents::triple;
            #[pymodule_export]
            const DEPTH: i8 = 2;
        }
    }

    #[pymodule]
    #[pyo3(name = "renamed")]
    mod other {
        #[pymodule_export]
        use crate::contents::triple as three_times;
        #[pymodule_export]
        const DEPTH: i8 = -1;
    }

    #[pymodule_export]
    use super::variants::late;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::contents::count_init();
        let py = module.py();
        module.add(
            "names_at_init",
            super::looking::public_names(&module.dict())?,
        )?;
        // What packages do so that `import sample_modules._native.inner` works.
        let modules = py
            .import("sys")?
            .getattr("modules")?
            .cast_into::<PyDict>()?;
        let name = format!("{}.inner", module.name()?);
        if name.starts_with("sample_modules.") {
            modules.set_item(name, module.getattr("inner")?)?;
        }
        Ok(())
    }
}
