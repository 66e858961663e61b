//! Enums: one of plain names, and one whose variants hold values.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A colour of light.
#[pyclass(
    module = "sample_classes",
    eq,
    eq_int,
    hash,
    frozen,
    from_py_object,
    rename_all = "UPPERCASE"
)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Colour {
    Red = 1,
    Green = 2,
    Blue = 4,
}

#[pymethods]
impl Colour {
    /// The colour of a number.
    #[staticmethod]
    fn of(number: u8) -> PyResult<Self> {
        match number {
            1 => Ok(Self::Red),
            2 => Ok(Self::Green),
            4 => Ok(Self::Blue),
            _ => Err(PyValueError::new_err(format!(
                "no colour has the number {number}"
            ))),
        }
    }

    #[getter]
    fn is_warm(&self) -> bool {
        *self == Self::Red
    }
}

/// Two colours together: their numbers, and if they are the same.
#[pyfunction]
pub fn mix(first: Colour, second: Colour) -> (u8, bool) {
    (first as u8 | second as u8, first == second)
}

/// A shape.
#[pyclass(module = "sample_classes", eq, frozen, from_py_object)]
#[derive(Clone, PartialEq)]
pub enum Shape {
    Circle {
        radius: f64,
    },
    #[pyo3(constructor = (width, height = 1.0))]
    Rectangle {
        width: f64,
        height: f64,
    },
    Polygon(u32, Vec<(f64, f64)>),
    Nothing(),
}

#[pymethods]
impl Shape {
    /// The number of corners.
    fn corners(&self) -> u32 {
        match self {
            Self::Circle { .. } | Self::Nothing() => 0,
            Self::Rectangle { .. } => 4,
            Self::Polygon(corners, _) => *corners,
        }
    }
}

/// The length around a shape, whose name comes first.
#[pyfunction]
pub fn outline(shape: Shape) -> (&'static str, f64) {
    match shape {
        Shape::Circle { radius } => ("circle", 2.0 * std::f64::consts::PI * radius),
        Shape::Rectangle { width, height } => ("rectangle", 2.0 * (width + height)),
        Shape::Polygon(_, points) => {
            let next = points.iter().cycle().skip(1);
            let sides = points.iter().zip(next);
            (
                "polygon",
                sides.map(|(a, b)| (a.0 - b.0).hypot(a.1 - b.1)).sum(),
            )
        }
        Shape::Nothing() => ("nothing", 0.0),
    }
}
