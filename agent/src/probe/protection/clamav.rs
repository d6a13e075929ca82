//! Signatures of `ClamAV`. Source of the format: its manual, *signature database format*, the header of
//! a CVD file: 512 bytes of fields between colons, of which the last is when it was made.

use crate::probe::text;

/// Where the daily signatures lie: as they were downloaded, or with what was added since.
pub const DATABASES: &[&str] = &["/var/lib/clamav/daily.cld", "/var/lib/clamav/daily.cvd"];
/// Size of the header, bytes.
pub const HEADER_BYTES: usize = 512;

/// When a database was made, seconds since 1970-01-01 UTC.
pub fn made(header: &[u8]) -> Option<i64> {
    let mut fields = header.trim_ascii_end().split(|byte| *byte == b':');
    if fields.next() != Some(b"ClamAV-VDB") {
        return None;
    }
    // Time as text, version, number of signatures, level, digest, signature, builder, time.
    text::number(fields.nth(7)?).filter(|seconds| (0..SECONDS_MAX).contains(seconds))
}

/// 10000-01-01: years have four digits.
const SECONDS_MAX: i64 = 253_402_300_800;

/// A day in UTC as `YYYY-MM-DD`. Source of the method: the calendar repeats after 400 years, and its
/// months have a regular pattern when the year begins in March.
pub fn day(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers() {
        let header = "ClamAV-VDB:26 Nov 2026 04-27 -0500:28125:2076123:90:\
            0123456789abcdef0123456789abcdef:c2lnbmF0dXJl:builder:1795685262";
        let header = format!("{header:<512}");
        assert_eq!(made(header.as_bytes()).map(day).as_deref(), Some("2026-11-26"));
        assert_eq!(made(b"ClamAV-VDB:26 Nov 2026:1:2:3:4:5:6"), None);
        assert_eq!(made(b"ClamAV-VDB:1:2:3:4:5:6:7:-1"), None);
        assert_eq!(made(b"Other:1:2:3:4:5:6:7:1795685262"), None);
    }

    #[test]
    fn days() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_709_164_800, "2024-02-29"),
            (1_709_251_200, "2024-03-01"),
            (SECONDS_MAX - 1, "9999-12-31"),
        ] {
            assert_eq!(day(seconds), expected);
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = made(&bytes).map(day);
            let _ = made(&[b"ClamAV-VDB:::::::", bytes.as_slice()].concat()).map(day);
        }
    }
}
