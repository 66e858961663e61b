//! Types that derive how they are taken from, and turned into, Python objects.

use std::collections::BTreeMap;

use pyo3::prelude::*;

/// Something with two attributes.
#[derive(FromPyObject)]
pub struct Complex {
    real: f64,
    #[pyo3(attribute("imag"))]
    imaginary: f64,
}

/// A rectangle as a mapping, its height optional.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Rectangle {
    width: f64,
    #[pyo3(default)]
    height: Option<f64>,
}

/// A side.
#[derive(FromPyObject)]
#[pyo3(transparent)]
pub struct Side(f64);

/// The ways to give a shape, tried in this order.
#[derive(FromPyObject)]
pub enum Shape {
    #[pyo3(annotation = "mapping")]
    Rectangle(Rectangle),
    #[pyo3(annotation = "number")]
    Square(Side),
    #[pyo3(annotation = "pair")]
    Corners((f64, f64), (f64, f64)),
    #[pyo3(annotation = "complex")]
    Vector(Complex),
}

/// The name of the way, and the area.
#[pyfunction]
pub fn area(shape: Shape) -> (&'static str, f64) {
    match shape {
        Shape::Rectangle(Rectangle { width, height }) => {
            ("rectangle", width * height.unwrap_or(width))
        }
        Shape::Square(Side(side)) => ("square", side * side),
        Shape::Corners((left, top), (right, bottom)) => {
            ("corners", (right - left) * (bottom - top))
        }
        Shape::Vector(Complex { real, imaginary }) => ("vector", real * imaginary),
    }
}

/// Any value, by the first kind that it fits.
#[derive(FromPyObject, IntoPyObject)]
pub enum Kind<'py> {
    Flag(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Integers(Vec<i64>),
    Table(BTreeMap<String, i64>),
    Rest(Bound<'py, PyAny>),
}

/// Say as what a value was taken, and give it back.
#[pyfunction]
pub fn which_kind(value: Kind<'_>) -> (&'static str, Kind<'_>) {
    let name = match value {
        Kind::Flag(_) => "flag",
        Kind::Integer(_) => "integer",
        Kind::Float(_) => "float",
        Kind::Text(_) => "text",
        Kind::Integers(_) => "integers",
        Kind::Table(_) => "table",
        Kind::Rest(_) => "rest",
    };
    (name, value)
}

/// A nested record; the fields that are missing have defaults.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub struct Record {
    name: String,
    #[pyo3(item("id"))]
    number: u32,
    #[pyo3(default)]
    tags: Vec<String>,
    #[pyo3(default)]
    position: Option<(i64, i64)>,
}

/// Take a record from a mapping, count its tags, and make a dict of it.
#[pyfunction]
pub fn describe_record(record: Record) -> (usize, Record) {
    (record.tags.len(), record)
}
