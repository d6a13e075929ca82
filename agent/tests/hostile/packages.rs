//! Files that the probes of package databases read by a fixed name.

pub(crate) const FILES: &[&str] = &[];
