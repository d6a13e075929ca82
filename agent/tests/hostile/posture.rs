//! Files that the probes of accounts, protection and workloads read by a fixed name.

pub(crate) const FILES: &[&str] = &[];
