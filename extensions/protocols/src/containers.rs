//! The same container three times: as PyO3 makes it by default, as a sequence and as a mapping. What Python does with
//! negative indices, and which of its two protocols a builtin uses, depends on that.

use pyo3::exceptions::{PyIndexError, PyKeyError};
use pyo3::prelude::*;

/// What an index or a key gives; everything that was asked for is noted.
fn item<'py>(
    length: usize,
    key: &Bound<'py, PyAny>,
) -> PyResult<(&'static str, Bound<'py, PyAny>)> {
    match key.extract::<isize>() {
        Ok(index) if index >= isize::try_from(length)? => {
            Err(PyIndexError::new_err("index out of range"))
        }
        Ok(_) => Ok(("index", key.clone())),
        Err(_) if key.is_none() => Err(PyKeyError::new_err("no None")),
        Err(_) => Ok(("key", key.clone())),
    }
}

macro_rules! container {
    ($(#[$doc:meta])* $name:ident $(, $flag:ident)?) => {
        $(#[$doc])*
        #[pyclass(module = "sample_protocols", subclass $(, $flag)?)]
        pub struct $name {
            length: usize,
            #[pyo3(get)]
            log: Vec<String>,
        }

        impl $name {
            fn note(&mut self, what: &str, key: &Bound<'_, PyAny>) -> PyResult<()> {
                self.log.push(format!("{what} {}", key.repr()?));
                Ok(())
            }
        }

        #[pymethods]
        impl $name {
            #[new]
            fn new(length: usize) -> Self {
                Self { length, log: Vec::new() }
            }

            fn __len__(&self) -> usize {
                self.length
            }

            fn __getitem__<'py>(
                &mut self,
                key: Bound<'py, PyAny>,
            ) -> PyResult<(&'static str, Bound<'py, PyAny>)> {
                self.note("get", &key)?;
                item(self.length, &key)
            }

            fn __setitem__(&mut self, key: &Bound<'_, PyAny>, value: i64) -> PyResult<()> {
                self.note("set", key)?;
                item(self.length, key)?;
                self.length = usize::try_from(value)?.min(9);
                Ok(())
            }

            fn __delitem__(&mut self, key: &Bound<'_, PyAny>) -> PyResult<()> {
                self.note("del", key)?;
                item(self.length, key).map(drop)
            }

            fn __contains__(&mut self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
                self.note("in", key)?;
                key.is_truthy()
            }

            fn __repr__(&self) -> String {
                format!("{}({})", stringify!($name), self.length)
            }
        }
    };
}

container!(
    /// As PyO3 makes it by default.
    Container
);
container!(
    /// Fills the slots of the sequence protocol.
    Sequence,
    sequence
);
container!(
    /// Fills the slots of the mapping protocol.
    Mapping,
    mapping
);

/// The slots that are a sequence's alone.
#[pyclass(module = "sample_protocols", sequence, subclass)]
pub struct Rope {
    #[pyo3(get)]
    text: String,
}

#[pymethods]
impl Rope {
    #[new]
    fn new(text: String) -> Self {
        Self { text }
    }

    fn __len__(&self) -> usize {
        self.text.chars().count()
    }

    fn __getitem__(&self, index: isize) -> PyResult<char> {
        let found = usize::try_from(index).ok();
        found
            .and_then(|index| self.text.chars().nth(index))
            .ok_or_else(|| PyIndexError::new_err(format!("rope index {index}")))
    }

    fn __concat__(&self, other: &str) -> String {
        format!("{}+{other}", self.text)
    }

    fn __repeat__(&self, count: isize) -> PyResult<String> {
        let count = usize::try_from(count).unwrap_or(0).min(5);
        Ok(self.text.repeat(count))
    }

    fn __inplace_concat__(&mut self, other: &str) {
        self.text.push_str(other);
        self.text.truncate(
            self.text
                .char_indices()
                .nth(20)
                .map_or(self.text.len(), |(at, _)| at),
        );
    }

    fn __inplace_repeat__(&mut self, count: isize) {
        let count = usize::try_from(count).unwrap_or(0).min(3);
        self.text = self.text.repeat(count).chars().take(20).collect();
    }
}

/// How Rust gets at an object's items: by its sequence protocol, its mapping protocol, and as `obj[key]`.
#[pyfunction]
pub fn items_by_protocol<'py>(
    object: &Bound<'py, PyAny>,
    index: usize,
) -> (String, String, String, bool, bool) {
    let told = |found: PyResult<Bound<'py, PyAny>>| match found {
        Ok(found) => found.to_string(),
        Err(error) => error.to_string(),
    };
    let by_sequence = object
        .cast::<pyo3::types::PySequence>()
        .map_err(PyErr::from)
        .and_then(|sequence| sequence.get_item(index));
    let by_mapping = object
        .cast::<pyo3::types::PyMapping>()
        .map_err(PyErr::from)
        .and_then(|mapping| mapping.get_item(index));
    (
        told(by_sequence),
        told(by_mapping),
        told(object.get_item(index)),
        object.cast::<pyo3::types::PySequence>().is_ok(),
        object.cast::<pyo3::types::PyMapping>().is_ok(),
    )
}
