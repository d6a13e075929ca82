//! Who logged in last. Source of the format: utmp(5), and `bits/utmp.h` of the GNU C library.

use crate::probe::text;

/// Type of a record of a login.
const USER_PROCESS: i16 = 7;
/// Where the name of the user stands.
const USER: std::ops::Range<usize> = 44..76;

/// Size of a record on an architecture, bytes. Elsewhere than on 64-bit ARM the fields for times keep
/// the size they have on 32 bits.
pub fn record_bytes(machine: &str) -> usize {
    if machine.starts_with("aarch64") { 400 } else { 384 }
}

/// The user of the last record of a login whose user is a person.
pub fn last_user(
    records: &[u8],
    record_bytes: usize,
    is_person: impl Fn(&str) -> bool,
) -> Option<String> {
    records.chunks_exact(record_bytes.max(1)).rev().find_map(|record| {
        let kind = i16::from_ne_bytes(*record.first_chunk()?);
        let user = record.get(USER)?.split(|byte| *byte == 0).next().unwrap_or_default();
        let user = text::clean(user);
        (kind == USER_PROCESS && !user.is_empty() && is_person(&user)).then_some(user)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(kind: i16, user: &str, size: usize) -> Vec<u8> {
        let mut record = vec![0; size];
        record[..2].copy_from_slice(&kind.to_ne_bytes());
        record[8..13].copy_from_slice(b"pts/0");
        record[44..44 + user.len()].copy_from_slice(user.as_bytes());
        record
    }

    #[test]
    fn the_last_login_of_a_person() {
        for machine in ["x86_64", "aarch64"] {
            let size = record_bytes(machine);
            let records = [
                record(2, "reboot", size),
                record(7, "jan", size),
                record(7, "an", size),
                record(8, "jan", size),
                record(6, "LOGIN", size),
                record(7, "wtmp", size),
                record(7, "root", size),
                record(1, "runlevel", size),
            ]
            .concat();
            let person = |name: &str| matches!(name, "jan" | "an" | "reboot");
            assert_eq!(last_user(&records, size, person).as_deref(), Some("an"), "{machine}");
            assert_eq!(last_user(&records, size, |_| false), None);
            assert_eq!(last_user(&records[..size - 1], size, |_| true), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000), size in 0..500_usize) {
            let _ = last_user(&bytes, size, |_| true);
        }
    }
}
