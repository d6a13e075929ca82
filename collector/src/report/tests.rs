//! A report over a small database in every form, as a reader and as an attacker meet it.

use belfort_assess::catalogue::Catalogue;
use belfort_model::access::{Role, RoleGrant};
use belfort_model::asset::{
    Asset, AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype,
};
use belfort_model::id::AssetId;
use belfort_model::scale::{Biv, Level};
use belfort_model::unit::UnitKind;
use belfort_store::record::Audit;
use uuid::Uuid;

use super::document::Kind;
use super::render::{Form, render};
use super::*;
use crate::app::access::Actor;
use crate::app::assets::{NewClass, NewUnit};
use crate::app::reports::{Asked, Made, Verified};
use crate::app::{App, AppError};
use crate::i18n::Language;

mod full;

const HOSTILE: &str = "=cmd|'/C calc'!A0<script>alert(1)</script>\"&Ж";

struct Lab {
    app: App,
    _directory: tempfile::TempDir,
}

fn root() -> Actor {
    Actor::with_roles("test", &[Role::Admin])
}

fn noon() -> Timestamp {
    "2026-11-20T11:00:00Z".parse().unwrap()
}

impl Lab {
    /// A service with six laptops, one of them with a hostile name, and one server without an owner.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("belfort.db").display());
        let store = belfort_store::create(&url).unwrap();
        let app = App::new(store.into(), Catalogue::shipped().unwrap());
        let lab = Self { app, _directory: directory };
        let unit = NewUnit {
            code: "BZ".to_owned(),
            name: HOSTILE.to_owned(),
            kind: UnitKind::Service,
            parent: None,
        };
        lab.app.unit_create(&root(), &unit, noon()).unwrap();
        for number in 1..=6 {
            let name = if number == 1 { HOSTILE.to_owned() } else { format!("pc-{number}") };
            let asset = lab.device(number, &name, Subtype::Laptop);
            lab.app.owner_set(&root(), asset, "BZ", "dienstchef", noon()).unwrap();
        }
        lab.device(7, "srv-7", Subtype::Server);
        let level = |number| Level::clamped(number);
        let biv = Biv::new(level(3), level(4), level(4));
        let class = NewClass { biv, basis: "BIA".to_owned(), decided_by: String::new() };
        lab.app.classify(&root(), AssetId(Uuid::from_u128(2)), &class, noon()).unwrap();
        lab.app.evaluate_due(noon()).unwrap();
        lab
    }

    fn device(&self, number: u128, name: &str, subtype: Subtype) -> AssetId {
        let asset = Asset {
            id: AssetId(Uuid::from_u128(number)),
            kind: AssetKind::Device,
            subtype,
            name: name.to_owned(),
            legal_entity: String::new(),
            lifecycle: Lifecycle::InUse,
            source: Source::Manual,
            authorised: Authorised::Unknown,
            environment: Environment::Production,
            exposure: Exposure::Unknown,
            site: String::new(),
            labels: vec![],
            proposed_unit: None,
            first_seen: noon(),
            last_seen: noon(),
            verified_at: None,
            verify_due: None,
            disposal: None,
        };
        let audit = Audit {
            at: noon(),
            actor: "test".to_owned(),
            action: "asset.create",
            subject: asset.id.to_string(),
            detail: "{}".to_owned(),
        };
        self.app.store.asset_insert(&asset, &audit).unwrap();
        asset.id
    }

    fn made(&self, day: &str) -> Made {
        let asked = Asked::new(None, Some(day.parse().unwrap()), noon().plus_days(40)).unwrap();
        self.app.report_preview(&root(), asked).unwrap()
    }
}

fn text(made: &Made, form: Form, language: Language) -> String {
    String::from_utf8(render(made, Kind::Monthly, form, language).unwrap()).unwrap()
}

#[test]
fn the_content_is_as_recorded() {
    let made = Lab::new().made("2026-11-20");
    let mut settings = insta::Settings::clone_current();
    settings.set_sort_maps(true);
    settings.bind(|| insta::assert_json_snapshot!(made.report));
}

#[test]
fn the_same_cut_off_gives_the_same_bytes() {
    let lab = Lab::new();
    let (first, second) = (lab.made("2026-11-20"), lab.made("2026-11-20"));
    assert_eq!(first.sha256, second.sha256);
    for form in [Form::Html, Form::Pdf, Form::Csv, Form::Json] {
        for language in [Language::Nl, Language::En] {
            let bytes = |made| render(made, Kind::Monthly, form, language).unwrap();
            assert!(bytes(&first) == bytes(&second), "{form:?} {language:?}");
        }
    }
    // Freezing writes to the audit log; the content does not know.
    let asked = Asked::new(None, Some("2026-11-20".parse().unwrap()), noon()).unwrap();
    let frozen = lab.app.report_freeze(&root(), asked, Language::Nl, noon()).unwrap();
    assert_eq!(frozen.made.sha256, first.sha256);
    assert_eq!(lab.made("2026-11-20").sha256, first.sha256);
    let again = lab.app.report_get(&root(), frozen.record.id).unwrap();
    assert_eq!(again.made.report, first.report);
    // Another cut-off is another report.
    assert_ne!(lab.made("2026-11-21").sha256, first.sha256);
}

#[test]
fn every_text_is_there_in_both_languages() {
    let made = Lab::new().made("2026-11-20");
    for language in [Language::Nl, Language::En] {
        for form in [Form::Html, Form::Csv] {
            let text = text(&made, form, language);
            assert!(!text.contains('⟦'), "{:?}", text.split('⟦').nth(1).map(|t| &t[..40]));
        }
    }
    let text = text(&made, Form::Html, Language::Nl);
    assert!(text.contains("<html lang=\"nl-BE\">") && text.matches("<h1>").count() == 1);
    assert!(text.contains("Maandrapport informatieveiligheid, november 2026"));
}

#[test]
fn evidence_is_another_view_of_the_same_content() {
    let made = Lab::new().made("2026-11-20");
    for (language, title, where_it_is) in [
        (Language::Nl, "CyFun 2025", "Waar het bewijs staat"),
        (Language::En, "CyFun 2025", "Where the proof is"),
    ] {
        let html = render(&made, Kind::Cyfun, Form::Html, language).unwrap();
        let html = String::from_utf8(html).unwrap();
        for part in [title, where_it_is, "ID.AM-01", "ID.RA-01", &hex::encode(made.sha256)] {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("⟦"), "a text is missing");
        let pdf = render(&made, Kind::Cyfun, Form::Pdf, language).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
    }
    let json = |kind| render(&made, kind, Form::Json, Language::Nl).unwrap();
    assert_eq!(json(Kind::Cyfun), json(Kind::Monthly));
    assert_eq!("x".parse::<Kind>().unwrap_err(), "`x` is not one of monthly, cyfun");
}

#[test]
fn hostile_names_are_only_text() {
    let made = Lab::new().made("2026-11-20");
    let html = text(&made, Form::Html, Language::Nl);
    assert!(!html.contains("<script") && html.contains("&#60;script&#62;"), "escaped");
    let csv = text(&made, Form::Csv, Language::Nl);
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(b';')
        .flexible(true)
        .has_headers(false)
        .from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    let mut guarded = 0;
    for cell in
        reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
    {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        guarded += usize::from(cell.starts_with("'="));
    }
    assert!(guarded > 0, "the hostile service is in the tables");
    // A letter the font does not have makes no invalid PDF.
    let pdf = render(&made, Kind::Monthly, Form::Pdf, Language::En).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
}

#[test]
fn unknown_is_said_with_its_reason_and_nothing_is_said_too() {
    let lab = Lab::new();
    let made = lab.made("2026-11-20");
    let csv = text(&made, Form::Csv, Language::Nl);
    for expected in ["Onbekend: er zijn geen kwetsbaarheidsgegevens ingelezen", "Geen"] {
        assert!(csv.contains(expected), "{expected}");
    }
    // K11: nobody looked at any software, so nobody knows that none is unauthorised.
    assert!(matches!(made.report.figures[10].value, Known::Unknown(_)));
    // K7: laptops of class V3 and up whose disks nobody could look at.
    let k7 = &made.report.figures[6];
    assert_eq!(k7.value, Known::Unknown(belfort_assess::kpi::Reason::NotChecked));
    // A day that is over and of which nothing was kept: the state of the assets is not known.
    let before = lab.made("2026-11-19");
    assert!(matches!(before.report.services, Known::Unknown(_)));
    assert!(matches!(before.report.figures[0].value, Known::Unknown(_)));
    assert_eq!(before.report.risks, vec![], "there was none then");
}

#[test]
fn a_day_that_was_kept_is_known_later() {
    let lab = Lab::new();
    lab.app.kpi_day_keep(noon()).unwrap();
    let live = lab.made("2026-11-20");
    // Days later somebody sees a device: the state of the twentieth is overwritten, its figures are not.
    let later = noon().plus_days(9);
    lab.app.owner_set(&root(), AssetId(Uuid::from_u128(7)), "BZ", "dienstchef", later).unwrap();
    let kept = lab.made("2026-11-20");
    assert_eq!(kept.report.figures[0], live.report.figures[0]);
    assert_eq!(kept.report.services, live.report.services);
    let trend = lab.made("2026-12-05").report.trend;
    let november = &trend[trend.len() - 2];
    assert_eq!(november.day.as_deref(), Some("2026-11-20"));
    assert_eq!(november.shares["K1"], Share { good: 6, of: 7, unknown: 0 });
}

#[test]
fn a_frozen_report_is_verified_against_its_content_and_the_audit_log() {
    let lab = Lab::new();
    let asked = Asked::new(None, Some("2026-11-20".parse().unwrap()), noon()).unwrap();
    let id = lab.app.report_freeze(&root(), asked, Language::Nl, noon()).unwrap().record.id;
    let verified = lab.app.report_verify(&root(), id).unwrap();
    assert!(verified.holds());
    let changed = Verified { computed: [0; 32], ..verified.clone() };
    let replaced = Verified { stored: [0; 32], computed: [0; 32], ..verified.clone() };
    let unheard = Verified { audited: None, ..verified };
    assert!(!changed.holds() && !replaced.holds() && !unheard.holds());
}

#[test]
fn a_report_takes_rights_over_the_whole_organisation() {
    let lab = Lab::new();
    let asked = Asked::new(None, Some("2026-11-20".parse().unwrap()), noon()).unwrap();
    let units = lab.app.store.unit_list().unwrap();
    let grant = RoleGrant { role: Role::DepartmentHead, unit: Some(units[0].id) };
    let head = Actor::with_grants("els", &[grant], &units);
    assert!(matches!(lab.app.report_preview(&head, asked), Err(AppError::Forbidden(_))));
    for role in [Role::Reader, Role::HeadOfService, Role::Dpo, Role::Auditor] {
        let actor = Actor::with_roles("els", &[role]);
        assert_eq!(lab.app.report_preview(&actor, asked).is_ok(), role != Role::Reader, "{role}");
        assert!(lab.app.report_freeze(&actor, asked, Language::Nl, noon()).is_err(), "{role}");
    }
    let both = Actor::with_roles("els", &[Role::Dpo, Role::SecurityOfficer]);
    assert!(
        lab.app.report_freeze(&both, asked, Language::Nl, noon()).is_err(),
        "a dpo decides nothing"
    );
}

#[test]
fn a_cut_off_has_come_and_belongs_to_its_month() {
    let asked = |month: &str, day: &str| {
        Asked::new(Some(month.parse().unwrap()), Some(day.parse().unwrap()), noon())
    };
    assert!(asked("2026-11", "2026-11-20").is_ok());
    assert!(asked("2026-10", "2026-11-20").is_ok(), "the meeting is after the month");
    assert!(asked("2026-09", "2026-11-20").is_err());
    assert!(asked("2026-11", "2026-10-31").is_err());
    let future = asked("2026-11", "2026-11-21").unwrap_err().to_string();
    assert!(future.contains("has not come yet"), "{future}");
    let early = Asked::new(Some("2026-12".parse().unwrap()), None, noon()).unwrap_err();
    assert!(early.to_string().contains("has not begun"), "{early}");
    let open = Asked::new(Some("2026-11".parse().unwrap()), None, noon()).unwrap();
    assert_eq!(open.cut_off.to_string(), "2026-11-20", "the month is not over");
}

/// Writing it checks it as PDF/UA-1: a part without a name or a letter without a shape is an error.
#[test]
fn a_report_of_many_pages_with_hostile_texts_is_a_valid_pdf() {
    for text in [HOSTILE, "", " ", "\u{202e}gnirts\u{0}\u{7f}", &"lang".repeat(200)] {
        let report = full::full(text);
        let content = canonical::text(&report).unwrap();
        assert_eq!(canonical::read(&content).unwrap(), report);
        let made = Made { sha256: canonical::sha256(&content), report, content };
        let pdf = render(&made, Kind::Monthly, Form::Pdf, Language::Nl).unwrap();
        assert!(pdf.len() > 20_000 && pdf.ends_with(b"%%EOF"), "{}", pdf.len());
        assert!(
            std::str::from_utf8(&render(&made, Kind::Monthly, Form::Html, Language::Nl).unwrap())
                .is_ok()
        );
    }
}
