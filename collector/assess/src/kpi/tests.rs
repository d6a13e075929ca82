use belfort_model::asset::{AssetKind, Lifecycle, Subtype};
use belfort_model::classification::EffectiveClass;
use belfort_model::finding::CheckResult;
use belfort_model::id::UnitId;
use belfort_model::scale::{Biv, Level};
use uuid::Uuid;

use super::*;
use crate::catalogue::Catalogue;

const NOW: Timestamp = Timestamp(1_780_000_000_000);

struct Device {
    owner: Option<UnitId>,
    class: EffectiveClass,
    results: BTreeMap<String, CheckResult>,
}

fn device(v: i64, results: &[(&str, CheckResult)]) -> Device {
    let mut class = EffectiveClass::of(None, &[]);
    class.biv = Biv { v: Level::clamped(v), ..class.biv };
    let results = results.iter().map(|(code, said)| ((*code).to_owned(), *said)).collect();
    Device { owner: None, class, results }
}

impl Device {
    fn measured(&self) -> Measured<'_> {
        Measured {
            kind: AssetKind::Device,
            subtype: Subtype::Laptop,
            lifecycle: Lifecycle::InUse,
            owner: self.owner,
            proposed: None,
            confirmed_at: Some(NOW),
            class: &self.class,
            last_seen: NOW,
            has_inventory: true,
            agent_seen: Some(NOW),
            has_agent: true,
            results: &self.results,
        }
    }
}

fn catalogue() -> Catalogue {
    Catalogue::shipped().unwrap()
}

fn counts() -> Counts {
    let none = Known::Known(Count::default());
    Counts {
        at: NOW,
        known_exploited: Known::Unknown(Reason::NoAdvisories),
        unauthorised_software: none.clone(),
        resolved: vec![],
        reviews_late: Count::default(),
        actions_late: none.clone(),
        exceptions_expired: none,
        sources: vec![],
    }
}

fn of(measurement: Measurement, id: &str) -> Figure {
    let all = figures(&Known::Known(measurement), &counts());
    all.into_iter().find(|figure| figure.id == id).unwrap()
}

#[test]
fn there_are_sixteen_in_order() {
    let all = figures(&Known::Unknown(Reason::NotKept), &counts());
    let ids: Vec<_> = all.iter().map(|figure| figure.id.clone()).collect();
    let expected: Vec<_> = (1..=16).map(|number| format!("K{number}")).collect();
    assert_eq!(ids, expected);
    // Without the state of that moment its figures are unknown, the others are not.
    for figure in &all[..9] {
        assert_eq!(figure.value, Known::Unknown(Reason::NotKept), "{}", figure.id);
        assert_eq!(figure.colour, Colour::Unknown);
    }
    assert_eq!(all[12].colour, Colour::Green);
}

#[test]
fn of_nothing_nothing_is_known() {
    let catalogue = catalogue();
    let empty = Tally::new(&catalogue, NOW).finish();
    for id in ["K1", "K2", "K3", "K4", "K5", "K7"] {
        let figure = of(empty.clone(), id);
        assert_eq!(figure.value, Known::Unknown(Reason::NothingInScope), "{id}");
        assert_eq!(figure.colour, Colour::Unknown);
    }
}

#[test]
fn a_check_that_could_not_run_is_neither_pass_nor_hit() {
    use CheckResult::{Hit, Pass, Unknown};
    let catalogue = catalogue();
    let mut tally = Tally::new(&catalogue, NOW);
    tally.add(&device(3, &[("disk.unencrypted", Unknown)]).measured());
    assert_eq!(of(tally.finish(), "K7").value, Known::Unknown(Reason::NotChecked));

    let mut tally = Tally::new(&catalogue, NOW);
    for (v, said) in [(3, Pass), (3, Unknown), (4, Hit), (2, Hit)] {
        let device = device(v, &[("disk.unencrypted", said)]);
        tally.add(&device.measured());
    }
    let measurement = tally.finish();
    let share = Share { good: 1, of: 2, unknown: 1 };
    assert_eq!(measurement.encrypted, Known::Known(share), "V2 is outside");
    assert_eq!(measurement.checks["disk.unencrypted"], CheckCount { pass: 1, hit: 2, unknown: 1 });
    let control = &measurement.controls["PR.DS-01.6"];
    assert_eq!(
        (control.in_scope, control.compliant, control.failing, control.unknown),
        (4, 1, 2, 1)
    );
}

#[test]
fn a_computer_that_no_agent_reports_is_not_told() {
    let catalogue = catalogue();
    let device = device(3, &[("disk.unencrypted", CheckResult::NotApplicable)]);
    let mut tally = Tally::new(&catalogue, NOW);
    tally.add(&Measured { has_inventory: false, ..device.measured() });
    let measurement = tally.finish();
    assert_eq!(measurement.encrypted, Known::Unknown(Reason::NotChecked));
    // A printer is no computer.
    let mut tally = Tally::new(&catalogue, NOW);
    let printer = Measured { subtype: Subtype::Printer, has_inventory: false, ..device.measured() };
    tally.add(&printer);
    assert_eq!(tally.finish().end_of_life, Known::Unknown(Reason::NothingInScope));
}

#[test]
fn a_figure_without_a_check_is_unknown() {
    let mut catalogue = catalogue();
    catalogue.findings.remove("disk.unencrypted");
    let mut tally = Tally::new(&catalogue, NOW);
    tally.add(&device(5, &[]).measured());
    assert_eq!(tally.finish().encrypted, Known::Unknown(Reason::NoCheck));
}

#[test]
fn only_what_is_in_use_counts_and_times_are_kept() {
    let catalogue = catalogue();
    let unit = UnitId(Uuid::from_u128(7));
    let mut owned = device(3, &[]);
    owned.owner = Some(unit);
    let mut tally = Tally::new(&catalogue, NOW);
    tally.add(&Measured { lifecycle: Lifecycle::Disposed, ..owned.measured() });
    tally.add(&owned.measured());
    // A year and a week ago exactly is too long ago.
    tally.add(&Measured {
        confirmed_at: Some(NOW.plus_days(-365)),
        last_seen: NOW.plus_days(-7),
        agent_seen: Some(NOW.plus_days(-7)),
        ..owned.measured()
    });
    let measurement = tally.finish();
    assert_eq!(measurement.assets, 2);
    let half = Share { good: 1, of: 2, unknown: 0 };
    assert_eq!(measurement.owner_confirmed, half);
    assert_eq!(measurement.seen, half);
    assert_eq!(measurement.reporting, half);
    assert_eq!(measurement.inventoried, Share { good: 2, of: 2, unknown: 0 });
    assert_eq!(measurement.services.len(), 1);
    assert_eq!(measurement.services[0].reporting, half);
}

#[test]
fn colours_follow_the_thresholds() {
    let share = |good, of, unknown| Share { good, of, unknown };
    assert_eq!(share(99, 100, 0).colour(), Colour::Green);
    assert_eq!(share(989, 1000, 0).colour(), Colour::Amber);
    assert_eq!(share(95, 100, 0).colour(), Colour::Amber);
    assert_eq!(share(949, 1000, 0).colour(), Colour::Red);
    assert_eq!(share(0, 0, 9).colour(), Colour::Unknown);
    // All that could be told comply, but too many could not be told.
    assert_eq!(share(90, 90, 10).colour(), Colour::Amber);
    assert_eq!(share(1, 100, 0).colour_of_bad(), Colour::Green);
    assert_eq!(share(11, 1000, 0).colour_of_bad(), Colour::Amber);
    assert_eq!(share(6, 100, 0).colour_of_bad(), Colour::Red);
    assert_eq!(share(1999, 2000, 0).per_mille(), Some(999), "all is only said of all");
}

#[test]
fn known_exploited_is_amber_while_it_is_young() {
    let of = |days: i64, count| {
        let count = Count { count, of: None, oldest: Some(NOW.plus_days(-days)) };
        exploited(&Known::Known(count), NOW).colour
    };
    assert_eq!(of(99, 0), Colour::Green);
    assert_eq!(of(14, 2), Colour::Amber);
    assert_eq!(of(15, 2), Colour::Red);
    assert_eq!(exploited(&Known::Unknown(Reason::NoAdvisories), NOW).colour, Colour::Unknown);
}

#[test]
fn the_median_is_a_day_that_occurred() {
    use Priority::{P1, P3};
    let figure = resolved(&[(P1, 9), (P1, 1), (P3, 4), (P1, 3), (P3, 8)]);
    let Known::Known(Value::Days(days)) = figure.value else { panic!() };
    assert_eq!(days[&P1], Median { days: 3, of: 3 });
    assert_eq!(days[&P3], Median { days: 4, of: 2 });
    assert_eq!(resolved(&[]).value, Known::Unknown(Reason::NothingResolved));
}

#[test]
fn old_advisory_data_are_red_and_none_are_unknown() {
    let source = |age_days: i64| Source {
        name: "cisa-kev".to_owned(),
        version: String::new(),
        as_of: NOW.plus_days(-age_days),
        most_days: 2,
        age_days,
    };
    let colour = |sources| {
        let all = figures(&Known::Unknown(Reason::NotKept), &Counts { sources, ..counts() });
        all[15].colour
    };
    assert_eq!(colour(vec![]), Colour::Unknown);
    assert_eq!(colour(vec![source(2)]), Colour::Green);
    assert_eq!(colour(vec![source(2), source(3)]), Colour::Red);
}
