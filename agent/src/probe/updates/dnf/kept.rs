//! What waits, kept for the next pass: repositories are large, and mostly the same as before.

use belfort_proto::inventory::v1::{Package, PendingUpdate, Tristate};

/// Stands for everything that decides what waits. The same again has the same answer.
#[derive(Default)]
pub struct Fingerprint(blake3::Hasher);

impl Fingerprint {
    /// Adds something, told apart from what stands before and after it.
    pub fn add(&mut self, part: &str) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part.as_bytes());
    }

    /// Adds what is installed.
    pub fn add_installed(&mut self, installed: &[Package]) {
        for package in installed {
            for part in [&package.name, &package.architecture, &package.version] {
                self.add(part);
            }
        }
    }

    fn line(&self) -> String {
        format!("{}\n", self.0.finalize().to_hex())
    }
}

/// The text to keep.
pub fn write(fingerprint: &Fingerprint, pending: &[PendingUpdate]) -> String {
    let mut text = fingerprint.line();
    for one in pending {
        let security = match one.security() {
            Tristate::Yes => "yes",
            Tristate::No => "no",
            Tristate::Unspecified => "",
        };
        let fields = [
            &one.name,
            &one.architecture,
            &one.installed_version,
            &one.available_version,
            security,
            &one.origin,
        ];
        text.push_str(&fields.join("\t"));
        text.push('\n');
    }
    text
}

/// What waits by a kept text; nothing when it is an answer to something else.
pub fn read(text: &str, fingerprint: &Fingerprint) -> Option<Vec<PendingUpdate>> {
    let lines = text.strip_prefix(fingerprint.line().as_str())?.lines();
    lines.map(pending).collect()
}

fn pending(line: &str) -> Option<PendingUpdate> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [name, architecture, installed, available, security, origin] = fields.as_slice() else {
        return None;
    };
    let security = match *security {
        "yes" => Tristate::Yes,
        "no" => Tristate::No,
        "" => Tristate::Unspecified,
        _ => return None,
    };
    Some(PendingUpdate {
        ecosystem: "rpm".to_owned(),
        name: (*name).to_owned(),
        architecture: (*architecture).to_owned(),
        installed_version: (*installed).to_owned(),
        available_version: (*available).to_owned(),
        security: security.into(),
        origin: (*origin).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fingerprint(parts: &[&str]) -> Fingerprint {
        let mut all = Fingerprint::default();
        for part in parts {
            all.add(part);
        }
        all
    }

    #[test]
    fn what_was_written_is_read_while_nothing_changed() {
        let all: Vec<_> = [Tristate::Yes, Tristate::No, Tristate::Unspecified]
            .into_iter()
            .map(|security| PendingUpdate {
                ecosystem: "rpm".to_owned(),
                name: "bash".to_owned(),
                architecture: "x86_64".to_owned(),
                installed_version: "1:1-1".to_owned(),
                available_version: "1:1-2".to_owned(),
                security: security.into(),
                origin: "updates".to_owned(),
            })
            .collect();
        let text = write(&fingerprint(&["a", "b"]), &all);
        assert_eq!(read(&text, &fingerprint(&["a", "b"])), Some(all));
        assert_eq!(read(&text, &fingerprint(&["ab"])), None);
        assert_eq!(read(&text, &fingerprint(&["a", "b", ""])), None);
        assert_eq!(read("", &fingerprint(&[])), None);
        let nothing = write(&fingerprint(&[]), &[]);
        assert_eq!(read(&nothing, &fingerprint(&[])), Some(Vec::new()));
    }

    proptest! {
        #[test]
        fn any_text(text in "[a-z\t\n]{0,80}") {
            let fingerprint = fingerprint(&["x"]);
            let _ = read(&(write(&fingerprint, &[]) + &text), &fingerprint);
        }
    }
}
