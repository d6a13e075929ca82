//! Who the machine is: uname, hostnamectl, os-release as a shell reads it, lscpu, /proc/meminfo as
//! `free` reads it, systemd-detect-virt.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::{Run, json, list, output, text};

pub(super) fn check(run: &mut Run) -> Result<()> {
    let shown = run.show()?;
    let (system, os) = (shown.section("system"), shown.section("operating_system"));
    run.table.tool("uname");
    let uname = |option: &str| output(&["uname", option]).map(|text| text.trim().to_owned());
    let node = uname("-n")?;
    let (name, domain) = node.split_once('.').unwrap_or((&node, ""));
    run.table.same("host", "host_name", text(&system["host_name"]), name);
    run.table.same("host", "domain", text(&system["domain"]), domain);
    run.table.same("kernel", "release", text(&os["kernel_running"]), uname("-r")?);
    run.table.same("kernel", "architecture", text(&os["architecture"]), uname("-m")?);

    run.table.tool("sh (os-release)");
    for (field, key) in [
        ("name", "PRETTY_NAME"),
        ("id", "ID"),
        ("version", "VERSION_ID"),
        ("codename", "VERSION_CODENAME"),
        ("edition", "VARIANT_ID"),
    ] {
        let script = format!(". /etc/os-release; printf %s \"${key}\"");
        run.table.same("system", field, text(&os[field]), output(&["sh", "-c", &script])?);
    }
    hostnamectl(run, system, os);
    virtualization(run, system);
    processor(run, shown.section("processor"))?;
    run.table.tool("free");
    let free = output(&["free", "-b"])?;
    let total = |name: &str| {
        let line = free.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).unwrap_or_default().to_owned()
    };
    let memory = shown.section("memory");
    run.table.same("memory", "usable", text(&memory["usable_bytes"]), total("Mem:"));
    run.table.same("memory", "swap", text(&memory["swap_bytes"]), total("Swap:"));
    Ok(())
}

fn hostnamectl(run: &mut Run, system: &Value, os: &Value) {
    run.table.tool("hostnamectl");
    let Ok(told) = json(&["hostnamectl", "--json=short"]) else {
        let reason = "it asks a service of systemd, which does not run on this machine";
        run.table.unavailable("host", "every field", reason);
        return;
    };
    for (field, ours, theirs) in [
        ("host name", &system["host_name"], "Hostname"),
        ("machine id", &system["machine_id"], "MachineID"),
        ("vendor", &system["manufacturer"], "HardwareVendor"),
        ("model", &system["model"], "HardwareModel"),
        ("kernel", &os["kernel_running"], "KernelRelease"),
        ("name", &os["name"], "OperatingSystemPrettyName"),
    ] {
        if !told[theirs].is_null() {
            run.table.same("host", field, text(ours), text(&told[theirs]));
        }
    }
}

fn virtualization(run: &mut Run, system: &Value) {
    run.table.tool("systemd-detect-virt");
    // It says `none` with an exit code of its own.
    let told = output(&["sh", "-c", "systemd-detect-virt || true"]).unwrap_or_default();
    let told = told.trim();
    let agent = text(&system["virtualization"]);
    let newer = |agent: &str, tool: &str| agent == "firecracker" && ["kvm", "none"].contains(&tool);
    let known =
        "this version of systemd does not know Firecracker, or meets no SMBIOS and asks no ACPI";
    // Source: PROC_PID_INIT_INO of the kernel, the number of the first process namespace.
    let own = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let first = own == Path::new("pid:[4026531836]") && Path::new("/.dockerenv").exists();
    let left = |_: &str, tool: &str| first && tool == "docker";
    let of_image = "the image was made with docker and still has /.dockerenv; but process 1 is the kernel's own";
    let known: &[super::table::Known<'_>] = &[(&newer, known), (&left, of_image)];
    run.table.same_unless("system", "virtualization", agent, told, known);
    if Path::new("/etc/machine-id").exists() {
        run.table.tool("systemd-id128");
        let theirs = output(&["systemd-id128", "machine-id"]).unwrap_or_default();
        run.table.same("system", "machine_id", text(&system["machine_id"]), theirs.trim());
    }
}

fn processor(run: &mut Run, processor: &Value) -> Result<()> {
    run.table.tool("lscpu");
    let listed = json(&["lscpu", "-J"])?;
    let mut values = BTreeMap::new();
    let mut rest: Vec<&Value> = list(&listed["lscpu"]).iter().collect();
    while let Some(entry) = rest.pop() {
        rest.extend(list(&entry["children"]));
        let field = text(&entry["field"]);
        values.insert(field.trim_end_matches(':').to_owned(), text(&entry["data"]));
    }
    let value = |field: &str| values.get(field).cloned().unwrap_or_default();
    let number = |field: &str| value(field).parse::<u64>().unwrap_or(0);
    let cores = number("Socket(s)") * number("Core(s) per socket");
    run.table.same("processor", "threads", text(&processor["threads"]), value("CPU(s)"));
    run.table.same("processor", "packages", text(&processor["packages"]), value("Socket(s)"));
    run.table.same("processor", "cores", text(&processor["cores"]), cores);
    run.table.same("processor", "model", text(&processor["model"]), value("Model name"));
    run.table.same("processor", "vendor", text(&processor["vendor"]), value("Vendor ID"));
    let architecture = text(&processor["architecture"]);
    run.table.same("processor", "architecture", architecture, value("Architecture"));
    let most = value("CPU max MHz");
    let most = most.split('.').next().unwrap_or_default().to_owned();
    let most = if most.is_empty() { "0".to_owned() } else { most };
    run.table.same("processor", "max_mhz", text(&processor["max_mhz"]), most);
    let virtualization = match value("Virtualization").as_str() {
        "VT-x" => "vmx",
        "AMD-V" => "svm",
        _ => "",
    };
    run.table.same(
        "processor",
        "virtualization",
        text(&processor["virtualization"]),
        virtualization,
    );
    for flaw in list(&processor["flaws"]) {
        let name = text(&flaw["name"]);
        let field = format!("Vulnerability {}", name.replace('_', " "));
        let known = values.iter().find(|(key, _)| key.eq_ignore_ascii_case(&field));
        // Versions of lscpu differ in punctuation.
        let words = |text: &str| text.replace(|letter: char| !letter.is_alphanumeric(), "");
        let theirs = known.map(|(_, state)| words(state)).unwrap_or_default();
        run.table.same(&name, "flaw", words(&text(&flaw["state"])), theirs);
    }
    Ok(())
}
