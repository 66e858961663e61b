//! Running closures in threads.

use std::panic::resume_unwind;
use std::sync::{Arc, Barrier};
use std::thread;

use pyo3::prelude::*;

/// The most threads that one call starts.
pub const MOST: u8 = 8;

/// Run `work(number)` in each of so many threads, which start together, and wait for all of them, detached. The results
/// are in the order of the numbers. A panic of a thread goes on in this one.
pub fn at_once<R: Send>(
    py: Python<'_>,
    count: u8,
    work: impl Fn(usize) -> R + Send + Sync,
) -> Vec<R> {
    let count = usize::from(count.min(MOST));
    let barrier = Barrier::new(count);
    py.detach(|| {
        thread::scope(|scope| {
            let (work, barrier) = (&work, &barrier);
            let threads: Vec<_> = (0..count)
                .map(|number| {
                    scope.spawn(move || {
                        barrier.wait();
                        work(number)
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        })
    })
}

/// Run `work` in a thread of its own and wait for it, detached. A panic goes on in this thread.
pub fn elsewhere<R: Send>(py: Python<'_>, work: impl FnOnce() -> R + Send) -> R {
    py.detach(|| {
        thread::scope(|scope| {
            let joined = scope.spawn(work).join();
            joined.unwrap_or_else(|panic| resume_unwind(panic))
        })
    })
}

/// A barrier for two that both sides pass while detached.
#[derive(Clone)]
pub struct Meeting(Arc<Barrier>);

impl Meeting {
    pub fn of_two() -> Self {
        Self(Arc::new(Barrier::new(2)))
    }

    pub fn meet(&self, py: Python<'_>) {
        py.detach(|| self.0.wait());
    }
}
