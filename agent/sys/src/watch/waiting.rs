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

/// A source whose events wake the task that waits for them, or that is left alone for a while.
#[derive(Debug)]
pub struct Waiting<T: Source>(Option<Place<T>>);

#[derive(Debug)]
enum Place<T: Source> {
    InLoop(AsyncFd<Registered<T>>),
    Aside(Registered<T>),
}

#[derive(Debug)]
struct Registered<T>(T);

impl<T: Source> AsRawFd for Registered<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.0.descriptor().as_raw_fd()
    }
}

fn register<T: Source>(source: Registered<T>) -> Result<Place<T>, (Place<T>, Error)> {
    let interest = if T::URGENT { Interest::PRIORITY } else { Interest::READABLE };
    // SAFETY: the source owns its descriptor, gives no other, and outlives the registration: it is
    // taken out only together with it, in `set_aside`, or dropped after it.
    match unsafe { AsyncFd::register_with_interest(source, interest) } {
        Ok(registered) => Ok(Place::InLoop(registered)),
        Err(failed) => {
            let (source, error) = failed.into_parts();
            Err((Place::Aside(source), error))
        }
    }
}

impl<T: Source> Waiting<T> {
    /// Puts a source into the event loop of the present runtime.
    pub fn new(source: T) -> std::io::Result<Self> {
        register(Registered(source)).map(|place| Self(Some(place))).map_err(|(_, error)| error)
    }

    /// The source.
    pub fn source(&self) -> Option<&T> {
        match self.0.as_ref()? {
            Place::InLoop(registered) => Some(&registered.get_ref().0),
            Place::Aside(source) => Some(&source.0),
        }
    }

    /// Whether something waits; if not, the task of the context is woken when it does. What is set
    /// aside wakes nobody.
    pub fn poll_ready(&self, context: &mut Context<'_>) -> bool {
        match &self.0 {
            Some(Place::InLoop(registered)) => registered.poll_read_ready(context).is_ready(),
            _ => false,
        }
    }

    /// Lets `read` read; in the event loop only when something waits. Whether something was read.
    pub fn drain(&self, read: impl FnOnce(&T) -> Drained) -> bool {
        match &self.0 {
            Some(Place::InLoop(registered)) => {
                let mut drained = Drained::Nothing;
                let _ = registered.try_io(Interest::READABLE, |registered| {
                    drained = read(&registered.0);
                    match drained {
                        // The event loop asks the system again.
                        Drained::Nothing | Drained::Empty => Err(ErrorKind::WouldBlock.into()),
                        Drained::More | Drained::Lost => Ok(()),
                    }
                });
                drained != Drained::Nothing
            }
            Some(Place::Aside(source)) => read(&source.0) != Drained::Nothing,
            None => false,
        }
    }

    /// Whether it is set aside.
    pub fn is_aside(&self) -> bool {
        !matches!(self.0, Some(Place::InLoop(_)))
    }

    /// Takes the source out of the event loop: what it tells waits in the system and wakes nobody.
    pub fn set_aside(&mut self) {
        if let Some(place) = self.0.take() {
            self.0 = Some(match place {
                Place::InLoop(registered) => Place::Aside(registered.into_inner()),
                aside @ Place::Aside(_) => aside,
            });
        }
    }

    /// Puts it back; what waits already is told at once. When the system does not allow it, it stays
    /// aside until the next time.
    pub fn put_back(&mut self) {
        if let Some(place) = self.0.take() {
            self.0 = Some(match place {
                Place::Aside(source) => register(source).unwrap_or_else(|(aside, _)| aside),
                in_loop @ Place::InLoop(_) => in_loop,
            });
        }
    }
}
