//! Files that the probes of caches of package managers read by a fixed name.

pub(crate) const FILES: &[&str] = &[];
