//! Every parser of the agent that reads bytes from outside, by name: the path below `probe`.
//!
//! A parser is one line here. `agent/tests/corpus.rs` fails when one is missing, and runs each over
//! the files in `fuzz/corpus/<name>/`; `cargo xtask fuzz` looks for more.

use belfort_agent::probe;
use belfort_proto::inventory::v1::{OperatingSystemSection, Protocol};

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
    ("accounts::passwd", |bytes| drop(probe::accounts::passwd(bytes))),
    ("accounts::passwords", |bytes| _ = probe::accounts::passwords(bytes)),
    ("cpuinfo::parse", |bytes| drop(probe::cpuinfo::parse(bytes))),
    ("dmi::structures", |bytes| {
        for structure in probe::dmi::structures(bytes) {
            for offset in [4, 8, 0x15, 255] {
                _ = (structure.string(offset), structure.byte(offset));
                _ = (structure.word(offset), structure.double_word(offset));
            }
        }
    }),
    ("dpkg::estimate", |bytes| _ = probe::dpkg::estimate(bytes)),
    ("dpkg::names", |bytes| _ = probe::dpkg::names(bytes).count()),
    ("dpkg::packages", |bytes| _ = probe::dpkg::packages(bytes).count()),
    ("firmware::secure_boot", |bytes| _ = probe::firmware::secure_boot(bytes)),
    ("listeners::ephemeral_ports", |bytes| _ = probe::listeners::ephemeral_ports(bytes)),
    ("listeners::inode_of_link", |bytes| _ = probe::listeners::inode_of_link(bytes)),
    ("listeners::socket", |bytes| _ = probe::listeners::socket(Protocol::Tcp, bytes)),
    ("memory::meminfo_bytes", |bytes| _ = probe::memory::meminfo_bytes(bytes, "MemTotal")),
    ("memory::slots", |bytes| _ = probe::memory::slots(bytes)),
    ("mountinfo::parse", |bytes| _ = probe::mountinfo::parse(bytes).count()),
    ("mountinfo::root_is_overlay", |bytes| _ = probe::mountinfo::root_is_overlay(bytes)),
    ("network::mac", |bytes| drop(probe::network::mac(bytes))),
    ("network::resolver", |bytes| drop(probe::network::resolver(bytes))),
    ("operating_system::os_release", |bytes| {
        probe::operating_system::os_release(bytes, &mut OperatingSystemSection::default());
    }),
    ("protection::has_filter_table", |bytes| _ = probe::protection::has_filter_table(bytes)),
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
    ("rtnetlink::address", |bytes| _ = probe::rtnetlink::address(bytes)),
    ("rtnetlink::attributes", |bytes| _ = probe::rtnetlink::attributes(bytes).count()),
    ("rtnetlink::default_gateways", |bytes| drop(probe::rtnetlink::default_gateways(bytes))),
    ("rtnetlink::link", |bytes| drop(probe::rtnetlink::link(bytes))),
    ("services::lists", |bytes| _ = probe::services::lists(bytes, "/usr/sbin/sshd")),
    ("storage::stack::header", |bytes| _ = probe::storage::stack::header(bytes)),
    ("storage::udev", |bytes| drop(probe::storage::udev(bytes))),
    ("system::container::engine_in_environment", |bytes| {
        drop(probe::system::container::engine_in_environment(bytes));
    }),
    ("system::virtualization::acpi_maker", |bytes| {
        drop(probe::system::virtualization::acpi_maker(bytes));
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
