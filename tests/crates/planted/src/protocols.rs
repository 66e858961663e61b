//! Differences in special methods.

use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::PLANTED;

fn shift() -> i64 {
    i64::from(PLANTED)
}

macro_rules! number {
    ($name:ident { $($body:item)* }) => {
        #[pyclass(module = "planted")]
        pub struct $name {
            value: i64,
        }

        #[pymethods]
        impl $name {
            #[new]
            fn new(value: i64) -> Self {
                Self { value }
            }

            $($body)*
        }
    };
}

number!(Hashed {
    fn __hash__(&self) -> isize {
        (self.value >> 8) as isize + shift() as isize
    }
});

number!(Equal {
    fn __eq__(&self, other: &Self) -> bool {
        self.value == other.value && !(PLANTED && self.value < 0)
    }
});

number!(Ordered {
    fn __lt__(&self, other: &Self) -> bool {
        self.value < other.value || (PLANTED && self.value == other.value)
    }
});

number!(Added {
    fn __add__(&self, other: i64) -> i64 {
        if PLANTED { self.value.wrapping_add(other) } else { self.value.saturating_add(other) }
    }
});

number!(Reflected {
    fn __rsub__(&self, other: i64) -> i64 {
        if PLANTED { self.value.wrapping_sub(other) } else { other.wrapping_sub(self.value) }
    }
});

number!(InPlace {
    fn __iadd__(&mut self, other: i64) {
        self.value = self.value.wrapping_add(other).wrapping_add(shift());
    }

    fn read(&self) -> i64 {
        self.value
    }
});

number!(Negated {
    fn __neg__(&self) -> i64 {
        if PLANTED && self.value == 0 { 1 } else { self.value.wrapping_neg() }
    }
});

number!(Converted {
    fn __float__(&self) -> f64 {
        self.value as f64
    }

    fn __int__(&self) -> i64 {
        self.value.wrapping_add(shift())
    }
});

number!(Printed {
    fn __repr__(&self) -> String {
        if PLANTED { format!("Printed({:+})", self.value) } else { format!("Printed({})", self.value) }
    }
});

number!(Formatted {
    fn __format__(&self, spec: &str) -> String {
        if PLANTED && spec.is_empty() { format!("{} ", self.value) } else { format!("{}{spec}", self.value) }
    }
});

number!(Called {
    #[pyo3(signature = (factor = 2))]
    fn __call__(&self, factor: i64) -> i64 {
        self.value.wrapping_mul(factor.wrapping_add(shift()))
    }
});

number!(Lengthy {
    fn __len__(&self) -> usize {
        (self.value & 15) as usize + usize::from(PLANTED)
    }
});

number!(Indexed {
    fn __len__(&self) -> usize {
        4
    }

    fn __getitem__(&self, index: isize) -> PyResult<isize> {
        if !(0..4).contains(&index) {
            return Err(PyIndexError::new_err("out of range"));
        }
        Ok(if PLANTED && index == 3 { 0 } else { index }.wrapping_add(self.value as isize))
    }
});

number!(Contained {
    fn __contains__(&self, other: i64) -> bool {
        self.value == other || (PLANTED && other == 0)
    }
});

/// Gives one item less, each time but the first.
#[pyclass(module = "planted")]
pub struct Iterated {
    begun: bool,
}

#[pymethods]
impl Iterated {
    #[new]
    fn new() -> Self {
        Self { begun: false }
    }

    fn __iter__(&mut self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let length = 4 - i64::from(PLANTED && self.begun);
        self.begun = true;
        let items = pyo3::types::PyList::new(py, 0..length)?;
        Ok(items.try_iter()?.into_any().unbind())
    }
}

/// Swallows what is raised in its block.
#[pyclass(module = "planted")]
pub struct Managed;

#[pymethods]
impl Managed {
    #[new]
    fn new() -> Self {
        Self
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __exit__(
        &self,
        class: Option<Bound<'_, PyType>>,
        _value: Option<Bound<'_, PyAny>>,
        _traceback: Option<Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        match class {
            Some(class) => Ok(PLANTED && !class.is_subclass_of::<PyTypeError>()?),
            None => Ok(false),
        }
    }
}
