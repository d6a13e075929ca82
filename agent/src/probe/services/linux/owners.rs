//! Which package owns a program, from dpkg's lists of files or from rpm's headers.

use std::collections::{BTreeMap, BTreeSet};

use belfort_proto::inventory::v1::{Listener, Service};

use crate::probe::Host;
use crate::probe::dpkg::{self, Database};
use crate::probe::outcome::Sources;
use crate::probe::rpm::{database, owners::Programs};
use crate::probe::services::{PackageNames, candidates, lists};

const LIST_BYTES_MAX: usize = 4 << 20;
/// Most bytes of lists kept; beyond it they are read again when they are needed again.
const LISTS_BYTES_MAX: usize = 8 << 20;
const PROGRAM_BYTES_MAX: usize = 512;

/// Looks programs up, each once.
pub(super) struct Owners<'a> {
    host: &'a Host,
    packages: PackageNames<'a>,
    known: BTreeMap<String, String>,
    lists: BTreeMap<&'a str, Vec<u8>>,
    lists_bytes: usize,
}

impl<'a> Owners<'a> {
    pub(super) fn new(host: &'a Host) -> Self {
        let database = host.dpkg().ok();
        let entries = database.into_iter().flat_map(Database::entries);
        // Names become parts of paths.
        let packages = entries.map(|entry| entry.name).filter(|name| !name.contains('/')).collect();
        Self { host, packages, known: BTreeMap::new(), lists: BTreeMap::new(), lists_bytes: 0 }
    }

    /// The package that owns a program; empty when unknown.
    pub(super) fn package(&mut self, program: &str, service: &str) -> String {
        // No package has a longer path, and what is looked up is kept.
        if program.is_empty() || program.len() > PROGRAM_BYTES_MAX {
            return String::new();
        }
        if let Some(package) = self.known.get(program) {
            return package.clone();
        }
        let owner = candidates(program, service, &self.packages)
            .into_iter()
            .find(|package| lists(self.list(package), program))
            .unwrap_or_default();
        self.known.insert(program.to_owned(), owner.to_owned());
        owner.to_owned()
    }

    fn list(&mut self, package: &'a str) -> &[u8] {
        if self.lists_bytes > LISTS_BYTES_MAX {
            self.lists.clear();
            self.lists_bytes = 0;
        }
        let root = &self.host.root;
        let read = |name: &str| {
            root.read(&format!("{}/{name}.list", dpkg::INFO_PATH), LIST_BYTES_MAX).ok()
        };
        let lists_bytes = &mut self.lists_bytes;
        self.lists.entry(package).or_insert_with(|| {
            // Packages that can be installed for several architectures carry theirs in the name.
            let list = match root_architecture(&self.host.names.machine) {
                "" => read(package),
                architecture => {
                    read(package).or_else(|| read(&format!("{package}:{architecture}")))
                }
            };
            let list = list.unwrap_or_default();
            *lists_bytes += list.len();
            list
        })
    }
}

/// Fills in what packages of rpm own. All programs are looked for in one go through the database, which
/// has no order that would help; without a database this costs nothing.
pub(super) fn of_rpm(
    sources: &mut Sources<'_>,
    services: &mut [Service],
    listeners: &mut [Listener],
) {
    let programs = || {
        let services = services.iter().map(|service| (&service.program, &service.package));
        let listeners = listeners.iter().map(|listener| (&listener.program, &listener.package));
        services.chain(listeners)
    };
    let unowned: BTreeSet<&str> = programs()
        .filter(|(program, package)| package.is_empty() && program.starts_with('/'))
        .map(|(program, _)| program.as_str())
        .collect();
    if unowned.is_empty() {
        return;
    }
    // Fedora has made one directory of both since 42.
    let merged = sources.link("/usr/sbin").is_some();
    let programs = Programs::new(unowned, merged);
    let owners = database::owners(sources.root, &programs, &mut sources.outcomes);
    let services = services.iter_mut().map(|one| (&one.program, &mut one.package));
    let listeners = listeners.iter_mut().map(|one| (&one.program, &mut one.package));
    for (program, package) in services.chain(listeners) {
        if package.is_empty()
            && let Some(owner) = owners.get(program)
        {
            owner.clone_into(package);
        }
    }
}

/// The kernel's name of an architecture in the words of dpkg.
fn root_architecture(machine: &str) -> &'static str {
    match machine {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "armv7l" => "armhf",
        "i686" | "i586" => "i386",
        "riscv64" => "riscv64",
        _ => "",
    }
}
