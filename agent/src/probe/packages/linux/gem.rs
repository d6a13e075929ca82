//! Reads the specifications of gems.

use belfort_agent_sys::files::EntryKind;
use belfort_proto::inventory::v1::Package;

use crate::probe::Host;
use crate::probe::outcome::Sources;
use crate::probe::packages::gem::{BUNDLE, FOLDERS, Named, SPECIFICATION_BYTES_MAX, named, stub};

pub(super) fn read(_: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    specifications(sources, BUNDLE, packages);
    for top in FOLDERS {
        for ruby in sources.folders(top) {
            specifications(sources, &format!("{top}/{}", ruby.name), packages);
        }
    }
}

/// Adds the gems of a folder. Those that come with Ruby lie one level deeper, in `default`: they belong to
/// it and are not reported.
fn specifications(sources: &mut Sources<'_>, folder: &str, packages: &mut Vec<Package>) {
    let folder = format!("{folder}/specifications");
    for entry in sources.list(&folder) {
        if entry.kind == EntryKind::Directory {
            continue;
        }
        match named(&entry.name) {
            Some(Named::Gem(package)) => packages.push(package),
            Some(Named::Unclear) => {
                let pattern = format!("{folder}/*");
                let path = format!("{folder}/{}", entry.name);
                let content = sources.one_of_many(&pattern, &path, SPECIFICATION_BYTES_MAX);
                packages.extend(content.and_then(|content| stub(&content)));
            }
            None => {}
        }
    }
}
