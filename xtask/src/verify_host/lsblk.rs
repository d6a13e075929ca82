//! Block devices and mounts against lsblk and findmnt, on this machine and with disks in files beside
//! it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::{Run, Shown, json, list, output, shown, text, word};

const COLUMNS: &str = "NAME,TYPE,SIZE,RM,RO,ROTA,MODEL,SERIAL,MOUNTPOINTS,PKNAME,FSTYPE";

pub(super) fn check(run: &mut Run) -> Result<()> {
    run.table.tool("lsblk");
    let shown_here = run.show()?;
    let listed = json(&["lsblk", "-J", "-b", "-o", COLUMNS])?;
    compare(run, &shown_here, &listed);
    run.table.tool("findmnt");
    let mounts = json(&["findmnt", "-J", "-b", "-l", "--real", "-o", MOUNTS])?;
    mounted(run, &shown_here, &mounts);
    with_loops(run)?;
    run.table.tool("cryptsetup");
    let reason = "this kernel has no dm-crypt: LUKS headers are read by the agent's own tests only";
    if Path::new("/sys/module/dm_crypt").exists() {
        let reason = "not made here: opening a device needs its secret in this program";
        run.table.unavailable("encrypted devices", "encryption", reason);
    } else {
        run.table.unavailable("encrypted devices", "encryption", reason);
    }
    Ok(())
}

const MOUNTS: &str = "TARGET,SOURCE,FSTYPE,SIZE,OPTIONS";

/// A place with mounts and processes of its own: the agent takes the mounts of process 1, since a
/// confined service sees others.
const APART: [&str; 5] = ["unshare", "--mount", "--pid", "--fork", "--mount-proc"];

/// Two disks in files, one with partitions and one mounted read-only, in a mount namespace of its own.
fn with_loops(run: &mut Run) -> Result<()> {
    let at = run.directory("loops")?;
    let script = format!(
        "set -e; cd {at}; mkdir -p mnt; truncate -s 64M whole parts; mkfs.ext4 -q whole; \
         printf 'label: gpt\\n,16M\\n,16M\\n' | sfdisk -q parts; \
         a=$(losetup -f --show -r whole); trap 'umount mnt 2>/dev/null; losetup -d $a $b' EXIT; \
         b=$(losetup -f --show -P parts); mount -o ro $a mnt; \
         {agent} --state /nonexistent/belfort show --json > shown; \
         lsblk -J -b -o {COLUMNS} > lsblk; findmnt -J -b -l --real -o {MOUNTS} > findmnt",
        at = at.display(),
        agent = run.agent.display(),
    );
    run.table.tool("lsblk (disks in files)");
    if let Err(error) = output(&[&APART[..], &["sh", "-c", &script]].concat()) {
        let reason = format!("no disk could be made of a file: {error:#}");
        run.table.unavailable("loop devices", "listed", &reason);
        return Ok(());
    }
    let read = |name: &str| std::fs::read_to_string(at.join(name));
    let (found, listed) = (shown(&read("shown")?)?, serde_json::from_str(&read("lsblk")?)?);
    compare(run, &found, &listed);
    run.table.tool("findmnt (disks in files)");
    mounted(run, &found, &serde_json::from_str(&read("findmnt")?)?);
    Ok(())
}

fn flatten<'a>(devices: &'a Value, into: &mut Vec<&'a Value>) {
    for device in list(devices) {
        into.push(device);
        flatten(&device["children"], into);
    }
}

fn compare(run: &mut Run, shown: &Shown, listed: &Value) {
    let mut all = Vec::new();
    flatten(&listed["blockdevices"], &mut all);
    let devices = shown.list("storage", "devices");
    let names = devices.iter().map(|device| text(&device["name"])).collect();
    let theirs: BTreeSet<String> = all.iter().map(|device| text(&device["name"])).collect();
    let known = |name: &str| {
        let empty = all.iter().any(|one| one["name"] == name && one["size"].as_u64() == Some(0));
        empty.then(|| "a device without content is not reported".to_owned())
    };
    run.table.same_set("device", &names, &theirs, &known);
    for device in devices {
        let Some(other) = all.iter().find(|other| other["name"] == device["name"]) else {
            continue;
        };
        let name = text(&device["name"]);
        let table = &mut run.table;
        table.same(&name, "size", &device["size_bytes"], &other["size"]);
        let kind = match word(&device["type"], "BLOCK_DEVICE_TYPE_").as_str() {
            "partition" => "part".to_owned(),
            "optical" => "rom".to_owned(),
            "mapped" => "loop".to_owned(),
            same => same.to_owned(),
        };
        table.same(&name, "type", kind, text(&other["type"]));
        let flag = |value: &Value| if value == &Value::Bool(true) { "yes" } else { "no" };
        table.same(
            &name,
            "rotational",
            word(&device["rotational"], "TRISTATE_"),
            flag(&other["rota"]),
        );
        table.same(&name, "removable", word(&device["removable"], "TRISTATE_"), flag(&other["rm"]));
        let disk = other["type"] == "disk";
        if disk {
            let attribute = |path: &str| {
                let path = format!("/sys/class/block/{name}/{path}");
                std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
            };
            for (field, column, path) in
                [("serial", "serial", "serial"), ("model", "model", "device/model")]
            {
                let theirs = text(&other[column]).trim().to_owned();
                let from_kernel = attribute(path);
                let known = "lsblk asks udev, which does not run here; the kernel itself says it";
                let holds = |agent: &str, tool: &str| tool.is_empty() && agent == from_kernel;
                table.same_unless(&name, field, text(&device[field]), theirs, &[(&holds, known)]);
            }
        }
        if other["type"] == "part" {
            let parents: Vec<_> = list(&device["parents"]).iter().map(text).collect();
            table.same(&name, "parent", parents.join(" "), text(&other["pkname"]));
        }
        let volume =
            shown.list("storage", "volumes").iter().find(|one| one["device"] == name.as_str());
        let points: Vec<_> = list(&other["mountpoints"]).iter().map(text).collect();
        let real = points.iter().filter(|point| !["", "[SWAP]"].contains(&point.as_str()));
        let all = real.cloned().collect::<Vec<_>>().join(" ");
        let ours = volume.map(|volume| text(&volume["mount_point"])).unwrap_or_default();
        let theirs = if points.contains(&ours) { ours.clone() } else { all };
        table.same(&name, "mounted at", ours, theirs);
        let fields = volume.filter(|_| other["fstype"].is_string());
        if let Some(volume) = fields {
            table.same(&name, "fstype", text(&volume["file_system"]), text(&other["fstype"]));
        }
    }
}

fn mounted(run: &mut Run, shown: &Shown, listed: &Value) {
    for volume in shown.list("storage", "volumes") {
        let point = text(&volume["mount_point"]);
        let mounts = list(&listed["filesystems"]);
        let mount = mounts.iter().find(|mount| mount["target"] == point.as_str());
        run.table.same(&point, "mounted", true, mount.is_some());
        let Some(mount) = mount else { continue };
        run.table.same(&point, "file system", text(&volume["file_system"]), text(&mount["fstype"]));
        run.table.same(&point, "size", text(&volume["size_bytes"]), text(&mount["size"]));
        let read_only = text(&mount["options"]).split(',').any(|option| option == "ro");
        run.table.same(&point, "read-only", &volume["read_only"], read_only);
    }
}
