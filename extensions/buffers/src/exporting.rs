//! A class whose memory others may see, in every layout that the protocol has without pointers.

use std::ffi::{CString, c_int};
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::ffi::{
    Py_buffer, PyBUF_ANY_CONTIGUOUS, PyBUF_C_CONTIGUOUS, PyBUF_F_CONTIGUOUS, PyBUF_FORMAT,
    PyBUF_ND, PyBUF_STRIDES, PyBUF_WRITABLE,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

const MOST_ITEMS: usize = 4096;
const MOST_REQUESTS: usize = 100;

/// What a view points into. Its address is the view's `internal` until the view is released.
struct Parts {
    format: CString,
    shape: Vec<isize>,
    strides: Vec<isize>,
}

/// Items in one or more dimensions over bytes.
///
/// `order` is how they lie: `"C"`, `"F"`, `"backwards"` (C from the end), `"gaps"` (C with every second
/// item), or `"same"` (one item, seen everywhere).
#[pyclass(frozen, module = "sample_buffers")]
pub struct Grid {
    data: Vec<AtomicU8>,
    /// Where item `[0, .., 0]` is.
    start: usize,
    itemsize: usize,
    format: CString,
    shape: Vec<isize>,
    strides: Vec<isize>,
    #[pyo3(get)]
    readonly: bool,
    exports: AtomicUsize,
    releases: AtomicUsize,
    requests: Mutex<Vec<c_int>>,
}

fn strides_of(shape: &[isize], itemsize: isize, order: &str) -> PyResult<Vec<isize>> {
    let mut strides = vec![0; shape.len()];
    let mut step = match order {
        "backwards" => -itemsize,
        "gaps" => 2 * itemsize,
        _ => itemsize,
    };
    let mut set = |dimension: usize| {
        strides[dimension] = step;
        step *= shape[dimension];
    };
    match order {
        "C" | "backwards" | "gaps" => (0..shape.len()).rev().for_each(&mut set),
        "F" => (0..shape.len()).for_each(&mut set),
        "same" => {}
        _ => {
            return Err(PyValueError::new_err(format!(
                "no order is called {order:?}"
            )));
        }
    }
    Ok(strides)
}

impl Grid {
    fn is_contiguous(&self, order: &str) -> bool {
        let wanted =
            strides_of(&self.shape, self.itemsize.cast_signed(), order).unwrap_or_default();
        let pairs = self.strides.iter().zip(&wanted).zip(&self.shape);
        self.shape.contains(&0)
            || pairs
                .into_iter()
                .all(|((have, want), n)| *n == 1 || have == want)
    }

    /// Refuse what this memory is not. Source: C-API, "Buffer request types".
    fn check(&self, flags: c_int) -> PyResult<()> {
        let asked = |flag: c_int| flags & flag == flag;
        let (c, fortran) = (self.is_contiguous("C"), self.is_contiguous("F"));
        let refused = if asked(PyBUF_WRITABLE) && self.readonly {
            "it cannot be written"
        } else if asked(PyBUF_C_CONTIGUOUS) && !c {
            "it is not in the order of C"
        } else if asked(PyBUF_F_CONTIGUOUS) && !fortran {
            "it is not in the order of Fortran"
        } else if asked(PyBUF_ANY_CONTIGUOUS) && !c && !fortran {
            "it has gaps"
        } else if !asked(PyBUF_STRIDES) && !c {
            "it needs strides"
        } else {
            return Ok(());
        };
        Err(PyBufferError::new_err(refused))
    }
}

#[pymethods]
impl Grid {
    #[new]
    #[pyo3(signature = (data, shape, format = "B", itemsize = 1, order = "C", readonly = false))]
    fn new(
        data: &[u8],
        shape: Vec<u8>,
        format: &str,
        itemsize: u8,
        order: &str,
        readonly: bool,
    ) -> PyResult<Self> {
        let itemsize = usize::from(itemsize);
        let count = shape
            .iter()
            .try_fold(1_usize, |count, items| count.checked_mul((*items).into()));
        let Some(count) = count.filter(|count| *count <= MOST_ITEMS) else {
            return Err(PyValueError::new_err("too many items"));
        };
        let shape: Vec<isize> = shape.into_iter().map(isize::from).collect();
        let strides = strides_of(&shape, itemsize.cast_signed(), order)?;
        let needed = match order {
            "gaps" => itemsize * (2 * count).saturating_sub(1),
            "same" => itemsize,
            _ => itemsize * count,
        };
        if data.len() < needed {
            return Err(PyValueError::new_err(format!("{needed} bytes are needed")));
        }
        let start = match order {
            "backwards" => itemsize * count.saturating_sub(1),
            _ => 0,
        };
        Ok(Self {
            data: data.iter().map(|byte| AtomicU8::new(*byte)).collect(),
            start,
            itemsize,
            format: CString::new(format)?,
            shape,
            strides,
            readonly,
            exports: AtomicUsize::new(0),
            releases: AtomicUsize::new(0),
            requests: Mutex::default(),
        })
    }

    /// How many views there are now.
    #[getter]
    fn exports(&self) -> usize {
        self.exports.load(Ordering::SeqCst)
    }

    /// How many views were given back.
    #[getter]
    fn releases(&self) -> usize {
        self.releases.load(Ordering::SeqCst)
    }

    /// The flags that others have asked with so far.
    #[getter]
    fn requests(&self) -> Vec<c_int> {
        self.requests
            .lock()
            .map(|requests| requests.clone())
            .unwrap_or_default()
    }

    /// The bytes as they are now.
    fn data<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let bytes: Vec<u8> = self
            .data
            .iter()
            .map(|byte| byte.load(Ordering::SeqCst))
            .collect();
        PyBytes::new(py, &bytes)
    }

    /// # Safety
    /// `view` is null or can be written.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let grid = slf.get();
        if let Ok(mut requests) = grid.requests.lock()
            && requests.len() < MOST_REQUESTS
        {
            requests.push(flags);
        }
        if view.is_null() {
            return Err(PyBufferError::new_err("there is no view"));
        }
        grid.check(flags)?;
        let asked = |flag: c_int| flags & flag == flag;
        let parts = Box::leak(Box::new(Parts {
            format: grid.format.clone(),
            shape: grid.shape.clone(),
            strides: grid.strides.clone(),
        }));
        let dimensions = grid.shape.len();
        let count: isize = grid.shape.iter().product();
        let filled = Py_buffer {
            buf: grid
                .data
                .as_ptr()
                .wrapping_add(grid.start)
                .cast_mut()
                .cast(),
            obj: null_mut(),
            len: count * grid.itemsize.cast_signed(),
            itemsize: grid.itemsize.cast_signed(),
            readonly: grid.readonly.into(),
            ndim: if asked(PyBUF_ND) {
                dimensions as c_int
            } else {
                1
            },
            format: if asked(PyBUF_FORMAT) {
                parts.format.as_ptr().cast_mut()
            } else {
                null_mut()
            },
            shape: if asked(PyBUF_ND) && dimensions > 0 {
                parts.shape.as_mut_ptr()
            } else {
                null_mut()
            },
            strides: if asked(PyBUF_STRIDES) && dimensions > 0 {
                parts.strides.as_mut_ptr()
            } else {
                null_mut()
            },
            suboffsets: null_mut(),
            internal: (&raw mut *parts).cast(),
        };
        grid.exports.fetch_add(1, Ordering::SeqCst);
        // SAFETY: not null, so it can be written, by this function's contract.
        unsafe { view.write(filled) };
        // SAFETY: as above; the reference becomes the view's.
        unsafe { (*view).obj = slf.into_any().into_ptr() };
        Ok(())
    }

    /// # Safety
    /// `view` was filled by `__getbuffer__` and is released once.
    unsafe fn __releasebuffer__(&self, view: *mut Py_buffer) {
        // SAFETY: it holds what `__getbuffer__` left there, by this function's contract.
        drop(unsafe { Box::from_raw((*view).internal.cast::<Parts>()) });
        self.exports.fetch_sub(1, Ordering::SeqCst);
        self.releases.fetch_add(1, Ordering::SeqCst);
    }
}
