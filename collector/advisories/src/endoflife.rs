//! endoflife.date: the API's JSON (version 1, and the older list per product) and the source files, which
//! are Markdown with YAML in front. An end is a day or a yes or no.

use belfort_model::advisory::{Ends, FeedKind, Record, ReleaseCycle};
use serde::Deserialize;
use serde_json::Value;

use crate::json::{Bad, day, list, string, text};
use crate::{FeedError, Intake};

/// Releases one product has at most.
const RELEASES: usize = 2_000;

/// Reads one file. `name` is the product where the file does not say.
pub(crate) fn read(name: &str, bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), FeedError> {
    let syntax = |reason: String| FeedError::Syntax { kind: FeedKind::EndOfLife, reason };
    let text = std::str::from_utf8(bytes).map_err(|_| syntax("it is not UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    if let Some(matter) = front_matter(text) {
        return front(name, matter, intake);
    }
    let value: Value = serde_json::from_str(text).map_err(|error| syntax(error.to_string()))?;
    match &value {
        Value::Array(releases) => product(name, releases, &from_list, intake),
        _ => api(&value, intake),
    }
}

/// The text between the first line, `---`, and the next such line.
fn front_matter(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("---")?.trim_start_matches(['\r', ' ']).strip_prefix('\n')?;
    let end = rest.find("\n---")?;
    rest.get(..=end)
}

#[derive(Deserialize)]
struct Front {
    permalink: Option<String>,
    #[serde(default)]
    releases: Vec<FrontRelease>,
}

/// A plain scalar is kept as it is written: `10.10` is a text, not a number.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrontRelease {
    release_cycle: Option<String>,
    eol: Option<String>,
    eoas: Option<String>,
    eoes: Option<String>,
    lts: Option<String>,
    latest: Option<String>,
}

fn front(name: &str, matter: &str, intake: &mut Intake<'_>) -> Result<(), FeedError> {
    let front: Front = serde_saphyr::from_str(matter).map_err(|error| FeedError::Syntax {
        kind: FeedKind::EndOfLife,
        reason: error.to_string().lines().next().unwrap_or_default().to_owned(),
    })?;
    let slug = front.permalink.as_deref().map_or(name, |link| link.trim_start_matches('/'));
    let from_front = |release: &FrontRelease| Raw {
        cycle: release.release_cycle.clone(),
        latest: release.latest.clone(),
        ends: release.eol.as_deref().map(ends_of_text),
        active_ends: release.eoas.as_deref().map(ends_of_text),
        extended_ends: release.eoes.as_deref().map(ends_of_text),
        long_term: release.lts.as_deref().is_some_and(|lts| lts != "false"),
    };
    product(slug, &front.releases, &from_front, intake)
}

/// What a release says, whatever form it has.
struct Raw {
    cycle: Option<String>,
    latest: Option<String>,
    ends: Option<Result<Ends, Bad>>,
    active_ends: Option<Result<Ends, Bad>>,
    extended_ends: Option<Result<Ends, Bad>>,
    long_term: bool,
}

fn ends_of_text(text: &str) -> Result<Ends, Bad> {
    match text.trim() {
        "true" => Ok(Ends::Known(true)),
        "false" => Ok(Ends::Known(false)),
        text => day(text).map(Ends::On).ok_or_else(neither),
    }
}

fn neither() -> Bad {
    Bad::new("an end is neither a day nor true or false")
}

fn ends_of(value: &Value) -> Option<Result<Ends, Bad>> {
    match value {
        Value::Null => None,
        Value::Bool(ended) => Some(Ok(Ends::Known(*ended))),
        Value::String(text) => Some(ends_of_text(text)),
        _ => Some(Err(neither())),
    }
}

/// A release of the older API: `{cycle, eol, support, extendedSupport, lts, latest}`.
fn from_list(value: &Value) -> Raw {
    let ends = |key| value.get(key).and_then(ends_of);
    Raw {
        cycle: scalar(value.get("cycle")),
        latest: scalar(value.get("latest")),
        ends: ends("eol"),
        active_ends: ends("support"),
        extended_ends: ends("extendedSupport"),
        long_term: !matches!(value.get("lts"), None | Some(Value::Bool(false) | Value::Null)),
    }
}

/// A release of the API: a day beside the yes or no, where it is known.
fn from_api(value: &Value) -> Raw {
    let ends = |from: &str, is: &str| {
        let of = |key: &str| value.get(key).and_then(ends_of);
        of(from).or_else(|| of(is))
    };
    Raw {
        cycle: scalar(value.get("name")),
        latest: value.get("latest").and_then(|latest| scalar(latest.get("name"))),
        ends: ends("eolFrom", "isEol"),
        active_ends: ends("eoasFrom", "isEoas"),
        extended_ends: ends("eoesFrom", "isEoes"),
        long_term: value.get("isLts") == Some(&Value::Bool(true)),
    }
}

fn scalar(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `{schema_version, generated_at, last_modified, result: {name, releases} or [{name, releases}]}`.
fn api(value: &Value, intake: &mut Intake<'_>) -> Result<(), FeedError> {
    if let Some(moment) = string(value, "last_modified").or_else(|| string(value, "generated_at")) {
        intake.note_moment(moment);
    }
    let products = match value.get("result") {
        Some(Value::Array(products)) => products.as_slice(),
        Some(product @ Value::Object(_)) => std::slice::from_ref(product),
        _ => {
            let reason = "there is no `result` with `releases`".to_owned();
            return Err(FeedError::Syntax { kind: FeedKind::EndOfLife, reason });
        }
    };
    for one in products {
        let name = string(one, "name").unwrap_or_default();
        product(name, list(one, "releases"), &from_api, intake)?;
    }
    Ok(())
}

fn product<T>(
    name: &str,
    releases: &[T],
    read: &dyn Fn(&T) -> Raw,
    intake: &mut Intake<'_>,
) -> Result<(), FeedError> {
    let product = match slug(name) {
        Ok(product) => product,
        Err(bad) => {
            intake.skip(name, bad);
            return Ok(());
        }
    };
    intake.set_subject(&product);
    for (position, release) in releases.iter().enumerate().take(RELEASES) {
        let raw = read(release);
        let cycle = raw.cycle.clone().unwrap_or_default();
        let record = cycle_of(&product, position, raw).map(|cycle| Some(Record::Cycle(cycle)));
        intake.take_or_skip(|| format!("{product} {cycle}"), record)?;
    }
    Ok(())
}

/// A product's name: letters, digits and dashes.
fn slug(name: &str) -> Result<String, Bad> {
    let name = text("the name of the product", name, 64)?.to_ascii_lowercase();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    if !name.chars().all(fits) {
        return Err(Bad::new(
            "the name of the product has other signs than letters, digits and dashes",
        ));
    }
    Ok(name)
}

fn cycle_of(product: &str, position: usize, raw: Raw) -> Result<ReleaseCycle, Bad> {
    Ok(ReleaseCycle {
        product: product.to_owned(),
        cycle: text("the release", &raw.cycle.unwrap_or_default(), 64)?,
        position: u32::try_from(position).unwrap_or(u32::MAX),
        latest: raw.latest.and_then(|latest| text("latest", &latest, 64).ok()).unwrap_or_default(),
        ends: raw.ends.transpose()?,
        active_ends: raw.active_ends.transpose()?,
        extended_ends: raw.extended_ends.transpose()?,
        long_term: raw.long_term,
    })
}
