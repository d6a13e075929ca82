//! Updates that the caches of dnf know of.

use belfort_agent_sys::files::{ReadError, Stream};
use belfort_proto::inventory::v1::{Package, Tristate};

use super::Found;
use crate::probe::Host;
use crate::probe::decompress::{self, Compression, Decoder};
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::updates::dnf::automatic::{self, CONFIGURED_TIMERS, INSTALLING_TIMER};
use crate::probe::updates::dnf::kept::{self, Fingerprint};
use crate::probe::updates::dnf::repositories::{Configuration, impersonal, of_directory};
use crate::probe::updates::dnf::{Advisories, Offers, metadata};

/// Name of what is kept.
const KEPT: &str = "dnf";
const CONFIGURATION: &str = "/etc/dnf/dnf.conf";
/// Directories with files of repositories.
const REPOSITORIES: &[&str] =
    &["/usr/share/dnf5/repos.d", "/etc/yum.repos.d", "/etc/yum/repos.d", "/etc/distro.repos.d"];
/// Directories with files that override settings of repositories, weakest first.
const OVERRIDES: &[&str] = &["/usr/share/dnf5/repos.override.d", "/etc/dnf/repos.override.d"];
const CACHE: &str = "/var/cache/dnf";
const CACHE_5: &str = "/var/cache/libdnf5";
const WANTED_BY_TIMERS: &str = "/etc/systemd/system/timers.target.wants";
const SETTINGS_BYTES_MAX: usize = 1 << 20;
const REPOMD_BYTES_MAX: usize = 1 << 20;
/// Largest file of a repository, as it lies in the cache and decompressed. Fedora's `primary` has 20 and
/// 150 MB.
const FILE_BYTES_MAX: u64 = 256 << 20;
const PLAIN_BYTES_MAX: u64 = 1 << 30;

/// The cache of one repository.
struct Cache {
    /// Its directory with the files.
    directory: String,
    /// What lies there, by type.
    files: Vec<(String, String)>,
    /// When it was last found to be fresh, seconds since 1970-01-01 UTC.
    refreshed_seconds: i64,
}

/// Asks the caches; nothing without configuration or without any cache.
pub(super) fn read(host: &Host, sources: &mut Sources<'_>) -> Option<Found> {
    let configuration = configuration(sources)?;
    let caches = [
        configuration.cache_5.as_deref().unwrap_or(CACHE_5),
        configuration.cache.as_deref().unwrap_or(CACHE),
    ];
    let mut directories = Vec::new();
    for cache in caches {
        for entry in sources.list(cache) {
            directories.push((format!("{cache}/{}/repodata", entry.name), entry.name));
        }
    }
    let mut found = Found { automatic: automatic(sources), ..Found::default() };
    let mut read: Vec<(String, Cache)> = Vec::new();
    for id in configuration.enabled() {
        let of_it = directories.iter().filter(|(_, name)| of_directory(name) == Some(id));
        let newest = of_it
            .filter_map(|(directory, _)| cache(sources, directory))
            .max_by_key(|cache| cache.refreshed_seconds);
        match newest {
            Some(cache) => read.push((id.to_owned(), cache)),
            None => sources.outcomes.absent(&source(id)),
        }
    }
    if read.is_empty() {
        return None;
    }
    let installed = host.take_rpm();
    sources.outcomes.extend(&installed.outcomes);
    let fingerprint = fingerprint(sources, &read, &installed.packages);
    let mut offers = Offers::new(&installed.packages);
    host.keep_rpm(installed);
    if offers.lack_modules() {
        sources.outcomes.failed("dnf:modules", "updates of modules are not known");
    }
    let known = host.kept.get(KEPT).and_then(|text| kept::read(&text, &fingerprint));
    found.pending = if let Some(pending) = known {
        pending
    } else {
        let mut whole = true;
        for (id, cache) in &read {
            whole &= packages(sources, id, cache, &mut offers);
        }
        let pending = offers.pending();
        // What could not be read is tried again, and told again.
        if whole {
            host.kept.put(KEPT, kept::write(&fingerprint, &pending));
        }
        pending
    };
    found.refreshed_seconds = read.iter().map(|(_, cache)| cache.refreshed_seconds).min();
    Some(found)
}

/// What decides which updates wait: what is installed, and the files of the repositories.
fn fingerprint(
    sources: &Sources<'_>,
    caches: &[(String, Cache)],
    installed: &[Package],
) -> Fingerprint {
    let mut all = Fingerprint::default();
    all.add_installed(installed);
    for (id, cache) in caches {
        all.add(id);
        for (kind, name) in &cache.files {
            if kind.starts_with("primary") || kind.starts_with("updateinfo") {
                let path = format!("{}/{name}", cache.directory);
                all.add(&format!("{kind} {path} {:?}", sources.root.stamp(&path)));
            }
        }
    }
    all
}

/// What names a repository in outcomes; its directory could name a person.
fn source(id: &str) -> String {
    format!("dnf:{}", impersonal(id))
}

/// The configuration; nothing when there is none.
fn configuration(sources: &mut Sources<'_>) -> Option<Configuration> {
    let mut configuration = Configuration::default();
    let main = sources.optional(CONFIGURATION, SETTINGS_BYTES_MAX);
    let mut any = main.is_some();
    configuration.add(&main.unwrap_or_default());
    for (directories, overrides) in [(REPOSITORIES, false), (OVERRIDES, true)] {
        for directory in directories {
            for entry in sources.list(directory) {
                if entry.name.strip_suffix(".repo").is_none() {
                    continue;
                }
                let path = format!("{directory}/{}", entry.name);
                let content = sources.optional(&path, SETTINGS_BYTES_MAX).unwrap_or_default();
                any = true;
                if overrides {
                    configuration.override_with(&content);
                } else {
                    configuration.add(&content);
                }
            }
        }
    }
    any.then_some(configuration)
}

/// The cache in a directory; nothing when it has no index.
fn cache(sources: &mut Sources<'_>, directory: &str) -> Option<Cache> {
    let path = format!("{directory}/repomd.xml");
    let repomd = sources.root.read(&path, REPOMD_BYTES_MAX).ok()?;
    let files = metadata::files(&repomd);
    // dnf touches one of both when it finds that the repository has not changed.
    let primary = files.iter().find(|(kind, _)| kind.starts_with("primary"));
    let touched = primary
        .and_then(|(_, name)| sources.root.modified_seconds(&format!("{directory}/{name}")).ok());
    let refreshed_seconds = touched.max(sources.root.modified_seconds(&path).ok())?;
    Some(Cache { directory: directory.to_owned(), files, refreshed_seconds })
}

/// What a repository offers, and what of it is of security; whether all of it could be read.
fn packages(sources: &mut Sources<'_>, id: &str, cache: &Cache, offers: &mut Offers) -> bool {
    let mut whole = true;
    let mut advisories = Advisories::Unknown;
    if let Some(opened) = open(sources, cache, "updateinfo") {
        match opened.and_then(|file| metadata::security(file, |named| offers.mend(named))) {
            Ok(()) => advisories = Advisories::Read,
            Err(error) => {
                failed(sources, id, "updateinfo", &error);
                whole = false;
            }
        }
    }
    let Some(opened) = open(sources, cache, "primary") else {
        sources.outcomes.absent(&format!("{}:primary", source(id)));
        return false;
    };
    let each = |named: &metadata::Named| offers.offer(named, id, advisories);
    if let Err(error) = opened.and_then(|file| metadata::primary(file, each)) {
        failed(sources, id, "primary", &error);
        whole = false;
    }
    whole
}

/// Opens the file of a type, or its variant in zchunk; nothing when the cache has neither.
fn open<'a>(
    sources: &Sources<'a>,
    cache: &Cache,
    kind: &str,
) -> Option<std::io::Result<Decoder<Stream<'a>>>> {
    let named = |kind: &str| cache.files.iter().find(|(known, _)| known == kind);
    for (_, name) in [named(kind), named(&format!("{kind}_zck"))].into_iter().flatten() {
        let path = format!("{}/{name}", cache.directory);
        let opened = match sources.root.open_stream(&path, FILE_BYTES_MAX) {
            Err(ReadError::Absent) => continue,
            other => other,
        };
        let decoder = opened
            .map_err(std::io::Error::other)
            .and_then(|stream| Decoder::new(stream, Compression::of_name(name).0, PLAIN_BYTES_MAX));
        return Some(decoder);
    }
    None
}

fn failed(sources: &mut Sources<'_>, id: &str, kind: &str, error: &std::io::Error) {
    let source = format!("{}:{kind}", source(id));
    match Stream::error(error) {
        Some(error) => sources.outcomes.unread(&source, error),
        None => sources.outcomes.failed(&source, &decompress::reason(error)),
    }
}

fn automatic(sources: &mut Sources<'_>) -> Tristate {
    let timers = sources.list(WANTED_BY_TIMERS);
    let runs = |timer: &str| timers.iter().any(|entry| entry.name == timer);
    let mut applies = false;
    for path in ["/usr/share/dnf5/dnf5-plugins/automatic.conf", "/etc/dnf/automatic.conf"] {
        let content = sources.optional(path, SMALL_BYTES).unwrap_or_default();
        applies = automatic::applies(&content).unwrap_or(applies);
    }
    let configured = CONFIGURED_TIMERS.iter().any(|timer| runs(timer));
    if runs(INSTALLING_TIMER) || (configured && applies) { Tristate::Yes } else { Tristate::No }
}
