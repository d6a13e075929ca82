//! What can be told from the state of the assets at one moment, counted asset by asset.

use std::collections::{BTreeMap, BTreeSet};

use belfort_model::asset::{AssetKind, Lifecycle, Subtype};
use belfort_model::classification::EffectiveClass;
use belfort_model::finding::CheckResult;
use belfort_model::id::UnitId;
use belfort_model::scale::Level;
use belfort_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Known, Reason, Share};
use crate::catalogue::Catalogue;

/// Days a device may be away (K3, K5).
const SEEN_DAYS: i64 = 7;
/// Days an inventory may be old (K4).
const INVENTORY_DAYS: i64 = 14;
/// Days a confirmation of ownership holds (K1).
const CONFIRMATION_DAYS: i64 = 365;

/// One asset as it is counted.
#[derive(Clone, Debug)]
pub struct Measured<'a> {
    /// What kind of thing it is.
    pub kind: AssetKind,
    /// Its form.
    pub subtype: Subtype,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// Unit of the active owner.
    pub owner: Option<UnitId>,
    /// Unit it was enrolled for.
    pub proposed: Option<UnitId>,
    /// When the owner last confirmed it.
    pub confirmed_at: Option<Timestamp>,
    /// The class that counts.
    pub class: &'a EffectiveClass,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// Whether an agent delivered an inventory of it.
    pub has_inventory: bool,
    /// Last check-in of its active agent; nothing when it has none.
    pub agent_seen: Option<Timestamp>,
    /// Whether it has an active agent.
    pub has_agent: bool,
    /// What each check said, by code.
    pub results: &'a BTreeMap<String, CheckResult>,
}

/// Assets a check was tried on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCount {
    /// As it should be.
    pub pass: u64,
    /// Not as it should be.
    pub hit: u64,
    /// Could not be told.
    pub unknown: u64,
}

/// Assets a control bears on, through the checks that cite it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlCount {
    /// Checks that cite it, by code.
    pub checks: BTreeSet<String>,
    /// Assets any of them concerns.
    pub in_scope: u64,
    /// Assets on which all that concern them pass.
    pub compliant: u64,
    /// Assets on which at least one does not.
    pub failing: u64,
    /// Assets on which none fails, but one could not be told.
    pub unknown: u64,
}

/// Assets of one unit; of none, for assets without an owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceCount {
    /// The unit that owns them.
    pub unit: Option<UnitId>,
    /// Assets in use.
    pub assets: u64,
    /// Devices among them.
    pub devices: u64,
    /// Assets whose class is assumed.
    pub without_class: u64,
    /// Assets without an owner that were enrolled for this unit.
    pub waiting_for_owner: u64,
    /// Devices whose agent reports, of those where one is expected.
    pub reporting: Share,
}

/// What the assets in use were like at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// Assets in use.
    pub assets: u64,
    /// Devices among them.
    pub devices: u64,
    /// K1: with an owner who confirmed within a year.
    pub owner_confirmed: Share,
    /// K2: with a confirmed class, their own or inherited.
    pub classified: Share,
    /// K3: devices seen within 7 days.
    pub seen: Share,
    /// K4: devices whose inventory was delivered or found unchanged within 14 days.
    pub inventoried: Share,
    /// K5: agents that report, of the computers where one is expected.
    pub reporting: Share,
    /// K6: devices past the end of life of their system or software; `good` counts those that are.
    pub end_of_life: Known<Share>,
    /// K7: laptops of class V3 and up that are encrypted.
    pub encrypted: Known<Share>,
    /// K8: devices with active and current malware protection.
    pub protected: Known<Share>,
    /// K9: devices without an overdue update.
    pub patched: Known<Share>,
    /// Per unit, those without an owner first, then by id.
    pub services: Vec<ServiceCount>,
    /// Per check of the catalogue.
    pub checks: BTreeMap<String, CheckCount>,
    /// Per control of CyFun 2025 that a check cites.
    pub controls: BTreeMap<String, ControlCount>,
}

/// Counts assets one by one.
pub struct Tally<'a> {
    catalogue: &'a Catalogue,
    at: Timestamp,
    services: BTreeMap<Option<UnitId>, ServiceCount>,
    result: Measurement,
}

impl<'a> Tally<'a> {
    /// Counts as of this moment.
    pub fn new(catalogue: &'a Catalogue, at: Timestamp) -> Self {
        let known = |codes: &[&str]| {
            // A figure over several checks is known when the catalogue has any of them.
            if codes.iter().any(|code| catalogue.findings.contains_key(*code)) {
                Known::Known(Share::default())
            } else {
                Known::Unknown(Reason::NoCheck)
            }
        };
        let mut controls: BTreeMap<String, ControlCount> = BTreeMap::new();
        for kind in catalogue.findings.values() {
            for control in &kind.cyfun_2025 {
                controls.entry(control.clone()).or_default().checks.insert(kind.code.clone());
            }
        }
        let result = Measurement {
            assets: 0,
            devices: 0,
            owner_confirmed: Share::default(),
            classified: Share::default(),
            seen: Share::default(),
            inventoried: Share::default(),
            reporting: Share::default(),
            end_of_life: known(END_OF_LIFE),
            encrypted: known(ENCRYPTED),
            protected: known(PROTECTED),
            patched: known(PATCHED),
            services: Vec::new(),
            checks: catalogue.findings.keys().map(|code| (code.clone(), <_>::default())).collect(),
            controls,
        };
        Self { catalogue, at, services: BTreeMap::new(), result }
    }

    /// Counts one asset; only those in use count.
    pub fn add(&mut self, asset: &Measured<'_>) {
        if asset.lifecycle != Lifecycle::InUse {
            return;
        }
        let within = |moment: Timestamp, days| self.at.days_since(moment) < days;
        let is_device = asset.kind == AssetKind::Device;
        let confirmed = asset.confirmed_at.is_some_and(|at| within(at, CONFIRMATION_DAYS));
        let classified = !asset.class.is_assumed();
        let result = &mut self.result;
        result.assets += 1;
        result.owner_confirmed.add(asset.owner.is_some() && confirmed);
        result.classified.add(classified);
        let expected = is_device && (asset.has_agent || takes_an_agent(asset.subtype));
        let reports = asset.agent_seen.is_some_and(|at| within(at, SEEN_DAYS));
        if is_device {
            result.devices += 1;
            result.seen.add(within(asset.last_seen, SEEN_DAYS));
        }
        if expected {
            let current = asset.agent_seen.is_some_and(|at| within(at, INVENTORY_DAYS));
            result.inventoried.add(asset.has_inventory && current);
            result.reporting.add(reports);
        }
        let service = entry(&mut self.services, asset.owner);
        service.assets += 1;
        service.devices += u64::from(is_device);
        service.without_class += u64::from(!classified);
        if expected {
            service.reporting.add(reports);
        }
        if let (None, Some(proposed)) = (asset.owner, asset.proposed) {
            entry(&mut self.services, Some(proposed)).waiting_for_owner += 1;
        }
        self.checks(asset);
    }

    fn checks(&mut self, asset: &Measured<'_>) {
        let result = &mut self.result;
        if asset.kind == AssetKind::Device {
            // Checks do not concern what no agent reports; a figure about computers does.
            let blind = takes_an_agent(asset.subtype) && !asset.has_inventory;
            let judge = |codes, needed| {
                if blind { Judged::Unknown } else { judge(asset.results, codes, needed) }
            };
            // Past its end of life is what is counted, so the roles are turned.
            let turned = judge(END_OF_LIFE, Any).map(|passes| !passes);
            count(&mut result.end_of_life, turned);
            if asset.subtype == Subtype::Laptop && asset.class.biv.v >= Level::THREE {
                count(&mut result.encrypted, judge(ENCRYPTED, All));
            }
            count(&mut result.protected, judge(PROTECTED, All));
            count(&mut result.patched, judge(PATCHED, All));
        }
        for (code, said) in asset.results {
            let Some(check) = result.checks.get_mut(code) else { continue };
            match said {
                CheckResult::Pass => check.pass += 1,
                CheckResult::Hit => check.hit += 1,
                CheckResult::Unknown => check.unknown += 1,
                CheckResult::NotApplicable => {}
            }
        }
        for control in result.controls.values_mut() {
            let codes: Vec<&str> = control.checks.iter().map(String::as_str).collect();
            match judge(asset.results, &codes, All) {
                Judged::NotConcerned => continue,
                Judged::Known(true) => control.compliant += 1,
                Judged::Known(false) => control.failing += 1,
                Judged::Unknown => control.unknown += 1,
            }
            control.in_scope += 1;
        }
    }

    /// What was counted.
    pub fn finish(self) -> Measurement {
        let mut result = self.result;
        for share in [
            &mut result.end_of_life,
            &mut result.encrypted,
            &mut result.protected,
            &mut result.patched,
        ] {
            if let Known::Known(counted) = share {
                *share = counted.known();
            }
        }
        result.checks.retain(|code, _| self.catalogue.findings.contains_key(code));
        result.services = self.services.into_values().collect();
        result
    }
}

const END_OF_LIFE: &[&str] = &["os.end_of_life", "software.end_of_life"];
const ENCRYPTED: &[&str] = &["disk.unencrypted"];
const PROTECTED: &[&str] = &["malware_protection.absent", "malware_protection.outdated"];
const PATCHED: &[&str] = &["patch.overdue"];

/// Whether an agent is expected on a device of this form.
fn takes_an_agent(subtype: Subtype) -> bool {
    matches!(subtype, Subtype::Laptop | Subtype::Desktop | Subtype::Server | Subtype::Vm)
}

fn entry(
    services: &mut BTreeMap<Option<UnitId>, ServiceCount>,
    unit: Option<UnitId>,
) -> &mut ServiceCount {
    services.entry(unit).or_insert_with(|| ServiceCount {
        unit,
        assets: 0,
        devices: 0,
        without_class: 0,
        waiting_for_owner: 0,
        reporting: Share::default(),
    })
}

/// What some checks say of one asset together.
#[derive(Clone, Copy)]
enum Judged {
    Known(bool),
    Unknown,
    NotConcerned,
}

impl Judged {
    fn map(self, turn: impl Fn(bool) -> bool) -> Self {
        match self {
            Self::Known(value) => Self::Known(turn(value)),
            other => other,
        }
    }
}

/// How many of the checks must be known for a good answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    All,
    Any,
}
use Needed::{All, Any};

/// One check that fails is enough; otherwise as many as needed must have been told.
fn judge(results: &BTreeMap<String, CheckResult>, codes: &[&str], needed: Needed) -> Judged {
    let said = |wanted| codes.iter().any(|code| results.get(*code) == Some(&wanted));
    if said(CheckResult::Hit) {
        Judged::Known(false)
    } else if said(CheckResult::Unknown) && (needed == All || !said(CheckResult::Pass)) {
        Judged::Unknown
    } else if said(CheckResult::Pass) {
        Judged::Known(true)
    } else {
        Judged::NotConcerned
    }
}

fn count(share: &mut Known<Share>, judged: Judged) {
    let Known::Known(share) = share else { return };
    match judged {
        Judged::Known(good) => share.add(good),
        Judged::Unknown => share.unknown += 1,
        Judged::NotConcerned => {}
    }
}
