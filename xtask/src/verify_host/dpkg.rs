//! Packages against dpkg-query, of this machine and of a root in which dpkg has made every state.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Run, Shown, output, text, word, write};

const FORMAT: &str = "${Package}\t${Architecture}\t${Version}\t${db:Status-Status}\t\
    ${source:Package}\t${source:Version}\t${Maintainer}\n";

pub(super) fn check(run: &mut Run) -> Result<()> {
    run.table.tool("dpkg-query");
    let shown = run.show()?;
    compare(run, &shown, &output(&["dpkg-query", "-W", "-f", FORMAT])?);
    day(run, &shown)?;
    let root = made(run).context("make a root with dpkg")?;
    run.table.tool("dpkg-query (root made here)");
    let shown = run.show_root(&root)?;
    let root = format!("--root={}", root.display());
    compare(run, &shown, &output(&["dpkg-query", &root, "-W", "-f", FORMAT])?);
    Ok(())
}

/// The day each package was last changed, which is when its list of files was written.
fn day(run: &mut Run, shown: &Shown) -> Result<()> {
    let told: Vec<_> =
        packages(shown).filter(|one| !text(&one["installed_on"]).is_empty()).collect();
    if told.is_empty() {
        run.table.unavailable("every package", "installed_on", "the agent reports no day for dpkg");
        return Ok(());
    }
    for package in told {
        let (name, architecture) = (text(&package["name"]), text(&package["architecture"]));
        let info = format!("/var/lib/dpkg/info/{name}");
        let file = [format!("{info}.list"), format!("{info}:{architecture}.list")];
        let Some(file) = file.iter().find(|file| Path::new(file).exists()) else { continue };
        let theirs = output(&["date", "-u", "-r", file, "+%Y-%m-%d"])?;
        run.table.same(&name, "installed_on", text(&package["installed_on"]), theirs.trim());
    }
    Ok(())
}

fn packages(shown: &Shown) -> impl Iterator<Item = &Value> {
    shown.list("packages", "packages").iter().filter(|one| one["ecosystem"] == "deb")
}

fn compare(run: &mut Run, shown: &Shown, listed: &str) {
    let mut ours: BTreeMap<String, &Value> = BTreeMap::new();
    for package in packages(shown) {
        let subject = format!("{}:{}", text(&package["name"]), text(&package["architecture"]));
        if ours.insert(subject.clone(), package).is_some() {
            run.table.same(&subject, "listed", "twice", "once");
        }
    }
    for line in listed.lines() {
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        let subject = format!("{}:{}", next(), next());
        let (version, state, source, source_version) = (next(), next(), next(), next());
        let maintainer = next();
        let package = ours.remove(&subject);
        if state == "not-installed" {
            run.table.same(&subject, "listed", package.is_some(), false);
            continue;
        }
        run.table.same(&subject, "listed", package.is_some(), true);
        let Some(package) = package else { continue };
        let or = |field: &str, other: &str| {
            let value = text(&package[field]);
            if value.is_empty() { text(&package[other]) } else { value }
        };
        let state = match state {
            "installed" => "installed",
            "config-files" => "config_files",
            _ => "incomplete",
        };
        let publisher = maintainer.split('<').next().unwrap_or_default().trim();
        let publisher = if publisher.contains('@') { "" } else { publisher };
        run.table.same(&subject, "version", text(&package["version"]), version);
        run.table.same(&subject, "state", word(&package["state"], "PACKAGE_STATE_"), state);
        run.table.same(&subject, "source name", or("source_name", "name"), source);
        run.table.same(&subject, "source version", or("source_version", "version"), source_version);
        run.table.same(&subject, "publisher", text(&package["publisher"]), publisher);
    }
    for subject in ours.into_keys() {
        run.table.same(&subject, "listed", true, false);
    }
}

/// Packages as control files, and what is done with each after it was built.
const MADE: &[(&str, &str, &str)] = &[
    ("plain", "Version: 1.0-1\nArchitecture: all\n", "--install"),
    ("epoch", "Version: 2:1.0~rc1-1\nArchitecture: amd64\nSource: other\n", "--install"),
    ("binnmu", "Version: 1.0-1+b2\nArchitecture: amd64\nSource: binnmu (1.0-1)\n", "--install"),
    ("both", "Version: 3-1\nArchitecture: amd64\nMulti-Arch: same\n", "--install"),
    ("both", "Version: 3-1\nArchitecture: i386\nMulti-Arch: same\n", "--install"),
    ("unpacked", "Version: 1\nArchitecture: all\n", "--unpack"),
    ("removed", "Version: 1\nArchitecture: all\n", "--remove"),
    ("purged", "Version: 1\nArchitecture: all\n", "--purge"),
    ("held", "Version: 1\nArchitecture: all\n", "hold"),
];

fn made(run: &Run) -> Result<std::path::PathBuf> {
    let root = run.directory("dpkg")?;
    write(&root.join("var/lib/dpkg/status"), "")?;
    write(&root.join("var/lib/dpkg/arch"), "amd64\ni386\n")?;
    for directory in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"] {
        std::fs::create_dir_all(root.join(directory))?;
    }
    let option = format!("--root={}", root.display());
    let dpkg = |arguments: &[&str]| {
        let mut all = vec!["dpkg", &option, "--force-all", "--log=/dev/null"];
        all.extend(arguments);
        output(&all)
    };
    for (index, (name, fields, what)) in MADE.iter().enumerate() {
        let tree = run.directory(&format!("deb-{index}"))?;
        let maintainer = if index % 2 == 0 { "Team <team@example.org>" } else { "x@example.org" };
        let control = format!(
            "Package: {name}\n{fields}Maintainer: {maintainer}\nDescription: {name}\n of a comparison\n"
        );
        write(&tree.join("DEBIAN/control"), control)?;
        // Only a package with configuration leaves something when it is removed.
        write(&tree.join("DEBIAN/conffiles"), format!("/etc/{name}.conf\n"))?;
        write(&tree.join(format!("etc/{name}.conf")), "x\n")?;
        let file = run.scratch.join(format!("{index}.deb"));
        let file = file.to_string_lossy();
        output(&["dpkg-deb", "--build", "--root-owner-group", &tree.to_string_lossy(), &file])?;
        dpkg(&[if *what == "--unpack" { what } else { "--install" }, &file])?;
        match *what {
            "--remove" | "--purge" => drop(dpkg(&[what, name])?),
            "hold" => {
                let selections = format!("echo {name} hold | dpkg {option} --set-selections");
                output(&["sh", "-c", &selections])?;
            }
            _ => {}
        }
    }
    Ok(root)
}
