use belfort_model::evidence::EvidenceKind;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn laptop() -> Value {
    json!({
        "deviceid": "lap-0007-2026-01-05-10-00-00",
        "itemtype": "Computer",
        "action": "inventory",
        "content": {
            "versionclient": "GLPI-Agent_v1.11",
            "bios": {
                "smanufacturer": "Example", "smodel": "Book 14", "ssn": "5B5RM12",
                "msn": "BRD-0001-77", "bversion": "1.4", "secure_boot": "enabled"
            },
            "hardware": {
                "name": "lap-0007", "uuid": "4C4C4544-0042-3510-8052-B4C04F4D3132",
                "memory": 16000, "chassis_type": "Notebook", "vmsystem": "Physical",
                "lastloggeduser": "somebody"
            },
            "operatingsystem": {
                "name": "Debian", "full_name": "Debian GNU/Linux 12 (bookworm)", "version": "12.5",
                "kernel_name": "linux", "kernel_version": "6.1.0-18-amd64", "arch": "x86_64"
            },
            "softwares": [
                { "name": "openssl", "version": "3.0.11-1", "arch": "amd64", "from": "deb",
                  "publisher": "Debian OpenSSL Team <openssl@lists.example>" },
                { "name": "curl", "version": "7.88.1-10", "arch": "amd64", "from": "deb" },
                { "name": "game", "version": "1", "from": "registry", "userid": "S-1-5-21-1" }
            ],
            "networks": [
                { "description": "eth0", "mac": "00:1B:21:AA:BB:CC", "virtualdev": false,
                  "ipaddress": "192.0.2.7" },
                { "description": "eth0", "mac": "00:1b:21:aa:bb:cc", "virtualdev": false },
                { "description": "docker0", "mac": "02:42:00:00:00:01", "virtualdev": true }
            ],
            "storages": [
                { "name": "sda", "serial": "S4EWNX0N", "disksize": 476_940, "type": "disk" },
                { "name": "sdb", "serial": "STICK-1", "type": "disk", "interface": "USB" }
            ],
            "drives": [{ "volumn": "/dev/sda2", "type": "/", "total": 400_000, "encrypt_status": "Yes" }],
            "cpus": [{ "name": "Example CPU", "core": 4, "thread": 8 }],
            "local_users": [{ "login": "somebody" }]
        }
    })
}

fn read_one(value: &Value) -> Result<Inventory, String> {
    read(value.to_string().as_bytes()).unwrap().remove(0)
}

#[test]
fn an_inventory_becomes_facts_packages_and_evidence() {
    let inventory = read_one(&laptop()).unwrap();
    let facts = &inventory.facts;
    assert_eq!((inventory.name.as_str(), inventory.subtype), ("lap-0007", Subtype::Laptop));
    assert_eq!((facts.os.family.as_str(), facts.os.id.as_str()), ("linux", "debian"));
    assert_eq!((facts.os.version.as_str(), facts.package_count, facts.threads), ("12.5", 2, 8));
    assert_eq!((facts.secure_boot, facts.uefi), (Some(true), None));
    assert_eq!(facts.volumes[0].encrypted, Some(true));
    assert_eq!((facts.memory_bytes, facts.listeners.clone()), (16_000 << 20, None));
    let value = |kind| inventory.evidence.iter().find(|one| one.kind == kind).map(|e| &*e.value);
    assert_eq!(value(EvidenceKind::SystemSerial), Some("5b5rm12"));
    assert_eq!(value(EvidenceKind::SmbiosUuid), Some("4c4c4544-0042-3510-8052-b4c04f4d3132"));
    assert_eq!(value(EvidenceKind::MacAddress), Some("00:1b:21:aa:bb:cc"));
    assert_eq!(value(EvidenceKind::DiskSerial), Some("s4ewnx0n"));
    assert_eq!(inventory.evidence.len(), 5, "no stick, no bridge: {:?}", inventory.evidence);
}

#[test]
fn people_are_not_taken_over() {
    let inventory = read_one(&laptop()).unwrap();
    for blob in &inventory.sections {
        let content = crate::ingest::content(blob).unwrap();
        let text = String::from_utf8_lossy(&content);
        for personal in ["somebody", "192.0.2.7", "lists.example", "game"] {
            assert!(!text.contains(personal), "{personal}");
        }
    }
}

#[test]
fn the_same_inventory_has_the_same_root() {
    let mut other = laptop();
    other["content"]["softwares"].as_array_mut().unwrap().reverse();
    assert_eq!(read_one(&laptop()).unwrap().root, read_one(&other).unwrap().root);
    other["content"]["softwares"][0]["version"] = json!("3.0.14-1");
    other["content"]["softwares"][2]["version"] = json!("3.0.14-1");
    assert_ne!(read_one(&laptop()).unwrap().root, read_one(&other).unwrap().root);
}

#[test]
fn what_is_no_inventory_says_why() {
    let wrong = |value: Value| read_one(&value).unwrap_err();
    assert!(wrong(json!({ "deviceid": "x" })).contains("content"));
    assert!(wrong(json!({ "content": { "hardware": { "name": "x" } } })).contains("deviceid"));
    let empty = json!({ "deviceid": "x", "content": {} });
    assert!(wrong(empty).contains("says nothing"));
    let mut printer = laptop();
    printer["itemtype"] = json!("Printer");
    assert!(wrong(printer).contains("Printer"));
    let mut partial = laptop();
    partial["partial"] = json!(true);
    assert!(wrong(partial).contains("partial"));
    let mut long = laptop();
    long["content"]["bios"]["smodel"] = json!("x".repeat(100_000));
    assert!(read_one(&long).is_err());
    assert!(read(b"[").unwrap_err().contains("JSON") && read(b"7").is_err());
    assert_eq!(read(b"[]").unwrap().len(), 0);
}

proptest! {
    #[test]
    fn any_bytes_are_an_inventory_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
    }

    /// Whatever stands where: nothing panics.
    #[test]
    fn any_value_anywhere_is_an_inventory_or_an_error(
        path in 0usize..9,
        number in any::<i64>(),
        text in ".{0,40}",
        which in 0u8..5,
    ) {
        let mut value = laptop();
        let put = match which {
            0 => json!(number),
            1 => json!(text),
            2 => Value::Null,
            3 => json!([text]),
            _ => json!({ "x": number }),
        };
        let keys = [
            "bios", "hardware", "operatingsystem", "softwares", "networks", "storages", "drives",
            "cpus", "versionclient",
        ];
        value["content"][keys[path]] = put.clone();
        let _ = read(value.to_string().as_bytes());
        let mut value = laptop();
        for field in value["content"]["hardware"].as_object_mut().unwrap().values_mut() {
            *field = put.clone();
        }
        let _ = read(value.to_string().as_bytes());
    }
}
