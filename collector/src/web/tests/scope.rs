//! Whose role reaches one unit sees nothing of another one, on no page and in no file, and changes nothing
//! of it.

use std::collections::{BTreeSet, VecDeque};
use std::io::Read as _;

use super::filled::{Common, Things};
use super::*;

/// Stands in all that is of the other unit, and nowhere else.
const WORD: &str = "Kwartelnest";

/// All that a file or page says: a workbook is a ZIP file with texts in it.
fn said(shown: &Shown) -> String {
    if !shown.bytes.starts_with(b"PK") {
        return shown.text.clone();
    }
    let mut all = String::new();
    let mut parts = zip::ZipArchive::new(std::io::Cursor::new(&shown.bytes)).unwrap();
    for number in 0..parts.len() {
        let mut part = parts.by_index(number).unwrap();
        if part.name().unwrap().ends_with(".xml") {
            part.read_to_string(&mut all).unwrap();
        }
    }
    all
}

/// Whether a page or file tells of the other unit. The address of a search has half the word, so that a
/// page that repeats what was asked does not count.
fn tells(shown: &Shown) -> bool {
    said(shown).to_lowercase().contains(&WORD.to_lowercase())
}

/// Addresses that lists are asked with beside their own.
fn searches(things: &Things) -> Vec<String> {
    let code = things.code;
    let mut all: Vec<_> = ["/zoeken?q=wartelnes", "/zoeken?q=3.0kwarteln", "/assets?q=wartelnes"]
        .map(str::to_owned)
        .to_vec();
    for list in ["/assets", "/bevindingen", "/risicos", "/gegevens"] {
        for end in ["", ".csv", ".json", ".xlsx"] {
            all.push(format!("{list}{end}?dienst={code}"));
        }
    }
    for end in ["", ".csv", ".json", ".xlsx"] {
        all.push(format!("/bevindingen{end}?status=alle"));
        all.push(format!("/risicos{end}?status=alle"));
    }
    all
}

#[tokio::test]
async fn nothing_of_another_unit_is_seen_or_changed() {
    let lab = Lab::new();
    let theirs = Things::of(&lab, "MOB", WORD);
    let mine = Things::of(&lab, "BZ", "Merel");
    let common = Common::of(&lab);
    let head = lab.head_of("BZ");
    let other = lab.head_of("MOB");
    let all = routes::all();
    let (mut told, mut wrong) = (0, Vec::new());
    for route in all.iter().filter(|route| route.get) {
        let own = mine.addresses(&common, &route.path);
        for path in theirs.addresses(&common, &route.path) {
            let shown = head.get(&path).await;
            let is_theirs = !own.contains(&path);
            if tells(&shown) {
                wrong.push(format!("GET {path} tells"));
            }
            let tells_its_head = tells(&other.get(&path).await);
            told += usize::from(tells_its_head);
            // The page of a unit itself is there for all: it names none of its things.
            let is_unit = route.path == "/eigenaars/{code}";
            if is_theirs && !is_unit && tells_its_head && !shown.status.is_client_error() {
                wrong.push(format!("GET {path}: {}", shown.status));
            }
        }
        for path in own {
            if tells(&head.get(&path).await) {
                wrong.push(format!("GET {path} (own) tells"));
            }
        }
    }
    for path in searches(&theirs) {
        if tells(&head.get(&path).await) {
            wrong.push(format!("GET {path} tells"));
        }
        told += usize::from(tells(&other.get(&path).await));
    }
    assert!(
        told > 60,
        "the word stands on {told} pages of who may read them: too few to prove a thing"
    );
    let before = lab.app.audit_verify(&root()).unwrap();
    for route in all.iter().filter(|route| route.post) {
        let own = mine.addresses(&common, &route.path);
        let paths = theirs.addresses(&common, &route.path);
        for path in paths.iter().filter(|path| !own.contains(path)) {
            let form = FORM.iter().copied().chain([("versie", "1")]).collect::<Vec<_>>();
            let shown = head.post(path, &form).await;
            if !shown.status.is_client_error() || tells(&shown) {
                wrong.push(format!("POST {path}: {}", shown.status));
            }
        }
    }
    assert_eq!(format!("{:?}", lab.app.audit_verify(&root()).unwrap()), format!("{before:?}"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What forms ask for, so that none is refused for what it lacks.
const FORM: [(&str, &str); 8] = [
    ("reden", "omdat"),
    ("dienst", "BZ"),
    ("functie", "dienstchef"),
    ("advies", "let op"),
    ("behandeling", "avoid"),
    ("titel", "Herstel"),
    ("termijn", "2030-01-01"),
    ("stand", "running"),
];

/// Follows every link from the first page, as a reader does; answers what is wrong: a page that tells of the
/// other unit, or that is linked and refused.
async fn crawl(who: &Browser<'_>, is_told: bool) -> Vec<String> {
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    let mut waiting = VecDeque::from(["/".to_owned(), "/zoeken?q=3.0".to_owned()]);
    while let Some(path) = waiting.pop_front() {
        // The same list in another order, and the files of a list, prove no more.
        let bare = path.split('?').next().unwrap_or_default().to_owned();
        if !seen.insert(bare) {
            continue;
        }
        let shown = who.get(&path).await;
        if !is_told && tells(&shown) {
            wrong.push(format!("{path} tells of another unit"));
        }
        if shown.status.is_client_error() || shown.status.is_server_error() {
            wrong.push(format!("{path} is linked and gives {}", shown.status));
        }
        for link in shown.text.split("href=\"/").skip(1) {
            let link = link.split(['"', '#']).next().unwrap().replace("&amp;", "&");
            if !link.starts_with("static/") && !link.starts_with("api/") {
                waiting.push_back(format!("/{link}"));
            }
        }
    }
    assert!(seen.len() > 30, "{}", seen.len());
    wrong
}

#[tokio::test]
async fn no_link_leads_to_another_unit_or_to_a_refusal() {
    let lab = Lab::new();
    Things::of(&lab, "MOB", WORD);
    Things::of(&lab, "BZ", "Merel");
    Common::of(&lab);
    let mut wrong = crawl(&lab.head_of("BZ"), false).await;
    for role in Role::ALL {
        let found = crawl(&lab.browser(*role), true).await;
        wrong.extend(found.into_iter().map(|what| format!("{role}: {what}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
