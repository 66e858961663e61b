//! Buffers of any object, read.

use pyo3::buffer::{Element, ElementType, PyBuffer, PyUntypedBuffer};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PyTuple};

/// Call a generic function for the element type of that name.
macro_rules! with_element {
    ($name:expr, $function:ident($($argument:expr),*)) => {
        match $name {
            "u8" => $function::<u8>($($argument),*),
            "u16" => $function::<u16>($($argument),*),
            "u32" => $function::<u32>($($argument),*),
            "u64" => $function::<u64>($($argument),*),
            "usize" => $function::<usize>($($argument),*),
            "i8" => $function::<i8>($($argument),*),
            "i16" => $function::<i16>($($argument),*),
            "i32" => $function::<i32>($($argument),*),
            "i64" => $function::<i64>($($argument),*),
            "isize" => $function::<isize>($($argument),*),
            "f32" => $function::<f32>($($argument),*),
            "f64" => $function::<f64>($($argument),*),
            other => Err(PyValueError::new_err(format!(
                "no element type is called {other:?}"
            ))),
        }
    };
}
pub(crate) use with_element;

/// All that a buffer says of itself.
#[derive(IntoPyObject)]
pub struct Description {
    readonly: bool,
    item_size: usize,
    len_bytes: usize,
    dimensions: usize,
    shape: Vec<usize>,
    strides: Vec<isize>,
    suboffsets: Option<Vec<isize>>,
    format: String,
    element: String,
    c_contiguous: bool,
    fortran_contiguous: bool,
    of_this_object: bool,
    owner: Option<String>,
}

/// Describe an object's buffer, or the one that lies behind it.
#[pyfunction]
pub fn describe(object: &Bound<'_, PyAny>) -> PyResult<Description> {
    let py = object.py();
    let buffer = PyUntypedBuffer::get(object)?;
    let owner = buffer.obj(py);
    Ok(Description {
        readonly: buffer.readonly(),
        item_size: buffer.item_size(),
        len_bytes: buffer.len_bytes(),
        dimensions: buffer.dimensions(),
        shape: buffer.shape().to_vec(),
        strides: buffer.strides().to_vec(),
        suboffsets: buffer.suboffsets().map(<[isize]>::to_vec),
        format: buffer.format().to_string_lossy().into_owned(),
        element: format!("{:?}", ElementType::from_format(buffer.format())),
        c_contiguous: buffer.is_c_contiguous(),
        fortran_contiguous: buffer.is_fortran_contiguous(),
        of_this_object: owner.is_some_and(|owner| owner.is(object)),
        owner: owner
            .map(|owner| owner.get_type().qualname().map(|name| name.to_string()))
            .transpose()?,
    })
}

/// Which element types fit the items of an object's buffer.
#[pyfunction]
pub fn matching(object: &Bound<'_, PyAny>) -> PyResult<Vec<&'static str>> {
    const NAMES: [&str; 12] = [
        "u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize", "f32", "f64",
    ];
    fn fits<T: Element>(buffer: &PyUntypedBuffer) -> PyResult<bool> {
        Ok(buffer.as_typed::<T>().is_ok())
    }
    let buffer = PyUntypedBuffer::get(object)?;
    let mut found = Vec::new();
    for name in NAMES {
        if with_element!(name, fits(&buffer))? {
            found.push(name);
        }
    }
    buffer.release(object.py());
    Ok(found)
}

fn read_as<'py, T>(object: &Bound<'py, PyAny>, order: &str) -> PyResult<Bound<'py, PyAny>>
where
    T: Element + IntoPyObject<'py>,
{
    let py = object.py();
    let buffer = PyBuffer::<T>::get(object)?;
    let items = match order {
        "C" => buffer.to_vec(py)?,
        "F" => buffer.to_fortran_vec(py)?,
        _ => {
            return Err(PyValueError::new_err(format!(
                "no order is called {order:?}"
            )));
        }
    };
    Ok(items.into_pyobject(py)?.into_any())
}

/// All items of a buffer as a list, or as bytes if they are `u8`; `"F"` takes the first dimension fastest.
#[pyfunction]
#[pyo3(signature = (object, element, order = "C"))]
pub fn read<'py>(
    object: &Bound<'py, PyAny>,
    element: &str,
    order: &str,
) -> PyResult<Bound<'py, PyAny>> {
    with_element!(element, read_as(object, order))
}

fn copy_out_as<'py, T>(
    object: &Bound<'py, PyAny>,
    length: usize,
    order: &str,
) -> PyResult<Bound<'py, PyAny>>
where
    T: Element + Default + IntoPyObject<'py>,
{
    let py = object.py();
    let buffer = PyBuffer::<T>::get(object)?;
    let mut items = vec![T::default(); length];
    match order {
        "C" => buffer.copy_to_slice(py, &mut items)?,
        "F" => buffer.copy_to_fortran_slice(py, &mut items)?,
        _ => {
            return Err(PyValueError::new_err(format!(
                "no order is called {order:?}"
            )));
        }
    }
    Ok(items.into_pyobject(py)?.into_any())
}

/// Copy a buffer into a slice of this length, which must be the right one.
#[pyfunction]
#[pyo3(signature = (object, element, length, order = "C"))]
pub fn copy_out<'py>(
    object: &Bound<'py, PyAny>,
    element: &str,
    length: u16,
    order: &str,
) -> PyResult<Bound<'py, PyAny>> {
    with_element!(element, copy_out_as(object, length.into(), order))
}

fn items_as<'py, T>(
    object: &Bound<'py, PyAny>,
    indices: &[Vec<usize>],
) -> PyResult<Bound<'py, PyAny>>
where
    T: Element + IntoPyObject<'py>,
{
    let py = object.py();
    let buffer = PyBuffer::<T>::get(object)?;
    let mut found = Vec::new();
    for place in indices {
        let inside = place.len() == buffer.dimensions()
            && place
                .iter()
                .zip(buffer.shape())
                .all(|(index, items)| index < items);
        if !inside {
            return Err(PyIndexError::new_err(format!("no item is at {place:?}")));
        }
        let pointer = buffer.get_ptr(place).cast::<T>();
        // SAFETY: an item of this type, which `PyBuffer` has checked, and nobody else runs meanwhile.
        found.push(unsafe { pointer.read() });
    }
    Ok(found.into_pyobject(py)?.into_any())
}

/// The items at these places, each read where its pointer leads.
#[pyfunction]
pub fn items<'py>(
    object: &Bound<'py, PyAny>,
    element: &str,
    indices: Vec<Vec<usize>>,
) -> PyResult<Bound<'py, PyAny>> {
    with_element!(element, items_as(object, &indices))
}

/// `memoryview(object)`.
#[pyfunction]
pub fn view<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyMemoryView>> {
    PyMemoryView::from(object)
}

/// Whether an object hashes as its bytes do. What the hash is says nothing: bytes are salted.
#[pyfunction]
pub fn hashes_as_bytes(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let bytes = object.py().get_type::<PyBytes>().call1((object,))?;
    Ok(object.hash()? == bytes.hash()?)
}

/// `memoryview(object).cast(format, shape)`.
#[pyfunction]
#[pyo3(signature = (object, format, shape = None))]
pub fn shaped<'py>(
    object: &Bound<'py, PyAny>,
    format: &Bound<'py, PyAny>,
    shape: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let view = PyMemoryView::from(object)?;
    // Only from bytes and to bytes can a view be cast, and only one of them may have several dimensions.
    let bytes = view.call_method1("cast", ("B",))?;
    match shape {
        Some(shape) => bytes.call_method1("cast", (format, shape)),
        None => bytes.call_method1("cast", (format,)),
    }
}

/// `(ctypes.NAME * len(values))(*values)`.
#[pyfunction]
pub fn ctypes_array<'py>(name: &str, values: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let class = values.py().import("ctypes")?.getattr(name)?;
    class.mul(values.len())?.call1(values)
}
