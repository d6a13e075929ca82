//! `address.inSubnet("192.0.2.0/24")`.

use std::net::IpAddr;

use cel::common::types::{CelBool, CelString, STRING_TYPE};
use cel::common::value::CowVal;
use cel::{Env, ExecutionError};

/// Name of the function.
pub(super) const IN_SUBNET: &str = "inSubnet";

/// Adds the function to the environment.
pub(super) fn declare(environment: &mut Env) {
    let declared = environment.add_member_overload(
        IN_SUBNET,
        "string_in_subnet",
        STRING_TYPE,
        vec![STRING_TYPE],
        |arguments| {
            let text = |value: Option<&CowVal<'_, '_>>| {
                value.and_then(|value| value.downcast_ref::<CelString<'_>>().map(|t| t.to_string()))
            };
            let (address, prefix) = (text(arguments.first()), text(arguments.get(1)));
            let inside = address.zip(prefix).and_then(|(a, p)| in_subnet(&a, &p));
            let inside =
                inside.ok_or_else(|| ExecutionError::function_error(IN_SUBNET, "unknown"))?;
            Ok(CowVal::owned(CelBool::from(inside)))
        },
    );
    // A fresh environment has no function of this name.
    debug_assert!(declared.is_ok());
}

/// Whether an address lies in a prefix; nothing when either cannot be read.
pub(super) fn in_subnet(address: &str, prefix: &str) -> Option<bool> {
    let (network, length) = parse_prefix(prefix)?;
    Some(match (address.parse().ok()?, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            address.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            address.to_bits() & mask == network.to_bits() & mask
        }
        _ => false,
    })
}

/// Reads a prefix such as `192.0.2.0/24`.
pub(super) fn parse_prefix(prefix: &str) -> Option<(IpAddr, u32)> {
    let (network, length) = prefix.split_once('/')?;
    let (network, length): (IpAddr, u32) = (network.parse().ok()?, length.parse().ok()?);
    let most = if network.is_ipv4() { 32 } else { 128 };
    (length <= most).then_some((network, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets() {
        assert_eq!(in_subnet("192.0.2.7", "192.0.2.0/24"), Some(true));
        assert_eq!(in_subnet("192.0.3.7", "192.0.2.0/24"), Some(false));
        assert_eq!(in_subnet("198.51.100.1", "0.0.0.0/0"), Some(true));
        assert_eq!(in_subnet("192.0.2.7", "192.0.2.7/32"), Some(true));
        assert_eq!(in_subnet("2001:db8::1", "2001:db8::/32"), Some(true));
        assert_eq!(in_subnet("2001:db9::1", "2001:db8::/32"), Some(false));
        assert_eq!(in_subnet("2001:db8::1", "192.0.2.0/24"), Some(false));
        for wrong in ["192.0.2.0", "192.0.2.0/33", "x/1", "2001:db8::/129"] {
            assert_eq!(in_subnet("192.0.2.7", wrong), None, "{wrong}");
        }
        assert_eq!(in_subnet("remote", "192.0.2.0/24"), None);
    }
}
