//! Domains of libvirt. Source of the format: libvirt.org, "Domain XML format": an element `domain` with
//! its `name` and `uuid`; in the files of running ones it lies in an element `domstatus`.

use belfort_proto::inventory::v1::WorkloadType;
use memchr::{memchr, memmem};

use crate::probe::text;

/// Drivers: where what is defined lies, where what runs, and what it is.
pub const DRIVERS: &[(&str, &str, WorkloadType)] = &[
    ("/etc/libvirt/qemu", "/run/libvirt/qemu", WorkloadType::VirtualMachine),
    ("/etc/libvirt/libxl", "/run/libvirt/libxl", WorkloadType::VirtualMachine),
    ("/etc/libvirt/lxc", "/run/libvirt/lxc", WorkloadType::Container),
];

/// A domain.
#[derive(Debug, Default, PartialEq)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// Its UUID.
    pub uuid: String,
    /// Its process, from the file of a running one.
    pub pid: Option<u32>,
}

/// The domain that a file describes; nothing when it has none.
pub fn domain(xml: &[u8]) -> Option<Domain> {
    let mut found = Domain::default();
    let mut rest = xml;
    // Depth below `domain`, once inside.
    let mut depth: Option<usize> = None;
    while let Some(start) = memchr(b'<', rest) {
        rest = rest.get(start..)?;
        if rest.starts_with(b"<!--") {
            rest = rest.get(memmem::find(rest, b"-->")? + 3..)?;
            continue;
        }
        let end = tag_end(rest)?;
        let (tag, after) = (rest.get(1..end)?, rest.get(end + 1..)?);
        rest = after;
        let name = tag.split(|byte| byte.is_ascii_whitespace() || *byte == b'/').next()?;
        match (tag.first()?, depth) {
            (b'/', Some(0)) => break,
            (b'/', Some(inside)) => depth = Some(inside - 1),
            (b'?' | b'!', _) | (b'/', None) => {}
            (_, Some(inside)) => {
                if inside == 0 && name == b"name" && found.name.is_empty() {
                    found.name = content(after);
                } else if inside == 0 && name == b"uuid" && found.uuid.is_empty() {
                    found.uuid = content(after);
                }
                if !tag.ends_with(b"/") {
                    depth = Some(inside + 1);
                }
            }
            (_, None) if name == b"domain" => depth = Some(0),
            (_, None) if name == b"domstatus" => found.pid = attribute(tag, b"pid"),
            (_, None) => {}
        }
    }
    (!found.name.is_empty()).then_some(found)
}

/// Where a tag ends: at the first `>` outside quotes.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    tag.iter().position(|byte| {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'>') => return true,
            _ => {}
        }
        false
    })
}

/// Text until the next tag, with the five entities of XML.
fn content(after: &[u8]) -> String {
    let text = after.get(..memchr(b'<', after).unwrap_or(0)).unwrap_or_default();
    let mut text = text::clean(text);
    for (entity, sign) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
    {
        if text.contains(entity) {
            text = text.replace(entity, sign);
        }
    }
    text
}

fn attribute(tag: &[u8], name: &[u8]) -> Option<u32> {
    let value = tag.split(u8::is_ascii_whitespace).find_map(|word| {
        let (key, value) = text::split_once(word, b'=')?;
        (key == name).then_some(value)
    })?;
    text::number(value.trim_ascii_end().strip_prefix(b"'")?.strip_suffix(b"'")?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATUS: &[u8] =
        b"<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE. Use:\n  virsh edit <name>\n-->\n\n\
<domstatus state='running' reason='booted' pid='17150'>\n  <monitor path='/a>b' type='unix'/>\n\
  <vcpus>\n    <vcpu id='0' pid='17156'/>\n  </vcpus>\n\
  <domain type='kvm' id='59'>\n    <metadata>\n      <x:instance xmlns:x='http://example.org'>\n\
        <name>not this one</name>\n      </x:instance>\n    </metadata>\n\
    <name>build &amp; test</name>\n    <uuid>c7a5fdbd-cdaf-9455-926a-d65c16db1809</uuid>\n\
    <devices><disk><name>nor this</name></disk></devices>\n  </domain>\n</domstatus>\n";

    #[test]
    fn a_running_domain() {
        let found = domain(STATUS).unwrap();
        assert_eq!(found.name, "build & test");
        assert_eq!(found.uuid, "c7a5fdbd-cdaf-9455-926a-d65c16db1809");
        assert_eq!(found.pid, Some(17150));
    }

    #[test]
    fn a_defined_domain() {
        let found = domain(
            b"<?xml version='1.0'?><domain type=\"kvm\"><uuid>1</uuid><name>a</name></domain>",
        );
        let expected = Domain { name: "a".to_owned(), uuid: "1".to_owned(), pid: None };
        assert_eq!(found, Some(expected));
        assert_eq!(domain(b"<network><name>default</name></network>"), None);
        assert_eq!(domain(b"<domain><name>cut"), None);
    }

    proptest! {
        #[test]
        fn any_bytes(
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
            marks in "[<>/'!a= -]{0,40}",
            cut in 0..STATUS.len(),
        ) {
            let _ = domain(&bytes);
            let _ = domain(&[&STATUS[..cut], marks.as_bytes()].concat());
            let _ = domain(format!("<domain>{marks}").as_bytes());
        }
    }
}
