//! Services against systemctl, on this machine and in a root in which systemctl has made every state.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Run, Shown, json, list, output, ss, text, word, write};

pub(super) fn check(run: &mut Run) -> Result<()> {
    run.table.tool("systemctl list-unit-files");
    let shown = run.show()?;
    compare(run, &shown, Path::new("/"))?;
    running(run, &shown)?;
    owners(run, &shown);
    let root = made(run)?;
    run.table.tool("systemctl (root made here)");
    let shown = run.show_root(&root)?;
    compare(run, &shown, &root)
}

fn compare(run: &mut Run, shown: &Shown, root: &Path) -> Result<()> {
    let option = format!("--root={}", root.display());
    let listed =
        json(&["systemctl", &option, "list-unit-files", "--type=service", "--output=json"])?;
    let mut ours = BTreeMap::new();
    for service in shown.list("services", "services") {
        ours.insert(text(&service["name"]), word(&service["start_mode"], "START_MODE_"));
    }
    for unit in list(&listed) {
        let file = text(&unit["unit_file"]);
        let name = file.strip_suffix(".service").unwrap_or(&file);
        let state = text(&unit["state"]);
        let found = ours.remove(name);
        let missing = |agent: &str, _: &str| agent.is_empty();
        let newer = |agent: &str, tool: &str| {
            name == "upheld" && ["disabled", "enabled"].contains(&agent) && tool == "static"
        };
        let is_template = name.ends_with('@');
        let template = |agent: &str, _: &str| agent.is_empty() && is_template;
        let known: &[super::table::Known<'_>] = match state.as_str() {
            "alias" => &[(&missing, "another name of a service that is listed under its own")],
            "linked" | "indirect" | "generated" | "transient" | "enabled-runtime"
            | "linked-runtime" | "bad" => {
                &[(&|_, _| true, "a state that the report does not tell apart")]
            }
            _ => &[
                (&newer, "from version 254 on systemd knows UpheldBy=; this one does not"),
                (&template, "a template is no service before it has an instance"),
            ],
        };
        run.table.same_unless(name, "start mode", found.unwrap_or_default(), state, known);
    }
    for (name, mode) in ours {
        // What is enabled or running of a template is listed by the name of its instance.
        let instance = |_: &str, _: &str| name.contains('@');
        let known = "an instance; systemctl lists the file of its template";
        run.table.same_unless(&name, "start mode", mode, "", &[(&instance, known)]);
    }
    Ok(())
}

/// Whether services run, where systemd does.
fn running(run: &mut Run, shown: &Shown) -> Result<()> {
    run.table.tool("systemctl list-units");
    if !Path::new("/run/systemd/system").exists() {
        let reason =
            "systemd does not run on this machine: the agent must not claim that services do";
        run.table.unavailable("every service", "running", reason);
        let claims = shown.list("services", "services").iter();
        let claims = claims.filter(|one| one["running"] != "TRISTATE_UNSPECIFIED").count();
        run.table.same("services said to run or not", "running", claims, 0);
        return Ok(());
    }
    let units = json(&["systemctl", "list-units", "--type=service", "--all", "--output=json"])?;
    for service in shown.list("services", "services") {
        let file = format!("{}.service", text(&service["name"]));
        let unit = list(&units).iter().find(|unit| unit["unit"] == file.as_str());
        let state = unit.map(|unit| text(&unit["sub"])).unwrap_or_default();
        let theirs = if state == "running" { "yes" } else { "no" };
        let running = word(&service["running"], "TRISTATE_");
        run.table.same(&text(&service["name"]), "running", running, theirs);
    }
    Ok(())
}

/// Which package owns the program of a service, by dpkg.
fn owners(run: &mut Run, shown: &Shown) {
    run.table.tool("dpkg -S");
    for service in shown.list("services", "services") {
        let program = text(&service["program"]);
        if program.is_empty() || !Path::new(&program).exists() {
            continue;
        }
        let known =
            "only packages whose name is like the program's or the service's are looked into";
        let package = text(&service["package"]);
        run.table.same_unless(
            &text(&service["name"]),
            "package",
            package,
            ss::owner(&program),
            &[(&|agent, _| agent.is_empty(), known)],
        );
    }
}

const UNITS: &[(&str, &str)] = &[
    ("on.service", "[Install]\nWantedBy=multi-user.target\n"),
    ("off.service", "[Install]\nWantedBy=multi-user.target\n"),
    ("needed.service", "[Install]\nRequiredBy=multi-user.target\n"),
    ("aliased.service", "[Install]\nWantedBy=multi-user.target\nAlias=other-name.service\n"),
    ("also.service", "[Install]\nWantedBy=multi-user.target\nAlso=off.service\n"),
    ("static.service", ""),
    ("barred.service", "[Install]\nWantedBy=multi-user.target\n"),
    ("upheld.service", "[Install]\nUpheldBy=multi-user.target\n"),
    ("only-alias.service", "[Install]\nAlias=second-name.service\n"),
    ("each@.service", "[Install]\nWantedBy=multi-user.target\n"),
    ("default@.service", "[Install]\nWantedBy=multi-user.target\nDefaultInstance=tty1\n"),
    ("quiet@.service", ""),
];

/// A root with a service for every state, made by systemctl.
fn made(run: &Run) -> Result<PathBuf> {
    let root = run.directory("units")?;
    for (name, install) in UNITS {
        let text =
            format!("[Unit]\nDescription={name}\n[Service]\nExecStart=/usr/bin/true\n{install}");
        write(&root.join("usr/lib/systemd/system").join(name), text)?;
    }
    // The administrator's own file wins over the distribution's.
    let own = "[Service]\nExecStart=/usr/bin/false\nUser=daemon\n";
    write(&root.join("usr/lib/systemd/system/replaced.service"), UNITS[0].1)?;
    write(&root.join("etc/systemd/system/replaced.service"), own)?;
    let option = format!("--root={}", root.display());
    let enabled = ["on", "needed", "aliased", "upheld", "only-alias", "each@one", "default@"];
    let mut enable = vec!["systemctl", &option, "--quiet", "enable"];
    enable.extend(enabled);
    output(&enable)?;
    output(&["systemctl", &option, "--quiet", "mask", "barred.service"])?;
    Ok(root)
}
