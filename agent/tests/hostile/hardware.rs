//! Files that the probes of hardware read by a fixed name.

pub(crate) const FILES: &[&str] = &[];
