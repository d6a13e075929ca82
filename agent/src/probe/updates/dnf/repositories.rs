//! Which repositories are switched on. Sources: dnf.conf(5), dnf5.conf(5) of dnf5.

use std::collections::BTreeMap;

use super::super::super::text;

/// Most repositories that are looked at.
pub const REPOSITORIES_MAX: usize = 256;

/// What the configuration says.
#[derive(Debug, Default)]
pub struct Configuration {
    /// Every repository, and whether it is switched on.
    enabled: BTreeMap<String, bool>,
    /// The cache of dnf 4, when it is not in its usual place.
    pub cache: Option<String>,
    /// The cache of dnf 5, when it is not in its usual place.
    pub cache_5: Option<String>,
}

impl Configuration {
    /// Adds a file: `dnf.conf`, or one with repositories.
    pub fn add(&mut self, content: &[u8]) {
        settings(content, |section, key, value| {
            if section == "main" {
                match key {
                    "cachedir" if value.starts_with('/') => self.cache = Some(value.to_owned()),
                    "system_cachedir" if value.starts_with('/') => {
                        self.cache_5 = Some(value.to_owned());
                    }
                    _ => {}
                }
                return;
            }
            if self.enabled.len() >= REPOSITORIES_MAX && !self.enabled.contains_key(section) {
                return;
            }
            // One that does not say is switched on.
            let enabled = self.enabled.entry(section.to_owned()).or_insert(true);
            if key == "enabled" {
                *enabled = truth(value).unwrap_or(*enabled);
            }
        });
    }

    /// Adds a file of settings that override: for one repository, or for all with the name `*`.
    pub fn override_with(&mut self, content: &[u8]) {
        settings(content, |section, key, value| {
            let Some(value) = truth(value).filter(|_| key == "enabled") else { return };
            for (id, enabled) in &mut self.enabled {
                if section == "*" || section == id {
                    *enabled = value;
                }
            }
        });
    }

    /// The repositories that are switched on, sorted.
    pub fn enabled(&self) -> impl Iterator<Item = &str> {
        self.enabled.iter().filter(|(_, enabled)| **enabled).map(|(id, _)| id.as_str())
    }
}

/// Hands each setting of an INI file to `each`: section, key, value. A section is announced with an empty
/// key before its settings; lines that go on one before are left out.
pub(super) fn settings(content: &[u8], mut each: impl FnMut(&str, &str, &str)) {
    let mut section = String::new();
    for line in text::lines(content) {
        match line.first() {
            None | Some(b'#' | b';' | b' ' | b'\t') => {}
            Some(b'[') => {
                let end = line.iter().position(|byte| *byte == b']').unwrap_or(line.len());
                section = text::clean(line.get(1..end).unwrap_or_default());
                if !section.is_empty() {
                    each(&section, "", "");
                }
            }
            Some(_) => {
                if let Some((key, value)) = text::split_once(line, b'=')
                    && !section.is_empty()
                {
                    each(&section, &text::clean(key), &text::clean(value));
                }
            }
        }
    }
}

/// A yes or no in the words that dnf knows.
pub(super) fn truth(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "yes" | "true" | "on" => Some(true),
        "0" | "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

/// The repository that a directory of a cache belongs to: its name is followed by a dash and 16
/// hexadecimal digits.
pub fn of_directory(name: &str) -> Option<&str> {
    let (id, hash) = name.rsplit_once('-')?;
    (hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

/// The name of a repository without that of a person: Copr's are `copr:host:person:project`.
pub fn impersonal(id: &str) -> String {
    let parts: Vec<&str> = id.split(':').collect();
    match parts.as_slice() {
        [copr @ ("copr" | "coprdep"), host, owner, rest @ ..] if !owner.starts_with("group_") => {
            text::clean([&[*copr, *host, "-"], rest].concat().join(":").as_bytes())
        }
        _ => text::clean(id.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_switched_on() {
        let mut configuration = Configuration::default();
        configuration.add(b"[main]\ngpgcheck=1\ncachedir=/srv/cache\nsystem_cachedir = relative\n");
        configuration.add(
            b"enabled=0\n[base]\nname=Base $releasever\nbaseurl=http://a\n   enabled=0\n\n# enabled=0\n\
              [updates]\nenabled = True\n[source]\nenabled=0\n[debug]\nenabled=No\n[quiet]\n",
        );
        assert_eq!(configuration.enabled().collect::<Vec<_>>(), ["base", "quiet", "updates"]);
        assert_eq!(configuration.cache.as_deref(), Some("/srv/cache"));
        assert_eq!(configuration.cache_5, None);
        configuration
            .override_with(b"[debug]\nenabled=1\n[base]\nenabled=0\n[unknown]\nenabled=1\n");
        assert_eq!(configuration.enabled().collect::<Vec<_>>(), ["debug", "quiet", "updates"]);
        configuration.override_with(b"[*]\nenabled=0\n");
        assert_eq!(configuration.enabled().count(), 0);
    }

    #[test]
    fn directories_belong_to_repositories() {
        assert_eq!(of_directory("rhel-9-baseos-0123456789abcdef"), Some("rhel-9-baseos"));
        assert_eq!(of_directory("updates.solv"), None);
        assert_eq!(of_directory("a-0123456789abcdeg"), None);
    }

    #[test]
    fn no_person_is_named() {
        assert_eq!(impersonal("copr:copr.example:jan:tool"), "copr:copr.example:-:tool");
        assert_eq!(impersonal("copr:copr.example:group_x:tool"), "copr:copr.example:group_x:tool");
        assert_eq!(impersonal("updates"), "updates");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut configuration = Configuration::default();
            configuration.add(&bytes);
            configuration.override_with(&bytes);
            let text = String::from_utf8_lossy(&bytes);
            let _ = of_directory(&text);
            let _ = impersonal(&text);
        }
    }
}
