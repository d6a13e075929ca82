//! Exceptions as they were at a moment, over a real database.

use std::cell::Cell;

use belfort_assess::catalogue::Catalogue;
use belfort_model::data_set::PersonalData;
use belfort_model::exception::{Exception, ExceptionScope, NewException};
use belfort_model::id::{AssetId, ExceptionId, UnitId};
use belfort_model::scale::{Biv, Level};
use belfort_model::unit::UnitKind;
use belfort_store::record::{Audit, FindingFilter};
use uuid::Uuid;

use super::*;
use crate::app::assets::{NewClass, NewUnit};
use crate::app::reports::Asked;

const THEN: Timestamp = Timestamp(1_780_000_000_000);

fn day(days: i64) -> Timestamp {
    THEN.plus_days(days)
}

fn root() -> Actor {
    Actor::with_roles("test", &[Role::Admin])
}

/// A data set of the unit `BZ`, below `DMT`, with one finding since day 40.
struct Lab {
    app: App,
    set: AssetId,
    department: UnitId,
    code: String,
    last: Cell<u128>,
    _directory: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("belfort.db").display());
        let store = belfort_store::create(&url).unwrap();
        let app = App::new(store.into(), Catalogue::shipped().unwrap());
        let unit = |code: &str, parent: Option<&str>| {
            let (name, kind) = (code.to_owned(), UnitKind::Service);
            let parent = parent.map(str::to_owned);
            let new = NewUnit { code: code.to_owned(), name, kind, parent };
            app.unit_create(&root(), &new, THEN).unwrap().id
        };
        let department = unit("DMT", None);
        unit("BZ", Some("DMT"));
        let set = app.data_set_create(&root(), "Register", PersonalData::None, THEN).unwrap().id;
        app.owner_set(&root(), set, "BZ", "dienstchef", THEN).unwrap();
        app.evaluate_due(day(40)).unwrap();
        let found = app.store.finding_list(&FindingFilter::default(), Page::ALL).unwrap().items;
        assert_eq!(found.len(), 1, "{found:?}");
        let code = found[0].finding.code.clone();
        Self { app, set, department, code, last: Cell::new(0), _directory: directory }
    }

    fn write(&self, exception: &Exception, at: Timestamp) {
        let actor = "test".to_owned();
        let record =
            Audit { at, actor, action: "x", subject: String::new(), detail: "{}".to_owned() };
        if exception.version == 1 {
            self.app.store.exception_insert(exception, &record).unwrap();
        } else {
            self.app.store.exception_update(exception, &record).unwrap();
        }
    }

    /// An exception asked for and approved on these days, until another.
    fn exception(&self, scope: ExceptionScope, [asked, approved, end]: [i64; 3]) -> Exception {
        self.last.set(self.last.get() + 1);
        let new = NewException {
            scope,
            reason: "vervanging".to_owned(),
            compensating: String::new(),
            expires_at: Some(day(end)),
        };
        let id = ExceptionId(Uuid::from_u128(self.last.get()));
        let chief = Actor::with_roles("dienstchef", &[Role::HeadOfService]);
        let asked = Exception::request(id, &chief, None, new, day(asked)).unwrap();
        self.write(&asked, asked.requested_at);
        let head = Actor::with_roles("hoofd", &[Role::DepartmentHead]);
        let given = asked.approve(&head, None, None, day(approved)).unwrap();
        self.write(&given, day(approved));
        given
    }

    fn expired(&self, days: i64) -> (u64, Option<Timestamp>) {
        let Known::Known(count) = self.app.expired_exception_count(day(days)).unwrap() else {
            panic!("it is known")
        };
        (count.count, count.oldest)
    }

    /// How many the report lists, and how many of them as ended.
    fn listed(&self, days: i64) -> (usize, usize) {
        let cut_off = Day::of(day(days));
        let asked = Asked { month: cut_off.month(), cut_off };
        let report = self.app.report_preview(&root(), asked).unwrap().report;
        let Known::Known(lines) = report.exceptions else { panic!("it is known") };
        (lines.len(), lines.iter().filter(|line| line.expired).count())
    }
}

#[test]
fn an_exception_past_its_end_counts_while_what_it_was_for_is_there() {
    let lab = Lab::new();
    let of_unit = ExceptionScope::Unit { unit: lab.department, code: lab.code.clone() };
    let first = lab.exception(of_unit, [41, 44, 50]);
    lab.app.pass_time(day(50)).unwrap();
    assert_eq!((lab.expired(42), lab.listed(42)), ((0, None), (0, 0)), "not approved yet");
    assert_eq!((lab.expired(45), lab.listed(45)), ((0, None), (1, 0)), "it holds");
    assert_eq!(lab.expired(51), (1, Some(first.expires_at)));
    assert_eq!(lab.listed(51), (1, 1));

    let of_asset = ExceptionScope::Asset { asset: lab.set, code: None };
    let second = lab.exception(of_asset, [52, 53, 120]);
    assert_eq!(lab.expired(54).0, 0, "another one holds");
    let head = Actor::with_roles("hoofd", &[Role::DepartmentHead]);
    lab.write(&second.close(&head, None, "vervangen", day(60)).unwrap(), day(60));
    assert_eq!([51, 54, 61].map(|days| lab.expired(days).0), [1, 0, 1]);
    assert_eq!(lab.listed(58), (0, 0), "the first is covered, the second ends later");

    let biv = Biv::new(Level::TWO, Level::TWO, Level::TWO);
    let new = NewClass { biv, basis: "BIA".to_owned(), decided_by: String::new() };
    lab.app.classify(&root(), lab.set, &new, day(70)).unwrap();
    lab.app.evaluate_due(day(70)).unwrap();
    assert_eq!([65, 71].map(|days| lab.expired(days).0), [1, 0], "nothing is left of it");
    assert_eq!((lab.listed(65), lab.listed(71)), ((1, 1), (0, 0)));
}

#[test]
fn an_exception_for_one_finding_counts_too() {
    let lab = Lab::new();
    let found = lab.app.store.finding_list(&FindingFilter::default(), Page::ALL).unwrap().items;
    let of_finding = ExceptionScope::Finding { finding: found[0].finding.id, asset: lab.set };
    lab.exception(of_finding, [41, 42, 45]);
    assert_eq!([44, 46].map(|days| lab.expired(days).0), [0, 1]);
}
