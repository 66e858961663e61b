//! A class whose operators change it in place.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The most that a tally keeps, so that its text stays short.
const LENGTH_LIMIT: usize = 60;

/// Writes down what was done to it. In-place operators take numbers; what else there is, they leave to the binary ones,
/// and a few of those exist.
#[pyclass(module = "sample_operators", subclass)]
#[derive(Default)]
pub struct Tally {
    #[pyo3(get)]
    text: String,
}

impl Tally {
    fn write(&mut self, operator: &str, number: i64) -> PyResult<()> {
        if number < 0 {
            return Err(PyValueError::new_err(format!("{operator} {number}")));
        }
        if self.text.len() < LENGTH_LIMIT {
            self.text.push_str(&format!("{operator}{number}"));
        }
        Ok(())
    }
}

#[pymethods]
impl Tally {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn __repr__(&self) -> String {
        format!("Tally({:?})", self.text)
    }

    /// In place this is what is left for a text.
    fn __add__(&self, text: &str) -> (String, String) {
        (self.text.clone(), text.to_owned())
    }

    /// And this for a tally or a list, on the right side of which this may stand.
    fn __rmul__<'py>(&self, left: Bound<'py, PyAny>) -> (Bound<'py, PyAny>, &str) {
        (left, &self.text)
    }

    fn __iadd__(&mut self, number: i64) -> PyResult<()> {
        self.write("+", number)
    }

    fn __isub__(&mut self, number: i64) -> PyResult<()> {
        self.write("-", number)
    }

    fn __imul__(&mut self, number: i64) -> PyResult<()> {
        self.write("*", number)
    }

    fn __imatmul__(&mut self, number: i64) -> PyResult<()> {
        self.write("@", number)
    }

    fn __itruediv__(&mut self, number: i64) -> PyResult<()> {
        self.write("/", number)
    }

    fn __ifloordiv__(&mut self, number: i64) -> PyResult<()> {
        self.write("//", number)
    }

    fn __imod__(&mut self, number: i64) -> PyResult<()> {
        self.write("%", number)
    }

    fn __ilshift__(&mut self, number: i64) -> PyResult<()> {
        self.write("<<", number)
    }

    fn __irshift__(&mut self, number: i64) -> PyResult<()> {
        self.write(">>", number)
    }

    fn __iand__(&mut self, number: i64) -> PyResult<()> {
        self.write("&", number)
    }

    fn __ixor__(&mut self, number: i64) -> PyResult<()> {
        self.write("^", number)
    }

    fn __ior__(&mut self, number: i64) -> PyResult<()> {
        self.write("|", number)
    }

    /// There is no in-place power with a modulus; the third operand is always None.
    fn __ipow__(&mut self, number: i64, modulus: Option<i64>) -> PyResult<()> {
        self.write("**", number)?;
        modulus.map_or(Ok(()), |modulus| self.write("%", modulus))
    }
}
