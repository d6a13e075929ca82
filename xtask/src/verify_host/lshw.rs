//! System, memory, processor, disks and network against lshw.

use anyhow::Result;
use serde_json::Value;

use super::{Run, Shown, json, list, text};

pub(super) fn check(run: &mut Run) -> Result<()> {
    run.table.tool("lshw");
    let listed = json(&["lshw", "-json", "-quiet"])?;
    let mut all = Vec::new();
    match &listed {
        Value::Array(roots) => roots.iter().for_each(|one| flatten(one, &mut all)),
        one => flatten(one, &mut all),
    }
    let shown = run.show()?;
    system(run, &shown, &all);
    memory(run, &shown, &all);
    disks(run, &shown, &all);
    network(run, &shown, &all);
    for (class, section, field) in [
        ("bridge", "devices", "pci"),
        ("display", "devices", "displays"),
        ("power", "devices", "batteries"),
    ] {
        let nodes = all.iter().filter(|node| node["class"] == class).count();
        if nodes == 0 && shown.list(section, field).is_empty() {
            run.table.same(class, "devices", 0, 0);
        }
    }
    Ok(())
}

fn flatten<'a>(node: &'a Value, into: &mut Vec<&'a Value>) {
    into.push(node);
    for child in list(&node["children"]) {
        flatten(child, into);
    }
}

fn system(run: &mut Run, shown: &Shown, all: &[&Value]) {
    let system = shown.section("system");
    let Some(node) = all.iter().find(|node| node["class"] == "system") else { return };
    run.table.same("system", "host name", text(&system["host_name"]), text(&node["id"]));
    if node["vendor"].is_null() && node["product"].is_null() {
        let reason =
            "no SMBIOS on this machine; compared over a table made here with dmidecode instead";
        for field in ["manufacturer", "model", "serial", "firmware", "installed memory"] {
            run.table.unavailable("system", field, reason);
        }
    } else {
        run.table.same(
            "system",
            "manufacturer",
            text(&system["manufacturer"]),
            text(&node["vendor"]),
        );
        // lshw adds the SKU in brackets.
        let product = text(&node["product"]);
        let product = product.split(" (").next().unwrap_or_default().to_owned();
        run.table.same("system", "model", text(&system["model"]), product);
        run.table.same("system", "serial", text(&system["serial"]), text(&node["serial"]));
    }
    let wide = text(&shown.section("processor")["architecture"]);
    let width = if ["x86_64", "aarch64", "riscv64"].contains(&wide.as_str()) { 64 } else { 32 };
    run.table.same("system", "width", width, &node["width"]);
    for node in
        all.iter().filter(|node| node["class"] == "processor" && node["product"].is_string())
    {
        let model = text(&shown.section("processor")["model"]);
        run.table.same(&text(&node["businfo"]), "model", model, text(&node["product"]));
    }
}

fn memory(run: &mut Run, shown: &Shown, all: &[&Value]) {
    let memory = shown.section("memory");
    let node = all.iter().find(|node| node["class"] == "memory" && node["id"] == "memory");
    let Some(size) = node.and_then(|node| node["size"].as_u64()) else { return };
    let bytes = |field: &str| memory[field].as_u64().unwrap_or(0);
    if bytes("installed_bytes") == 0 {
        // Without SMBIOS lshw adds up the kernel's blocks of memory, of which the kernel keeps some.
        let usable = bytes("usable_bytes");
        let near = |_: &str, _: &str| (usable..=usable / 100 * 105).contains(&size);
        let known =
            "without SMBIOS lshw gives the blocks of memory, of which the kernel keeps a part";
        run.table.same_unless("memory", "usable", usable, size, &[(&near, known)]);
    } else {
        run.table.same("memory", "installed", bytes("installed_bytes"), size);
    }
}

fn disks(run: &mut Run, shown: &Shown, all: &[&Value]) {
    for device in shown.list("storage", "devices") {
        let name = format!("/dev/{}", text(&device["name"]));
        let node = all.iter().find(|node| {
            node["logicalname"] == name.as_str()
                || list(&node["logicalname"]).iter().any(|one| one == name.as_str())
        });
        let Some(node) = node.filter(|node| node["size"].is_number()) else {
            let reason = "lshw does not list this device";
            run.table.unavailable(&name, "size", reason);
            continue;
        };
        run.table.same(&name, "size", text(&device["size_bytes"]), text(&node["size"]));
        if node["serial"].is_string() && device["type"] == "BLOCK_DEVICE_TYPE_DISK" {
            run.table.same(&name, "serial", text(&device["serial"]), text(&node["serial"]));
        }
    }
}

fn network(run: &mut Run, shown: &Shown, all: &[&Value]) {
    for interface in shown.list("network", "interfaces") {
        let name = text(&interface["name"]);
        let node = all
            .iter()
            .find(|node| node["class"] == "network" && node["logicalname"] == interface["name"]);
        let Some(node) = node else {
            let holds = |_: &str, _: &str| interface["physical"] == false;
            let known = "lshw lists no interface without hardware that is down";
            run.table.same_unless(&name, "listed", true, false, &[(&holds, known)]);
            continue;
        };
        run.table.same(&name, "listed", true, true);
        if interface["physical"] == true {
            run.table.same(&name, "mac", text(&interface["mac_address"]), text(&node["serial"]));
            let driver = text(&node["configuration"]["driver"]);
            run.table.same(&name, "driver", text(&interface["driver"]), driver);
            let speed = node["capacity"].as_u64().unwrap_or(0) / 1_000_000;
            let link = node["size"].as_u64().unwrap_or(speed * 1_000_000) / 1_000_000;
            run.table.same(&name, "speed", text(&interface["speed_mbps"]), link);
        }
    }
}
