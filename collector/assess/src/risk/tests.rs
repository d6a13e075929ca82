use belfort_model::classification::Origin;
use belfort_model::finding::{Finding, FindingStatus, Triage};
use belfort_model::id::FindingId;
use belfort_model::time::Timestamp;
use uuid::Uuid;

use super::*;

struct Device {
    id: AssetId,
    class: EffectiveClass,
    results: BTreeMap<String, CheckResult>,
    findings: Vec<Finding>,
}

impl Device {
    fn new(number: u128, (b, i, v): (i64, i64, i64)) -> Self {
        let biv = Biv::new(Level::clamped(b), Level::clamped(i), Level::clamped(v));
        let own = || Origin::Own;
        let class = EffectiveClass {
            biv,
            b_from: own(),
            i_from: own(),
            v_from: own(),
            personal_data: PersonalData::None,
        };
        let results = Catalogue::shipped()
            .unwrap()
            .findings
            .keys()
            .map(|code| (code.clone(), CheckResult::Pass))
            .collect();
        Self { id: AssetId(Uuid::from_u128(number)), class, results, findings: vec![] }
    }

    fn hit(mut self, code: &str) -> Self {
        let catalogue = Catalogue::shipped().unwrap();
        let kind = &catalogue.findings[code];
        self.findings.push(Finding {
            id: FindingId(Uuid::from_u128(self.id.0.as_u128() * 100 + self.findings.len() as u128)),
            code: code.to_owned(),
            asset: self.id,
            key: String::new(),
            status: FindingStatus::Open,
            first_observed: Timestamp(0),
            last_observed: Timestamp(0),
            resolved_at: None,
            likelihood: kind.likelihood,
            dimensions: kind.dimensions,
            evidence: vec![],
            triage: Triage::default(),
        });
        self.results.insert(code.to_owned(), CheckResult::Hit);
        self
    }

    fn with(mut self, personal_data: PersonalData) -> Self {
        self.class.personal_data = personal_data;
        self
    }
}

fn run(devices: &[Device]) -> Vec<(RiskKey, Suggestion)> {
    let counted =
        |device: &Device| device.findings.iter().filter_map(Finding::unresolved).collect();
    let findings: Vec<Vec<_>> = devices.iter().map(counted).collect();
    let scoped: Vec<_> = devices
        .iter()
        .zip(&findings)
        .map(|(device, findings)| Scoped {
            id: device.id,
            class: &device.class,
            results: &device.results,
            findings,
        })
        .collect();
    let unit = Some(UnitId(Uuid::from_u128(9)));
    suggestions(&Catalogue::shipped().unwrap(), unit, &scoped)
}

fn numbers(rating: Rating) -> [u8; 3] {
    [rating.likelihood.get(), rating.impact.get(), rating.severity.get()]
}

/// A unit of four, of which the others are as they should be: one hit is not over a quarter.
fn in_a_unit_of_four(device: Device) -> Vec<(RiskKey, Suggestion)> {
    run(&[device, Device::new(2, (1, 1, 1)), Device::new(3, (1, 1, 1)), Device::new(4, (1, 1, 1))])
}

/// Worked example: a fixed device whose disk is not encrypted (L2), with data of class V3 and ordinary
/// personal data. Impact: V3, citizens 3, legal 3+1 = 4, reputation 3 → 4. Matrix (2, 4) → 3. Of four
/// assets in scope three comply → 75% → control 2 → P2.
#[test]
fn one_unencrypted_server() {
    let device = Device::new(1, (2, 2, 3)).hit("disk.unencrypted").with(PersonalData::Ordinary);
    let all = in_a_unit_of_four(device);
    let [(key, suggestion)] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((key.scenario.as_str(), key.asset), ("data_loss_by_theft", None));
    assert_eq!(numbers(suggestion.inherent), [2, 4, 3]);
    assert_eq!(numbers(suggestion.current), [2, 4, 3]);
    assert_eq!(suggestion.biv.to_string(), "B1 I1 V3");
    let facets = suggestion.facets;
    assert_eq!(
        [facets.operations, facets.citizens, facets.legal, facets.reputation].map(Level::get),
        [1, 3, 4, 3]
    );
    assert_eq!((suggestion.control, suggestion.priority), (Level::TWO, Priority::P2));
    assert_eq!((suggestion.compliant, suggestion.in_scope), (3, 4));
}

/// Class 4 on a dimension hit: an entry of its own; on another dimension: none.
#[test]
fn an_important_asset_stands_apart() {
    let all = run(&[
        Device::new(1, (1, 1, 4)).hit("disk.unencrypted"),
        Device::new(2, (4, 1, 3)).hit("disk.unencrypted"),
        Device::new(3, (1, 1, 1)),
    ]);
    let keys: Vec<_> = all.iter().map(|(key, _)| key.asset.map(|a| a.0.as_u128())).collect();
    assert_eq!(keys.len(), 2);
    assert!(keys.contains(&Some(1)) && keys.contains(&None), "{keys:?}");
    let (_, together) = all.iter().find(|(key, _)| key.asset.is_none()).unwrap();
    assert_eq!(together.assets.len(), 1);
}

/// Special-category data lifts citizens and legal by one: 4 becomes 5; with likelihood 4 → severity 5.
#[test]
fn special_categories_weigh_more() {
    let device =
        Device::new(1, (1, 1, 4)).hit("listener.insecure").with(PersonalData::SpecialCategory);
    let all = run(&[device]);
    let (key, suggestion) = &all[0];
    assert!(key.asset.is_some());
    assert_eq!(numbers(suggestion.inherent), [4, 5, 5]);
}

/// Over a quarter of the unit hit: one likelier. 1 of 4 is not over a quarter, 2 of 4 is.
#[test]
fn what_is_widespread_is_likelier() {
    let unit = |hit: usize| -> Vec<Device> {
        (1..=4)
            .map(|n| {
                let device = Device::new(n, (2, 2, 2));
                if n as usize <= hit { device.hit("firewall.off") } else { device }
            })
            .collect()
    };
    assert_eq!(run(&unit(1))[0].1.inherent.likelihood.get(), 3);
    assert_eq!(run(&unit(2))[0].1.inherent.likelihood.get(), 4);
    // A unit of one asset is hit as a whole.
    let alone = run(&[Device::new(1, (2, 2, 2)).hit("firewall.off")]);
    assert_eq!(alone[0].1.inherent.likelihood.get(), 4);
}

/// Telnet (L4) behind a firewall that is on everywhere it counts: one check holds, so the likelihood falls
/// by one. With the firewall off, or unknown, it is no mitigation.
#[test]
fn other_controls_mitigate_and_the_failed_one_does_not() {
    let behind = in_a_unit_of_four(Device::new(1, (2, 3, 3)).hit("listener.insecure"));
    assert_eq!(numbers(behind[0].1.inherent), [4, 3, 4]);
    assert_eq!(numbers(behind[0].1.current), [3, 3, 3]);
    let open = Device::new(1, (2, 3, 3)).hit("listener.insecure").hit("firewall.off");
    let open = in_a_unit_of_four(open);
    assert_eq!(numbers(open[0].1.current), [4, 3, 4]);
    let mut unknown = Device::new(1, (2, 3, 3)).hit("listener.insecure");
    unknown.results.insert("firewall.off".to_owned(), CheckResult::Unknown);
    assert_eq!(numbers(in_a_unit_of_four(unknown)[0].1.current), [4, 3, 4]);
}

#[test]
fn what_is_resolved_excepted_or_information_counts_for_nothing() {
    for status in [FindingStatus::Resolved, FindingStatus::Excepted, FindingStatus::FalsePositive] {
        let mut device = Device::new(1, (3, 3, 3)).hit("disk.unencrypted");
        device.findings[0].status = status;
        assert!(run(&[device]).is_empty(), "{status}");
    }
    let mut information = Device::new(1, (3, 3, 3)).hit("disk.unencrypted");
    information.findings[0].dimensions = Dimensions::default();
    assert!(run(&[information]).is_empty());
}

/// A flaw that tells only a little (C:L) of confidential data: V4 counts as 3; and never below 1.
#[test]
fn a_low_impact_takes_one_off() {
    let with = |class, dimensions: &str| {
        let mut device = Device::new(1, class).hit("os.end_of_life");
        device.findings[0].dimensions = Dimensions::try_from(dimensions.to_owned()).unwrap();
        run(&[device])[0].1.biv.to_string()
    };
    assert_eq!(with((2, 3, 4), "V"), "B1 I1 V4");
    assert_eq!(with((2, 3, 4), "v"), "B1 I1 V3");
    assert_eq!(with((1, 3, 4), "bIv"), "B1 I3 V3");
}

#[test]
fn control_counts_what_is_unknown_as_not_covered() {
    let mut devices: Vec<_> = (1..=20).map(|n| Device::new(n, (2, 2, 2))).collect();
    devices[0] = Device::new(1, (2, 2, 2)).hit("disk.unencrypted");
    let suggestion = |devices: &[Device]| run(devices)[0].1.clone();
    assert_eq!(suggestion(&devices).control, Level::FOUR, "19 of 20");
    devices[1].results.insert("disk.unencrypted".to_owned(), CheckResult::Unknown);
    assert_eq!(suggestion(&devices).control, Level::THREE, "18 of 20");
    for code in Catalogue::shipped().unwrap().linked_checks("data_loss_by_theft") {
        devices[2].results.insert(code.to_owned(), CheckResult::NotApplicable);
    }
    assert_eq!(suggestion(&devices).in_scope, 19);
}

#[test]
fn the_same_findings_give_the_same_suggestions_in_any_order() {
    let unit = || {
        vec![
            Device::new(1, (1, 2, 3)).hit("firewall.off").hit("disk.unencrypted"),
            Device::new(2, (3, 2, 1)).hit("os.end_of_life"),
            Device::new(3, (5, 5, 5)).hit("reboot.pending"),
        ]
    };
    let mut reversed = unit();
    reversed.reverse();
    assert_eq!(run(&unit()), run(&reversed));
}

/// Review days per severity: 30 at 5, 90 at 4, 180 at 3, 365 below.
#[test]
fn the_worse_a_risk_the_sooner_its_review() {
    use belfort_model::scale::review_days;
    assert_eq!(Level::ALL.map(review_days), [365, 365, 180, 90, 30]);
}

/// Every cell of the matrix and every pair of severity and control, read once more from `domain.md`.
#[test]
fn matrix_and_priorities_are_those_of_the_domain() {
    let matrix = belfort_model::scale::Matrix::default();
    let rows = ["1 1 2 2 2", "1 2 2 3 3", "2 2 3 4 4", "2 3 4 4 5", "3 4 4 5 5"];
    for (likelihood, row) in Level::ALL.iter().zip(rows) {
        let cells = Level::ALL.map(|impact| matrix.severity(*likelihood, impact).to_string());
        assert_eq!(cells.join(" "), row, "likelihood {likelihood}");
    }
    // Rows are severity 1 to 5, columns control 1 to 5.
    let rows =
        ["P4 P4 P4 P4 P4", "P3 P3 P4 P4 P4", "P2 P2 P3 P4 P4", "P1 P1 P2 P3 P3", "P1 P1 P2 P3 P3"];
    for (severity, row) in Level::ALL.iter().zip(rows) {
        let cells = Level::ALL.map(|control| Priority::of(*severity, control).to_string());
        assert_eq!(cells.join(" "), row, "severity {severity}");
    }
}

/// Every band of control, by the assets of a unit that comply: of 100, one to thirty are not encrypted.
#[test]
fn every_band_of_control() {
    let control = |hit: u128| {
        let unit: Vec<_> = (1..=100)
            .map(|n| {
                let device = Device::new(n, (1, 1, 1));
                if n <= hit { device.hit("disk.unencrypted") } else { device }
            })
            .collect();
        run(&unit)[0].1.control.get()
    };
    let bands = [1, 2, 5, 6, 10, 11, 25, 26].map(control);
    assert_eq!(bands, [5, 4, 4, 3, 3, 2, 2, 1]);
}

/// Current likelihood = max(1, likelihood − {1: 0, 2: 0, 3: 1, 4: 2, 5: 3}), for every pair.
#[test]
fn every_reduction_of_likelihood() {
    for (control, less) in Level::ALL.into_iter().zip([0i64, 0, 1, 2, 3]) {
        for likelihood in Level::ALL {
            let expected = (i64::from(likelihood.get()) - less).max(1);
            let current = i64::from(current_likelihood(likelihood, control).get());
            assert_eq!(current, expected, "likelihood {likelihood}, control {control}");
        }
    }
}

/// Severity 5 gives an entry of its own though no class is 4: L5 on V3 with special-category data is 5 × 4.
/// One step less likely is severity 4, and shared.
#[test]
fn severity_five_stands_apart_below_class_four() {
    let device = |likelihood| {
        let mut device =
            Device::new(1, (1, 1, 3)).hit("listener.insecure").with(PersonalData::SpecialCategory);
        device.findings[0].likelihood = likelihood;
        in_a_unit_of_four(device)
    };
    let own = device(Level::FIVE);
    assert!(own[0].0.asset.is_some() && own[0].0.unit.is_none());
    assert_eq!(numbers(own[0].1.inherent), [5, 4, 5]);
    let shared = device(Level::FOUR);
    assert_eq!((shared[0].0.asset, numbers(shared[0].1.inherent)), (None, [4, 4, 4]));
}

/// Facets from B3 I2 V4 with ordinary data, by what is hit: operations = B, citizens and reputation =
/// max(V, I), legal = V + 1; a dimension that is not hit counts for nothing.
#[test]
fn facets_follow_the_dimensions_hit() {
    let facets = |dimensions: &str| {
        let mut device = Device::new(1, (3, 2, 4)).hit("firewall.off").with(PersonalData::Ordinary);
        device.findings[0].dimensions = Dimensions::try_from(dimensions.to_owned()).unwrap();
        let facets = run(&[device])[0].1.facets;
        [facets.operations, facets.citizens, facets.legal, facets.reputation].map(Level::get)
    };
    assert_eq!(facets("BIV"), [3, 4, 5, 4]);
    assert_eq!(facets("B"), [3, 1, 1, 1]);
    assert_eq!(facets("I"), [1, 2, 1, 2]);
    assert_eq!(facets("V"), [1, 4, 5, 4]);
}

/// The impact of a shared entry is that of the worst asset hit, its likelihood the highest.
#[test]
fn a_shared_entry_takes_the_worst_of_its_assets() {
    let mut devices = vec![
        Device::new(1, (1, 1, 2)).hit("disk.unencrypted"),
        Device::new(2, (1, 1, 3)).hit("disk.unencrypted"),
    ];
    devices[0].findings[0].likelihood = Level::THREE;
    devices.extend((3..=8).map(|n| Device::new(n, (1, 1, 1))));
    let all = run(&devices);
    assert_eq!((all.len(), numbers(all[0].1.inherent)), (1, [3, 3, 3]), "2 of 8 is not over 25%");
    assert_eq!(all[0].1.assets.len(), 2);
}

/// A control that failed on the asset hit is not its mitigation, though it holds on all the others.
#[test]
fn the_control_that_failed_never_counts_as_its_own_mitigation() {
    let hit = Device::new(1, (2, 3, 3)).hit("firewall.off");
    let mut unit = vec![hit];
    unit.extend((2..=200).map(|n| Device::new(n, (2, 3, 3))));
    let all = run(&unit);
    assert_eq!(all[0].1.control, Level::FIVE, "199 of 200");
    assert_eq!(all[0].1.inherent, all[0].1.current);
}
