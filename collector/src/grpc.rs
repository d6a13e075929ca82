//! The two listeners agents talk to: enrolment (no client certificate, reaches nothing else) and
//! report (mutually authenticated).

pub mod enrolment;
pub mod limiter;
pub mod listener;
pub mod report;
pub mod revocation;
pub mod tls;
mod told;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tonic::Status;

/// Bounds the work that is under way: what does not fit is refused at once with a delay, instead of
/// piling up until nothing is answered any more.
#[derive(Clone)]
pub struct Workers {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Workers {
    /// So many calls at a time; as many again as `queue` may wait.
    pub fn new(running: usize, queue: usize) -> Self {
        Self {
            running: Arc::new(Semaphore::new(running)),
            waiting: Arc::new(Semaphore::new(running + queue)),
        }
    }

    /// Runs blocking work on a thread of its own.
    ///
    /// # Errors
    /// `UNAVAILABLE` when too much is under way, with a spread delay in `retry-after-ms`.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Status> + Send + 'static,
    ) -> Result<T, Status> {
        let Ok(_place) = self.waiting.clone().try_acquire_owned() else {
            return Err(busy());
        };
        let Ok(permit) = self.running.clone().acquire_owned().await else {
            return Err(Status::unavailable("collector is stopping"));
        };
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        done.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a call ended unexpectedly");
            Err(Status::internal("the collector failed on this call; its log says why"))
        })
    }
}

/// Too much is under way: come back in 5 to 30 seconds, spread so that not all come at once.
fn busy() -> Status {
    let random = crate::secret::random::<2>().map_or(0, u16::from_be_bytes);
    let mut status = Status::unavailable("collector is busy, try again later");
    let delay = 5_000 + u32::from(random) % 25_000;
    status.metadata_mut().insert("retry-after-ms", delay.into());
    status
}
