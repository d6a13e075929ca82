//! Operating system.

use belfort_proto::inventory::v1::{OperatingSystemSection, SectionKind};
use belfort_proto::section::Section;

use super::{Host, Probe, text};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `operating_system` section.
#[derive(Debug)]
pub struct OperatingSystemProbe;

impl Probe for OperatingSystemProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::OperatingSystem
    }

    fn read(&self, host: &Host) -> Section {
        Section::OperatingSystem(read(host))
    }
}

/// Fills what os-release(5) says.
pub fn os_release(content: &[u8], section: &mut OperatingSystemSection) {
    let value = |key| text::shell_value(content, key).unwrap_or_default();
    section.name = value("PRETTY_NAME");
    section.id = value("ID");
    section.version = value("VERSION_ID");
    section.codename = value("VERSION_CODENAME");
    section.build = value("BUILD_ID");
    section.edition = value("VARIANT_ID");
}

/// The time zone from the target of /etc/localtime.
pub fn zone_of_link(target: &str) -> Option<&str> {
    target.split_once("/zoneinfo/").map(|(_, zone)| zone).filter(|zone| !zone.is_empty())
}

/// Seconds since 1970-01-01 UTC as `YYYY-MM-DD`.
///
/// Source of the method: Howard Hinnant, chrono-compatible low-level date algorithms.
pub fn day(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(content: &str) -> String {
        let mut section = OperatingSystemSection::default();
        os_release(content.as_bytes(), &mut section);
        let OperatingSystemSection { name, id, version, codename, build, edition, .. } = section;
        format!("{name}|{id}|{version}|{codename}|{build}|{edition}")
    }

    #[test]
    fn distributions() {
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n\
            VERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        insta::assert_snapshot!(parsed(debian), @"Debian GNU/Linux 12 (bookworm)|debian|12|bookworm||");
        let ubuntu = "PRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nVERSION_ID=\"24.04\"\n\
            VERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n";
        insta::assert_snapshot!(parsed(ubuntu), @"Ubuntu 24.04.1 LTS|ubuntu|24.04|noble||");
        let fedora = "NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=40\nVERSION_CODENAME=\"\"\n\
            PRETTY_NAME=\"Fedora Linux 40 (Server Edition)\"\nVARIANT_ID=server\n";
        insta::assert_snapshot!(parsed(fedora), @"Fedora Linux 40 (Server Edition)|fedora|40|||server");
        let arch = "NAME=\"Arch Linux\"\nPRETTY_NAME='Arch Linux'\nID=arch\nBUILD_ID=rolling\n";
        insta::assert_snapshot!(parsed(arch), @"Arch Linux|arch|||rolling|");
    }

    #[test]
    fn days() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(951_782_400), "2000-02-29");
        assert_eq!(day(1_735_689_599), "2024-12-31");
        assert_eq!(day(-1), "1969-12-31");
    }

    #[test]
    fn zones() {
        assert_eq!(zone_of_link("/usr/share/zoneinfo/Europe/Brussels"), Some("Europe/Brussels"));
        assert_eq!(zone_of_link("../usr/share/zoneinfo/UTC"), Some("UTC"));
        assert_eq!(zone_of_link("/somewhere"), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), time: i32) {
            os_release(&bytes, &mut OperatingSystemSection::default());
            prop_assert_eq!(day(time.into()).len(), 10);
        }
    }
}
