//! Every parser of the agent that reads bytes from outside, by name: the path below `probe`.
//!
//! Of a function that reads several formats each has a line, named after `#`. A parser is one line here. `agent/tests/corpus.rs` fails when one is missing, and runs each over
//! the files in `fuzz/corpus/<name>/`; `cargo xtask fuzz` looks for more.

use std::collections::BTreeMap;
use std::io::Read as _;

use belfort_agent::policy::Policy;
use belfort_agent::probe;
use belfort_agent::probe::decompress::{Compression, Decoder};
use belfort_agent::probe::rpm::Format;
use belfort_proto::inventory::v1::{OperatingSystemSection, Protocol};

/// Reads bytes and throws away what it finds.
pub(crate) type Parser = fn(&[u8]);

/// The parser of a name.
pub(crate) fn find(name: &str) -> Option<Parser> {
    PARSERS.iter().find(|(known, _)| *known == name).map(|(_, parser)| *parser)
}

/// All of them, sorted by name.
pub(crate) const PARSERS: &[(&str, Parser)] = &[
    ("accounts::groups", |bytes| drop(probe::accounts::groups(bytes))),
    ("accounts::has_directory", |bytes| _ = probe::accounts::has_directory(bytes)),
    ("accounts::passwd", |bytes| drop(probe::accounts::passwd(bytes))),
    ("accounts::passwords", |bytes| _ = probe::accounts::passwords(bytes)),
    ("accounts::sshd::parse", |bytes| {
        // What it includes is itself, as long as that leads on.
        let mut include = |_: &str| vec![Some(bytes.to_vec()), None];
        _ = probe::accounts::sshd::parse(bytes, &mut include);
    }),
    ("accounts::sudoers::parse", |bytes| {
        let mut include = |_: &_| vec![("/etc/sudoers.d/a".to_owned(), bytes.to_vec())];
        let file = ("/etc/sudoers", bytes);
        let sudoers = probe::accounts::sudoers::Sudoers::parse(file, &mut include);
        _ = (sudoers.rules("host"), sudoers.is_whole());
    }),
    ("accounts::wtmp::last_user", |bytes| {
        _ = probe::accounts::wtmp::last_user(bytes, 384, |_| true);
    }),
    ("cpuinfo::parse", |bytes| drop(probe::cpuinfo::parse(bytes))),
    ("decompress::fill#gzip", |bytes| decompress(bytes, Compression::Gzip)),
    ("decompress::fill#lz4", |bytes| decompress(bytes, Compression::Lz4)),
    ("decompress::fill#zchunk", |bytes| decompress(bytes, Compression::Zchunk)),
    ("decompress::fill#zstd", |bytes| decompress(bytes, Compression::Zstd)),
    ("devices::battery::battery", |bytes| _ = probe::devices::battery::battery("BAT0", bytes)),
    ("devices::cups::printcap", |bytes| drop(probe::devices::cups::printcap(bytes))),
    ("devices::cups::printers", |bytes| drop(probe::devices::cups::printers(bytes))),
    ("devices::edid::parse", |bytes| _ = probe::devices::edid::parse("eDP-1", bytes)),
    ("devices::pci::device", |bytes| _ = probe::devices::pci::device("0000:00:02.0", bytes)),
    ("devices::usb::kind", |bytes| _ = probe::devices::usb::kind(bytes)),
    ("devices::variable", |bytes| _ = probe::devices::variable(bytes, "PRODUCT")),
    ("dmi::identity::identity", |bytes| drop(probe::dmi::identity::identity(bytes))),
    ("dmi::identity::is_little_endian", |bytes| _ = probe::dmi::identity::is_little_endian(bytes)),
    ("dmi::identity::processor_mhz", |bytes| _ = probe::dmi::identity::processor_mhz(bytes)),
    ("dmi::identity::tpm_vendor", |bytes| drop(probe::dmi::identity::tpm_vendor(bytes))),
    ("dmi::structures", |bytes| {
        for structure in probe::dmi::structures(bytes) {
            for offset in [4, 8, 0x15, 255] {
                _ = (structure.string(offset), structure.byte(offset));
                _ = (structure.word(offset), structure.double_word(offset));
            }
        }
    }),
    ("dpkg::names", |bytes| _ = probe::dpkg::names(bytes).count()),
    ("dpkg::packages", |bytes| _ = probe::dpkg::packages(bytes).count()),
    ("dpkg::paragraphs", |bytes| _ = probe::dpkg::paragraphs(bytes).count()),
    ("firmware::secure_boot", |bytes| _ = probe::firmware::secure_boot(bytes)),
    ("firmware::tpm_vendor", |bytes| drop(probe::firmware::tpm_vendor(bytes))),
    ("kept::from_bytes", |bytes| {
        let kept = probe::kept::Kept::from_bytes(bytes);
        _ = (kept.get("apt"), kept.take_changed());
    }),
    ("listeners::ephemeral_ports", |bytes| _ = probe::listeners::ephemeral_ports(bytes)),
    ("listeners::inode_of_link", |bytes| _ = probe::listeners::inode_of_link(bytes)),
    ("listeners::socket", |bytes| _ = probe::listeners::socket(Protocol::Tcp, bytes)),
    ("memory::meminfo_bytes", |bytes| _ = probe::memory::meminfo_bytes(bytes, "MemTotal")),
    ("memory::slots", |bytes| drop(probe::memory::slots(bytes))),
    ("mountinfo::parse", |bytes| _ = probe::mountinfo::parse(bytes).count()),
    ("mountinfo::root_is_overlay", |bytes| _ = probe::mountinfo::root_is_overlay(bytes)),
    ("neighbours::add", |bytes| {
        let mut table = probe::neighbours::Table::default();
        let policy = Policy::everything();
        messages(bytes, |_, payload| table.add(&policy, payload));
    }),
    ("network::mac", |bytes| drop(probe::network::mac(bytes))),
    ("network::resolver", |bytes| drop(probe::network::resolver(bytes))),
    ("operating_system::os_release", |bytes| {
        probe::operating_system::os_release(bytes, &mut OperatingSystemSection::default());
    }),
    ("packages::apk::packages", |bytes| drop(probe::packages::apk::packages(bytes))),
    ("packages::cargo::crates", |bytes| drop(probe::packages::cargo::crates(bytes))),
    ("packages::flatpak::version", |bytes| drop(probe::packages::flatpak::version(bytes))),
    ("packages::gem::stub", |bytes| drop(probe::packages::gem::stub(bytes))),
    ("packages::npm::package", |bytes| drop(probe::packages::npm::package(bytes))),
    ("packages::pacman::package", |bytes| drop(probe::packages::pacman::package(bytes))),
    ("packages::python::info", |bytes| drop(probe::packages::python::info(bytes))),
    ("packages::python::is_of_administrator", |bytes| {
        _ = probe::packages::python::is_of_administrator(bytes);
    }),
    ("packages::python::is_of_system", |bytes| _ = probe::packages::python::is_of_system(bytes)),
    ("packages::snap::package", |bytes| drop(probe::packages::snap::package("core", bytes))),
    ("protection::access_control::chosen", |bytes| {
        drop(probe::protection::access_control::chosen(bytes));
    }),
    ("protection::clamav::made", |bytes| _ = probe::protection::clamav::made(bytes)),
    ("protection::has_filter_table", |bytes| _ = probe::protection::has_filter_table(bytes)),
    ("protection::iptables::filters_input", |bytes| {
        let (info, entries) = bytes.split_at(bytes.len().min(84));
        _ = probe::protection::iptables::filters_input(info, entries);
    }),
    ("protection::log_forwarding::file", |bytes| {
        let mut said = probe::protection::log_forwarding::SyslogNg::default();
        said.file(bytes);
        said.file(bytes);
        _ = said.forwards();
    }),
    ("protection::log_forwarding::rsyslog", |bytes| {
        drop(probe::protection::log_forwarding::rsyslog(bytes));
    }),
    ("protection::nftables::add", |bytes| {
        let mut rules = probe::protection::nftables::Ruleset::default();
        messages(bytes, |message, payload| rules.add(0x0a00 + message, payload));
        _ = (rules.sets(), rules.filters_input());
    }),
    ("protection::nftables::add_elements", |bytes| {
        let mut rules = probe::protection::nftables::Ruleset::default();
        let set = ((1, b"filter".to_vec()), b"ports".to_vec());
        messages(bytes, |_, payload| rules.add_elements(&set, 0x0a00 + 12, payload));
        _ = rules.filters_input();
    }),
    ("protection::usb_storage::command_line", |bytes| {
        let mut bars = probe::protection::usb_storage::Bars::default();
        bars.command_line(bytes);
        _ = bars.storage();
    }),
    ("protection::usb_storage::configuration", |bytes| {
        let mut bars = probe::protection::usb_storage::Bars::default();
        bars.configuration(bytes);
        _ = bars.storage();
    }),
    ("protection::usb_storage::guard_refuses", |bytes| {
        _ = probe::protection::usb_storage::guard_refuses(bytes);
    }),
    ("rpm::each_header#bdb", |bytes| rpm(Format::Bdb, bytes, None)),
    ("rpm::each_header#ndb", |bytes| rpm(Format::Ndb, bytes, None)),
    ("rpm::each_header#sqlite", |bytes| rpm(Format::Sqlite, bytes, None)),
    ("rpm::each_header#wal", |bytes| {
        // Three pages of database, and what was written since.
        let (main, log) = bytes.split_at(bytes.len().min(3 * 512));
        rpm(Format::Sqlite, main, Some(log));
    }),
    ("rpm::owners::find", |bytes| {
        let programs = probe::rpm::owners::Programs::new(["/usr/sbin/sshd"], true);
        _ = programs.find(&mut &*bytes, &mut BTreeMap::new());
    }),
    ("rpm::package::package", |bytes| _ = probe::rpm::package::package(&mut &*bytes)),
    ("rtnetlink::address", |bytes| _ = probe::rtnetlink::address(bytes)),
    ("rtnetlink::attributes", |bytes| _ = probe::rtnetlink::attributes(bytes).count()),
    ("rtnetlink::default_gateways", |bytes| drop(probe::rtnetlink::default_gateways(bytes))),
    ("rtnetlink::link", |bytes| drop(probe::rtnetlink::link(bytes))),
    ("rtnetlink::local_address", |bytes| _ = probe::rtnetlink::local_address(bytes)),
    ("rtnetlink::neighbour::neighbour", |bytes| _ = probe::rtnetlink::neighbour::neighbour(bytes)),
    ("services::lists", |bytes| _ = probe::services::lists(bytes, "/usr/sbin/sshd")),
    ("storage::luks::one", |bytes| _ = probe::storage::luks::one(bytes)),
    ("storage::luks::second_bytes", |bytes| {
        _ = probe::storage::luks::second_bytes(bytes, 16 << 10);
    }),
    ("storage::luks::two", |bytes| _ = probe::storage::luks::two(bytes)),
    ("storage::luks::two_bytes", |bytes| _ = probe::storage::luks::two_bytes(bytes)),
    ("storage::stack::header", |bytes| _ = probe::storage::stack::header(bytes)),
    ("storage::udev", |bytes| drop(probe::storage::udev(bytes))),
    ("system::container::engine_in_environment", |bytes| {
        drop(probe::system::container::engine_in_environment(bytes));
    }),
    ("system::directory::samba_domain", |bytes| {
        drop(probe::system::directory::samba_domain(bytes));
    }),
    ("system::virtualization::acpi_maker", |bytes| {
        drop(probe::system::virtualization::acpi_maker(bytes));
    }),
    ("system::virtualization::control_program", |bytes| {
        drop(probe::system::virtualization::control_program(bytes));
    }),
    ("text::clean", |bytes| drop(probe::text::clean(bytes))),
    ("text::impersonal_path", |bytes| drop(probe::text::impersonal_path(bytes))),
    ("text::lines", |bytes| _ = probe::text::lines(bytes).count()),
    ("text::number", |bytes| _ = probe::text::number::<u64>(bytes)),
    ("text::shell_value", |bytes| drop(probe::text::shell_value(bytes, "ID"))),
    ("text::split_once", |bytes| _ = probe::text::split_once(bytes, b':')),
    ("units::apply", |bytes| {
        let mut unit = probe::units::Unit::default();
        probe::units::apply(bytes, &mut unit);
        probe::units::apply(bytes, &mut unit);
    }),
    ("updates::apt::conf::add", |bytes| {
        let mut conf = probe::updates::apt::conf::Conf::default();
        conf.add(bytes);
        conf.add(bytes);
    }),
    ("updates::apt::installed::installed", |bytes| {
        drop(probe::updates::apt::installed::installed(bytes));
    }),
    ("updates::apt::pins::preferences", |bytes| {
        drop(probe::updates::apt::pins::preferences(bytes, &mut Vec::new()));
    }),
    ("updates::apt::release::line", |bytes| {
        let mut release = probe::updates::apt::release::Release::default();
        for line in probe::text::lines(bytes) {
            release.line(line);
        }
        _ = probe::updates::apt::release::Release::from_line(&release.to_line());
    }),
    ("updates::apt::scan::scan", |bytes| {
        if let Ok(mut list) = Decoder::new(bytes, Compression::Plain, 1 << 20)
            && let Ok(kept) = probe::updates::apt::scan::scan(&mut list, |name| name.len() > 1)
        {
            _ = probe::updates::apt::scan::offers(&kept).count();
        }
    }),
    ("updates::apt::scan::source_of", |bytes| {
        _ = probe::updates::apt::scan::source_of(bytes, b"a", b"1");
    }),
    ("updates::apt::sources::deb822", |bytes| {
        drop(probe::updates::apt::sources::deb822(bytes, "amd64", &mut Vec::new()));
    }),
    ("updates::apt::sources::one_line", |bytes| {
        drop(probe::updates::apt::sources::one_line(bytes, "amd64", &mut Vec::new()));
    }),
    ("updates::apt::sources::paragraphs", |bytes| {
        drop(probe::updates::apt::sources::paragraphs(bytes));
    }),
    ("updates::apt::version::compare", |bytes| {
        let (one, other) = bytes.split_at(bytes.len() / 2);
        let order = probe::updates::apt::version::compare(one, other);
        assert_eq!(order, probe::updates::apt::version::compare(other, one).reverse());
    }),
    ("updates::dnf::automatic::applies", |bytes| {
        _ = probe::updates::dnf::automatic::applies(bytes);
    }),
    ("updates::dnf::metadata::files", |bytes| drop(probe::updates::dnf::metadata::files(bytes))),
    ("updates::dnf::metadata::primary", |bytes| {
        _ = probe::updates::dnf::metadata::primary(bytes, |_| {});
    }),
    ("updates::dnf::metadata::security", |bytes| {
        _ = probe::updates::dnf::metadata::security(bytes, |_| {});
    }),
    ("updates::dnf::repositories::add", |bytes| {
        let mut said = probe::updates::dnf::repositories::Configuration::default();
        said.add(bytes);
        said.add(bytes);
        _ = said.enabled().count();
    }),
    ("updates::dnf::repositories::override_with", |bytes| {
        let mut said = probe::updates::dnf::repositories::Configuration::default();
        said.override_with(bytes);
        said.override_with(bytes);
        _ = said.enabled().count();
    }),
    ("wildcard::matches", |bytes| {
        let (pattern, name) = bytes.split_at(bytes.len() / 2);
        _ = probe::wildcard::matches(pattern, name);
    }),
    ("workloads::containerd::container", |bytes| {
        _ = probe::workloads::containerd::container("id", bytes);
    }),
    ("workloads::docker::container", |bytes| _ = probe::workloads::docker::container(bytes)),
    ("workloads::docker::data_root", |bytes| drop(probe::workloads::docker::data_root(bytes))),
    ("workloads::docker::parse", |bytes| _ = probe::workloads::docker::Digests::parse(bytes)),
    ("workloads::docker::privileged", |bytes| _ = probe::workloads::docker::privileged(bytes)),
    ("workloads::libvirt::domain", |bytes| _ = probe::workloads::libvirt::domain(bytes)),
    ("workloads::lxc::privileged", |bytes| _ = probe::workloads::lxc::privileged(bytes)),
    ("workloads::nspawn::running", |bytes| _ = probe::workloads::nspawn::running(bytes)),
    ("workloads::podman::containers", |bytes| _ = probe::workloads::podman::containers(bytes)),
    ("workloads::podman::digests", |bytes| _ = probe::workloads::podman::digests(bytes)),
    ("workloads::podman::privileged", |bytes| _ = probe::workloads::podman::privileged(bytes)),
];

/// Cuts bytes into messages, as a dump through netlink would bring them: a byte of type, a byte of
/// length, and so much payload.
fn messages(mut bytes: &[u8], mut each: impl FnMut(u16, &[u8])) {
    while let [kind, length, rest @ ..] = bytes {
        let (payload, tail) = rest.split_at(rest.len().min(usize::from(*length)));
        each(u16::from(*kind), payload);
        bytes = tail;
    }
}

/// Decodes all of it, up to a bound.
fn decompress(bytes: &[u8], compression: Compression) {
    if let Ok(mut decoder) = Decoder::new(bytes, compression, 1 << 20) {
        let mut buffer = vec![0; 16 << 10];
        while decoder.read(&mut buffer).is_ok_and(|got| got > 0) {}
    }
}

/// Every header of a database, and what it means.
fn rpm(format: Format, main: &[u8], log: Option<&[u8]>) {
    let programs = probe::rpm::owners::Programs::new(["/usr/sbin/sshd"], true);
    _ = probe::rpm::each_header(format, main, log, &mut |blob| {
        _ = programs.find(blob, &mut BTreeMap::new());
        probe::rpm::package::package(blob).map(drop)
    });
}
