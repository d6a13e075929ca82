//! Which addresses there are, as the modules of the pages register them: read from their source, so that
//! none can be added without the tests that go over all of them.

use std::fs;
use std::path::Path;

/// An address, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route {
    /// Its path, with `{…}` for what differs.
    pub(super) path: String,
    /// Whether it is a page or a file.
    pub(super) get: bool,
    /// Whether a form is sent to it.
    pub(super) post: bool,
}

/// Every address, by path.
pub(super) fn all() -> Vec<Route> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let mut texts = vec![fs::read_to_string(folder.with_extension("rs")).unwrap()];
    sources(&folder, &mut texts);
    let mut all: Vec<_> = texts.iter().flat_map(|text| of(text)).collect();
    all.sort();
    all
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap();
        if name == "tests" {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

fn of(source: &str) -> Vec<Route> {
    let flat: String = source.chars().filter(|char| !char.is_whitespace()).collect();
    let one = |call: &str| {
        let literal = call.strip_prefix('"').and_then(|rest| rest.split_once("\","));
        let (path, rest) = literal.unwrap_or_else(|| {
            let call: String = call.chars().take(60).collect();
            panic!("write the path of a route as it is, so that it can be found: {call}")
        });
        let mut open = 1;
        let end = rest.find(|char| {
            open += i32::from(char == '(') - i32::from(char == ')');
            open == 0
        });
        let handlers = &rest[..end.unwrap()];
        let (get, post) = (handlers.contains("get("), handlers.contains("post("));
        assert!(get || post, "{path}: neither a page nor a form");
        Route { path: path.to_owned(), get, post }
    };
    flat.split(".route(").skip(1).map(one).collect()
}

#[test]
fn routes_are_read_as_they_are_written() {
    let source = r#"Router::new().route("/a/{id}", get(x::page).post(y)).route("/b",
        axum::routing::post(z))"#;
    let route = |path: &str, get, post| Route { path: path.to_owned(), get, post };
    assert_eq!(of(source), [route("/a/{id}", true, true), route("/b", false, true)]);
}
