//! What a condition can name: records and their fields, each with its kind of value and where it comes
//! from. A field without a value is unknown.

use std::borrow::Cow;

use belfort_model::asset::Asset;
use belfort_model::facts::DeviceFacts;
use belfort_model::software::Installation;
use belfort_model::time::Timestamp;

use crate::evaluate::Subject;
use crate::matchers::disk;

/// Kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// True or false.
    Flag,
    /// A list of texts.
    Texts,
    /// A list of whole numbers.
    Numbers,
    /// Names of packages: can be asked with `in` whether one is among them.
    Names,
}

impl Sort {
    /// The word for it in messages and in the reference.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Flag => "true or false",
            Self::Texts => "list of texts",
            Self::Numbers => "list of numbers",
            Self::Names => "names of packages",
        }
    }
}

/// A value that is known.
#[derive(Clone, Debug)]
pub(super) enum Held<'a> {
    Text(&'a str),
    Number(i64),
    Flag(bool),
    Texts(Vec<Cow<'a, str>>),
    Installed(&'a [Installation]),
}

impl Held<'_> {
    /// The value for people; nothing for what would fill pages.
    pub(super) fn shown(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some((*text).to_owned()),
            Self::Number(number) => Some(number.to_string()),
            Self::Flag(flag) => Some(if *flag { "yes" } else { "no" }.to_owned()),
            Self::Texts(texts) => {
                let shown: Vec<_> = texts.iter().take(20).map(AsRef::as_ref).collect();
                Some(shown.join(", "))
            }
            Self::Installed(_) => None,
        }
    }
}

type Get = for<'a> fn(&Subject<'a>) -> Option<Held<'a>>;

/// One field of a record.
#[derive(Debug)]
pub struct Field {
    /// Its name, as in `device.hostname`.
    pub name: &'static str,
    /// Kind of its value.
    pub sort: Sort,
    /// What it says.
    pub about: &'static str,
    pub(super) value: Get,
}

const fn field(name: &'static str, sort: Sort, about: &'static str, value: Get) -> Field {
    Field { name, sort, about, value }
}

/// Every record, by name, with its fields.
pub const RECORDS: &[(&str, &[Field])] =
    &[("asset", ASSET), ("device", DEVICE), ("owner", OWNER), ("class", CLASS), ("agent", AGENT)];

const ASSET: &[Field] = &[
    field("name", Sort::Text, "Name.", |s| text(&s.asset.name)),
    field("kind", Sort::Text, "`device`, `software`, `application` …", |s| {
        text(s.asset.kind.as_str())
    }),
    field("subtype", Sort::Text, "`laptop`, `desktop`, `server`, `vm` …", |s| {
        text(s.asset.subtype.as_str())
    }),
    field("lifecycle", Sort::Text, "`in_use`, `in_repair` …", |s| {
        text(s.asset.lifecycle.as_str())
    }),
    field("source", Sort::Text, "`agent`, `import`, `manual` or `neighbour`.", |s| {
        text(s.asset.source.as_str())
    }),
    field("authorised", Sort::Text, "`yes`, `no`, `unknown` or `exception`.", |s| {
        text(s.asset.authorised.as_str())
    }),
    field("environment", Sort::Text, "`production`, `test` or `development`.", |s| {
        text(s.asset.environment.as_str())
    }),
    field("exposure", Sort::Text, "`internal`, `dmz`, `internet` or `unknown`.", |s| {
        text(s.asset.exposure.as_str())
    }),
    field("legal_entity", Sort::Text, "Legal entity.", |s| text(&s.asset.legal_entity)),
    field("site", Sort::Text, "Site code.", |s| text(&s.asset.site)),
    field("labels", Sort::Texts, "Labels.", |s| Some(Held::Texts(labels(s.asset)))),
    field("data_links", Sort::Number, "Data sets and applications it is linked to.", |s| {
        Some(Held::Number(i64::try_from(s.links.len()).unwrap_or(i64::MAX)))
    }),
    field("known_days", Sort::Number, "Days since it came into the registry.", |s| {
        Some(days(s, s.asset.first_seen))
    }),
    field("unseen_days", Sort::Number, "Days since it was last seen.", |s| {
        Some(days(s, s.asset.last_seen))
    }),
];

const DEVICE: &[Field] = &[
    field("hostname", Sort::Text, "Host name.", |s| text(&s.facts?.host_name)),
    field("manufacturer", Sort::Text, "Manufacturer.", |s| text(&s.facts?.manufacturer)),
    field("model", Sort::Text, "Model.", |s| text(&s.facts?.model)),
    field("serial", Sort::Text, "Serial number.", |s| text(&s.facts?.serial)),
    field("virtualization", Sort::Text, "`none`, `kvm`, `vmware` …", |s| {
        text(&s.facts?.virtualization)
    }),
    field("processor", Sort::Text, "Processor model.", |s| text(&s.facts?.processor)),
    field("threads", Sort::Number, "Logical processors.", |s| count(s.facts?.threads)),
    field("memory_mib", Sort::Number, "Memory, MiB.", |s| {
        let mib = s.facts?.memory_bytes >> 20;
        (mib > 0).then(|| Held::Number(i64::try_from(mib).unwrap_or(i64::MAX)))
    }),
    field("os_family", Sort::Text, "`linux`, `windows` or `macos`.", |s| text(&s.facts?.os.family)),
    field("os", Sort::Text, "Operating system, for example `debian`.", |s| text(&s.facts?.os.id)),
    field("os_version", Sort::Text, "Its version, for example `12`.", |s| {
        text(&s.facts?.os.version)
    }),
    field("architecture", Sort::Text, "Architecture.", |s| text(&s.facts?.os.architecture)),
    field("kernel", Sort::Text, "Running kernel.", |s| text(&s.facts?.os.kernel_running)),
    field("uefi", Sort::Flag, "Whether it started through UEFI.", |s| flag(s.facts?.uefi)),
    field("secure_boot", Sort::Flag, "Whether secure boot is on.", |s| flag(s.facts?.secure_boot)),
    field("reboot_pending", Sort::Flag, "Whether a restart is needed.", |s| {
        flag(s.facts?.reboot_pending)
    }),
    field("encrypted", Sort::Flag, "Whether every volume with data is encrypted.", |s| {
        flag(all(disk::data_volumes(s.facts?).map(|volume| volume.encrypted)))
    }),
    field("firewall", Sort::Flag, "Whether every firewall profile is on.", |s| {
        flag(all(s.facts?.firewall.iter().map(|profile| profile.on)))
    }),
    field("listeners", Sort::Texts, "Reachable ports, as `tcp/22`.", |s| {
        Some(Held::Texts(listeners(s.facts?)?))
    }),
    field("domain", Sort::Text, "DNS domain.", |s| text(&s.facts?.domain)),
    field("addresses", Sort::Texts, "Addresses inside the configured prefixes.", |s| {
        known_texts(&s.facts?.addresses)
    }),
    field("firmware_days", Sort::Number, "Age of the firmware, days.", |s| {
        Some(days(s, Timestamp::of_day(&s.facts?.firmware_date)?))
    }),
    field("tpm", Sort::Flag, "Whether a TPM is present.", |s| flag(s.facts?.tpm)),
    field("tpm_version", Sort::Number, "Major version of the TPM.", |s| {
        count(s.facts?.tpm_version)
    }),
    field("processor_flaws", Sort::Texts, "Processor flaws without mitigation.", |s| {
        Some(Held::Texts(borrowed(s.facts?.processor_flaws.as_ref()?)))
    }),
    field("services", Sort::Texts, "Names of services that run.", |s| {
        Some(Held::Texts(borrowed(s.facts?.services.as_ref()?)))
    }),
    field("accounts", Sort::Number, "Local accounts.", |s| {
        Some(Held::Number(i64::from(s.facts?.accounts.as_ref()?.count)))
    }),
    field("login_accounts", Sort::Number, "Local accounts that can log in.", |s| {
        Some(Held::Number(i64::from(s.facts?.accounts.as_ref()?.login_count)))
    }),
    field("empty_passwords", Sort::Number, "Local accounts with an empty password.", |s| {
        Some(Held::Number(i64::from(s.facts?.accounts.as_ref()?.without_password?)))
    }),
    field("administrators", Sort::Texts, "Administrators: built-in names and pseudonyms.", |s| {
        let administrators = &s.facts?.accounts.as_ref()?.administrators;
        let names = administrators.iter().map(|one| Cow::Borrowed(one.name.as_str()));
        Some(Held::Texts(names.collect()))
    }),
    field("hotfixes", Sort::Texts, "Numbers of installed updates, as `KB5031234`.", |s| {
        Some(Held::Texts(borrowed(s.facts?.hotfixes.as_ref()?)))
    }),
    field(
        "never_expiring_passwords",
        Sort::Number,
        "Passwords that never have to be changed.",
        |s| number(s.facts?.accounts.as_ref()?.never_expiring),
    ),
    field("sudo_without_password", Sort::Number, "Rules of sudo that ask for no password.", |s| {
        number(Some(s.facts?.accounts.as_ref()?.sudo?.without_password))
    }),
    field(
        "ssh_root_login",
        Sort::Text,
        "`yes`, `no`, `prohibit-password` … for root over SSH.",
        |s| text(&s.facts?.ssh.as_ref()?.root_login),
    ),
    field("ssh_password_login", Sort::Flag, "Whether SSH lets in by password.", |s| {
        flag(s.facts?.ssh.as_ref()?.password_login)
    }),
    field("access_control", Sort::Text, "`selinux`, `apparmor` … or `none`.", |s| {
        text(or_none(&s.facts?.access_control.as_ref()?.engine))
    }),
    field("access_control_enforced", Sort::Flag, "Whether it forbids anything.", |s| {
        flag(s.facts?.access_control.as_ref()?.is_enforced())
    }),
    field("kernel_lockdown", Sort::Text, "`none`, `integrity` or `confidentiality`.", |s| {
        text(&s.facts?.kernel_lockdown)
    }),
    field("audit", Sort::Flag, "Whether the kernel's audit is on.", |s| flag(s.facts?.audit)),
    field("logs_forwarded", Sort::Flag, "Whether logs go to another machine.", |s| {
        flag(s.facts?.logs_forwarded)
    }),
    field("usb_storage_blocked", Sort::Flag, "Whether USB storage is barred.", |s| {
        flag(s.facts?.usb_storage_blocked)
    }),
    field("directory_domain", Sort::Text, "Directory it is joined to.", |s| {
        text(&s.facts?.directory_domain)
    }),
    field("cloud_provider", Sort::Text, "`aws`, `azure`, `gcp` …", |s| {
        text(&s.facts?.cloud_provider)
    }),
    field("pending_updates", Sort::Number, "Updates that wait.", |s| {
        number(s.facts?.pending_updates)
    }),
    field("security_updates", Sort::Number, "Security updates that wait.", |s| {
        let facts = s.facts?;
        let updates =
            facts.security_updates.as_ref().filter(|_| !facts.security_updates_partial)?;
        number(Some(u32::try_from(updates.len()).unwrap_or(u32::MAX)))
    }),
    field("updates_days", Sort::Number, "Days since its list of updates was renewed.", |s| {
        Some(days(s, Timestamp::of_day(&s.facts?.updates_refreshed_on)?))
    }),
    field("automatic_updates", Sort::Flag, "Whether updates install themselves.", |s| {
        flag(s.facts?.automatic_updates)
    }),
    field("workloads", Sort::Number, "Containers and virtual machines that run on it.", |s| {
        number(s.facts?.workloads?.running)
    }),
    field("privileged_workloads", Sort::Number, "Privileged containers on it.", |s| {
        number(s.facts?.workloads?.privileged)
    }),
    field("battery_health", Sort::Number, "Capacity of its weakest battery, percent.", |s| {
        number(s.facts?.battery_health_percent)
    }),
    field("packages", Sort::Names, "Names of installed packages.", |s| {
        Some(Held::Installed(s.software?))
    }),
];

const OWNER: &[Field] = &[
    field("unit", Sort::Text, "Code of the unit that owns it.", |s| text(&s.unit?.code)),
    field("unit_name", Sort::Text, "Name of that unit.", |s| text(&s.unit?.name)),
    field("unit_kind", Sort::Text, "`department`, `service`, `team` or `external`.", |s| {
        text(s.unit?.kind.as_str())
    }),
    field("function", Sort::Text, "Function of the holder.", |s| text(&s.owner?.function)),
    field("method", Sort::Text, "`manual`, `rule` or `import`.", |s| {
        text(s.owner?.method.as_str())
    }),
    field("owned_days", Sort::Number, "Days since it has this owner.", |s| {
        Some(days(s, s.owner?.valid_from))
    }),
    field("unit_ended", Sort::Flag, "Whether that unit exists no more.", |s| {
        flag(Some(s.unit?.active_to.is_some_and(|end| end <= s.now)))
    }),
    field("confirmed_days", Sort::Number, "Days since it was confirmed.", |s| {
        Some(days(s, s.owner?.confirmed_at?))
    }),
];

const CLASS: &[Field] = &[
    field("b", Sort::Number, "Availability that counts, 1 to 5.", |s| {
        Some(Held::Number(i64::from(s.class.biv.b.get())))
    }),
    field("i", Sort::Number, "Integrity that counts, 1 to 5.", |s| {
        Some(Held::Number(i64::from(s.class.biv.i.get())))
    }),
    field("v", Sort::Number, "Confidentiality that counts, 1 to 5.", |s| {
        Some(Held::Number(i64::from(s.class.biv.v.get())))
    }),
    field("assumed", Sort::Flag, "Whether the default counts.", |s| {
        flag(Some(s.class.is_assumed()))
    }),
    field(
        "review_days",
        Sort::Number,
        "Days since its own review was due; negative before.",
        |s| Some(days(s, s.classification?.review_due)),
    ),
    field("personal_data", Sort::Text, "`none`, `ordinary`, `special_category` …", |s| {
        text(s.class.personal_data.as_str())
    }),
];

const AGENT: &[Field] = &[
    field("version", Sort::Text, "Version of the agent.", |s| text(&s.agent?.version)),
    field("platform", Sort::Text, "Platform of the agent.", |s| text(&s.agent?.platform)),
    field("unseen_days", Sort::Number, "Days since its last check-in.", |s| {
        Some(days(s, s.agent?.last_seen?))
    }),
];

fn text(text: &str) -> Option<Held<'_>> {
    // The facts keep what is not known as an empty text.
    (!text.is_empty()).then_some(Held::Text(text))
}

fn flag(flag: Option<bool>) -> Option<Held<'static>> {
    flag.map(Held::Flag)
}

fn count(count: u32) -> Option<Held<'static>> {
    (count > 0).then(|| Held::Number(i64::from(count)))
}

/// A number that may also be nought.
fn number(number: Option<u32>) -> Option<Held<'static>> {
    number.map(|number| Held::Number(i64::from(number)))
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn days(subject: &Subject<'_>, since: Timestamp) -> Held<'static> {
    Held::Number(subject.now.days_since(since))
}

fn borrowed(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|text| Cow::Borrowed(text.as_str())).collect()
}

/// A list whose being empty says nothing.
fn known_texts(texts: &[String]) -> Option<Held<'_>> {
    (!texts.is_empty()).then(|| Held::Texts(borrowed(texts)))
}

fn labels(asset: &Asset) -> Vec<Cow<'_, str>> {
    asset.labels.iter().map(|label| Cow::Borrowed(label.as_str())).collect()
}

fn listeners(facts: &DeviceFacts) -> Option<Vec<Cow<'_, str>>> {
    let listeners = facts.listeners.as_ref()?.iter().filter(|listener| listener.remote);
    let mut ports: Vec<_> = listeners
        .map(|listener| Cow::Owned(format!("{}/{}", listener.protocol, listener.port)))
        .collect();
    ports.dedup();
    Some(ports)
}

/// All of them: no when one is known not to, unknown when one is unknown or there is none.
fn all(values: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = None;
    for value in values {
        match (value, result) {
            (Some(false), _) => return Some(false),
            (None, _) => result = Some(None),
            (Some(true), None) => result = Some(Some(true)),
            (Some(true), Some(_)) => {}
        }
    }
    result.flatten()
}
