//! Channels between threads.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::{PyTimeoutError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;

/// Send every item to a thread that calls the function on it, and what came of that to another that collects it; how many
/// were collected.
///
/// The first exception ends the line; what was collected until then is in the list all the same.
#[pyfunction]
pub fn pipeline(
    py: Python<'_>,
    items: &Bound<'_, PyAny>,
    function: Py<PyAny>,
    collected: Py<PyList>,
) -> PyResult<usize> {
    let items = items
        .try_iter()?
        .take(50)
        .map(|item| item.map(Bound::unbind))
        .collect::<PyResult<Vec<_>>>()?;
    let (to_function, for_function) = channel::<Py<PyAny>>();
    let (to_collector, for_collector) = channel::<Py<PyAny>>();
    let caller = thread::spawn(move || {
        for_function.iter().try_for_each(|item| {
            let result = Python::attach(|py| function.call1(py, (item,)))?;
            // A collector that has ended has failed, and says so itself.
            let _ = to_collector.send(result);
            Ok::<(), PyErr>(())
        })
    });
    let collector = thread::spawn(move || {
        for_collector.iter().try_fold(0, |count, result| {
            Python::attach(|py| collected.bind(py).append(result))?;
            Ok::<usize, PyErr>(count + 1)
        })
    });
    for item in items {
        // A caller that has ended has failed, and says so itself.
        let _ = to_function.send(item);
    }
    drop(to_function);
    let (called, counted) = py.detach(|| (caller.join(), collector.join()));
    let panicked = |_| PyValueError::new_err("a thread panicked");
    called.map_err(panicked)??;
    counted.map_err(panicked)?
}

/// Hand out the items to so many threads in turn, let each make a list of its own, and return the lists.
#[pyfunction]
pub fn scatter(py: Python<'_>, items: Vec<Py<PyAny>>, threads: u8) -> PyResult<Vec<Py<PyList>>> {
    let threads = threads.min(crate::running::MOST);
    if threads == 0 {
        return Err(PyValueError::new_err("no threads"));
    }
    let channels: Vec<_> = (0..threads).map(|_| channel::<Py<PyAny>>()).collect();
    for (number, item) in items.into_iter().enumerate() {
        let (sender, _) = &channels[number % usize::from(threads)];
        // The receiver is in the same pair.
        let _ = sender.send(item);
    }
    let receivers: Vec<_> = channels
        .into_iter()
        .map(|(_, receiver)| Mutex::new(Some(receiver)))
        .collect();
    let lists = crate::running::at_once(py, threads, |number| {
        let mut slot = receivers[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let received: Vec<_> = slot.take().into_iter().flatten().collect();
        Python::attach(|py| PyList::new(py, received).map(Bound::unbind))
    });
    lists.into_iter().collect()
}

/// Both ends of a channel. Whoever waits at it is detached.
#[pyclass(module = "sample_threads", frozen)]
pub struct Channel {
    sender: Mutex<Option<Sender<Py<PyAny>>>>,
    receiver: Mutex<Receiver<Py<PyAny>>>,
}

#[pymethods]
impl Channel {
    #[new]
    fn new() -> Self {
        let (sender, receiver) = channel();
        Self {
            sender: Mutex::new(Some(sender)),
            receiver: Mutex::new(receiver),
        }
    }

    /// Send from this thread.
    fn send(&self, item: Py<PyAny>) -> PyResult<()> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = sender
            .as_ref()
            .ok_or_else(|| PyValueError::new_err("the channel is closed"))?;
        sender
            .send(item)
            .map_err(|_| PyValueError::new_err("nobody listens"))
    }

    /// Send what a function returns, from a thread, while this one goes on; nothing is sent if it raises.
    fn send_later(&self, py: Python<'_>, function: Py<PyAny>) -> PyResult<()> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = sender
            .clone()
            .ok_or_else(|| PyValueError::new_err("the channel is closed"))?;
        let thread = thread::spawn(move || {
            let result = Python::attach(|py| function.call0(py))?;
            // Nobody listens any more.
            let _ = sender.send(result);
            Ok::<(), PyErr>(())
        });
        py.detach(|| thread.join())
            .map_err(|_| PyValueError::new_err("the thread panicked"))?
    }

    /// The next item. `TimeoutError` if there is none, `ValueError` if there will be none.
    #[pyo3(signature = (timeout_ms = 0))]
    fn receive(&self, py: Python<'_>, timeout_ms: u8) -> PyResult<Py<PyAny>> {
        let timeout = Duration::from_millis(u64::from(timeout_ms));
        let received = py.detach(|| {
            let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
            receiver.recv_timeout(timeout)
        });
        received.map_err(|error| match error {
            RecvTimeoutError::Timeout => PyTimeoutError::new_err("nothing came"),
            RecvTimeoutError::Disconnected => PyValueError::new_err("the channel is closed"),
        })
    }

    /// Send no more.
    fn close(&self) -> bool {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender.take().is_some()
    }
}
