//! Calls of parsers that take more than bytes: several files, a reader, or what is known already.

#![expect(clippy::indexing_slicing, reason = "a call that cuts wrongly shall fail, not its parser")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

use belfort_agent::config::Config;
use belfort_agent::policy::Policy;
use belfort_agent::probe::accounts::{self, Local};
use belfort_agent::probe::decompress::{self, Compression, Decoder};
use belfort_agent::probe::dpkg::Database;
use belfort_agent::probe::rpm::blob::Blob;
use belfort_agent::probe::rpm::{self, Format, Trouble};
use belfort_agent::probe::system::virtualization::Traces;
use belfort_agent::probe::updates::apt;
use belfort_agent::probe::updates::apt::policy::List;
use belfort_agent::probe::updates::dnf::xml::Scanner;
use belfort_agent::probe::{kept, neighbours};
use belfort_proto::inventory::v1::SystemSection;

/// Bytes as a text, for what readers hand on as one.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Several texts in one input, divided by zero bytes; empty ones after the last.
pub(crate) fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == 0)
}

/// Two texts.
pub(crate) fn two(bytes: &[u8]) -> (Cow<'_, str>, Cow<'_, str>) {
    let mut parts = parts(bytes).map(text);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// Two of any bytes: the length of the first in two bytes, then both.
pub(crate) fn pair(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = bytes.split_first_chunk::<2>().unwrap_or((&[0, 0], &[]));
    rest.split_at(rest.len().min(u16::from_le_bytes(*length).into()))
}

/// Cuts bytes into messages, as a dump through netlink would bring them: a byte of type, a byte of
/// length, and so much payload.
pub(crate) fn messages(mut bytes: &[u8], mut each: impl FnMut(u16, &[u8])) {
    while let [kind, length, rest @ ..] = bytes {
        let (payload, tail) = rest.split_at(rest.len().min(usize::from(*length)));
        each(u16::from(*kind), payload);
        bytes = tail;
    }
}

/// A reader that gives a few bytes at a time.
pub(crate) struct Drops<'a>(pub(crate) &'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(100);
        self.0.read(&mut buffer[..length])
    }
}

/// The main file, then the files that it includes.
pub(crate) fn sshd(bytes: &[u8]) {
    let mut parts = parts(bytes);
    let main = parts.next().unwrap_or_default();
    let included: Vec<_> = parts.take(4).map(|part| Some(part.to_vec())).collect();
    accounts::sshd::parse(main, &mut |pattern| {
        if pattern.is_empty() { vec![None] } else { included.clone() }
    });
}

/// The main file, passwd, group, then the files that it includes.
pub(crate) fn sudoers(bytes: &[u8]) {
    const HOST: &str = "srv-01.example.org";
    let mut parts = parts(bytes);
    let mut next = || parts.next().unwrap_or_default();
    let (main, passwd, group) = (next(), accounts::passwd(next()), accounts::groups(next()));
    let included: Vec<_> =
        parts.take(4).map(|part| ("/etc/sudoers.d/a".to_owned(), part.to_vec())).collect();
    let mut include = |wanted: &accounts::sudoers::Include| {
        let count = if wanted.directory { included.len() } else { 1 };
        included.iter().take(count).cloned().collect()
    };
    let sudoers = accounts::sudoers::Sudoers::parse(("/etc/sudoers", main), &mut include);
    _ = (sudoers.rules(HOST), sudoers.is_whole());
    for directory in [false, true] {
        sudoers.administrators(HOST, &Local { accounts: &passwd, groups: &group, directory });
    }
}

/// Decodes to the end, or to more than any input should give.
pub(crate) fn decode(bytes: &[u8], compression: Compression) {
    let mut buffer = vec![0; 64 << 10];
    let Ok(mut decoder) = Decoder::new(Drops(bytes), compression, 16 << 20) else { return };
    loop {
        match decoder.fill(&mut buffer) {
            Ok(got) if got == buffer.len() => {}
            Ok(_) => return,
            Err(error) => return drop(decompress::reason(&error)),
        }
    }
}

/// A block as it is, and one whose beginning and sum are right.
pub(crate) fn edid(bytes: &[u8]) {
    let parse = belfort_agent::probe::devices::edid::parse;
    _ = parse("DP-1", bytes);
    if let Some(mut block) = bytes.first_chunk::<128>().copied() {
        block[..8].copy_from_slice(&[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]);
        block[127] = block[..127].iter().fold(0, |sum: u8, byte| sum.wrapping_sub(*byte));
        _ = parse("DP-1", &block);
    }
}

/// A file as it is, and one whose sum is right: an entry of this name stands at its beginning.
pub(crate) fn kept(bytes: &[u8]) {
    _ = kept::Kept::from_bytes(bytes);
    let kept = kept::Kept::default();
    kept.put(&text(bytes), String::new());
    let file = kept.take_changed().unwrap_or_default();
    _ = kept::Kept::from_bytes(&file).get("apt");
}

/// The kernel's table, as messages.
pub(crate) fn neighbours(bytes: &[u8]) {
    let policy = Policy::new(None, &Config::default());
    let mut table = neighbours::Table::default();
    messages(bytes, |_, payload| table.add(&policy, payload));
    let names = table.interfaces().into_iter().map(|index| (index, b"eth0".to_vec())).collect();
    _ = table.neighbours(&["10.0.0.1".parse().unwrap()], &names);
}

/// Every header of a database, as a package and for the programs in it.
pub(crate) fn rpm(format: Format, main: &[u8], log: Option<&[u8]>) {
    let mut owners = BTreeMap::new();
    _ = rpm::each_header(format, main, log, &mut |blob| rpm_header(blob, &mut owners));
}

/// A header as a package, and for the programs in it.
pub(crate) fn rpm_header(
    blob: &mut dyn Blob,
    owners: &mut BTreeMap<String, String>,
) -> Result<(), Trouble> {
    let package = rpm::package::package(blob)?;
    rpm::package::add_source_epochs(&mut Vec::from_iter(package));
    rpm::owners::Programs::new(["/usr/sbin/sshd", "/usr/bin/a"], true).find(blob, owners)
}

/// A log of SQLite whose sums are right. Source of the format: see `probe/rpm/sqlite/wal.rs`.
pub(crate) fn with_sums(log: &[u8]) -> Vec<u8> {
    let mut log = log.to_vec();
    let Some((header, mut frames)) = log.split_first_chunk_mut::<32>() else { return log };
    let big_endian = header[3] & 1 == 1;
    let page_bytes = u32::from_be_bytes([header[8], header[9], header[10], header[11]]);
    let frame_bytes = 24 + usize::try_from(page_bytes).unwrap_or(0).min(1 << 16);
    let mut sums = (0_u32, 0_u32);
    let mut add = |bytes: &[u8]| {
        for pair in bytes.as_chunks::<8>().0 {
            let word = |at: usize| {
                let raw = [pair[at], pair[at + 1], pair[at + 2], pair[at + 3]];
                if big_endian { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) }
            };
            sums.0 = sums.0.wrapping_add(word(0)).wrapping_add(sums.1);
            sums.1 = sums.1.wrapping_add(word(4)).wrapping_add(sums.0);
        }
        [sums.0.to_be_bytes(), sums.1.to_be_bytes()].concat()
    };
    let sum = add(&header[..24]);
    header[24..].copy_from_slice(&sum);
    while let Some((frame, rest)) = frames.split_at_mut_checked(frame_bytes) {
        frame[8..16].copy_from_slice(&header[16..24]);
        add(&frame[..8]);
        let sum = add(&frame[24..]);
        frame[16..24].copy_from_slice(&sum);
        frames = rest;
    }
    log
}

/// What the firmware says of a machine, and what else tells of a hypervisor.
pub(crate) fn system(bytes: &[u8]) -> (SystemSection, Traces) {
    let mut parts = parts(bytes).map(|part| text(part).into_owned());
    let mut next = || parts.next().unwrap_or_default();
    let system = SystemSection {
        manufacturer: next(),
        model: next(),
        serial: next(),
        smbios_uuid: next(),
        asset_tag: next(),
        ..SystemSection::default()
    };
    let traces = Traces {
        manufacturer: system.manufacturer.clone(),
        model: system.model.clone(),
        kernel: next(),
        signature: next(),
        device_tree: next(),
        control_program: next(),
        engine: Some(next()).filter(|engine| !engine.is_empty()),
        ..Traces::default()
    };
    (system, traces)
}

/// The database of dpkg. Only a file can fail, or the memory.
pub(crate) fn dpkg(bytes: &[u8]) -> Database {
    Database::read(bytes).unwrap_or_default()
}

/// The database of dpkg, what lists offer, preferences, and an archive.
pub(crate) fn pending(bytes: &[u8]) {
    let mut parts = parts(bytes);
    let mut next = || parts.next().unwrap_or_default();
    let database = dpkg(next());
    let installed = apt::installed::installed(&database);
    let kept = text(next());
    let offers = apt::scan::offers(&kept).zip(0..).map(|(offer, at)| (offer, at % 2));
    let mut pins = Vec::new();
    _ = apt::pins::preferences(next(), &mut pins);
    let release = apt::release::Release::from_line(&text(next())).unwrap_or_default();
    let other = List::default();
    let lists = [List { release, ..other.clone() }, other];
    let native = apt::installed::native(&installed);
    let policy = apt::policy::Policy { lists: &lists, pins: &pins, native };
    _ = policy.pending(&installed, offers);
}

/// Preferences, each tried on an archive and on an offer.
pub(crate) fn preferences(bytes: &[u8]) {
    let mut pins = Vec::new();
    _ = apt::pins::preferences(bytes, &mut pins);
    let list = List { site: "deb.example".to_owned(), ..List::default() };
    let offer = apt::scan::Offer { name: "libx1", version: "1:2-3", ..Default::default() };
    for pin in pins {
        _ = (pin.is_of(Some(&list)), pin.is_of(None));
        _ = pin.speaks_of(&offer, "amd64", "amd64");
        _ = pin.holds(&offer, std::iter::once(Some(&list)));
    }
}

/// A repository's file as tags, with their attributes and texts.
pub(crate) fn tags(bytes: &[u8]) {
    let mut scanner = Scanner::new(Drops(bytes));
    while let Ok(Some(tag)) = scanner.next_tag() {
        let skip = tag.name == b"skip";
        _ = (tag.attribute(b"type"), tag.attribute(b""));
        if scanner.text(100).is_err() || (skip && scanner.skip_past(b"</skip>").is_err()) {
            return;
        }
    }
}
