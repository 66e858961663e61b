//! Errors of Rust's libraries, which `?` turns into exceptions.

use std::ffi::CString;
use std::fmt;
use std::io;
use std::num::ParseIntError;

use pyo3::exceptions::{PyUnicodeDecodeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::raising::StrictError;

/// Parse text as a number of a kind called by name; Rust's parser says what is wrong.
#[pyfunction]
pub fn parse_number<'py>(py: Python<'py>, kind: &str, text: &str) -> PyResult<Bound<'py, PyAny>> {
    Ok(match kind {
        "i8" => text.parse::<i8>()?.into_pyobject(py)?.into_any(),
        "u64" => text.parse::<u64>()?.into_pyobject(py)?.into_any(),
        "f64" => text.parse::<f64>()?.into_pyobject(py)?.into_any(),
        "bool" => text
            .parse::<bool>()?
            .into_pyobject(py)?
            .to_owned()
            .into_any(),
        "char" => text.parse::<char>()?.into_pyobject(py)?.into_any(),
        "address" => text
            .parse::<std::net::IpAddr>()?
            .to_string()
            .into_pyobject(py)?
            .into_any(),
        _ => return Err(PyValueError::new_err(format!("unknown kind {kind:?}"))),
    })
}

/// Decode UTF-8: `"owned"` and `"borrowed"` differ in how Rust's error becomes an exception.
#[pyfunction]
pub fn decode(py: Python<'_>, data: &[u8], how: &str) -> PyResult<String> {
    match how {
        "owned" => Ok(String::from_utf8(data.to_vec())?),
        "borrowed" => match std::str::from_utf8(data) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(PyUnicodeDecodeError::new_err_from_utf8(py, data, error)),
        },
        "utf16" => {
            let units = data.chunks(2).map(|unit| {
                let low = unit.first().copied().unwrap_or(0);
                u16::from_le_bytes([low, unit.get(1).copied().unwrap_or(0)])
            });
            let text = char::decode_utf16(units).collect::<Result<String, _>>();
            text.map_err(|error| PyValueError::new_err(error.to_string()))
        }
        _ => Err(PyValueError::new_err(format!("unknown way {how:?}"))),
    }
}

/// The kind of error that `name` means.
fn error_kind(name: &str) -> Option<io::ErrorKind> {
    Some(match name {
        "AddrInUse" => io::ErrorKind::AddrInUse,
        "AlreadyExists" => io::ErrorKind::AlreadyExists,
        "BrokenPipe" => io::ErrorKind::BrokenPipe,
        "ConnectionAborted" => io::ErrorKind::ConnectionAborted,
        "ConnectionRefused" => io::ErrorKind::ConnectionRefused,
        "ConnectionReset" => io::ErrorKind::ConnectionReset,
        "Interrupted" => io::ErrorKind::Interrupted,
        "InvalidData" => io::ErrorKind::InvalidData,
        "IsADirectory" => io::ErrorKind::IsADirectory,
        "NotADirectory" => io::ErrorKind::NotADirectory,
        "NotFound" => io::ErrorKind::NotFound,
        "OutOfMemory" => io::ErrorKind::OutOfMemory,
        "PermissionDenied" => io::ErrorKind::PermissionDenied,
        "TimedOut" => io::ErrorKind::TimedOut,
        "UnexpectedEof" => io::ErrorKind::UnexpectedEof,
        "WouldBlock" => io::ErrorKind::WouldBlock,
        _ => return None,
    })
}

/// Fail with an error of Rust's `io`, by the name of its kind.
#[pyfunction]
#[pyo3(signature = (kind, message = None))]
pub fn io_error(kind: &str, message: Option<String>) -> PyResult<()> {
    let kind = error_kind(kind)
        .ok_or_else(|| PyValueError::new_err(format!("no kind of error is called {kind:?}")))?;
    match message {
        Some(message) => Err(io::Error::new(kind, message))?,
        None => Err(io::Error::from(kind))?,
    }
}

/// Fail with an error of the operating system, by its number.
#[pyfunction]
pub fn os_error(code: i32) -> PyResult<()> {
    Err(io::Error::from_raw_os_error(code))?
}

/// Put a large number into one byte.
#[pyfunction]
pub fn narrow(value: i128) -> PyResult<u8> {
    Ok(u8::try_from(value)?)
}

/// Text as C has it, which ends at the first NUL: its length in bytes.
#[pyfunction]
pub fn c_text(text: String) -> PyResult<usize> {
    Ok(CString::new(text)?.count_bytes())
}

/// What can go wrong here, as a Rust program would say it.
pub enum Failure {
    NotANumber(ParseIntError),
    TooLarge { found: u32, limit: u32 },
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber(error) => write!(formatter, "not a number: {error}"),
            Self::TooLarge { found, limit } => write!(formatter, "{found} is more than {limit}"),
        }
    }
}

impl From<ParseIntError> for Failure {
    fn from(error: ParseIntError) -> Self {
        Self::NotANumber(error)
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotANumber(_) => PyValueError::new_err(failure.to_string()),
            Failure::TooLarge { found, limit } => {
                StrictError::new_err((failure.to_string(), found, limit))
            }
        }
    }
}

/// Parse a number of at most 1000; the function returns an error type of its own.
#[pyfunction]
pub fn own_failure(text: &str) -> Result<u32, Failure> {
    const LIMIT: u32 = 1000;
    let found: u32 = text.parse()?;
    if found > LIMIT {
        return Err(Failure::TooLarge {
            found,
            limit: LIMIT,
        });
    }
    Ok(found)
}

/// Take an object for what it may not be; the message names the type that it has.
#[pyfunction]
pub fn wrong_type<'py>(object: &Bound<'py, PyAny>, wanted: &str) -> PyResult<usize> {
    match wanted {
        "list" => Ok(object.cast::<PyList>()?.len()),
        "exact list" => Ok(object.cast_exact::<PyList>()?.len()),
        "dict" => Ok(object.cast::<PyDict>()?.len()),
        "str" => Ok(object.cast::<PyString>()?.len()?),
        "owned dict" => Ok(object.clone().cast_into::<PyDict>()?.len()),
        _ => Err(PyValueError::new_err(format!("unknown type {wanted:?}"))),
    }
}
