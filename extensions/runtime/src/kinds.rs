//! What an object is, by every type that PyO3 knows.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;
use pyo3::types::*;

/// Expand to a match over the names of PyO3's native types.
macro_rules! by_kind {
    ($name:expr, $function:ident($($argument:expr),*)) => {
        match $name {
            "PyBool" => Ok($function::<PyBool>($($argument),*)),
            "PyByteArray" => Ok($function::<PyByteArray>($($argument),*)),
            "PyBytes" => Ok($function::<PyBytes>($($argument),*)),
            "PyCFunction" => Ok($function::<PyCFunction>($($argument),*)),
            "PyCapsule" => Ok($function::<PyCapsule>($($argument),*)),
            "PyCode" => Ok($function::<PyCode>($($argument),*)),
            "PyComplex" => Ok($function::<PyComplex>($($argument),*)),
            "PyDate" => Ok($function::<PyDate>($($argument),*)),
            "PyDateTime" => Ok($function::<PyDateTime>($($argument),*)),
            "PyDelta" => Ok($function::<PyDelta>($($argument),*)),
            "PyDict" => Ok($function::<PyDict>($($argument),*)),
            "PyEllipsis" => Ok($function::<PyEllipsis>($($argument),*)),
            "PyFloat" => Ok($function::<PyFloat>($($argument),*)),
            "PyFrozenSet" => Ok($function::<PyFrozenSet>($($argument),*)),
            "PyGenericAlias" => Ok($function::<PyGenericAlias>($($argument),*)),
            "PyInt" => Ok($function::<PyInt>($($argument),*)),
            "PyList" => Ok($function::<PyList>($($argument),*)),
            "PyMappingProxy" => Ok($function::<PyMappingProxy>($($argument),*)),
            "PyMemoryView" => Ok($function::<PyMemoryView>($($argument),*)),
            "PyModule" => Ok($function::<PyModule>($($argument),*)),
            "PyNone" => Ok($function::<PyNone>($($argument),*)),
            "PyNotImplemented" => Ok($function::<PyNotImplemented>($($argument),*)),
            "PyRange" => Ok($function::<PyRange>($($argument),*)),
            "PySet" => Ok($function::<PySet>($($argument),*)),
            "PySlice" => Ok($function::<PySlice>($($argument),*)),
            "PyString" => Ok($function::<PyString>($($argument),*)),
            "PySuper" => Ok($function::<PySuper>($($argument),*)),
            "PyTime" => Ok($function::<PyTime>($($argument),*)),
            "PyTraceback" => Ok($function::<PyTraceback>($($argument),*)),
            "PyTuple" => Ok($function::<PyTuple>($($argument),*)),
            "PyType" => Ok($function::<PyType>($($argument),*)),
            "PyTzInfo" => Ok($function::<PyTzInfo>($($argument),*)),
            "PyWeakrefReference" => Ok($function::<PyWeakrefReference>($($argument),*)),
            other => Err(PyValueError::new_err(format!("no kind is called {other:?}"))),
        }
    };
}

const KINDS: [&str; 33] = [
    "PyBool",
    "PyByteArray",
    "PyBytes",
    "PyCFunction",
    "PyCapsule",
    "PyCode",
    "PyComplex",
    "PyDate",
    "PyDateTime",
    "PyDelta",
    "PyDict",
    "PyEllipsis",
    "PyFloat",
    "PyFrozenSet",
    "PyGenericAlias",
    "PyInt",
    "PyList",
    "PyMappingProxy",
    "PyMemoryView",
    "PyModule",
    "PyNone",
    "PyNotImplemented",
    "PyRange",
    "PySet",
    "PySlice",
    "PyString",
    "PySuper",
    "PyTime",
    "PyTraceback",
    "PyTuple",
    "PyType",
    "PyTzInfo",
    "PyWeakrefReference",
];

fn is<T: PyTypeInfo>(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<T>()
}

fn is_exactly<T: PyTypeInfo>(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<T>()
}

fn type_object<'py, T: PyTypeInfo>(py: Python<'py>) -> Bound<'py, PyType> {
    py.get_type::<T>()
}

/// Every kind that an object is of, protocols included.
#[pyfunction]
pub fn kinds_of(object: &Bound<'_, PyAny>) -> PyResult<Vec<&'static str>> {
    let mut found = Vec::new();
    for kind in KINDS {
        if by_kind!(kind, is(object))? {
            found.push(kind);
        }
    }
    if object.cast::<PyIterator>().is_ok() {
        found.push("PyIterator");
    }
    if object.cast::<PySequence>().is_ok() {
        found.push("PySequence");
    }
    if object.cast::<PyMapping>().is_ok() {
        found.push("PyMapping");
    }
    if object.cast::<PyWeakref>().is_ok() {
        found.push("PyWeakref");
    }
    if object.cast::<PyWeakrefProxy>().is_ok() {
        found.push("PyWeakrefProxy");
    }
    Ok(found)
}

/// The kind that an object is of exactly, if it is.
#[pyfunction]
pub fn exactly(object: &Bound<'_, PyAny>) -> PyResult<Vec<&'static str>> {
    let mut found = Vec::new();
    // PyO3 needs the type itself here, and looks for that of builtin functions where there is none:
    // `type_of_kind` shows it, and would hide all others here.
    for kind in KINDS.into_iter().filter(|kind| *kind != "PyCFunction") {
        if by_kind!(kind, is_exactly(object))? {
            found.push(kind);
        }
    }
    Ok(found)
}

/// The Python type behind one of PyO3's.
#[pyfunction]
pub fn type_of_kind<'py>(py: Python<'py>, kind: &str) -> PyResult<Bound<'py, PyType>> {
    by_kind!(kind, type_object(py))
}

/// What a class says of itself, as PyO3 asks for it.
#[derive(IntoPyObject)]
pub struct ClassFacts<'py> {
    name: Bound<'py, PyString>,
    qualname: Bound<'py, PyString>,
    module: Bound<'py, PyString>,
    full_name: Bound<'py, PyString>,
    mro: Bound<'py, PyTuple>,
    bases: Bound<'py, PyTuple>,
    is_exception: bool,
    is_own_subclass: bool,
}

/// Tell of a class.
#[pyfunction]
pub fn class_facts<'py>(class: &Bound<'py, PyType>) -> PyResult<ClassFacts<'py>> {
    Ok(ClassFacts {
        name: class.name()?,
        qualname: class.qualname()?,
        module: class.module()?,
        full_name: class.fully_qualified_name()?,
        mro: class.mro(),
        bases: class.bases(),
        is_exception: class.is_subclass_of::<pyo3::exceptions::PyBaseException>()?,
        is_own_subclass: class.is_subclass(class)?,
    })
}

/// The objects of which there is one, and whether PyO3's are they.
#[pyfunction]
pub fn singletons<'py>(
    py: Python<'py>,
    object: &Bound<'py, PyAny>,
) -> (Vec<Bound<'py, PyAny>>, Vec<bool>) {
    let all = vec![
        PyNone::get(py).to_owned().into_any(),
        PyEllipsis::get(py).to_owned().into_any(),
        PyNotImplemented::get(py).to_owned().into_any(),
        PyBool::new(py, true).to_owned().into_any(),
        PyBool::new(py, false).to_owned().into_any(),
    ];
    let same = all.iter().map(|each| each.is(object)).collect();
    (all, same)
}
