//! Printer queues. Sources of the formats: printers.conf(5) of CUPS; printcap(5) of `LPRng`.

use belfort_proto::inventory::v1::{Printer, Tristate};

use super::text;

/// Queues of /etc/cups/printers.conf, sorted by name.
///
/// What people wrote about a printer, who may use it and its address with what may be in it
/// (a name, a password) are not looked at.
pub fn printers(content: &[u8]) -> Vec<Printer> {
    let mut printers: Vec<Printer> = Vec::new();
    let mut inside = false;
    for line in text::lines(content) {
        let line = line.trim_ascii();
        let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        let (word, value) = line.split_at_checked(end).unwrap_or((line, &[]));
        let value = value.trim_ascii();
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if is("<Printer") || is("<DefaultPrinter") {
            let name = unescape(value.strip_suffix(b">").unwrap_or(value));
            inside = !name.is_empty();
            if inside {
                printers.push(Printer { name, ..Printer::default() });
            }
            continue;
        }
        if is("</Printer>") || is("</DefaultPrinter>") {
            inside = false;
        }
        let Some(printer) = printers.last_mut().filter(|_| inside) else {
            continue;
        };
        if is("MakeModel") {
            printer.model = unescape(value);
        } else if is("DeviceURI") {
            printer.scheme = scheme(value);
        } else if is("Shared") {
            // The words that CUPS takes for yes and no.
            let one_of = |words: [&str; 3]| {
                words.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
            };
            printer.shared = if one_of(["yes", "true", "on"]) {
                Tristate::Yes.into()
            } else if one_of(["no", "false", "off"]) {
                Tristate::No.into()
            } else {
                Tristate::Unspecified.into()
            };
        }
    }
    sorted(printers)
}

/// Queues of /etc/printcap, sorted by name: where there is no CUPS, or its own file is not readable, of
/// which this one then lists the names.
pub fn printcap(content: &[u8]) -> Vec<Printer> {
    let mut printers = Vec::new();
    let mut continued = false;
    for line in text::lines(content) {
        let starts = !continued && !line.first().is_none_or(|byte| b"# \t:|".contains(byte));
        continued = line.trim_ascii_end().ends_with(b"\\");
        if !starts {
            continue;
        }
        let name = line.split(|byte| b"|:\\".contains(byte)).next().map(text::clean);
        let name = name.unwrap_or_default();
        if !name.is_empty() {
            printers.push(Printer { name, ..Printer::default() });
        }
    }
    sorted(printers)
}

fn sorted(mut printers: Vec<Printer>) -> Vec<Printer> {
    // Queues have one name each; of several the first counts.
    printers.sort_by(|a, b| a.name.cmp(&b.name));
    printers.dedup_by(|a, b| a.name == b.name);
    printers
}

/// A value up to a comment; a number sign with a backslash before it starts none.
fn unescape(value: &[u8]) -> String {
    let mut plain = Vec::with_capacity(value.len());
    for &byte in value {
        if byte == b'#' && plain.pop_if(|before| *before == b'\\').is_none() {
            break;
        }
        plain.push(byte);
    }
    text::clean(&plain)
}

/// The scheme of an address. Source: RFC 3986, 3.1.
fn scheme(address: &[u8]) -> String {
    let scheme = text::split_once(address, b':').map(|(scheme, _)| scheme).unwrap_or_default();
    let is_one = scheme.len() <= 32
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(byte));
    if is_one { text::clean(scheme).to_ascii_lowercase() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As CUPS 2.4 writes it.
    const CONF: &[u8] = b"# Printer configuration file for CUPS v2.4.2\nNextPrinterId 3\n\
        <DefaultPrinter Office>\nPrinterId 1\nUUID urn:uuid:00112233-4455-6677-8899-aabbccddeeff\n\
        AuthInfoRequired none\nInfo Office, second floor\nLocation Room 2\n\
        MakeModel Acme LaserStar 4000 \\#2, driverless\n\
        DeviceURI ipps://reader:secret@printer.example:631/ipp/print\nState Idle\nStateTime 1\n\
        Accepting Yes\nShared Yes\nDenyUser jan\n</DefaultPrinter>\n\
        <Printer Label>\nDeviceURI usb://Acme/Label?serial=1\nShared No\n</Printer>\n\
        MakeModel nobody's\n";

    #[test]
    fn queues_without_their_secrets() {
        insta::assert_debug_snapshot!(printers(CONF), @r#"
        [
            Printer {
                name: "Label",
                model: "",
                scheme: "usb",
                shared: No,
            },
            Printer {
                name: "Office",
                model: "Acme LaserStar 4000 #2, driverless",
                scheme: "ipps",
                shared: Yes,
            },
        ]
        "#);
    }

    #[test]
    fn queues_of_printcap() {
        let content = b"# This file was automatically generated by cupsd(8) from the\n\
            Office|Office, second floor:rm=host:rp=Office:\n\nold|lp0:\\\n\tlp=/dev/lp0:\\\n\
            odd:\n:sd=/x:\nend\n";
        let found: Vec<_> = printcap(content).into_iter().map(|printer| printer.name).collect();
        assert_eq!(found, ["Office", "end", "old"]);
    }

    #[test]
    fn schemes() {
        for (address, expected) in [
            ("IPP://x", "ipp"),
            ("cups-brf:/", "cups-brf"),
            ("///dev/null", ""),
            ("a b:c", ""),
            ("", ""),
        ] {
            assert_eq!(scheme(address.as_bytes()), expected, "{address}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (printers(&bytes), printcap(&bytes), scheme(&bytes));
            let _ = printers(&[b"<Printer x>\nMakeModel ", bytes.as_slice()].concat());
        }
    }
}
