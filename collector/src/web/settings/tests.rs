use belfort_model::access::{Right, Role};
use belfort_model::asset::{AssetKind, Lifecycle};
use http::StatusCode;

use super::super::tests::{Lab, root};
use crate::app::assets::{AssetEdit, NewAsset};
use crate::clock;
use crate::i18n::{Language, Texts};

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).unwrap().0
}

#[test]
fn every_right_has_a_name() {
    for right in Right::ALL {
        let key = format!("right-{}", right.as_str().replace('_', "-"));
        assert!(!Texts::of(Language::Nl).get(&key).contains('⟦'), "{key}");
    }
}

#[tokio::test]
async fn everybody_has_an_account_with_tokens_and_sessions() {
    let lab = Lab::new();
    let reader = lab.browser(Role::Reader);
    let rooms = reader.page("/instellingen").await;
    assert!(rooms.contains("/instellingen/account") && !rooms.contains("/instellingen/gebruikers"));
    let account = reader.page("/instellingen/account").await;
    assert!(account.contains("deze sessie") && account.contains("lezer"), "{account}");

    reader.page("/instellingen/account/tokens/nieuw").await;
    let new = [("doel", "nachtelijke kopie"), ("dagen", "30"), ("recht", "read")];
    let made = reader.post("/instellingen/account/tokens/nieuw", &new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert!(made.text.contains("bfa1."));
    let account = reader.page("/instellingen/account").await;
    assert!(account.contains("nachtelijke kopie") && !account.contains("bfa1."));
    let revoke = format!(
        "/instellingen/account/tokens/{}/intrekken",
        between(&account, "/instellingen/account/tokens/", "/intrekken")
            .rsplit('/')
            .next()
            .unwrap()
    );
    assert!(reader.page(&revoke).await.contains("nachtelijke kopie"));
    let gone = reader.post(&revoke, &[]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", gone.text);
    assert!(reader.page(&gone.location).await.contains("ingetrokken"));
    let none = [("doel", "x"), ("dagen", "30")];
    let none = reader.post("/instellingen/account/tokens/nieuw", &none).await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_password_is_changed_with_the_present_one() {
    let lab = Lab::new();
    let reader = lab.browser(Role::Reader);
    let path = "/instellingen/account/wachtwoord";
    let new = "andere woorden die lang genoeg zijn";
    let sent = |present, again| [("huidig", present), ("nieuw", new), ("opnieuw", again)];
    let differ = reader.post(path, &sent("vier gewone woorden samen", "iets anders")).await;
    assert_eq!(differ.status, StatusCode::BAD_REQUEST);
    assert!(differ.text.contains("niet gelijk"));
    let wrong = reader.post(path, &sent("niet dit wachtwoord", new)).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let done = reader.post(path, &sent("vier gewone woorden samen", new)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
}

#[tokio::test]
async fn an_administrator_adds_limits_resets_and_switches_off_users() {
    let lab = Lab::new();
    let admin = lab.browser(Role::Admin);
    admin.page("/instellingen/gebruikers/nieuw").await;
    let new = [("naam", "controle"), ("rol-0", "reader"), ("rol-2", "auditor")];
    let made = admin.post("/instellingen/gebruikers/nieuw", &new).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let page = admin.page(&made.location).await;
    assert!(page.contains("eenmalige code"), "{page}");
    let path = made.location.split('?').next().unwrap();
    let version = between(&page, "name=\"versie\" value=\"", "\"");
    let roles = [("versie", version), ("rol-0", "auditor")];
    let roles = admin.post(&format!("{path}/rollen"), &roles).await;
    assert_eq!(roles.status, StatusCode::SEE_OTHER, "{}", roles.text);
    assert!(admin.page(&format!("{path}/zeker/herstel")).await.contains("controle"));
    let code = admin.post(&format!("{path}/herstel"), &[]).await;
    assert!(code.status == StatusCode::OK && code.text.contains("Eenmalige code"));
    for step in ["sessies", "uit", "aan"] {
        let done = admin.post(&format!("{path}/{step}"), &[]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{step}: {}", done.text);
        admin.page(&done.location).await;
    }
    assert!(admin.page("/instellingen/gebruikers").await.contains("controle"));
    assert_eq!(admin.get(&format!("{path}/zeker/niets")).await.status, StatusCode::NOT_FOUND);

    let dpo = lab.browser(Role::Dpo);
    for path in ["/instellingen/gebruikers", "/instellingen/gebruikers/nieuw", path] {
        assert_eq!(dpo.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let refused = dpo.post(&format!("{path}/uit"), &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_rule_is_written_looked_at_switched_on_and_undone() {
    let lab = Lab::new();
    let edit = AssetEdit { name: Some("FIN-boekhouding".to_owned()), ..AssetEdit::default() };
    let new = NewAsset { kind: AssetKind::Application, lifecycle: Lifecycle::InUse, edit };
    lab.app.asset_add(&root(), &new, clock::now()).unwrap();
    let officer = lab.browser(Role::SecurityOfficer);
    assert!(officer.page("/instellingen/regels").await.contains("Nog geen regels"));
    officer.page("/instellingen/regels/nieuw").await;
    let new = [
        ("naam", "Financiën"),
        ("voorwaarde", "asset.name.startsWith(\"FIN-\")"),
        ("labels", "fin"),
    ];
    let made = officer.post("/instellingen/regels/nieuw", &new).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    officer.page(&made.location).await;
    let path = made.location.split('?').next().unwrap();
    let preview = officer.post(&format!("{path}/proef"), &[]).await;
    assert_eq!(preview.status, StatusCode::OK, "{}", preview.text);
    assert!(preview.text.contains("FIN-boekhouding"), "{}", preview.text);
    let version = between(&preview.text, "name=\"versie\" value=\"", "\"");
    let on = officer.post(&format!("{path}/aan"), &[("versie", version)]).await;
    assert_eq!(on.status, StatusCode::SEE_OTHER, "{}", on.text);
    let run = officer.page(&on.location).await;
    assert!(run.contains("FIN-boekhouding"), "{run}");
    assert!(officer.page("/instellingen/regels/toegepast").await.contains("Financiën"));
    let undo = format!("{}/terug", on.location.split('?').next().unwrap());
    assert_eq!(officer.post(&undo, &[]).await.status, StatusCode::SEE_OTHER);
    let old = officer.post(&format!("{path}/verwijderen"), &[("versie", "99")]).await;
    assert_eq!(old.status, StatusCode::CONFLICT);

    let dpo = lab.browser(Role::Dpo);
    assert!(!dpo.page(path).await.contains("/proef"));
    for action in ["proef", "aan", "uit", "eerder", "verwijderen"] {
        let refused = dpo.post(&format!("{path}/{action}"), &[("versie", "1")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{action}");
    }
    let page = dpo.page("/instellingen/grondslag").await;
    assert!(page.contains("gent-5x5/1") && page.contains("gent-biv5/1"), "{page}");
}
