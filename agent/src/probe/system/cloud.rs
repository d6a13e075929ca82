//! Which cloud this is an instance of. Sources: how the providers document that an instance is told by
//! its SMBIOS, as cloud-init collects it.

use belfort_proto::inventory::v1::SystemSection;

/// Chassis asset tag of every instance of Azure.
const AZURE: &str = "7783-7084-3265-9085-8269-3286-77";

/// The cloud whose instance this is; empty elsewhere.
pub fn provider(system: &SystemSection) -> &'static str {
    let (manufacturer, model) = (system.manufacturer.as_str(), system.model.as_str());
    match (manufacturer, system.asset_tag.as_str()) {
        (_, AZURE) => return "azure",
        (_, "OracleCloud.com") => return "oracle",
        (_, "OpenStack Nova" | "OpenStack Compute" | "OpenTelekomCloud" | "SAP CCloud VM") => {
            return "openstack";
        }
        ("Amazon EC2", _) => return "aws",
        ("DigitalOcean", _) => return "digitalocean",
        ("Hetzner", _) => return "hetzner",
        ("Scaleway", _) => return "scaleway",
        ("UpCloud", _) => return "upcloud",
        ("Vultr", _) => return "vultr",
        _ => {}
    }
    if model == "Google Compute Engine" || system.serial.starts_with("GoogleCloud-") {
        "gcp"
    } else if model == "OpenStack Nova" || model == "OpenStack Compute" {
        "openstack"
    } else if model.starts_with("Alibaba Cloud") {
        "alibaba"
    } else if is_ec2_on_xen(system) {
        "aws"
    } else {
        ""
    }
}

/// Instances of before 2017: serial number and UUID are the same, and start with `ec2`.
fn is_ec2_on_xen(system: &SystemSection) -> bool {
    let starts = system.serial.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("ec2"));
    starts && system.serial.eq_ignore_ascii_case(&system.smbios_uuid)
}

/// Identity of the instance at its provider, as far as the firmware tells it.
pub fn instance_id(provider: &str, system: &SystemSection, board_asset_tag: &str) -> String {
    match provider {
        // On bare metal and on Xen the tag is another one.
        "aws" if board_asset_tag.starts_with("i-") => board_asset_tag.to_owned(),
        "alibaba" | "digitalocean" | "hetzner" | "vultr" => system.serial.clone(),
        // The serial number is that of the host under some settings of Nova.
        "azure" | "openstack" => system.smbios_uuid.clone(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(manufacturer: &str, model: &str, serial: &str, tag: &str) -> SystemSection {
        SystemSection {
            manufacturer: manufacturer.to_owned(),
            model: model.to_owned(),
            serial: serial.to_owned(),
            smbios_uuid: "ec2a0000-0000-4000-8000-000000000001".to_owned(),
            asset_tag: tag.to_owned(),
            ..SystemSection::default()
        }
    }

    #[test]
    fn instances_by_what_their_firmware_says() {
        let uuid = "ec2a0000-0000-4000-8000-000000000001";
        let upper = uuid.to_ascii_uppercase();
        for (manufacturer, model, serial, tag, expected, id) in [
            ("Amazon EC2", "t3.micro", "ec2f1b00", "Amazon EC2", "aws", "i-0123456789abcdef0"),
            ("Xen", "HVM domU", upper.as_str(), "", "aws", "i-0123456789abcdef0"),
            ("Xen", "HVM domU", "other", "", "", ""),
            ("Microsoft Corporation", "Virtual Machine", "0000-1", AZURE, "azure", uuid),
            ("Microsoft Corporation", "Virtual Machine", "0000-1", "1234", "", ""),
            ("Google", "Google Compute Engine", "GoogleCloud-AB", "", "gcp", ""),
            ("Google", "Google", "GoogleCloud-AB", "", "gcp", ""),
            ("OpenStack Foundation", "OpenStack Nova", "host", "", "openstack", uuid),
            ("QEMU", "Standard PC", "host", "OpenTelekomCloud", "openstack", uuid),
            ("Alibaba Cloud", "Alibaba Cloud ECS", "serial-1", "", "alibaba", "serial-1"),
            ("Hetzner", "vServer", "3623889", "", "hetzner", "3623889"),
            ("DigitalOcean", "Droplet", "1234", "", "digitalocean", "1234"),
            ("QEMU", "Standard PC", "", "OracleCloud.com", "oracle", ""),
            ("LENOVO", "20XW", "PF-123", "", "", ""),
        ] {
            let system = system(manufacturer, model, serial, tag);
            let found = provider(&system);
            assert_eq!(found, expected, "{manufacturer} {model}");
            assert_eq!(instance_id(found, &system, "i-0123456789abcdef0"), id, "{model}");
        }
        let metal = system("Amazon EC2", "m5.metal", "", "");
        assert_eq!(instance_id("aws", &metal, "Not Specified"), "");
    }
}
