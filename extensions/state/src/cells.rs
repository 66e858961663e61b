//! Objects that are borrowed while others, or they themselves, want them too.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Holds one value, and calls back while it is borrowed in one way or the other.
#[pyclass(module = "sample_state", subclass)]
pub struct Cell {
    #[pyo3(get, set)]
    value: Py<PyAny>,
    changes: u32,
}

#[pymethods]
impl Cell {
    #[new]
    fn new(value: Py<PyAny>) -> Self {
        Self { value, changes: 0 }
    }

    #[getter]
    fn changes(&self) -> u32 {
        self.changes
    }

    /// Call the function with this very object, borrowed for reading meanwhile.
    fn while_read<'py>(
        slf: PyRef<'py, Self>,
        function: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let own = (&slf).into_pyobject(function.py())?;
        function.call1((own,))
    }

    /// Call the function with this very object, borrowed for changing meanwhile.
    fn while_changed<'py>(
        mut slf: PyRefMut<'py, Self>,
        function: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.changes += 1;
        let own = (&slf).into_pyobject(function.py())?;
        function.call1((own,))
    }

    /// Call the function with this very object, not borrowed at all.
    fn while_free<'py>(
        slf: &Bound<'py, Self>,
        function: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let result = function.call1((slf,))?;
        slf.try_borrow_mut()?.changes += 1;
        Ok(result)
    }

    /// Replace the value by what the function makes of it. The old value dies while the object is borrowed.
    fn update(&mut self, py: Python<'_>, function: &Bound<'_, PyAny>) -> PyResult<u32> {
        self.value = function.call1((self.value.bind(py),))?.unbind();
        self.changes += 1;
        Ok(self.changes)
    }

    /// Take the value of another cell, which may be this one.
    fn take_from(&mut self, py: Python<'_>, other: &Cell) -> u32 {
        self.value = other.value.clone_ref(py);
        self.changes += 1;
        self.changes
    }

    /// Compare the values while both are borrowed for reading: this is allowed for one object too.
    fn same_as(&self, py: Python<'_>, other: &Cell) -> PyResult<bool> {
        self.value.bind(py).eq(other.value.bind(py))
    }

    /// What can be borrowed: for reading, for changing.
    fn borrowable(slf: &Bound<'_, Self>) -> (bool, bool) {
        (slf.try_borrow().is_ok(), slf.try_borrow_mut().is_ok())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Cell({})", self.value.bind(py).repr()?))
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.value.bind(py).eq(other)
    }

    fn __call__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.value.bind(py).call0()
    }

    fn __getitem__<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.value.bind(key.py()).get_item(key)
    }

    fn __setitem__(&mut self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.changes += 1;
        self.value.bind(key.py()).set_item(key, value)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.value.bind(py).len()
    }

    fn __iadd__(&mut self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.value = self.value.bind(other.py()).add(other)?.unbind();
        self.changes += 1;
        Ok(())
    }
}

/// Owns a cell and hands it out; drops it while a callback runs.
#[pyclass(module = "sample_state")]
pub struct Owner {
    cell: Option<Py<Cell>>,
}

#[pymethods]
impl Owner {
    #[new]
    #[pyo3(signature = (cell = None))]
    fn new(cell: Option<Py<Cell>>) -> Self {
        Self { cell }
    }

    #[getter]
    fn cell(&self, py: Python<'_>) -> PyResult<Py<Cell>> {
        let cell = self.cell.as_ref().map(|cell| cell.clone_ref(py));
        cell.ok_or_else(|| PyValueError::new_err("there is no cell"))
    }

    #[setter]
    fn set_cell(&mut self, cell: Option<Py<Cell>>) {
        self.cell = cell;
    }

    /// Whether there is a cell.
    fn drop_cell(&mut self) -> bool {
        self.cell.take().is_some()
    }

    /// Call the function with the owner, and then read the cell that was owned before the call.
    fn keep_through<'py>(
        slf: &Bound<'py, Self>,
        function: &Bound<'py, PyAny>,
    ) -> PyResult<(bool, Option<Py<PyAny>>)> {
        let py = slf.py();
        let cell = slf
            .try_borrow()?
            .cell
            .as_ref()
            .map(|cell| cell.clone_ref(py));
        function.call1((slf,))?;
        let still_there = slf.try_borrow()?.cell.is_some();
        let value = match &cell {
            Some(cell) => Some(cell.try_borrow(py)?.value.clone_ref(py)),
            None => None,
        };
        Ok((still_there, value))
    }

    /// Call the function with a guard of the cell alive: whoever changes the cell is refused.
    fn guard_through<'py>(
        &self,
        py: Python<'py>,
        function: &Bound<'py, PyAny>,
        changing: bool,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(cell) = &self.cell else {
            return Ok(None);
        };
        if changing {
            let mut guard = cell.try_borrow_mut(py)?;
            guard.changes += 1;
            function.call1((cell,)).map(Some)
        } else {
            let guard = cell.try_borrow(py)?;
            let result = function.call1((cell, guard.changes))?;
            Ok(Some(result))
        }
    }
}

/// Swap two cells' contents, both borrowed for changing.
#[pyfunction]
pub fn swap(first: &Bound<'_, Cell>, second: &Bound<'_, Cell>) -> PyResult<()> {
    let mut left = first.try_borrow_mut()?;
    let mut right = second.try_borrow_mut()?;
    std::mem::swap(&mut *left, &mut *right);
    Ok(())
}

/// Swap by arguments that PyO3 borrows itself.
#[pyfunction]
pub fn swap_values(mut first: PyRefMut<'_, Cell>, mut second: PyRefMut<'_, Cell>) -> (u32, u32) {
    std::mem::swap(&mut first.value, &mut second.value);
    (first.changes, second.changes)
}

/// What the errors of two borrows of one cell are, in each combination.
#[pyfunction]
pub fn try_both(cell: &Bound<'_, Cell>) -> Vec<(String, String)> {
    fn words<T>(result: Result<T, impl std::fmt::Display>) -> String {
        result.map_or_else(|error| error.to_string(), |_| "fine".to_owned())
    }
    let mut seen = Vec::new();
    {
        let _held = cell.try_borrow();
        seen.push((words(cell.try_borrow()), words(cell.try_borrow_mut())));
    }
    {
        let _held = cell.try_borrow_mut();
        seen.push((words(cell.try_borrow()), words(cell.try_borrow_mut())));
    }
    seen.push((words(cell.try_borrow()), words(cell.try_borrow_mut())));
    seen
}
