//! Work that keeps a processor busy, on threads of its own.
//!
//! There are as many threads as processors, so that a burst waits in line
//! instead of having everything at once in memory; and they give way to those
//! that answer requests: whoever asks for something small does not wait for
//! designs that others asked for.

use std::num::NonZero;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, mpsc};
use std::thread;

use anyhow::Context as _;
use tokio::sync::oneshot;

type Task = Box<dyn FnOnce() + Send>;

/// How much lower than others the threads' priority is, as in `nice`(1).
const NICENESS: i32 = 10;

static THREADS: LazyLock<mpsc::Sender<Task>> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel::<Task>();
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
        let receiver = Arc::clone(&receiver);
        let name = thread::Builder::new().name("work".to_owned());
        let started = name.spawn(move || {
            // Where it is not allowed, the work is done all the same.
            rustix::process::nice(NICENESS).ok();
            loop {
                let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                match next {
                    // What panics tells nobody its result; the thread goes on.
                    Ok(task) => drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(task))),
                    Err(_) => return,
                }
            }
        });
        started.expect("a thread can be started");
    }
    sender
});

/// Does `work` as soon as a thread is free. An error if it panics.
pub async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    let (done, result) = oneshot::channel();
    // Nobody may be waiting any more.
    let task = Box::new(move || drop(done.send(work())));
    THREADS.send(task).ok().context("the threads are gone")?;
    result.await.context("the work panicked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_and_the_threads_go_on() {
        for _ in 0..2 * thread::available_parallelism().map_or(1, NonZero::get) {
            let failed = run(|| -> u32 { panic!("as it should") }).await.unwrap_err();
            assert!(failed.to_string().contains("panicked"));
        }
        assert_eq!(run(|| 42).await.unwrap(), 42);
    }
}
