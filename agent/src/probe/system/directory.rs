//! The directory a machine is joined to, by the configuration of what asks it. Sources of the formats:
//! sssd.conf(5), sssd-ad(5), sssd-ipa(5), smb.conf(5).

use super::super::text;

/// A section and a line of it.
type Line<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// The lines `key = value` of a file in sections, with the section each is in.
fn lines(content: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut section: &[u8] = b"";
    text::lines(content).filter_map(move |line| {
        let line = line.trim_ascii();
        if let Some(name) = line.strip_prefix(b"[") {
            section = name.strip_suffix(b"]").unwrap_or(name).trim_ascii();
            return None;
        }
        if matches!(line.first(), None | Some(b'#' | b';')) {
            return None;
        }
        let (key, value) = text::split_once(line, b'=')?;
        Some((section, key.trim_ascii(), value.trim_ascii()))
    })
}

/// The domain in files of SSSD, later ones over earlier ones: of the domains that are in use the first
/// one of Active Directory or `FreeIPA`. LDAP alone is no joining.
pub fn sssd_domain(files: &[Vec<u8>]) -> String {
    let all = || files.iter().flat_map(|file| lines(file));
    let in_use = all().filter(|(section, key, _)| {
        section.eq_ignore_ascii_case(b"sssd") && key.eq_ignore_ascii_case(b"domains")
    });
    let in_use = in_use.last().map_or(&b""[..], |(_, _, value)| value);
    let mut domains: Vec<&[u8]> =
        in_use.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).collect();
    domains.retain(|domain| !domain.is_empty());
    if domains.is_empty() {
        // Newer versions take every domain that is described.
        domains = all().filter_map(|(section, _, _)| domain_name(section)).collect();
        domains.dedup();
    }
    let value = |domain: &[u8], wanted: &str| {
        let found = all().filter(|(section, key, _)| {
            domain_name(section) == Some(domain) && key.eq_ignore_ascii_case(wanted.as_bytes())
        });
        found.last().map(|(_, _, value)| value)
    };
    let joined = domains.into_iter().take(DOMAINS_MAX).find_map(|domain| {
        let own = match value(domain, "id_provider")? {
            b"ad" => "ad_domain",
            b"ipa" => "ipa_domain",
            _ => return None,
        };
        Some(dns_domain(value(domain, own).unwrap_or(domain)))
    });
    joined.unwrap_or_default()
}

/// More domains than anybody sets up.
const DOMAINS_MAX: usize = 16;

fn domain_name(section: &[u8]) -> Option<&[u8]> {
    let name = section.strip_prefix(b"domain/")?;
    // Of domains that are trusted there may be settings of their own, below.
    (!name.contains(&b'/')).then_some(name)
}

/// The realm in smb.conf of a member of Active Directory; empty for any other role. Blanks and capital
/// letters in names do not count; what stands before the first section is global, too.
pub fn samba_domain(content: &[u8]) -> String {
    let (mut security, mut realm) = (&b""[..], &b""[..]);
    for (section, key, value) in lines(content) {
        if !section.is_empty() && !section.eq_ignore_ascii_case(b"global") {
            continue;
        }
        let key: Vec<u8> = key.iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
        match key.to_ascii_lowercase().as_slice() {
            b"security" => security = value,
            b"realm" => realm = value,
            _ => {}
        }
    }
    if security.eq_ignore_ascii_case(b"ads") { dns_domain(realm) } else { String::new() }
}

/// A value as a DNS domain in lower case; empty when it cannot be one. Source: RFC 1035, 2.3.
fn dns_domain(value: &[u8]) -> String {
    let value = value.trim_ascii();
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    let value = quoted.unwrap_or(value);
    let value = value.strip_suffix(b".").unwrap_or(value);
    let is_one = value.len() <= 253
        && value.split(|byte| *byte == b'.').all(|label| {
            (1..=63).contains(&label.len())
                && label.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
        });
    if is_one { text::clean(value).to_ascii_lowercase() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sssd(files: &[&str]) -> String {
        let files: Vec<_> = files.iter().map(|file| file.as_bytes().to_vec()).collect();
        sssd_domain(&files)
    }

    #[test]
    fn domains_of_sssd() {
        let ad = "# by realmd\n[sssd]\ndomains = Corp.Example.COM\nservices = nss, pam\n\n\
            [domain/Corp.Example.COM]\nid_provider = ad\nad_domain = corp.example.com\n\
            [domain/Corp.Example.COM/trusted.example]\nad_domain = wrong.example\n";
        assert_eq!(sssd(&[ad]), "corp.example.com");
        assert_eq!(sssd(&[&ad.replace("ad_domain", "ad_server")]), "corp.example.com");
        let ipa = "[domain/default]\nid_provider = ipa\nipa_domain = ipa.example\n";
        assert_eq!(sssd(&[ipa]), "ipa.example");
        // A later file counts more; a domain that is not in use does not count.
        assert_eq!(sssd(&[ad, "[domain/Corp.Example.COM]\nad_domain = b.example\n"]), "b.example");
        assert_eq!(sssd(&[ad, ipa]), "corp.example.com");
        let ldap =
            "[sssd]\ndomains = l.example, n.example\n[domain/l.example]\nid_provider = ldap\n";
        assert_eq!(sssd(&[ldap]), "");
        assert_eq!(sssd(&[ldap, "[domain/n.example]\nid_provider = ad\n"]), "n.example");
        assert_eq!(sssd(&["[domain/a b]\nid_provider = ad\n"]), "");
        assert_eq!(sssd(&[]), "");
    }

    #[test]
    fn realm_of_samba() {
        let ads =
            "; x\nSecurity = ADS\n[global]\n  re alm = CORP.EXAMPLE.COM\n[homes]\nrealm = X\n";
        assert_eq!(samba_domain(ads.as_bytes()), "corp.example.com");
        assert_eq!(samba_domain(ads.replace("ADS", "user").as_bytes()), "");
        assert_eq!(samba_domain(b"[global]\nsecurity = ads\n"), "");
    }

    #[test]
    fn names_that_are_no_domains() {
        for (value, expected) in [("A.example.", "a.example"), ("\"b.example\"", "b.example")] {
            assert_eq!(dns_domain(value.as_bytes()), expected);
        }
        let long = format!("{}.example", "a".repeat(64));
        for value in ["", ".", "a..b", "a b", "a/b", "\u{e9}.example", long.as_str()] {
            assert_eq!(dns_domain(value.as_bytes()), "", "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (samba_domain(&bytes), dns_domain(&bytes));
            let start = b"[domain/a]\nid_provider = ad\nad_domain = ";
            let _ = sssd_domain(&[bytes.clone(), [&start[..], &bytes].concat()]);
        }
    }
}
