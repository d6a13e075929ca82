//! A report with something in every section, over several pages.

use std::collections::BTreeMap;

use belfort_assess::kpi::{Colour, Count, Figure, Known, Median, Reason, Share, Source, Value};
use belfort_model::risk::{Rating, RiskState, Treatment};
use belfort_model::scale::{Level, Matrix, Priority};
use belfort_model::time::Timestamp;

use crate::report::*;

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rating(likelihood: i64, impact: i64) -> Rating {
    let (likelihood, impact) = (Level::clamped(likelihood), Level::clamped(impact));
    Rating { likelihood, impact, severity: Matrix::default().severity(likelihood, impact) }
}

fn unit(code: &str, name: &str) -> UnitRef {
    UnitRef { code: code.to_owned(), name: name.to_owned() }
}

fn figure(id: &str, value: Known<Value>, colour: Colour) -> Figure {
    Figure { id: id.to_owned(), value, colour }
}

fn share(good: u64, of: u64, unknown: u64) -> Share {
    Share { good, of, unknown }
}

fn count(count: u64, oldest: Option<&str>) -> Known<Value> {
    Known::Known(Value::Count(Count { count, of: Some(41), oldest: oldest.map(moment) }))
}

fn figures() -> Vec<Figure> {
    let shared = |id, share, colour| figure(id, Known::Known(Value::Share(share)), colour);
    let days = BTreeMap::from([
        (Priority::P1, Median { days: 6, of: 12 }),
        (Priority::P3, Median { days: 41, of: 120 }),
    ]);
    vec![
        shared("K1", share(4200, 4812, 0), Colour::Red),
        shared("K2", share(4603, 4812, 0), Colour::Amber),
        shared("K3", share(3990, 4020, 0), Colour::Green),
        shared("K4", share(3970, 4020, 0), Colour::Amber),
        shared("K5", share(3990, 4020, 0), Colour::Green),
        shared("K6", share(112, 3800, 220), Colour::Amber),
        shared("K7", share(1811, 1830, 12), Colour::Amber),
        figure("K8", Known::Unknown(Reason::NoCheck), Colour::Unknown),
        shared("K9", share(3600, 3800, 220), Colour::Red),
        figure("K10", count(3, Some("2026-11-01T08:00:00Z")), Colour::Red),
        figure("K11", count(0, None), Colour::Green),
        figure("K12", Known::Known(Value::Days(days)), Colour::Unknown),
        figure("K13", count(2, Some("2026-10-01T08:00:00Z")), Colour::Red),
        figure("K14", count(1, Some("2026-11-10T08:00:00Z")), Colour::Red),
        figure("K15", count(0, None), Colour::Green),
        figure("K16", Known::Known(Value::Sources(sources())), Colour::Red),
    ]
}

fn sources() -> Vec<Source> {
    let source = |name: &str, version: &str, most_days, age_days| Source {
        name: name.to_owned(),
        version: version.to_owned(),
        as_of: moment("2026-11-23T06:00:00Z"),
        most_days,
        age_days,
    };
    vec![source("cisa-kev", "2026.11.23", 2, 0), source("osv-debian", "", 7, 9)]
}

fn risk(number: u64, change: Change) -> RiskLine {
    let level = i64::try_from(number % 5).unwrap() + 1;
    RiskLine {
        reference: format!("R-2026-{number:04}"),
        title: Both {
            nl: "Indringing via een onveilige dienst op het netwerk: Dienst Burgerzaken".to_owned(),
            en: "Intrusion through an insecure network service: Dienst Burgerzaken".to_owned(),
        },
        unit: (!number.is_multiple_of(4)).then(|| unit("BZ", "Dienst Burgerzaken")),
        change,
        state: RiskState::ALL[usize::try_from(number % 9).unwrap()],
        treatment: Treatment::ALL[usize::try_from(number % 5).unwrap()],
        before: (change != Change::New).then(|| rating(2, level)),
        now: rating(5, level.max(3)),
        control: 2,
        priority: Priority::P1,
        assets: 12,
        next_review: moment("2026-12-20T00:00:00Z"),
    }
}

fn vulnerability(number: u64) -> VulnerabilityLine {
    VulnerabilityLine {
        name: format!("CVE-2026-{:05}", 10_000 + number),
        code: "vuln.known_exploited".to_owned(),
        assets: number * 7,
        units: vec!["BZ".to_owned(), "FIN".to_owned(), "OCMW-SOC".to_owned()],
        since: moment("2026-11-01T08:00:00Z"),
        days: 22,
    }
}

/// The report; `hostile` stands wherever people or devices choose the text.
pub(super) fn full(hostile: &str) -> Report {
    let changes =
        [Change::New, Change::Risen, Change::Fallen, Change::Ended, Change::Changed, Change::New];
    let trend = (1..=12).map(|month| TrendPoint {
        month: format!("2026-{month:02}"),
        day: (month > 2).then(|| format!("2026-{month:02}-28")),
        shares: (1..=9)
            .filter(|_| month > 2 && month != 6)
            .map(|number| (format!("K{number}"), share(60 + month * number % 40, 100, 0)))
            .collect(),
    });
    Report {
        format: FORMAT,
        month: "2026-11".to_owned(),
        period_from: moment("2026-10-31T23:00:00Z"),
        cut_off: moment("2026-11-23T22:59:59.999Z"),
        figures: figures(),
        trend: trend.collect(),
        matrix: BTreeMap::from([
            ("4x5".to_owned(), 2),
            ("1x1".to_owned(), 12),
            ("3x3".to_owned(), 6),
        ]),
        risks: changes.into_iter().zip(31..).map(|(change, number)| risk(number, change)).collect(),
        decisions: vec![risk(3, Change::None), risk(7, Change::None)],
        actions_late: Known::Known(vec![ActionLine {
            risk: "R-2026-0031".to_owned(),
            title: hostile.to_owned(),
            owner: "dienstchef Burgerzaken".to_owned(),
            due: moment("2026-11-10T00:00:00Z"),
            days_late: 13,
            status: "running".to_owned(),
        }]),
        known_exploited: Known::Known((1..=60).map(vulnerability).collect()),
        overdue: Known::Known(vec![]),
        services: Known::Known(vec![
            ServiceLine {
                unit: Some(unit("BZ", hostile)),
                together: false,
                assets: 1254,
                without_owner: 3,
                without_class: 120,
                reporting: share(990, 1001, 0),
            },
            ServiceLine { without_owner: 12, assets: 12, ..ServiceLine::default() },
            ServiceLine { together: true, assets: 9, ..ServiceLine::default() },
        ]),
        end_of_life: Known::Known(vec![EndOfLifeLine {
            product: "debian 11".to_owned(),
            code: "os.end_of_life_soon".to_owned(),
            day: "2027-01-31".to_owned(),
            assets: 4,
            units: vec!["BZ".to_owned()],
        }]),
        exceptions: Known::Known(vec![ExceptionLine {
            reference: "U-2026-0003".to_owned(),
            scope: "srv-oud".to_owned(),
            reason: hostile.repeat(40),
            expires: moment("2026-12-01T00:00:00Z"),
            expired: false,
        }]),
        coverage: Known::Known(
            (1..=45)
                .map(|number| CoverageLine {
                    code: format!("controle.nummer_{number}"),
                    title: Both {
                        nl: "Schijf niet versleuteld".to_owned(),
                        en: "Disk not encrypted".to_owned(),
                    },
                    pass: 4000 - number,
                    hit: number,
                    unknown: number * 3,
                })
                .collect(),
        ),
        sources: sources(),
        advice: Known::Known(vec![AdviceLine {
            role: "dpo".to_owned(),
            risk: "R-2026-0031".to_owned(),
            text: "Voer eerst een gegevensbeschermingseffectbeoordeling uit.".to_owned(),
            at: moment("2026-11-12T10:00:00Z"),
        }]),
        controls: Known::Known(vec![ControlLine {
            control: "ID.AM-08.2".to_owned(),
            checks: vec!["os.end_of_life".to_owned(), "reboot.pending".to_owned()],
            in_scope: 4020,
            compliant: 3600,
            unknown: 220,
            open_findings: 212,
            excepted: 3,
        }]),
        versions: Versions {
            matrix: "gent-5x5/1".to_owned(),
            scheme: "gent-biv5/1".to_owned(),
            catalogue: "2026-11-01".to_owned(),
            end_of_life: "endoflife.date 2026-08-01".to_owned(),
            program: "0.1.0".to_owned(),
        },
    }
}
