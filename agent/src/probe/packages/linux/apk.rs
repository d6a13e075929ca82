//! Reads the database of apk.

use belfort_agent_sys::files::{ReadError, Stream};
use belfort_proto::inventory::v1::Package;

use crate::probe::Host;
use crate::probe::outcome::Sources;
use crate::probe::packages::apk::{self, DATABASE_BYTES_MAX, DATABASE_PATHS};

pub(super) fn read(host: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    for path in DATABASE_PATHS {
        let file = match host.root.open_stream(path, DATABASE_BYTES_MAX) {
            Ok(file) => file,
            Err(ReadError::Absent) => continue,
            Err(error) => return sources.outcomes.unread(path, error),
        };
        let (found, end) = apk::packages(file);
        packages.extend(found);
        if let Err(error) = end {
            match Stream::error(&error) {
                Some(error) => sources.outcomes.unread(path, error),
                None => sources.outcomes.failed(path, "cannot be read"),
            }
        }
        // The first that is there is the only one: the other way leads to the same file.
        return;
    }
}
