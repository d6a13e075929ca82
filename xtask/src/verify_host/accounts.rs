//! Accounts against getent, on this machine and, in a mount namespace, with other accounts in the place
//! of the machine's; rules of sudo against visudo.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use super::{Run, Shown, json, list, output, shown, text, write};

pub(super) fn check(run: &mut Run) -> Result<()> {
    run.table.tool("getent");
    let found = run.show()?;
    let ask = |database: &str| output(&["getent", "-s", "files", database]);
    compare(run, &found, &ask("passwd")?, &ask("group")?, &ask("shadow")?);
    in_namespace(run)?;
    sudo(run)
}

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n\
    second:x:0:0::/root:/bin/sh\nfunctie-a:x:1001:1001::/home/a:/bin/bash\n\
    functie-b:x:1002:27::/home/b:/bin/bash\nfunctie-c:x:1003:1003::/home/c:/bin/false\n\
    functie-d:x:1004:1004::/home/d:\n";
const GROUP: &str = "root:x:0:\nsudo:x:27:functie-a,functie-c\nwheel:x:10:functie-a\n\
    admin:x:11:\nusers:x:100:functie-d\n";
const SHADOW: &str = "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n\
    second:$6$x$y:19000:0:90:7:::\nfunctie-a:$6$x$y:19000:0:99999:7:::\n\
    functie-b::19000:0:99999:7:::\nfunctie-c:!:19000::::::\nfunctie-d:$6$x$y:19000::::::\n";

fn in_namespace(run: &mut Run) -> Result<()> {
    run.table.tool("getent (other accounts)");
    let at = run.directory("accounts")?;
    for (name, content) in [("passwd", PASSWD), ("group", GROUP), ("shadow", SHADOW)] {
        write(&at.join(name), content)?;
    }
    let script = format!(
        "set -e; for f in passwd group shadow; do mount --bind {at}/$f /etc/$f; \
         getent -s files $f > {at}/$f.out; done; \
         {agent} --state /nonexistent/belfort show --json > {at}/shown",
        at = at.display(),
        agent = run.agent.display(),
    );
    output(&["unshare", "--mount", "sh", "-c", &script])?;
    let read = |name: &str| std::fs::read_to_string(at.join(name));
    let found = shown(&read("shown")?)?;
    compare(run, &found, &read("passwd.out")?, &read("group.out")?, &read("shadow.out")?);
    Ok(())
}

fn compare(run: &mut Run, shown: &Shown, passwd: &str, group: &str, shadow: &str) {
    let section = shown.section("accounts");
    let accounts: Vec<Vec<&str>> = passwd.lines().map(|line| line.split(':').collect()).collect();
    let field =
        |account: &[&str], at: usize| account.get(at).copied().unwrap_or_default().to_owned();
    run.table.same("accounts", "count", &section["count"], accounts.len());
    let login = accounts.iter().filter(|account| {
        let shell = field(account, 6);
        !shell.ends_with("nologin") && !shell.ends_with("/false")
    });
    run.table.same("accounts", "login_count", &section["login_count"], login.count());
    // Who administers, and through what.
    let mut theirs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |name: &str, through: &str| {
        theirs.entry(name.to_owned()).or_default().insert(through.to_owned());
    };
    for account in accounts.iter().filter(|account| field(account, 2) == "0") {
        add(&field(account, 0), "uid0");
    }
    for line in group.lines() {
        let group: Vec<&str> = line.split(':').collect();
        let name = field(&group, 0);
        if !["sudo", "wheel", "admin"].contains(&name.as_str()) {
            continue;
        }
        field(&group, 3).split(',').filter(|one| !one.is_empty()).for_each(|one| add(one, &name));
        for account in accounts.iter().filter(|one| field(one, 3) == field(&group, 2)) {
            add(&field(account, 0), &name);
        }
    }
    // Names of people are pseudonyms: those who administer through the same are counted together.
    let counted = |all: Vec<String>| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for one in all {
            *counts.entry(one).or_default() += 1;
        }
        counts
    };
    let built_in = |name: &str| {
        name == "root"
            || accounts.iter().any(|one| {
                field(one, 0) == name
                    && field(one, 2).parse::<u32>().is_ok_and(|id| (1..1000).contains(&id))
            })
    };
    let join = |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>().join("+");
    let theirs = counted(
        theirs
            .iter()
            .map(|(name, through)| {
                let name = if built_in(name) { name.as_str() } else { "p:" };
                format!("{name} through {}", join(through))
            })
            .collect(),
    );
    let ours = counted(list(&section["administrators"]).iter().map(administrator).collect());
    let keys: BTreeSet<String> = ours.keys().chain(theirs.keys()).cloned().collect();
    for key in keys {
        let number = |all: &BTreeMap<String, usize>| all.get(&key).copied().unwrap_or(0);
        run.table.same(&key, "administrators", number(&ours), number(&theirs));
    }
    let shadows: Vec<Vec<&str>> = shadow.lines().map(|line| line.split(':').collect()).collect();
    let without = shadows.iter().filter(|one| field(one, 1).is_empty()).count();
    run.table.same("accounts", "no password", &section["without_password_count"], without);
    let never = shadows.iter().filter(|one| {
        let has = field(one, 1).starts_with('$') || field(one, 1).is_empty();
        has && field(one, 4).parse::<i64>().map_or(true, |days| days >= 99_999)
    });
    // An empty password is one that never has to be changed; whether it counts is a matter of taste.
    let (most, ours) =
        (never.count(), section["password_never_expires_count"].as_u64().unwrap_or(0));
    let least = most - without.min(most);
    let close = |_: &str, _: &str| (least as u64..=most as u64).contains(&ours);
    run.table.same_unless(
        "accounts",
        "never expires",
        ours,
        most,
        &[(&close, "accounts with an empty password are counted apart")],
    );
}

/// An administrator as `name through a+b`; what the group's members may do by sudoers is compared apart.
fn administrator(value: &Value) -> String {
    let through: BTreeSet<String> =
        list(&value["through"]).iter().map(text).filter(|one| one != "sudoers").collect();
    let name = text(&value["name"]);
    let name = if name.starts_with("p:") { "p:".to_owned() } else { name };
    format!("{name} through {}", through.into_iter().collect::<Vec<_>>().join("+"))
}

const SUDOERS: &str = "Defaults env_reset\nUser_Alias WEB = functie-a, functie-b\n\
    root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\nWEB ALL=(www-data) NOPASSWD: /usr/bin/ls, \\\n  /usr/bin/id\n\
    functie-d ALL=(ALL) NOPASSWD: ALL\n# functie-c ALL=ALL\n@includedir /etc/sudoers.d\n";
const INCLUDED: &str = "functie-c ALL=(root) /usr/bin/systemctl restart example\n";

/// Rules of sudo, as visudo exports them.
fn sudo(run: &mut Run) -> Result<()> {
    run.table.tool("cvtsudoers");
    let root = run.directory("sudo")?;
    write(&root.join("etc/passwd"), PASSWD)?;
    write(&root.join("etc/group"), GROUP)?;
    write(&root.join("usr/bin/sudo"), "")?;
    write(&root.join("etc/sudoers"), SUDOERS)?;
    write(&root.join("etc/sudoers.d/one"), INCLUDED)?;
    // Not read by sudo: its name has a dot.
    write(&root.join("etc/sudoers.d/two.bak"), "functie-d ALL=ALL\n")?;
    let file = run.scratch.join("sudoers");
    write(&file, SUDOERS.replace("@includedir /etc/sudoers.d\n", INCLUDED))?;
    let exported = json(&["cvtsudoers", "-f", "json", &file.to_string_lossy()])?;
    let (mut rules, mut free, mut unlimited) = (0, 0, 0);
    for rule in list(&exported["User_Specs"]) {
        for spec in list(&rule["Cmnd_Specs"]) {
            rules += 1;
            free +=
                usize::from(list(&spec["Options"]).iter().any(|one| one["authenticate"] == false));
            let all = list(&spec["Commands"]).iter().any(|one| one["command"] == "ALL");
            let as_all = list(&spec["runasusers"]).iter().any(|one| one["username"] == "ALL");
            unlimited += usize::from(all && as_all);
        }
    }
    let shown = run.show_root(&root)?;
    let sudo = &shown.section("accounts")["sudo"];
    run.table.same("sudoers", "rules", text(&sudo["count"]), rules);
    run.table.same("sudoers", "no password", text(&sudo["without_password_count"]), free);
    run.table.same("sudoers", "unlimited", text(&sudo["unlimited_count"]), unlimited);
    Ok(())
}
