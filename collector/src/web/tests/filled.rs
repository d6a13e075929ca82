//! A register with one of everything, so that every address leads somewhere.

use belfort_model::access::Role;
use belfort_model::asset::{AssetKind, Lifecycle};
use belfort_model::data_set::{PersonalData, Relation};
use belfort_model::finding::TriageChange;
use belfort_model::id::{AssetId, BatchId, ExceptionId, FindingId};
use belfort_model::meeting::NewMeeting;
use belfort_model::risk::{Description, NewAssessment, RiskChange};
use belfort_model::scale::{Biv, Level};
use belfort_store::record::{FindingFilter, Page, RiskFilter, SoftwareFilter};
use serde_json::json;
use uuid::Uuid;

use super::{Lab, root};
use crate::app::access::Actor;
use crate::app::assets::{AssetEdit, NewAsset, NewUnit};
use crate::app::classes::NewClass;
use crate::app::imports::ImportKind;
use crate::app::reports::Asked;
use crate::app::risks::{Plan, Write};
use crate::app::rules::{NewAssigns, NewRule};
use crate::app::tokens::NewToken;
use crate::app::triage::ExceptionFor;
use crate::app::views::NewView;
use crate::clock;
use crate::i18n::Language;
use belfort_model::unit::UnitKind;

/// The lists of what waits.
const WORKLISTS: [&str; 10] = [
    "te-herbevestigen",
    "beslissingen",
    "bevindingen",
    "buren",
    "dubbels",
    "eigenaar-gestopt",
    "na-te-kijken",
    "niet-geclassificeerd",
    "niet-gezien",
    "zonder-eigenaar",
];

/// What belongs to one unit.
pub(super) struct Things {
    pub(super) code: &'static str,
    device: AssetId,
    application: AssetId,
    set: AssetId,
    pub(super) finding: FindingId,
    exception: ExceptionId,
    risk: String,
    action: String,
    /// A change of many assets at once: its device got its owner.
    changed: BatchId,
}

/// What belongs to the whole organisation.
pub(super) struct Common {
    software: String,
    report: String,
    enrolment_token: String,
    rule: String,
    batch: String,
    user: String,
    api_token: String,
    view: String,
}

impl Things {
    /// Adds one of everything that a unit has. `word` stands in all that somebody wrote about them.
    pub(super) fn of(lab: &Lab, code: &'static str, word: &str) -> Self {
        let (app, root, now) = (&lab.app, root(), clock::now());
        let then = now.plus_days(-60);
        let unit = NewUnit {
            code: code.to_owned(),
            name: format!("Dienst {code}"),
            kind: UnitKind::Service,
            parent: None,
        };
        app.unit_create(&root, &unit, then).unwrap();
        let holder = format!("dienstchef {word}");

        let device = device(lab, code, word);
        let changed = BatchId(Uuid::now_v7());
        let many = Actor { batch: Some(changed), ..root.clone() };
        app.owner_set(&many, device, code, &holder, now).unwrap();
        let edit = AssetEdit {
            name: Some(format!("{word} loket")),
            site: Some(format!("{word} 1")),
            labels: Some(vec![word.to_lowercase()]),
            ..AssetEdit::default()
        };
        let new = NewAsset { kind: AssetKind::Application, lifecycle: Lifecycle::InUse, edit };
        let application = app.asset_add(&root, &new, then).unwrap().id;
        app.owner_set(&root, application, code, &holder, now).unwrap();
        let basis = format!("besluit {word}");
        let level = Level::try_from(3_u8).unwrap();
        let class = NewClass {
            biv: Biv { b: level, i: level, v: level },
            basis,
            decided_by: String::new(),
        };
        for asset in [device, application] {
            app.classify(&root, asset, &class, now).unwrap();
        }
        let set = format!("Register {word}");
        let set = app.data_set_create(&root, &set, PersonalData::None, then).unwrap().id;
        app.owner_set(&root, set, code, &holder, now).unwrap();
        app.data_link(&root, device, Relation::Stores, set, now).unwrap();
        app.evaluate_due(now).unwrap();

        let found = app.store.finding_list(&FindingFilter::default(), Page::ALL).unwrap().items;
        let mut found = found.into_iter().filter(|found| found.finding.asset == set);
        let finding = found.next().unwrap().finding.id;
        let judged = TriageChange::Confirm { reason: format!("klopt, {word}") };
        app.finding_triage(&root, finding, &judged, Write::default(), now).unwrap();
        let what = ExceptionFor { asset: Some(application), ..ExceptionFor::default() };
        let (why, instead) = (format!("wegens {word}"), format!("wel {word}"));
        let exception =
            app.exception_request(&root, &what, why, instead, None, now).unwrap().exception.id;

        let risks = app.store.risk_list(&RiskFilter::default(), Page::ALL).unwrap().items;
        let mut risks = risks
            .into_iter()
            .filter(|risk| risk.unit.as_ref().is_some_and(|unit| unit.code == code));
        let risk = risks.next().unwrap().risk.reference;
        let text = |what: &str| Some(format!("{what} {word}"));
        let words = Description {
            title: text("Risico"),
            description: text("Gevaar voor"),
            existing_controls: Some(vec![format!("slot op {word}")]),
            ..Description::default()
        };
        let values =
            NewAssessment { b: Some(level), reason: word.to_owned(), ..NewAssessment::default() };
        let advisor = Actor::with_roles("advies", &[Role::Dpo]);
        for (who, change) in [
            (&root, RiskChange::Analyse),
            (&root, RiskChange::Describe(words)),
            (&root, RiskChange::Assess(Box::new(values))),
            (&advisor, RiskChange::Advise { text: format!("let op {word}") }),
        ] {
            app.risk_change(who, &risk, &change, Write::default(), now).unwrap();
        }
        let plan = Plan {
            title: format!("Herstel {word}"),
            unit: code.to_owned(),
            function: holder,
            due: now.plus_days(30),
        };
        let (_, action) = app.action_add(&root, &risk, &plan, Write::default(), now).unwrap();
        let action = action.to_string();
        Self { code, device, application, set, finding, exception, risk, action, changed }
    }

    /// The addresses that a route has for these things.
    pub(super) fn addresses(&self, common: &Common, route: &str) -> Vec<String> {
        let (device, application) = (self.device.to_string(), self.application.to_string());
        let one = |id: &str| vec![route.replacen("{id}", id, 1)];
        let kinds = || ["csv", "json", "xlsx"].map(|kind| route.replace("{kind}", kind));
        if route == "/werklijst/{kind}" {
            let named = |list: &&str| {
                ["", ".csv", ".json", ".xlsx"]
                    .map(|end| route.replace("{kind}", &format!("{list}{end}")))
            };
            return WORKLISTS.iter().flat_map(named).collect();
        }
        if route.starts_with("/assets/{id}") {
            let route = route.replace("{name}", "packages");
            let of = |id: &str| route.replacen("{id}", id, 1);
            let both = [of(&device), of(&application)];
            return both
                .iter()
                .flat_map(|path| ["csv", "json", "xlsx"].map(|kind| path.replace("{kind}", kind)))
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect();
        }
        let beginnings: [(&str, &str); 9] = [
            ("/agents/tokens/{id}", &common.enrolment_token),
            ("/bevindingen/uitzonderingen/{id}", &self.exception.to_string()),
            ("/bevindingen/{id}", &self.finding.to_string()),
            ("/gegevens/{id}", &self.set.to_string()),
            ("/instellingen/regels/toegepast/{id}", &common.batch),
            ("/instellingen/regels/{id}", &common.rule),
            ("/rapporten/{id}", &common.report),
            ("/software/{id}", &common.software),
            ("/weergaven/{id}", &common.view),
        ];
        if let Some((_, id)) = beginnings.iter().find(|(begin, _)| route.starts_with(begin)) {
            return vec![one(id).remove(0).replace("{form}", "html")];
        }
        if route.contains(".{kind}") {
            return kinds().to_vec();
        }
        let path = route
            .replace(
                "/instellingen/gebruikers/{id}",
                &format!("/instellingen/gebruikers/{}", common.user),
            )
            .replace("{batch}", &self.changed.to_string())
            .replace("{token}", &common.api_token)
            .replace("{step}", "uit")
            .replace("{code}", self.code)
            .replace("{reference}", &self.risk)
            .replace("/acties/{id}", &format!("/acties/{}", self.action))
            .replace("/static/{name}", "/static/app.css")
            .replace("{platform}", "windows")
            // What is one's own, and agents, are of nobody here.
            .replace("{id}", "01920000-0000-7000-8000-000000000000");
        assert!(!path.contains('{'), "{path}: say what stands there");
        vec![path]
    }
}

impl Common {
    /// Adds one of everything that the whole organisation has.
    pub(super) fn of(lab: &Lab) -> Self {
        let (app, root, now) = (&lab.app, root(), clock::now());
        let software = app.store.software_list(&SoftwareFilter::default(), Page::ALL).unwrap();
        let software = software.items[0].software.id.to_string();
        let user = app.user_create(&root, "iemand", &[], now).unwrap();
        let (api_token, _) = app.api_token_create(&root, "iemand", "koppeling", 30, now).unwrap();
        let new = NewToken { unit: None, label: "laptops".to_owned(), uses: 5, seconds: 86_400 };
        let (enrolment_token, _) = app.token_create(&root, &new, now).unwrap();
        let rule = NewRule {
            name: "alles op de site".to_owned(),
            description: String::new(),
            condition: "true".to_owned(),
            assigns: NewAssigns { labels: vec!["regel".to_owned()], ..NewAssigns::default() },
        };
        let rule = app.rule_add(&root, &rule, now).unwrap().id.to_string();
        app.rule_preview(&root, &rule, Page::ALL, now).unwrap();
        let batch = app.rule_enable(&root, &rule, false, now).unwrap().batch.unwrap().to_string();
        let meeting = NewMeeting {
            reference: "CI-2026-01".to_owned(),
            title: String::new(),
            attended: Vec::new(),
            minutes: String::new(),
        };
        app.meeting_add(&root, &meeting, now.plus_days(-1), now).unwrap();
        let asked = Asked::new(None, None, now).unwrap();
        let report = app.report_freeze(&root, asked, Language::Nl, now).unwrap();
        let view = NewView {
            page: "/assets".to_owned(),
            name: "Van iedereen".to_owned(),
            query: "biv=geen".to_owned(),
            shared: true,
        };
        let view = app.view_save(&root, user.id, &view, now).unwrap();
        Self {
            software,
            report: report.record.id.to_string(),
            enrolment_token: enrolment_token.id.to_string(),
            rule,
            batch,
            user: user.id.to_string(),
            api_token: api_token.id.to_string(),
            view: view.id.to_string(),
        }
    }
}

/// A device that an inventory reported, with a package.
fn device(lab: &Lab, code: &str, word: &str) -> AssetId {
    let name = format!("{word}-lap");
    let inventory = json!([{ "deviceid": format!("{name}-2026"), "content": {
        "hardware": { "name": name, "uuid": format!("4C4C4544-0042-3510-8052-{:0>12}", hex::encode(code)) },
        "bios": { "ssn": format!("{word}RM12"), "smodel": "Book 14", "smanufacturer": "Voorbeeld" },
        "operatingsystem": { "name": "Debian GNU/Linux", "full_name": "Debian GNU/Linux 12" },
        "softwares": [{ "name": "openssl", "version": format!("3.0{word}"), "from": "deb" }],
    } }])
    .to_string();
    let (now, bytes, kind) = (clock::now(), inventory.as_bytes(), ImportKind::Glpi);
    let preview = lab.app.import_preview(&root(), kind, bytes, now).unwrap();
    assert!(preview.errors.is_empty(), "{:?}", preview.errors);
    lab.app.import_apply(&root(), kind, bytes, &preview.token, false, now).unwrap();
    lab.app.asset(&name).unwrap().summary.asset.id
}
