//! The SSH server's posture against `sshd -T`, for one configuration after the other.

use anyhow::Result;

use super::{Run, output, text, word, write};

/// Name, main file, and a file it includes when it does.
const CONFIGURATIONS: &[(&str, &str, &str)] = &[
    ("nothing set", "", ""),
    (
        "as Debian ships it",
        "Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\n",
        "",
    ),
    (
        "hardened",
        "PermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitEmptyPasswords no\n",
        "",
    ),
    (
        "first counts",
        "PermitRootLogin without-password\nPermitRootLogin yes\nPasswordAuthentication=no\nPASSWORDAUTHENTICATION yes\n",
        "",
    ),
    (
        "included first",
        "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\nX11Forwarding no\n",
        "PermitRootLogin forced-commands-only\nX11Forwarding \"yes\"\n",
    ),
    (
        "included last",
        "PermitRootLogin yes\nInclude /etc/ssh/sshd_config.d/*.conf\n",
        "PermitRootLogin no\nPermitEmptyPasswords yes\n",
    ),
    ("old name", "ChallengeResponseAuthentication no\n", ""),
    (
        "exceptions",
        "PermitRootLogin no\nMatch User example\n  PermitRootLogin yes\n  PasswordAuthentication no\n",
        "",
    ),
];

pub(super) fn check(run: &mut Run) -> Result<()> {
    run.table.tool("sshd -T");
    let key = run.scratch.join("host_key");
    let key = key.to_string_lossy();
    output(&["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", &key])?;
    std::fs::create_dir_all("/run/sshd")?;
    for (index, (name, main, included)) in CONFIGURATIONS.iter().enumerate() {
        let root = run.directory(&format!("sshd-{index}"))?;
        let etc = root.join("etc/ssh");
        write(&etc.join("sshd_config"), main)?;
        std::fs::create_dir_all(etc.join("sshd_config.d"))?;
        if !included.is_empty() {
            write(&etc.join("sshd_config.d/10-own.conf"), included)?;
        }
        write(&root.join("usr/sbin/sshd"), "")?;
        let shown = run.show_root(&root)?;
        let ours = &shown.section("accounts")["ssh_server"];
        // sshd knows its directory by an absolute path only: it gets this one in a namespace.
        let script =
            format!("mount --bind {} /etc/ssh && exec /usr/sbin/sshd -T -h {key}", etc.display());
        let said = output(&["unshare", "--mount", "sh", "-c", &script])?;
        let value = |keyword: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(&format!("{keyword} ")));
            line.unwrap_or_default().to_owned()
        };
        let root_login = match value("permitrootlogin").as_str() {
            "without-password" => "prohibit-password".to_owned(),
            other => other.to_owned(),
        };
        run.table.same(name, "root login", text(&ours["permit_root_login"]), root_login);
        for (field, keyword) in [
            ("password_authentication", "passwordauthentication"),
            ("keyboard_interactive_authentication", "kbdinteractiveauthentication"),
            ("permit_empty_passwords", "permitemptypasswords"),
            ("x11_forwarding", "x11forwarding"),
        ] {
            run.table.same(name, field, word(&ours[field], "TRISTATE_"), value(keyword));
        }
        let exceptions = main.contains("Match");
        run.table.same(name, "exceptions", text(&ours["has_exceptions"]), exceptions);
    }
    Ok(())
}
