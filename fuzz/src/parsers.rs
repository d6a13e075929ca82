//! Every parser of the agent that reads what comes from outside, by name: the path below `probe`, or that in
//! `watch`. Behind a `#` stands which of several formats it is.
//!
//! A parser is one line here. `agent/tests/corpus.rs` fails when one is missing, and runs each over
//! the files in `fuzz/corpus/<name>/`; `cargo xtask fuzz` looks for more.

use std::collections::BTreeMap;

use belfort_agent::probe::decompress::{Compression, Decoder};
use belfort_agent::probe::rpm::Format;
use belfort_agent::probe::rpm::header::Tag;
use belfort_agent::probe::updates::{apt, dnf};
use belfort_agent::{probe, watch};
use belfort_proto::inventory::v1::{OperatingSystemSection, Protocol};

#[path = "calls.rs"]
mod calls;

use calls::{Drops, decode, messages, pair, parts, rpm, text, two};

/// Reads bytes and throws away what it finds.
pub(crate) type Parser = fn(&[u8]);

/// The parser of a name.
pub(crate) fn find(name: &str) -> Option<Parser> {
    PARSERS.iter().find(|(known, _)| *known == name).map(|(_, parser)| *parser)
}

/// All of them, sorted by name.
pub(crate) const PARSERS: &[(&str, Parser)] = &[
    ("accounts::groups", |bytes| {
        let accounts = probe::accounts::passwd(bytes);
        probe::accounts::administrators(&accounts, &probe::accounts::groups(bytes));
    }),
    ("accounts::has_directory", |bytes| _ = probe::accounts::has_directory(bytes)),
    ("accounts::passwd", |bytes| _ = probe::accounts::passwd(bytes)),
    ("accounts::passwords", |bytes| _ = probe::accounts::passwords(bytes)),
    ("accounts::sshd::parse", calls::sshd),
    ("accounts::sudoers::parse", calls::sudoers),
    ("accounts::wtmp::last_user", |bytes| {
        _ = probe::accounts::wtmp::last_user(bytes, 384, |name| name != "root");
    }),
    ("cpuinfo::parse", |bytes| _ = probe::cpuinfo::parse(bytes)),
    ("decompress::new#gzip", |bytes| decode(bytes, Compression::Gzip)),
    ("decompress::new#lz4", |bytes| decode(bytes, Compression::Lz4)),
    ("decompress::new#zchunk", |bytes| decode(bytes, Compression::Zchunk)),
    ("decompress::new#zstd", |bytes| decode(bytes, Compression::Zstd)),
    ("decompress::of_name", |bytes| _ = Compression::of_name(&text(bytes))),
    ("devices::battery::battery", |bytes| _ = probe::devices::battery::battery("BAT0", bytes)),
    ("devices::camera::cameras", |bytes| {
        _ = probe::devices::camera::cameras(parts(bytes).map(|part| text(part).into_owned()));
    }),
    ("devices::cups::printcap", |bytes| _ = probe::devices::cups::printcap(bytes)),
    ("devices::cups::printers", |bytes| _ = probe::devices::cups::printers(bytes)),
    ("devices::edid::parse", calls::edid),
    ("devices::pci::device", |bytes| _ = probe::devices::pci::device("0000:00:02.0", bytes)),
    ("devices::usb::kind", |bytes| _ = probe::devices::usb::kind(bytes)),
    ("devices::variable", |bytes| _ = probe::devices::variable(bytes, "DRIVER")),
    ("dmi::identity::identity", |bytes| _ = probe::dmi::identity::identity(bytes)),
    ("dmi::identity::is_little_endian", |bytes| _ = probe::dmi::identity::is_little_endian(bytes)),
    ("dmi::identity::processor_mhz", |bytes| _ = probe::dmi::identity::processor_mhz(bytes)),
    ("dmi::identity::tpm_vendor", |bytes| _ = probe::dmi::identity::tpm_vendor(bytes)),
    ("dmi::structures", |bytes| {
        for structure in probe::dmi::structures(bytes) {
            for offset in [4, 8, 0x15, 255] {
                _ = (structure.string(offset), structure.byte(offset));
                _ = (structure.word(offset), structure.double_word(offset));
            }
        }
    }),
    ("dpkg::read", |bytes| {
        for entry in calls::dpkg(bytes).entries() {
            _ = (entry.package(), entry.source());
        }
    }),
    ("dpkg::source_of", |bytes| _ = probe::dpkg::source_of(&text(bytes), "name", "1")),
    ("firmware::release_date", |bytes| _ = probe::firmware::release_date(&text(bytes))),
    ("firmware::secure_boot", |bytes| _ = probe::firmware::secure_boot(bytes)),
    ("firmware::tpm_vendor", |bytes| _ = probe::firmware::tpm_vendor(bytes)),
    ("kept::from_bytes", calls::kept),
    ("listeners::ephemeral_ports", |bytes| _ = probe::listeners::ephemeral_ports(bytes)),
    ("listeners::inode_of_link", |bytes| _ = probe::listeners::inode_of_link(bytes)),
    ("listeners::socket", |bytes| _ = probe::listeners::socket(Protocol::Tcp, bytes)),
    ("memory::meminfo_bytes", |bytes| _ = probe::memory::meminfo_bytes(bytes, "MemTotal")),
    ("memory::slots", |bytes| _ = probe::memory::slots(bytes)),
    ("mountinfo::parse", |bytes| _ = probe::mountinfo::parse(bytes).count()),
    ("mountinfo::root_is_overlay", |bytes| _ = probe::mountinfo::root_is_overlay(bytes)),
    ("neighbours::add", calls::neighbours),
    ("network::mac", |bytes| _ = probe::network::mac(bytes)),
    ("network::resolver", |bytes| _ = probe::network::resolver(bytes)),
    ("network::speed_mbps", |bytes| _ = probe::network::speed_mbps(&text(bytes))),
    ("operating_system::os_release", |bytes| {
        probe::operating_system::os_release(bytes, &mut OperatingSystemSection::default());
    }),
    ("operating_system::zone_of_link", |bytes| {
        _ = probe::operating_system::zone_of_link(&text(bytes));
    }),
    ("packages::apk::packages", |bytes| _ = probe::packages::apk::packages(bytes)),
    ("packages::brew::keg", |bytes| {
        let (formula, version) = two(bytes);
        _ = probe::packages::brew::keg(&formula, &version);
    }),
    ("packages::cargo::crates", |bytes| _ = probe::packages::cargo::crates(bytes)),
    ("packages::flatpak::version", |bytes| _ = probe::packages::flatpak::version(bytes)),
    ("packages::gem::named", |bytes| _ = probe::packages::gem::named(&text(bytes))),
    ("packages::gem::stub", |bytes| _ = probe::packages::gem::stub(bytes)),
    ("packages::npm::package", |bytes| _ = probe::packages::npm::package(bytes)),
    ("packages::pacman::package", |bytes| _ = probe::packages::pacman::package(bytes)),
    ("packages::python::info", |bytes| _ = probe::packages::python::info(bytes)),
    ("packages::python::is_of_administrator", |bytes| {
        _ = probe::packages::python::is_of_administrator(bytes);
    }),
    ("packages::python::is_of_system", |bytes| _ = probe::packages::python::is_of_system(bytes)),
    ("packages::python::record", |bytes| _ = probe::packages::python::record(&text(bytes))),
    ("packages::snap::image", |bytes| _ = probe::packages::snap::image(&text(bytes))),
    ("packages::snap::package", |bytes| _ = probe::packages::snap::package("tool", bytes)),
    ("protection::access_control::chosen", |bytes| {
        _ = probe::protection::access_control::chosen(bytes);
    }),
    ("protection::access_control::engine", |bytes| {
        let mut parts = parts(bytes);
        _ = probe::protection::access_control::engine(&probe::protection::access_control::Read {
            modules: parts.next(),
            selinux_enforce: parts.next(),
            apparmor_enabled: parts.next(),
            apparmor_profiles: parts.next(),
            selinux_config: parts.next(),
        });
    }),
    ("protection::clamav::made", |bytes| {
        _ = probe::protection::clamav::made(bytes).map(probe::protection::clamav::day);
    }),
    ("protection::has_filter_table", |bytes| _ = probe::protection::has_filter_table(bytes)),
    ("protection::iptables::filters_input", |bytes| {
        let (info, entries) = pair(bytes);
        _ = probe::protection::iptables::filters_input(info, entries);
    }),
    ("protection::log_forwarding::file", |bytes| {
        let mut found = probe::protection::log_forwarding::SyslogNg::default();
        parts(bytes).for_each(|part| found.file(part));
        _ = found.forwards();
    }),
    ("protection::log_forwarding::rsyslog", |bytes| {
        _ = probe::protection::log_forwarding::rsyslog(bytes);
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
        let (main, log) = pair(bytes);
        rpm(Format::Sqlite, main, Some(log));
        rpm(Format::Sqlite, main, Some(&calls::with_sums(log)));
    }),
    ("rpm::header::read", |bytes| {
        let mut blob = bytes;
        let wanted = [Tag::Name, Tag::Epoch, Tag::BaseNames];
        let Ok(header) = probe::rpm::header::Header::read(&mut blob, &wanted) else { return };
        for (_, place) in header.places() {
            _ = header.text(&mut blob, *place, 100, &mut Vec::new());
            _ = header.texts(&mut blob, *place, 100, &mut |_, _| ());
            _ = header.number(&mut blob, *place);
            _ = header.numbers(&mut blob, *place, &mut Vec::new());
        }
    }),
    ("rpm::order::compare", |bytes| {
        let (one, other) = two(bytes);
        _ = probe::rpm::order::compare(&one, &other);
    }),
    ("rpm::owners::find", |bytes| _ = calls::rpm_header(&mut &*bytes, &mut BTreeMap::new())),
    ("rpm::package::package", |bytes| _ = probe::rpm::package::package(&mut &*bytes)),
    ("rtnetlink::address", |bytes| _ = probe::rtnetlink::address(bytes)),
    ("rtnetlink::attributes", |bytes| _ = probe::rtnetlink::attributes(bytes).count()),
    ("rtnetlink::default_gateways", |bytes| _ = probe::rtnetlink::default_gateways(bytes)),
    ("rtnetlink::link", |bytes| _ = probe::rtnetlink::link(bytes)),
    ("rtnetlink::local_address", |bytes| _ = probe::rtnetlink::local_address(bytes)),
    ("rtnetlink::neighbour::neighbour", |bytes| _ = probe::rtnetlink::neighbour::neighbour(bytes)),
    ("services::candidates", |bytes| {
        let (program, service) = two(bytes);
        let names: Vec<_> = parts(bytes).skip(2).map(text).collect();
        let names = names.iter().map(|name| &**name).collect();
        _ = probe::services::candidates(&program, &service, &names);
    }),
    ("services::lists", |bytes| _ = probe::services::lists(bytes, "/usr/sbin/sshd")),
    ("storage::bus", |bytes| {
        let (name, path) = two(bytes);
        _ = probe::storage::bus(&name, &path);
    }),
    ("storage::device_type", |bytes| {
        let (name, path) = two(bytes);
        _ = probe::storage::device_type(&name, false, &path, &path);
    }),
    ("storage::luks::one", |bytes| _ = probe::storage::luks::one(bytes)),
    ("storage::luks::second_bytes", |bytes| {
        _ = probe::storage::luks::second_bytes(bytes, 16 << 10);
    }),
    ("storage::luks::two", |bytes| _ = probe::storage::luks::two(bytes)),
    ("storage::luks::two_bytes", |bytes| _ = probe::storage::luks::two_bytes(bytes)),
    ("storage::stack::header", |bytes| _ = probe::storage::stack::header(bytes)),
    ("storage::stack::mapper_encryption", |bytes| {
        _ = probe::storage::stack::mapper_encryption(&text(bytes));
    }),
    ("storage::stack::mapper_role", |bytes| _ = probe::storage::stack::mapper_role(&text(bytes))),
    ("storage::udev", |bytes| _ = probe::storage::udev(bytes)),
    ("system::cloud::provider", |bytes| {
        let (system, _) = calls::system(bytes);
        _ = probe::system::cloud::provider(&system);
        _ = probe::system::cloud::instance_id("aws", &system, &system.asset_tag);
    }),
    ("system::container::engine_in_environment", |bytes| {
        _ = probe::system::container::engine_in_environment(bytes);
    }),
    ("system::directory::samba_domain", |bytes| _ = probe::system::directory::samba_domain(bytes)),
    ("system::directory::sssd_domain", |bytes| {
        let files: Vec<_> = parts(bytes).map(<[u8]>::to_vec).collect();
        _ = probe::system::directory::sssd_domain(&files);
    }),
    ("system::virtualization::acpi_maker", |bytes| {
        _ = probe::system::virtualization::acpi_maker(bytes);
    }),
    ("system::virtualization::control_program", |bytes| {
        _ = probe::system::virtualization::control_program(bytes);
    }),
    ("system::virtualization::is_first_domain", |bytes| {
        _ = probe::system::virtualization::is_first_domain(&text(bytes));
    }),
    ("system::virtualization::virtualization", |bytes| {
        _ = probe::system::virtualization::virtualization(&calls::system(bytes).1);
    }),
    ("text::clean", |bytes| _ = probe::text::clean(bytes)),
    ("text::impersonal_path", |bytes| _ = probe::text::impersonal_path(bytes)),
    ("text::lines", |bytes| _ = probe::text::lines(bytes).count()),
    ("text::number", |bytes| _ = probe::text::number::<u64>(bytes)),
    ("text::push_clean", |bytes| probe::text::push_clean(&mut String::new(), bytes)),
    ("text::read_lines", |bytes| _ = probe::text::read_lines(bytes, |_| Ok(()))),
    ("text::shell_value", |bytes| _ = probe::text::shell_value(bytes, "ID")),
    ("text::split", |bytes| _ = probe::text::split(&text(bytes), b'\t').count()),
    ("text::split_once", |bytes| _ = probe::text::split_once(bytes, b':')),
    ("units::apply", |bytes| {
        let mut unit = probe::units::Unit::default();
        probe::units::apply(bytes, &mut unit);
        probe::units::apply(bytes, &mut unit);
    }),
    ("units::template", |bytes| _ = probe::units::template(&text(bytes))),
    ("updates::apt::archive::from_text", |bytes| {
        _ = apt::archive::Files::from_text(&text(bytes), "hash");
    }),
    ("updates::apt::conf::add", |bytes| {
        let mut conf = apt::conf::Conf::default();
        parts(bytes).for_each(|part| conf.add(part));
        _ = (conf.has_below("apt::periodic::"), conf.is_periodic("apt::periodic::enable"));
        _ = (conf.switch("a", true), conf.list("apt::architectures"));
    }),
    ("updates::apt::conf::is_part", |bytes| _ = apt::conf::is_part(&text(bytes), &["conf"], true)),
    ("updates::apt::installed::installed", |bytes| {
        let database = calls::dpkg(bytes);
        let installed = apt::installed::installed(&database);
        _ = (apt::installed::native(&installed), apt::installed::names(&installed));
    }),
    ("updates::apt::pattern::parse", |bytes| {
        let (pattern, name) = two(bytes);
        _ = apt::pattern::Pattern::parse(&pattern).map(|pattern| pattern.matches(&name));
    }),
    ("updates::apt::pins::default_release", |bytes| _ = apt::pins::default_release(&text(bytes))),
    ("updates::apt::pins::preferences", calls::preferences),
    ("updates::apt::policy::pending", calls::pending),
    ("updates::apt::release::from_line", |bytes| {
        _ = apt::release::Release::from_line(&text(bytes));
    }),
    ("updates::apt::release::line", |bytes| {
        let mut release = apt::release::Release::default();
        _ = probe::text::lines(bytes).all(|line| release.line(line));
        _ = (release.is_security(), apt::release::Release::from_line(&release.to_line()));
    }),
    ("updates::apt::scan::offers", |bytes| _ = apt::scan::offers(&text(bytes)).count()),
    ("updates::apt::scan::scan", |bytes| {
        let list = Decoder::new(Drops(bytes), Compression::Plain, 16 << 20);
        _ = list.map(|mut list| apt::scan::scan(&mut list, |name| name != b"other"));
    }),
    ("updates::apt::sources::deb822", |bytes| {
        let mut sources = Vec::new();
        _ = apt::sources::deb822(bytes, "amd64", &mut sources);
        for source in sources {
            _ = (source.releases(), source.packages().count(), source.flat());
        }
    }),
    ("updates::apt::sources::one_line", |bytes| {
        let mut sources = Vec::new();
        _ = apt::sources::one_line(bytes, "amd64", &mut sources);
        for source in sources {
            _ = (source.releases(), source.packages().count(), source.flat());
        }
    }),
    ("updates::apt::sources::paragraphs", |bytes| _ = apt::sources::paragraphs(bytes)),
    ("updates::apt::version::compare", |bytes| {
        let (one, other) = two(bytes);
        _ = apt::version::compare(one.as_bytes(), other.as_bytes());
    }),
    ("updates::dnf::automatic::applies", |bytes| _ = dnf::automatic::applies(bytes)),
    ("updates::dnf::kept::read", |bytes| {
        let mut fingerprint = dnf::kept::Fingerprint::default();
        fingerprint.add(&text(bytes));
        let kept = dnf::kept::write(&fingerprint, &[]);
        _ = dnf::kept::read(&[&kept, &*text(bytes)].concat(), &fingerprint);
    }),
    ("updates::dnf::metadata::files", |bytes| _ = dnf::metadata::files(bytes)),
    ("updates::dnf::metadata::primary", |bytes| _ = dnf::metadata::primary(Drops(bytes), |_| ())),
    ("updates::dnf::metadata::security", |bytes| _ = dnf::metadata::security(Drops(bytes), |_| ())),
    ("updates::dnf::repositories::add", |bytes| {
        let mut configuration = dnf::repositories::Configuration::default();
        parts(bytes).for_each(|part| configuration.add(part));
        configuration.add(bytes);
        _ = configuration.enabled().count();
    }),
    ("updates::dnf::repositories::impersonal", |bytes| {
        _ = dnf::repositories::impersonal(&text(bytes));
    }),
    ("updates::dnf::repositories::of_directory", |bytes| {
        _ = dnf::repositories::of_directory(&text(bytes));
    }),
    ("updates::dnf::repositories::override_with", |bytes| {
        let mut configuration = dnf::repositories::Configuration::default();
        parts(bytes).for_each(|part| configuration.add(part));
        configuration.override_with(bytes);
        _ = configuration.enabled().count();
    }),
    ("updates::dnf::xml::new", calls::tags),
    ("watch::places::lead_through", |bytes| {
        let (parent, name) = two(bytes);
        _ = watch::places::lead_through(&parent, &name);
    }),
    ("watch::places::meaning", |bytes| {
        for place in watch::places::PLACES {
            _ = place.meaning(bytes);
        }
    }),
    ("watch::route::worth", |bytes| _ = watch::route::worth(bytes)),
    ("watch::uevent::sections", |bytes| _ = watch::uevent::sections(bytes)),
    ("wildcard::matches", |bytes| {
        let (pattern, name) = pair(bytes);
        _ = probe::wildcard::matches(pattern, name);
    }),
    ("workloads::containerd::container", |bytes| {
        _ = probe::workloads::containerd::container("0123", bytes);
    }),
    ("workloads::digest_in", |bytes| _ = probe::workloads::digest_in(&text(bytes))),
    ("workloads::docker::container", |bytes| _ = probe::workloads::docker::container(bytes)),
    ("workloads::docker::data_root", |bytes| _ = probe::workloads::docker::data_root(bytes)),
    ("workloads::docker::parse", |bytes| {
        let digests = probe::workloads::docker::Digests::parse(bytes);
        _ = digests.map(|digests| digests.of("sha256:aaaa", "example.org:5000/web:1"));
    }),
    ("workloads::docker::privileged", |bytes| _ = probe::workloads::docker::privileged(bytes)),
    ("workloads::libvirt::domain", |bytes| _ = probe::workloads::libvirt::domain(bytes)),
    ("workloads::lxc::privileged", |bytes| _ = probe::workloads::lxc::privileged(bytes)),
    ("workloads::nspawn::of_image", |bytes| {
        _ = probe::workloads::nspawn::of_image(&text(bytes), false);
    }),
    ("workloads::nspawn::of_settings", |bytes| {
        _ = probe::workloads::nspawn::of_settings(&text(bytes));
    }),
    ("workloads::nspawn::running", |bytes| _ = probe::workloads::nspawn::running(bytes)),
    ("workloads::podman::containers", |bytes| _ = probe::workloads::podman::containers(bytes)),
    ("workloads::podman::digests", |bytes| _ = probe::workloads::podman::digests(bytes)),
    ("workloads::podman::privileged", |bytes| _ = probe::workloads::podman::privileged(bytes)),
];
