//! What an archive says of itself. Source of the format: Debian Wiki, *Debian Repository Format*,
//! "Release files".

use crate::probe::text;

/// Fields of a Release or `InRelease` file that decide on priorities. One that is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Who makes the archive, for example `Debian`.
    pub origin: String,
    /// What it is called, for example `Debian-Security`.
    pub label: String,
    /// What it is at present, for example `stable-security`.
    pub suite: String,
    /// Its lasting name, for example `bookworm-security`.
    pub codename: String,
    /// Version of the distribution.
    pub version: String,
    /// Nothing of it is installed by itself.
    pub not_automatic: bool,
    /// Unless it is an upgrade of what was installed from it.
    pub but_automatic_upgrades: bool,
}

impl Release {
    /// Takes one line of the file; `false` when there is nothing after it that counts.
    pub fn line(&mut self, line: &[u8]) -> bool {
        // The armour of a signature has a field `Version` of its own.
        if line.starts_with(b"-----BEGIN PGP SIGNATURE") {
            return false;
        }
        let Some((name, value)) = text::split_once(line, b':') else { return true };
        let yes = || value.trim_ascii().eq_ignore_ascii_case(b"yes");
        match name.to_ascii_lowercase().as_slice() {
            b"origin" => self.origin = text::clean(value),
            b"label" => self.label = text::clean(value),
            // The old name of the field counts where the new one is missing.
            b"archive" if self.suite.is_empty() => self.suite = text::clean(value),
            b"suite" => self.suite = text::clean(value),
            b"codename" => self.codename = text::clean(value),
            b"version" => self.version = text::clean(value),
            b"notautomatic" => self.not_automatic = yes(),
            b"butautomaticupgrades" => self.but_automatic_upgrades = yes(),
            _ => {}
        }
        true
    }

    /// Whether it is an archive of security updates: `Debian-Security`, or a suite like
    /// `jammy-security`, `jammy-infra-security`.
    pub fn is_security(&self) -> bool {
        let named = |name: &str| name.to_ascii_lowercase().ends_with("-security");
        named(&self.label) || named(&self.suite) || named(&self.codename)
    }

    /// The priority of its versions unless preferences say otherwise. Source: `apt_preferences(5)`.
    pub fn priority(&self) -> i32 {
        match (self.not_automatic, self.but_automatic_upgrades) {
            (_, true) => 100,
            (true, false) => 1,
            (false, false) => 500,
        }
    }

    /// As one line, fields separated by tabs: see [`Self::from_fields`].
    pub fn to_line(&self) -> String {
        let flag = |set: bool| if set { "1" } else { "0" };
        let (not, but) = (flag(self.not_automatic), flag(self.but_automatic_upgrades));
        let Self { origin, label, suite, codename, version, .. } = self;
        [origin, label, suite, codename, version, not, but].join("\t")
    }

    /// From the line that [`Self::to_line`] gave; nothing when it is none.
    pub fn from_line(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [origin, label, suite, codename, version, not_automatic, but] = fields.as_slice()
        else {
            return None;
        };
        Some(Self {
            origin: (*origin).to_owned(),
            label: (*label).to_owned(),
            suite: (*suite).to_owned(),
            codename: (*codename).to_owned(),
            version: (*version).to_owned(),
            not_automatic: *not_automatic == "1",
            but_automatic_upgrades: *but == "1",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn release(content: &str) -> Release {
        let mut release = Release::default();
        let _ = text::lines(content.as_bytes()).all(|line| release.line(line));
        release
    }

    #[test]
    fn signed_and_plain() {
        let signed = release(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nLabel: Debian-Security\n\
             Suite: oldstable-security\nVersion: 12\nCodename: bookworm-security\nSHA256:\n aa 1 main: x\n\
             -----BEGIN PGP SIGNATURE-----\nVersion: GnuPG v2\n\niQ\n",
        );
        insta::assert_debug_snapshot!(signed, @r#"
        Release {
            origin: "Debian",
            label: "Debian-Security",
            suite: "oldstable-security",
            codename: "bookworm-security",
            version: "12",
            not_automatic: false,
            but_automatic_upgrades: false,
        }
        "#);
        assert!(signed.is_security());
        assert_eq!(Release::from_line(&signed.to_line()), Some(signed));
        let backports =
            release("Archive: bookworm-backports\nNotAutomatic: yes\nButAutomaticUpgrades: yes\n");
        assert_eq!((backports.suite.as_str(), backports.priority()), ("bookworm-backports", 100));
        assert_eq!(release("NotAutomatic: yes\n").priority(), 1);
        assert_eq!(release("").priority(), 500);
        assert!(release("Origin: Ubuntu\nSuite: jammy-security\nCodename: jammy\n").is_security());
        assert!(!release("Origin: Ubuntu\nSuite: jammy-updates\nCodename: jammy\n").is_security());
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut release = Release::default();
            let _ = text::lines(&bytes).all(|line| release.line(line));
            prop_assert_eq!(Release::from_line(&release.to_line()), Some(release));
        }
    }
}
