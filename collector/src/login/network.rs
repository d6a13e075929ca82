//! Where a request comes from: the peer, or what a trusted proxy says about it.

use std::net::IpAddr;

/// The source of a request. Each proxy adds to the end of `X-Forwarded-For` whom it spoke to, so the last
/// address that is no proxy of ours is the source; what stands before it anybody can make up.
pub fn source(peer: IpAddr, forwarded: &[&str], trusted: &[IpAddr]) -> IpAddr {
    let mut source = peer.to_canonical();
    let said = forwarded.iter().flat_map(|line| line.split(',')).map(str::trim);
    let said: Vec<&str> = said.collect();
    for text in said.into_iter().rev() {
        if !trusted.contains(&source) {
            break;
        }
        let Ok(address) = text.parse::<IpAddr>() else { break };
        source = address.to_canonical();
    }
    source
}

/// The network an address is counted by: one household or office has a whole /64.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let trusted = [address("127.0.0.1"), address("192.0.2.9")];
        let from = |peer, said: &[&str]| source(address(peer), said, &trusted).to_string();
        assert_eq!(from("192.0.2.1", &["198.51.100.7"]), "192.0.2.1", "no proxy");
        assert_eq!(from("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(from("127.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(from("127.0.0.1", &["10.0.0.1, 198.51.100.7"]), "198.51.100.7", "made up");
        assert_eq!(from("127.0.0.1", &["198.51.100.7, 192.0.2.9"]), "198.51.100.7", "two proxies");
        assert_eq!(from("127.0.0.1", &["1.1.1.1", "198.51.100.7"]), "198.51.100.7", "two lines");
        assert_eq!(from("127.0.0.1", &["198.51.100.7, what"]), "127.0.0.1");
        assert_eq!(from("::ffff:127.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }

    #[test]
    fn a_network_is_counted_as_one() {
        assert_eq!(network(address("2001:db8:1:2:3:4:5:6")), "2001:db8:1:2::/64");
        assert_eq!(network(address("::ffff:192.0.2.1")), "192.0.2.1");
    }
}
