//! Descriptors in the event loop.

use std::io::{Error, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::task::Context;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::Drained;

/// What owns one descriptor for as long as it lives.
pub trait Source: 'static {
    /// Whether it tells of urgent data instead of data.
    const URGENT: bool = false;

    /// The descriptor, always the same.
    fn descriptor(&self) -> &OwnedFd;
}

/// A source whose events wake the task that waits for them.
#[derive(Debug)]
pub struct Waiting<T: Source>(AsyncFd<Registered<T>>);

#[derive(Debug)]
struct Registered<T>(T);

impl<T: Source> AsRawFd for Registered<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.0.descriptor().as_raw_fd()
    }
}

impl<T: Source> Waiting<T> {
    /// Puts a source into the event loop of the present runtime.
    pub fn new(source: T) -> std::io::Result<Self> {
        let interest = if T::URGENT { Interest::PRIORITY } else { Interest::READABLE };
        // SAFETY: the source owns its descriptor, gives no other, and is dropped with the registration;
        // nothing outside this module can take it out.
        let registered = unsafe { AsyncFd::register_with_interest(Registered(source), interest) };
        registered.map(Self).map_err(Into::into)
    }

    /// The source.
    pub fn source(&self) -> &T {
        &self.0.get_ref().0
    }

    /// Whether something waits; if not, the task of the context is woken when it does.
    pub fn poll_ready(&self, context: &mut Context<'_>) -> bool {
        self.0.poll_read_ready(context).is_ready()
    }

    /// Lets `read` read when something waits, and only then; whether it did.
    pub fn drain(&self, read: impl FnOnce(&T) -> Drained) -> bool {
        let mut any = false;
        let _ = self.0.try_io(Interest::READABLE, |registered| {
            any = true;
            match read(&registered.0) {
                // The event loop asks the system again.
                Drained::Empty => Err(Error::from(ErrorKind::WouldBlock)),
                Drained::More | Drained::Lost => Ok(()),
            }
        });
        any
    }
}
