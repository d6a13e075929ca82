//! What apt would upgrade, from its files alone: the lists of packages it fetched, the sources and
//! preferences it is configured with, and the versions that are installed.

pub mod conf;
pub mod pattern;
pub mod release;
pub mod sources;
pub mod version;
