//! Batteries by their `uevent` files. Source of the format: the kernel's power supply class
//! (`Documentation/power/power_supply_class.rst` and its ABI description).

use belfort_proto::inventory::v1::Battery;

use super::{text, variable};

/// A battery of the machine itself; nothing for mains, for empty bays, and for batteries of what is
/// attached, such as a mouse.
pub fn battery(name: &str, uevent: &[u8]) -> Option<Battery> {
    let value = |key: &str| variable(uevent, &format!("POWER_SUPPLY_{key}"));
    let is_none = value("TYPE").is_some_and(|kind| kind != b"Battery")
        || value("SCOPE") == Some(b"Device")
        || value("PRESENT") == Some(b"0");
    if is_none {
        return None;
    }
    let number = |key: &str| value(key).and_then(text::number::<u64>).filter(|number| *number > 0);
    let text = |key: &str| match value(key).map(text::clean) {
        // What drivers say when they do not know.
        Some(text) if text != "Unknown" => text,
        _ => String::new(),
    };
    let (energy, charge) = (number("ENERGY_FULL_DESIGN"), number("CHARGE_FULL_DESIGN"));
    // Millionths of Wh; or millionths of Ah, which only a voltage makes energy.
    let by_charge = || {
        let product = u128::from(charge?) * u128::from(number("VOLTAGE_MIN_DESIGN")?);
        u64::try_from(product / 1_000_000).ok()
    };
    let design = energy.or_else(by_charge).map_or(0, |energy| energy / 1000);
    let health = match (energy, charge) {
        (Some(design), _) => number("ENERGY_FULL").map(|full| health(full, design)),
        (_, Some(design)) => number("CHARGE_FULL").map(|full| health(full, design)),
        _ => None,
    };
    Some(Battery {
        name: text::clean(name.as_bytes()),
        manufacturer: text("MANUFACTURER"),
        model: text("MODEL_NAME"),
        serial: text("SERIAL_NUMBER"),
        technology: text("TECHNOLOGY"),
        design_capacity_mwh: u32::try_from(design).unwrap_or(0),
        health_percent: health.unwrap_or(0),
    })
}

/// The nearest step of 5 percent, from 5, so that a known one is never unknown, to 100.
fn health(full: u64, design: u64) -> u32 {
    let steps = (u128::from(full) * 40 / u128::from(design.max(1))).div_ceil(2).clamp(1, 20);
    u32::try_from(steps).unwrap_or(20) * 5
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BY_ENERGY: &str = "POWER_SUPPLY_NAME=BAT0\nPOWER_SUPPLY_TYPE=Battery\n\
        POWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_PRESENT=1\nPOWER_SUPPLY_TECHNOLOGY=Li-poly\n\
        POWER_SUPPLY_VOLTAGE_MIN_DESIGN=15440000\nPOWER_SUPPLY_ENERGY_FULL_DESIGN=57000000\n\
        POWER_SUPPLY_ENERGY_FULL=49810000\nPOWER_SUPPLY_ENERGY_NOW=1\nPOWER_SUPPLY_MODEL_NAME=5B10W\n\
        POWER_SUPPLY_MANUFACTURER=SMP\nPOWER_SUPPLY_SERIAL_NUMBER= 1234\n";

    fn of(uevent: &str) -> Option<Battery> {
        battery("BAT0", uevent.as_bytes())
    }

    #[test]
    fn by_energy() {
        insta::assert_debug_snapshot!(of(BY_ENERGY), @r#"
        Some(
            Battery {
                name: "BAT0",
                manufacturer: "SMP",
                model: "5B10W",
                serial: "1234",
                technology: "Li-poly",
                design_capacity_mwh: 57000,
                health_percent: 85,
            },
        )
        "#);
    }

    #[test]
    fn by_charge() {
        let content = "POWER_SUPPLY_TECHNOLOGY=Unknown\nPOWER_SUPPLY_CHARGE_FULL_DESIGN=5000000\n\
            POWER_SUPPLY_CHARGE_FULL=5200000\nPOWER_SUPPLY_VOLTAGE_MIN_DESIGN=11400000\n";
        let found = of(content).unwrap();
        assert_eq!((found.design_capacity_mwh, found.health_percent), (57_000, 100));
        assert_eq!(found.technology, "");
        let found = of(&content.replace("VOLTAGE_MIN", "VOLTAGE_MAX")).unwrap();
        assert_eq!((found.design_capacity_mwh, found.health_percent), (0, 100));
    }

    #[test]
    fn what_is_no_battery_of_the_machine() {
        for other in ["TYPE=Mains", "TYPE=UPS", "SCOPE=Device", "PRESENT=0"] {
            let (key, _) = other.split_once('=').unwrap();
            let rest: Vec<_> = BY_ENERGY.lines().filter(|line| !line.contains(key)).collect();
            assert_eq!(
                of(&format!("{}\nPOWER_SUPPLY_{other}\n", rest.join("\n"))),
                None,
                "{other}"
            );
        }
        assert!(of(&format!("{BY_ENERGY}POWER_SUPPLY_SCOPE=System\n")).is_some());
    }

    #[test]
    fn steps_of_health() {
        for (full, expected) in [(1, 5), (51, 50), (53, 55), (97, 95), (98, 100), (130, 100)] {
            assert_eq!(health(full, 100), expected, "{full}");
        }
        assert_eq!(health(u64::MAX, 1), 100);
    }

    proptest! {
        #[test]
        fn any_bytes(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            design in any::<u64>(), full in any::<u64>(), volts in any::<u64>(),
        ) {
            let _ = battery("x", &bytes);
            let _ = of(&format!("POWER_SUPPLY_CHARGE_FULL_DESIGN={design}\n\
                POWER_SUPPLY_CHARGE_FULL={full}\nPOWER_SUPPLY_VOLTAGE_MIN_DESIGN={volts}\n"));
        }
    }
}
