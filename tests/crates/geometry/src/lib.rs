//! A stranger's extension: a package whose native module lies inside it.
use pyo3::prelude::*;

#[pymodule]
mod geometry_native {
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    /// Area of a rectangle.
    #[pyfunction]
    fn area(width: f64, height: f64) -> PyResult<f64> {
        if width < 0.0 || height < 0.0 {
            return Err(PyValueError::new_err("a side is negative"));
        }
        Ok(width * height)
    }

    #[pyfunction]
    fn scale_all(lengths: Vec<i64>, factor: i64) -> Vec<Option<i64>> {
        lengths
            .into_iter()
            .map(|each| each.checked_mul(factor))
            .collect()
    }

    /// Differs by backend on purpose.
    #[pyfunction]
    fn interpreter_name(py: Python<'_>) -> PyResult<String> {
        py.import("sys")?
            .getattr("implementation")?
            .getattr("name")?
            .extract()
    }

    /// Differs by language version on purpose.
    #[pyfunction]
    fn language_version(py: Python<'_>) -> PyResult<(u8, u8)> {
        let version = py.import("sys")?.getattr("version_info")?;
        Ok((
            version.get_item(0)?.extract()?,
            version.get_item(1)?.extract()?,
        ))
    }
}
