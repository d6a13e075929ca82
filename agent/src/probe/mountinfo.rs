//! /proc/self/mountinfo. Source of the format: `proc_pid_mountinfo(5)`.

use super::text;

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Device number, `major:minor`.
    pub device: String,
    /// Mount point, as bytes for further calls.
    pub point: Vec<u8>,
    /// File system.
    pub file_system: String,
    /// What was mounted, for example `/dev/sda1`.
    pub source: String,
    /// Whether it is mounted read-only.
    pub read_only: bool,
}

/// The mounts of a file; lines that are none are left out.
pub fn parse(content: &[u8]) -> impl Iterator<Item = Mount> {
    text::lines(content).filter_map(mount)
}

fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let device = text::clean(fields.nth(2)?);
    let point = unescape(fields.nth(1)?);
    let options = fields.next()?;
    // Any number of optional fields, then a lone hyphen.
    fields.find(|field| *field == b"-")?;
    let file_system = text::clean(fields.next()?);
    let source = text::clean(&unescape(fields.next()?));
    let super_options = fields.next().unwrap_or_default();
    let read_only = [options, super_options]
        .iter()
        .any(|options| options.split(|byte| *byte == b',').any(|option| option == b"ro"));
    Some(Mount { device, point, file_system, source, read_only })
}

/// Blanks, line ends and backslashes are written as three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'\\'
            && let Some((digits, tail)) = tail.split_first_chunk::<3>()
            && digits.iter().all(|digit| matches!(digit, b'0'..=b'7'))
        {
            let value =
                digits.iter().fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
            if let Ok(value) = u8::try_from(value) {
                plain.push(value);
                rest = tail;
                continue;
            }
        }
        plain.push(byte);
    }
    plain
}

/// Whether the root file system is laid over another one, as in containers.
pub fn root_is_overlay(content: &[u8]) -> bool {
    // The last mount on a point is the one that is seen.
    parse(content)
        .filter(|mount| mount.point == b"/")
        .last()
        .is_some_and(|mount| mount.file_system == "overlay")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn optional_fields_and_escapes() {
        let content =
            b"36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:2 - ext3 /dev/root rw\n\
            22 1 0:21 / /proc rw - proc proc ro,x\nbroken\n1 2 3:4 / / rw -\n";
        let mounts: Vec<_> = parse(content).collect();
        assert_eq!(mounts.len(), 2);
        assert_eq!(mounts[0].point, b"/mnt 2");
        assert_eq!(mounts[0].device, "98:0");
        assert_eq!(mounts[0].file_system, "ext3");
        assert!(!mounts[0].read_only && mounts[1].read_only);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes).count();
            let _ = unescape(&bytes);
        }
    }
}
