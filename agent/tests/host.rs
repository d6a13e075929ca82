//! The probes on this machine, against the machine's own tools.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::process::Command;

use belfort_agent::policy::Policy;
use belfort_agent::probe::{self, Host};
use belfort_proto::inventory::v1::{
    AccountsSection, BlockDeviceType, ListenerScope, MemorySection, NetworkSection, OutcomeStatus,
    PackageState, PackagesSection, ProcessorSection, Protocol, SectionKind, ServicesSection,
    StorageSection, SystemSection, Tristate,
};
use belfort_proto::section::Section;
use serde_json::Value;

fn read(kind: SectionKind) -> Section {
    let probe = probe::all().iter().find(|probe| probe.kind() == kind).unwrap();
    probe.read(&Host::system(Policy::everything()))
}

macro_rules! section {
    ($name:ident, $variant:ident, $message:ident) => {
        fn $name() -> $message {
            let Section::$variant(section) = read(SectionKind::$variant) else {
                panic!("another section")
            };
            section
        }
    };
}

section!(system, System, SystemSection);
section!(processor, Processor, ProcessorSection);
section!(memory, Memory, MemorySection);
section!(storage, Storage, StorageSection);
section!(network, Network, NetworkSection);
section!(packages, Packages, PackagesSection);
section!(services, Services, ServicesSection);
section!(accounts, Accounts, AccountsSection);

/// What a tool of the machine prints.
fn tool(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").output();
    let output = output.unwrap_or_else(|error| {
        panic!("install {program} (cargo xtask test does): {error}");
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn tool_json(program: &str, arguments: &[&str]) -> Value {
    serde_json::from_str(&tool(program, arguments)).unwrap()
}

#[test]
fn every_package_of_dpkg() {
    let format = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${db:Status-Status}\n";
    let listed = tool("dpkg-query", &["-W", "-f", format]);
    let expected: BTreeSet<String> = listed.lines().map(str::to_owned).collect();
    let section = packages();
    assert!(section.outcomes.is_empty(), "{:?}", section.outcomes);
    let found: BTreeSet<String> = section
        .packages
        .iter()
        .filter(|package| package.ecosystem == "deb")
        .map(|package| {
            let or = |value: &str, other: &str| {
                if value.is_empty() { other.to_owned() } else { value.to_owned() }
            };
            let state = match package.state() {
                PackageState::Installed => "installed",
                PackageState::ConfigFiles => "config-files",
                other => panic!("{}: {other:?}", package.name),
            };
            [
                package.name.clone(),
                package.version.clone(),
                package.architecture.clone(),
                or(&package.source_name, &package.name),
                or(&package.source_version, &package.version),
                state.to_owned(),
            ]
            .join("\t")
        })
        .collect();
    assert!(expected.len() > 100, "only {} packages", expected.len());
    let count = section.packages.iter().filter(|package| package.ecosystem == "deb").count();
    assert_eq!(found.len(), count, "a package stands twice");
    let missing: Vec<_> = expected.difference(&found).collect();
    let made_up: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty() && made_up.is_empty(), "missing {missing:?}, made up {made_up:?}");
}

fn flatten<'a>(devices: &'a Value, into: &mut Vec<&'a Value>) {
    for device in devices.as_array().into_iter().flatten() {
        into.push(device);
        flatten(&device["children"], into);
    }
}

#[test]
fn disks_as_lsblk_sees_them() {
    let columns = "NAME,TYPE,SIZE,RM,RO,ROTA,MODEL,SERIAL,MOUNTPOINTS,PKNAME,FSTYPE";
    let listed = tool_json("lsblk", &["-J", "-b", "-o", columns]);
    let mut expected = Vec::new();
    flatten(&listed["blockdevices"], &mut expected);
    // Without a medium or content there is nothing to report: no spurious zram, loop or RAM disk.
    expected.retain(|device| device["size"].as_u64().unwrap() > 0);
    let section = storage();
    let names: BTreeSet<_> = section.devices.iter().map(|device| device.name.as_str()).collect();
    let expected_names: BTreeSet<_> =
        expected.iter().map(|device| device["name"].as_str().unwrap()).collect();
    assert_eq!(names, expected_names);
    assert!(!names.is_empty());
    for device in &section.devices {
        let other = expected.iter().find(|other| other["name"] == device.name.as_str()).unwrap();
        assert_eq!(device.size_bytes, other["size"].as_u64().unwrap(), "{}", device.name);
        let expected_type = match device.r#type() {
            BlockDeviceType::Disk => "disk",
            BlockDeviceType::Partition => "part",
            BlockDeviceType::Crypt => "crypt",
            BlockDeviceType::Lvm => "lvm",
            BlockDeviceType::Optical => "rom",
            BlockDeviceType::Mapped | BlockDeviceType::Raid | BlockDeviceType::Unspecified => "",
        };
        if !expected_type.is_empty() {
            assert_eq!(other["type"], expected_type, "{}", device.name);
        }
        let tristate = |value: &Value| {
            if value.as_bool().unwrap() { Tristate::Yes } else { Tristate::No }
        };
        assert_eq!(device.rotational(), tristate(&other["rota"]), "{}", device.name);
        assert_eq!(device.removable(), tristate(&other["rm"]), "{}", device.name);
        let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
        if device.r#type() == BlockDeviceType::Disk {
            // Without udev lsblk knows no serial numbers; the kernel may.
            let attribute = |name: &str| {
                let path = format!("/sys/class/block/{}/{name}", device.name);
                fs::read_to_string(path).unwrap_or_default().trim().to_owned()
            };
            let or = |known: String, other: String| if known.is_empty() { other } else { known };
            let serial = or(text(&other["serial"]), attribute("serial"));
            assert_eq!(device.serial, serial, "{}", device.name);
            let model = or(text(&other["model"]), attribute("device/model"));
            assert_eq!(device.model, model, "{}", device.name);
        } else if device.r#type() == BlockDeviceType::Partition {
            assert_eq!(device.parents, [text(&other["pkname"])], "{}", device.name);
        }
        let mounted = section.volumes.iter().find(|volume| volume.device == device.name);
        let points = other["mountpoints"].as_array().unwrap();
        let points: Vec<_> = points.iter().filter_map(Value::as_str).collect();
        match mounted {
            Some(volume) => assert!(points.contains(&volume.mount_point.as_str()), "{points:?}"),
            None => assert!(points.iter().all(|point| *point == "[SWAP]"), "{points:?}"),
        }
    }
}

#[test]
fn mounts_as_findmnt_sees_them() {
    let listed = tool_json(
        "findmnt",
        &["-J", "-b", "-l", "--real", "-o", "TARGET,SOURCE,FSTYPE,SIZE,OPTIONS"],
    );
    let section = storage();
    assert!(section.volumes.iter().any(|volume| volume.mount_point == "/"));
    for volume in &section.volumes {
        let mounts = listed["filesystems"].as_array().unwrap();
        let other = mounts.iter().find(|mount| mount["target"] == volume.mount_point.as_str());
        let other = other.unwrap_or_else(|| panic!("{volume:?} is not mounted"));
        assert_eq!(other["fstype"], volume.file_system.as_str());
        assert_eq!(other["size"].as_u64().unwrap(), volume.size_bytes);
        let options = other["options"].as_str().unwrap();
        assert_eq!(volume.read_only, options.split(',').any(|option| option == "ro"));
        assert!(volume.free_band <= 9);
    }
}

#[test]
fn processors_as_lscpu_sees_them() {
    let listed = tool_json("lscpu", &["-J"]);
    let mut values = BTreeMap::new();
    let mut rest: Vec<&Value> = listed["lscpu"].as_array().unwrap().iter().collect();
    while let Some(entry) = rest.pop() {
        rest.extend(entry["children"].as_array().into_iter().flatten());
        let field = entry["field"].as_str().unwrap().trim_end_matches(':').to_owned();
        values.insert(field, entry["data"].as_str().unwrap_or_default().to_owned());
    }
    let number = |field: &str| values[field].parse::<u32>().unwrap();
    let section = processor();
    assert_eq!(section.threads, number("CPU(s)"));
    assert_eq!(section.packages, number("Socket(s)"));
    assert_eq!(section.cores, number("Socket(s)") * number("Core(s) per socket"));
    assert_eq!(section.model, values["Model name"]);
    assert_eq!(section.vendor, values["Vendor ID"]);
    // The architecture is the kernel's, never that of a 32-bit program.
    assert_eq!(section.architecture, values["Architecture"]);
    for flaw in &section.flaws {
        let name = format!("Vulnerability {}", flaw.name.replace('_', " "));
        let known = values.iter().find(|(field, _)| field.eq_ignore_ascii_case(&name));
        let (_, state) = known.unwrap_or_else(|| panic!("lscpu does not know {name}"));
        // Versions of lscpu differ in punctuation.
        let words = |text: &str| text.replace(|letter: char| !letter.is_alphanumeric(), "");
        assert_eq!(words(&flaw.state), words(state), "{name}");
    }
    assert!(!section.flaws.is_empty());
}

#[test]
fn memory_as_the_kernel_and_lshw_see_it() {
    let section = memory();
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap();
    let line = |key: &str| {
        let line = meminfo.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    };
    assert_eq!(section.usable_bytes, line("MemTotal:"));
    assert_eq!(section.swap_bytes, line("SwapTotal:"));
    if fs::metadata("/sys/firmware/dmi/tables/DMI").is_err() {
        // Without SMBIOS nobody knows what is installed: MemTotal is no answer.
        assert_eq!(section.installed_bytes, 0);
        let source = "/sys/firmware/dmi/tables/DMI";
        let outcome = section.outcomes.iter().find(|outcome| outcome.source == source).unwrap();
        assert_eq!(outcome.status(), OutcomeStatus::Absent);
    } else {
        assert!(section.installed_bytes >= section.usable_bytes);
    }
    let listed = tool_json("lshw", &["-json", "-quiet"]);
    let mut all = vec![&listed];
    if let Some(list) = listed.as_array() {
        all = list.iter().collect();
    }
    let (mut sizes, mut machines) = (Vec::new(), Vec::new());
    while let Some(node) = all.pop() {
        all.extend(node["children"].as_array().into_iter().flatten());
        if node["class"] == "memory" {
            sizes.extend(node["size"].as_u64());
        }
        if node["class"] == "system" {
            machines.extend(node["width"].as_u64());
        }
    }
    // lshw gives what is installed or, without SMBIOS, the sum of the kernel's blocks of memory, of
    // which the kernel keeps a little for itself.
    let wanted = section.installed_bytes.max(section.usable_bytes);
    let near = |size: &u64| (wanted..=wanted / 100 * 105).contains(size);
    assert!(sizes.iter().any(near), "lshw says {sizes:?}, not {wanted}");
    assert!(machines.iter().all(|width| *width == 64) || !section_is_64_bit(), "{machines:?}");
}

fn section_is_64_bit() -> bool {
    matches!(processor().architecture.as_str(), "x86_64" | "aarch64")
}

#[test]
fn interfaces_and_addresses_as_ip_sees_them() {
    let listed = tool_json("ip", &["-j", "addr"]);
    let section = network();
    let links: Vec<_> =
        listed.as_array().unwrap().iter().filter(|link| link["link_type"] != "loopback").collect();
    assert_eq!(section.interfaces.len(), links.len());
    for interface in &section.interfaces {
        let link = links.iter().find(|link| link["ifname"] == interface.name.as_str()).unwrap();
        assert_eq!(u64::from(interface.mtu), link["mtu"].as_u64().unwrap(), "{}", interface.name);
        let flags = link["flags"].as_array().unwrap();
        assert_eq!(interface.up, flags.iter().any(|flag| flag == "UP"), "{}", interface.name);
        let device = format!("/sys/class/net/{}/device", interface.name);
        assert_eq!(interface.physical, fs::metadata(device).is_ok(), "{}", interface.name);
        if interface.physical {
            assert_eq!(link["address"], interface.mac_address.as_str());
        } else {
            assert_eq!(interface.mac_address, "");
        }
        assert!(interface.speed_mbps < 1_000_000, "{}", interface.speed_mbps);
        let addresses = link["addr_info"].as_array().unwrap().iter();
        let mut expected: Vec<_> = addresses
            .filter(|address| address["temporary"] != true)
            .map(|address| {
                let length = address["prefixlen"].as_u64().unwrap();
                format!("{}/{length}", address["local"].as_str().unwrap())
            })
            .collect();
        expected.sort();
        let mut found: Vec<_> = interface
            .addresses
            .iter()
            .map(|address| format!("{}/{}", address.address, address.prefix_length))
            .collect();
        found.sort();
        assert_eq!(found, expected, "{}", interface.name);
    }
    let mut gateways = BTreeSet::new();
    for family in ["-4", "-6"] {
        let routes = tool_json("ip", &["-j", family, "route", "show", "default"]);
        let routes = routes.as_array().unwrap().iter();
        gateways.extend(routes.filter_map(|route| route["gateway"].as_str().map(str::to_owned)));
    }
    assert_eq!(section.gateways.iter().cloned().collect::<BTreeSet<_>>(), gateways);
}

#[test]
fn listeners_as_ss_sees_them() {
    // Ports below the range the system hands out, so that UDP counts as a service.
    let tcp =
        (20_000..21_000).find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok()).unwrap();
    let six = TcpListener::bind(("::1", 0)).ok();
    let has_six = fs::read_to_string("/proc/net/if_inet6").is_ok_and(|text| text.contains(" lo\n"));
    assert_eq!(six.is_some(), has_six, "IPv6 on loopback");
    let udp = (20_000..21_000).find_map(|port| UdpSocket::bind(("0.0.0.0", port)).ok()).unwrap();
    let (tcp_port, udp_port) = (tcp.local_addr().unwrap().port(), udp.local_addr().unwrap().port());
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let mut range = range.split_whitespace().map(|port| port.parse::<u32>().unwrap());
    let ephemeral = range.next().unwrap()..=range.next().unwrap();

    let listed = || -> BTreeSet<(String, u32)> {
        let lines = tool("ss", &["-H", "-ltnu"]);
        let sockets = lines.lines().map(|line| {
            let mut words = line.split_whitespace();
            let protocol = words.next().unwrap().to_owned();
            let port = words.nth(3).unwrap().rsplit(':').next().unwrap().parse().unwrap();
            (protocol, port)
        });
        sockets.filter(|(kind, port)| kind == "tcp" || !ephemeral.contains(port)).collect()
    };
    // Other programs come and go: what was there before and after must be found, and what is found
    // must have been there at one of both times.
    let before = listed();
    let section = services();
    let after = listed();
    let found: BTreeSet<_> = section
        .listeners
        .iter()
        .map(|listener| {
            let protocol = if listener.protocol() == Protocol::Tcp { "tcp" } else { "udp" };
            (protocol.to_owned(), listener.port)
        })
        .collect();
    let missing: Vec<_> = before.intersection(&after).filter(|one| !found.contains(one)).collect();
    assert!(missing.is_empty(), "missing {missing:?}");
    let made_up: Vec<_> =
        found.iter().filter(|one| !before.contains(one) && !after.contains(one)).collect();
    assert!(made_up.is_empty(), "made up {made_up:?}");

    let own = std::env::current_exe().unwrap();
    let mine = |protocol: Protocol, port: u16| {
        let ours = section.listeners.iter().find(|listener| {
            listener.protocol() == protocol
                && listener.port == u32::from(port)
                && listener.program == own.to_str().unwrap()
        });
        ours.unwrap_or_else(|| panic!("no {protocol:?} {port} of {own:?}: {:?}", section.listeners))
    };
    assert_eq!(mine(Protocol::Tcp, tcp_port).scope(), ListenerScope::Loopback);
    if let Some(six) = &six {
        let port = six.local_addr().unwrap().port();
        assert_eq!(mine(Protocol::Tcp, port).scope(), ListenerScope::Loopback);
    }
    assert_eq!(mine(Protocol::Udp, udp_port).scope(), ListenerScope::Any);
}

#[test]
fn accounts_as_getent_sees_them() {
    let section = accounts();
    let passwd = tool("getent", &["-s", "files", "passwd"]);
    assert_eq!(section.count as usize, passwd.lines().count());
    let login = passwd.lines().filter(|line| {
        let shell = line.rsplit('/').next().unwrap();
        shell != "nologin" && shell != "false"
    });
    assert_eq!(section.login_count as usize, login.count());
    let root = section.administrators.iter().find(|one| one.name == "root").unwrap();
    assert!(root.through.contains(&"uid0".to_owned()));
    for group in ["sudo", "wheel", "admin"] {
        // Status 2: no such group.
        let output = Command::new("getent").args(["-s", "files", "group", group]).output().unwrap();
        let line = String::from_utf8(output.stdout).unwrap();
        let members = line.trim().rsplit(':').next().unwrap_or_default();
        let members = members.split(',').filter(|name| !name.is_empty()).count();
        let found =
            section.administrators.iter().filter(|one| one.through.contains(&group.to_owned()));
        assert!(found.count() >= members, "{group}: {line}");
    }
    for administrator in &section.administrators {
        let built_in = passwd.lines().any(|line| {
            let mut fields = line.split(':');
            fields.next() == Some(&administrator.name)
                && fields.nth(1).unwrap().parse::<u32>().unwrap() < 1000
        });
        assert!(built_in || administrator.name.starts_with("p:"), "{}", administrator.name);
    }
    assert!(section.without_password_known, "run this test as root");
}

#[test]
fn smbios_or_the_outcome_that_there_is_none() {
    let section = system();
    let dmi = std::path::Path::new("/sys/class/dmi/id");
    if dmi.exists() {
        for (file, value) in [
            ("sys_vendor", &section.manufacturer),
            ("product_name", &section.model),
            ("product_serial", &section.serial),
            ("board_vendor", &section.board_manufacturer),
        ] {
            let expected = fs::read_to_string(dmi.join(file)).unwrap_or_default();
            assert_eq!(expected.trim(), value, "{file}");
        }
    } else {
        let outcome =
            section.outcomes.iter().find(|one| one.source == "/sys/class/dmi/id").unwrap();
        assert_eq!(outcome.status(), OutcomeStatus::Absent);
        assert_eq!(section.manufacturer, "");
    }
    assert_eq!(section.machine_id, fs::read_to_string("/etc/machine-id").unwrap().trim());
    assert_eq!(section.host_name, tool("uname", &["-n"]).trim().split('.').next().unwrap());
}

#[test]
fn a_virtual_machine_is_not_called_physical() {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap();
    let flagged = cpuinfo.lines().any(|line| {
        line.starts_with("flags") && line.split_whitespace().any(|flag| flag == "hypervisor")
    });
    let found = system().virtualization;
    if flagged {
        assert!(found != "none" && !found.is_empty(), "{found}");
        let lscpu = tool("lscpu", &[]);
        if lscpu.lines().any(|line| line.starts_with("Hypervisor vendor") && line.ends_with("KVM"))
        {
            let of_kvm = ["kvm", "firecracker", "qemu", "amazon", "google", "docker", "podman"];
            assert!(of_kvm.contains(&found.as_str()), "{found}");
        }
    } else {
        assert_eq!(found, "none");
    }
}
