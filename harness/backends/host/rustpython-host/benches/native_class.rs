//! RustPython with a builtin module `speed`: what `benchmarks/speed` is as an extension, written as RustPython's own
//! classes are; it takes part in garbage collection, as every class of PyO3 does. `benchmarks/host_speed.py` runs the same Python program with both; the difference is the host's part.

use std::process::ExitCode;

use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_vm::pymodule;

fn main() -> ExitCode {
    let builder = InterpreterBuilder::new().init_stdlib();
    let module = speed::module_def(&builder.ctx);
    rustpython::run(builder.add_native_module(module))
}

#[pymodule]
mod speed {
    use std::sync::atomic::{AtomicI64, Ordering};

    use rustpython_vm::builtins::PyType;
    use rustpython_vm::protocol::{PyIterReturn, PyNumberMethods};
    use rustpython_vm::types::{AsNumber, Constructor, IterNext, Iterable, SelfIter};
    use rustpython_vm::{Py, PyPayload, PyRef, PyResult, Traverse, VirtualMachine, pyclass};

    #[pyattr]
    #[pyclass(module = "speed", name = "Pair", traverse)]
    #[derive(Debug, PyPayload)]
    struct Pair {
        #[pytraverse(skip)]
        first: i64,
        #[pytraverse(skip)]
        second: i64,
    }

    impl Constructor for Pair {
        type Args = (i64, i64);

        fn py_new(
            _class: &Py<PyType>,
            (first, second): Self::Args,
            _vm: &VirtualMachine,
        ) -> PyResult<Self> {
            Ok(Self { first, second })
        }
    }

    impl AsNumber for Pair {
        fn as_number() -> &'static PyNumberMethods {
            static AS_NUMBER: PyNumberMethods = PyNumberMethods {
                add: Some(
                    |a, b, vm| match (a.downcast_ref::<Pair>(), b.downcast_ref::<Pair>()) {
                        (Some(a), Some(b)) => Ok(Pair {
                            first: a.first + b.first,
                            second: a.second + b.second,
                        }
                        .into_pyobject(vm)),
                        _ => Ok(vm.ctx.not_implemented()),
                    },
                ),
                ..PyNumberMethods::NOT_IMPLEMENTED
            };
            &AS_NUMBER
        }
    }

    impl Iterable for Pair {
        fn iter(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult {
            let numbers = Numbers {
                next: AtomicI64::new(zelf.first),
                end: zelf.second,
            };
            Ok(numbers.into_pyobject(vm))
        }
    }

    #[pyclass(with(Constructor, AsNumber, Iterable))]
    impl Pair {
        #[pygetset]
        fn first(zelf: &Py<Self>) -> i64 {
            zelf.first
        }

        #[pymethod]
        fn scaled(zelf: &Py<Self>, factor: i64) -> i64 {
            zelf.second * factor
        }

        #[pymethod]
        fn fail(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            Err(vm.new_value_error("on purpose"))
        }
    }

    #[pyattr]
    #[pyclass(module = "speed", name = "Numbers", traverse)]
    #[derive(Debug, PyPayload)]
    struct Numbers {
        #[pytraverse(skip)]
        next: AtomicI64,
        #[pytraverse(skip)]
        end: i64,
    }

    impl SelfIter for Numbers {}

    impl IterNext for Numbers {
        fn next(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
            let next = zelf.next.load(Ordering::Relaxed);
            if next >= zelf.end {
                return Ok(PyIterReturn::StopIteration(None));
            }
            zelf.next.store(next + 1, Ordering::Relaxed);
            Ok(PyIterReturn::Return(vm.ctx.new_int(next).into()))
        }
    }

    #[pyclass(with(IterNext, Iterable))]
    impl Numbers {}
}
