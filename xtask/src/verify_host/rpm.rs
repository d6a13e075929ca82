//! Packages against rpm, in roots that rpm itself has filled: once for each kind of database it can
//! still write.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Run, output, text, word, write};

const FORMAT: &str = "%{NAME}\\t%{ARCH}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t\
    %{SOURCERPM}\\t%|VENDOR?{%{VENDOR}}|\\t%{INSTALLTIME}\\n";
/// Packages of one source beside the named ones, so that the database has more than one page.
const MANY: usize = 80;

/// Kind of database, and where distributions keep it.
const DATABASES: &[(&str, &str)] = &[
    ("sqlite", "/usr/lib/sysimage/rpm"),
    ("sqlite", "/var/lib/rpm"),
    ("ndb", "/usr/lib/sysimage/rpm"),
];

pub(super) fn check(run: &mut Run) -> Result<()> {
    let built = build(run).context("build packages with rpmbuild")?;
    for (kind, place) in DATABASES {
        let short = place.rsplit("/lib/").next().unwrap_or(place);
        run.table.tool(format!("rpm -qa ({kind}, {short})"));
        // What rpm can write was decided when it was built.
        let root = match install(run, &built, kind, place) {
            Err(error) if format!("{error:#}").contains("invalid %_db_backend") => {
                let reason =
                    "this rpm cannot write such a database; the agent's own tests read one";
                run.table.unavailable("every package", "listed", reason);
                continue;
            }
            other => other?,
        };
        compare(run, &root, kind, place)?;
    }
    run.table.tool("rpm -qa (Berkeley DB)");
    let reason = "rpm no longer writes such a database; the agent's own tests read one";
    run.table.unavailable("every package", "listed", reason);
    Ok(())
}

fn specification() -> String {
    let mut text =
        "Name: belfort-first\nEpoch: 2\nVersion: 1.2.3\nRelease: 4.el9\nSummary: First\n\
        License: none\nVendor: Example Town\n%description\nOf a comparison.\n\
        %package -n second\nSummary: Second\nEpoch: 0\nVersion: 7\nBuildArch: noarch\n\
        %description -n second\nAnother version than its source.\n\
        %install\nmkdir -p %{buildroot}/usr/sbin %{buildroot}/usr/lib/systemd/system\n\
        echo x > %{buildroot}/usr/sbin/exampled\n\
        printf '[Service]\\nExecStart=/usr/sbin/exampled -f\\n' > \
        %{buildroot}/usr/lib/systemd/system/exampled.service\n\
        %files\n/usr/sbin/exampled\n/usr/lib/systemd/system/exampled.service\n%files -n second\n"
            .to_owned();
    for number in 0..MANY {
        // Longer than a page of the database now and then.
        let words = "word ".repeat(number * 20);
        let _ = writeln!(
            text,
            "%package many-{number:02}\nSummary: One of many\n\
             %description many-{number:02}\n{words}.\n%files many-{number:02}"
        );
    }
    text
}

fn build(run: &Run) -> Result<PathBuf> {
    let top = run.directory("rpmbuild")?;
    let file = top.join("first.spec");
    write(&file, specification())?;
    let define = format!("_topdir {}", top.display());
    let flat = "_build_name_fmt %%{NAME}.rpm";
    let options = ["-bb", "--quiet", "--define", &define, "--define", flat];
    let mut all = vec!["rpmbuild"];
    all.extend(options);
    let file = file.to_string_lossy();
    all.extend(["--define", "_binary_payload w0.gzdio", &file]);
    output(&all)?;
    Ok(top.join("RPMS"))
}

fn install(run: &Run, built: &Path, kind: &str, place: &str) -> Result<PathBuf> {
    let root = run.directory(&format!("rpm-{kind}-{}", place.replace('/', "-")))?;
    let backend = format!("_db_backend {kind}");
    let (shown, at) = (root.to_string_lossy(), built.join("*.rpm"));
    let script = format!(
        "exec rpm --root {shown} --dbpath {place} --define '{backend}' -i --nodeps --nosignature \
         --nodigest --noscripts {}",
        at.display()
    );
    output(&["sh", "-c", &script])?;
    Ok(root)
}

fn compare(run: &mut Run, root: &Path, kind: &str, place: &str) -> Result<()> {
    let shown_root = root.to_string_lossy();
    let backend = format!("_db_backend {kind}");
    let rpm = ["rpm", "--root", &shown_root, "--dbpath", place, "--define", &backend];
    let ask = |more: &[&str]| output(&[&rpm[..], more].concat());
    let listed = ask(&["-qa", "--qf", FORMAT])?;
    let owner = ask(&["-qf", "--qf", "%{NAME}", "/usr/sbin/exampled"])?;
    let shown = run.show_root(root)?;
    let mut ours: BTreeMap<String, &Value> = BTreeMap::new();
    for package in shown.list("packages", "packages") {
        if package["ecosystem"] == "rpm" {
            let subject = format!("{}.{}", text(&package["name"]), text(&package["architecture"]));
            ours.insert(subject, package);
        }
    }
    for line in listed.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, architecture, version, source, vendor, installed] = fields[..] else { continue };
        let subject = format!("{name}.{architecture}");
        let package = ours.remove(&subject);
        run.table.same(&subject, "listed", package.is_some(), true);
        let Some(package) = package else { continue };
        let day = output(&["date", "-u", "-d", &format!("@{installed}"), "+%Y-%m-%d"])?;
        let field = |name: &str| text(&package[name]);
        let zero = |agent: &str, tool: &str| tool.strip_prefix("0:") == Some(agent);
        let known = "to rpm an epoch of 0 and none are the same";
        run.table.same_unless(&subject, "version", field("version"), version, &[(&zero, known)]);
        run.table.same(&subject, "publisher", field("publisher"), vendor);
        run.table.same(&subject, "installed_on", field("installed_on"), day.trim());
        let state = word(&package["state"], "PACKAGE_STATE_");
        run.table.same(&subject, "state", state, "installed");
        // `name-version-release.src.rpm`, without an epoch.
        let mut parts = source.strip_suffix(".src.rpm").unwrap_or(source).rsplitn(3, '-');
        let (release, of) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let source_name = parts.next().unwrap_or_default();
        let or =
            |value: String, other: &str| if value.is_empty() { other.to_owned() } else { value };
        run.table.same(&subject, "source name", or(field("source_name"), name), source_name);
        let without_epoch = |version: String| {
            version.split_once(':').map_or(version.clone(), |(_, rest)| rest.to_owned())
        };
        let found = without_epoch(or(field("source_version"), version));
        run.table.same(&subject, "source version", found, format!("{of}-{release}"));
    }
    for subject in ours.into_keys() {
        run.table.same(&subject, "listed", true, false);
    }
    let services = shown.list("services", "services").iter();
    let service = services.into_iter().find(|one| one["name"] == "exampled");
    let package = service.map(|service| text(&service["package"])).unwrap_or_default();
    run.table.same("/usr/sbin/exampled", "owner", package, owner);
    Ok(())
}
