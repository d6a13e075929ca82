//! Unit files of systemd. Source of the format: systemd.syntax(7), systemd.service(5).

use super::text;

/// What is read of a service unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// `Description=`.
    pub description: String,
    /// `User=`.
    pub user: String,
    /// Program of the first `ExecStart=`; empty when it is not an absolute path.
    pub program: String,
    /// `Type=`.
    pub kind: String,
    /// Whether there is an `[Install]` section with something in it.
    pub installable: bool,
}

/// Reads a unit file or drop-in into a unit; later settings replace earlier ones.
pub fn apply(content: &[u8], unit: &mut Unit) {
    let mut section: &[u8] = b"";
    let mut started = false;
    for line in text::lines(content) {
        let line = line.trim_ascii();
        match line.first() {
            None | Some(b'#' | b';') => continue,
            Some(b'[') => {
                section = line;
                continue;
            }
            _ => {}
        }
        let Some((key, value)) = text::split_once(line, b'=') else {
            continue;
        };
        let value = value.trim_ascii();
        match (section, key.trim_ascii_end()) {
            (b"[Unit]", b"Description") => unit.description = text::clean(value),
            (b"[Service]", b"User") => unit.user = text::clean(value),
            (b"[Service]", b"Type") => unit.kind = text::clean(value),
            // An empty value clears what was set before; of several commands the first counts.
            (b"[Service]", b"ExecStart") if value.is_empty() => {
                unit.program.clear();
                started = false;
            }
            (b"[Service]", b"ExecStart") if !started => {
                unit.program = program(value);
                started = true;
            }
            (b"[Install]", b"WantedBy" | b"RequiredBy" | b"UpheldBy" | b"Alias" | b"Also") => {
                unit.installable |= !value.is_empty();
            }
            _ => {}
        }
    }
}

/// The program of a command line: its first word without the prefixes systemd gives a meaning.
fn program(command: &[u8]) -> String {
    let start = command.iter().position(|byte| !b"@-:+!|".contains(byte)).unwrap_or(0);
    let command = command.get(start..).unwrap_or_default();
    let word = match command.split_first() {
        Some((quote @ (b'"' | b'\''), rest)) => rest.split(|byte| byte == quote).next(),
        _ => command.split(u8::is_ascii_whitespace).next(),
    };
    let word = word.unwrap_or_default().strip_suffix(b"\\").unwrap_or(word.unwrap_or_default());
    // Specifiers such as %h are only known to the service manager.
    if word.starts_with(b"/") && !word.contains(&b'%') {
        text::impersonal_path(word)
    } else {
        String::new()
    }
}

/// The template of an instance: `getty@.service` for `getty@tty1.service`.
pub fn template(name: &str) -> Option<String> {
    let (prefix, rest) = name.split_once('@')?;
    let instance = rest.strip_suffix(".service")?;
    (!instance.is_empty()).then(|| format!("{prefix}@.service"))
}

/// Whether a unit comes and goes while the machine stays the same: it ends by itself when its work is
/// done, or when nobody has called it for a while.
pub fn is_transient(unit: &Unit) -> bool {
    unit.kind == "oneshot" || (unit.kind == "dbus" && !unit.installable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unit(content: &str) -> Unit {
        let mut unit = Unit::default();
        apply(content.as_bytes(), &mut unit);
        unit
    }

    #[test]
    fn units() {
        let ssh = "[Unit]\nDescription=OpenBSD Secure Shell server\n# User=no\n[Service]\n\
            ExecStartPre=/usr/sbin/sshd -t\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS\nType=notify\n\
            [Install]\nWantedBy=multi-user.target\n";
        insta::assert_debug_snapshot!(unit(ssh));
        let odd = "[Service]\nUser=www-data\nExecStart=-@\"/opt/my app/bin\" x\nExecStart=/bin/second\n\
            Type = oneshot\n[Install]\nWantedBy=\n";
        insta::assert_debug_snapshot!(unit(odd));
        assert_eq!(unit("[Service]\nExecStart=%h/bin/x\n").program, "");
        assert_eq!(unit("[Service]\nExecStart=sleep 1\n").program, "");
        assert_eq!(unit("ExecStart=/x\n").program, "");
    }

    #[test]
    fn drop_ins_replace() {
        let mut both = unit("[Service]\nExecStart=/bin/a\nUser=a\n");
        apply(b"[Service]\nExecStart=\nExecStart=/bin/b\n", &mut both);
        assert_eq!((both.program.as_str(), both.user.as_str()), ("/bin/b", "a"));
    }

    #[test]
    fn templates() {
        assert_eq!(template("getty@tty1.service").as_deref(), Some("getty@.service"));
        assert_eq!(template("getty@.service"), None);
        assert_eq!(template("ssh.service"), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut found = Unit::default();
            apply(&bytes, &mut found);
            apply(&[b"[Service]\nExecStart=", bytes.as_slice()].concat(), &mut found);
        }
    }
}
