//! Dates and times, as PyO3 takes them apart and makes them, and what Rust's own types become.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{
    PyDate, PyDateAccess, PyDateTime, PyDelta, PyDeltaAccess, PyTime, PyTimeAccess, PyTzInfo,
    PyTzInfoAccess,
};

#[pyfunction]
pub fn make_date(py: Python<'_>, year: i32, month: u8, day: u8) -> PyResult<Bound<'_, PyDate>> {
    PyDate::new(py, year, month, day)
}

#[pyfunction]
#[pyo3(signature = (hour, minute, second, microsecond, tzinfo = None, fold = None))]
pub fn make_time<'py>(
    py: Python<'py>,
    hour: u8,
    minute: u8,
    second: u8,
    microsecond: u32,
    tzinfo: Option<&Bound<'py, PyTzInfo>>,
    fold: Option<bool>,
) -> PyResult<Bound<'py, PyTime>> {
    match fold {
        Some(fold) => PyTime::new_with_fold(py, hour, minute, second, microsecond, tzinfo, fold),
        None => PyTime::new(py, hour, minute, second, microsecond, tzinfo),
    }
}

/// A date and a time; the parts of the time come as a tuple.
#[pyfunction]
#[pyo3(signature = (year, month, day, time = (0, 0, 0, 0), tzinfo = None, fold = None))]
pub fn make_datetime<'py>(
    py: Python<'py>,
    year: i32,
    month: u8,
    day: u8,
    time: (u8, u8, u8, u32),
    tzinfo: Option<&Bound<'py, PyTzInfo>>,
    fold: Option<bool>,
) -> PyResult<Bound<'py, PyDateTime>> {
    let (hour, minute, second, micro) = time;
    match fold {
        Some(fold) => PyDateTime::new_with_fold(
            py, year, month, day, hour, minute, second, micro, tzinfo, fold,
        ),
        None => PyDateTime::new(py, year, month, day, hour, minute, second, micro, tzinfo),
    }
}

#[pyfunction]
#[pyo3(signature = (days, seconds, microseconds, normalize = true))]
pub fn make_delta(
    py: Python<'_>,
    days: i32,
    seconds: i32,
    microseconds: i32,
    normalize: bool,
) -> PyResult<Bound<'_, PyDelta>> {
    PyDelta::new(py, days, seconds, microseconds, normalize)
}

/// UTC, or a zone by its name.
#[pyfunction]
#[pyo3(signature = (name = None))]
pub fn utc<'py>(py: Python<'py>, name: Option<&str>) -> PyResult<Bound<'py, PyTzInfo>> {
    match name {
        Some(name) => PyTzInfo::timezone(py, name),
        None => PyTzInfo::utc(py).map(|zone| zone.to_owned()),
    }
}

#[pyfunction]
pub fn make_offset<'py>(delta: Bound<'py, PyDelta>) -> PyResult<Bound<'py, PyTzInfo>> {
    PyTzInfo::fixed_offset(delta.py(), delta)
}

/// A date or, with a zone, a date and time from a number of seconds.
#[pyfunction]
#[pyo3(signature = (timestamp, what, tzinfo = None))]
pub fn from_timestamp<'py>(
    py: Python<'py>,
    timestamp: f64,
    what: &str,
    tzinfo: Option<&Bound<'py, PyTzInfo>>,
) -> PyResult<Bound<'py, PyAny>> {
    match what {
        "date" => Ok(PyDate::from_timestamp(py, timestamp)?.into_any()),
        "datetime" => Ok(PyDateTime::from_timestamp(py, timestamp, tzinfo)?.into_any()),
        _ => Err(PyValueError::new_err(format!("no date is a {what:?}"))),
    }
}

/// What an object says of itself if it is a date, a time, or both.
#[derive(IntoPyObject)]
pub struct DateParts<'py> {
    kinds: Vec<&'static str>,
    date: Option<(i32, u8, u8)>,
    time: Option<(u8, u8, u8, u32, bool)>,
    zone: Option<Bound<'py, PyTzInfo>>,
}

#[pyfunction]
pub fn date_parts<'py>(object: &Bound<'py, PyAny>) -> DateParts<'py> {
    let mut parts = DateParts {
        kinds: Vec::new(),
        date: None,
        time: None,
        zone: None,
    };
    if let Ok(date) = object.cast::<PyDate>() {
        parts.kinds.push("date");
        parts.date = Some((date.get_year(), date.get_month(), date.get_day()));
    }
    if let Ok(time) = object.cast::<PyTime>() {
        parts.kinds.push("time");
        let (hour, minute, second) = (time.get_hour(), time.get_minute(), time.get_second());
        parts.time = Some((
            hour,
            minute,
            second,
            time.get_microsecond(),
            time.get_fold(),
        ));
        parts.zone = time.get_tzinfo();
    }
    if let Ok(both) = object.cast::<PyDateTime>() {
        parts.kinds.push("datetime");
        let (hour, minute, second) = (both.get_hour(), both.get_minute(), both.get_second());
        parts.time = Some((
            hour,
            minute,
            second,
            both.get_microsecond(),
            both.get_fold(),
        ));
        parts.zone = both.get_tzinfo();
    }
    if object.cast::<PyTzInfo>().is_ok() {
        parts.kinds.push("tzinfo");
    }
    parts
}

#[pyfunction]
pub fn delta_parts(delta: &Bound<'_, PyDelta>) -> (i32, i32, i32) {
    (
        delta.get_days(),
        delta.get_seconds(),
        delta.get_microseconds(),
    )
}

/// A `Duration` twice as long.
#[pyfunction]
pub fn duration(value: Duration) -> PyResult<(Duration, String)> {
    let doubled = value.checked_mul(2);
    let doubled = doubled.ok_or_else(|| PyValueError::new_err("too long"))?;
    Ok((doubled, format!("{value:?}")))
}

/// A `SystemTime` a second later, and how long after 1970 it was.
#[pyfunction]
pub fn system_time(value: SystemTime) -> (Option<SystemTime>, Option<Duration>) {
    let since = value.duration_since(SystemTime::UNIX_EPOCH).ok();
    (value.checked_add(Duration::from_secs(1)), since)
}

/// An address of the internet, and what Rust says of it.
#[pyfunction]
pub fn ip_address(value: IpAddr) -> (IpAddr, String, bool) {
    (value, value.to_string(), value.is_loopback())
}

#[pyfunction]
pub fn chrono_date(value: NaiveDate) -> (NaiveDate, String, Option<NaiveDate>) {
    (value, value.to_string(), value.succ_opt())
}

#[pyfunction]
pub fn chrono_time(value: NaiveTime) -> (NaiveTime, String, NaiveTime) {
    (
        value,
        value.to_string(),
        value.overflowing_add_signed(TimeDelta::seconds(1)).0,
    )
}

#[pyfunction]
pub fn chrono_naive(value: NaiveDateTime) -> (NaiveDateTime, String) {
    (value, value.to_string())
}

#[pyfunction]
pub fn chrono_utc(value: DateTime<Utc>) -> (DateTime<Utc>, String) {
    (value, value.to_string())
}

#[pyfunction]
pub fn chrono_fixed(value: DateTime<FixedOffset>) -> (DateTime<FixedOffset>, String, FixedOffset) {
    (value, value.to_string(), *value.offset())
}

#[pyfunction]
pub fn chrono_delta(value: TimeDelta) -> (TimeDelta, String, i64) {
    (value, value.to_string(), value.num_seconds())
}
