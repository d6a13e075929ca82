//! What apt would upgrade, from its files alone: the lists of packages it fetched, the sources and
//! preferences it is configured with, and the versions that are installed.

pub mod archive;
pub mod conf;
pub mod installed;
pub mod pattern;
pub mod pins;
pub mod policy;
pub mod release;
pub mod scan;
pub mod sources;
pub mod version;
