//! A section as it is shown: what the device reported, with the makers of network hardware beside it.

use serde_json::Value;

use crate::oui;

/// Adds `vendor` wherever a hardware address has a known maker, at any depth.
pub fn with_vendors(mut section: Value) -> Value {
    add(&mut section);
    section
}

fn add(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(add),
        Value::Object(fields) => {
            let address = fields.get("mac_address").and_then(Value::as_str);
            if let Some(vendor) = address.and_then(oui::maker) {
                fields.insert("vendor".to_owned(), vendor.into());
            }
            fields.values_mut().for_each(add);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn makers_stand_beside_their_addresses() {
        let shown = with_vendors(json!({
            "interfaces": [
                { "name": "eth0", "mac_address": "00:1b:63:84:45:e6" },
                { "name": "tap0", "mac_address": "52:54:00:12:34:56" },
                { "name": "lo" },
            ],
        }));
        assert_eq!(shown["interfaces"][0]["vendor"], "Apple, Inc.");
        assert_eq!(shown["interfaces"][1].get("vendor"), None);
        assert_eq!(shown["interfaces"][2], json!({ "name": "lo" }));
    }
}
