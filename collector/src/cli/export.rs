//! `export`: assets, findings or risks as a file.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use belfort_model::access::Scope;
use belfort_store::record::{AssetFilter, FindingFilter, Page, Paged, RiskFilter};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::Context;
use crate::app::access::Right;
use crate::app::personal::FINDINGS;
use crate::app::{App, AppError};
use crate::clock;
use crate::failure::{Exit, Failure};
use crate::report::csv::guarded;
use crate::view::{Asset, FindingView, RiskView};

/// The form of the file.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  \
    belfort-collector export csv --what risks --output risicos.csv\n  \
    belfort-collector export json --what assets | jq length")]
pub(super) enum Export {
    /// CSV with `;`, UTF-8 with byte order mark, as spreadsheets in Belgium read it
    Csv(What),
    /// A JSON array
    Json(What),
}

#[derive(Debug, Args)]
pub(super) struct What {
    /// What to write
    #[arg(long, value_enum, default_value_t = Subject::Assets)]
    what: Subject,
    /// File to write to, made anew; standard output when left out
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Subject {
    Assets,
    Findings,
    Risks,
}

/// Rows read at a time: memory stays bounded whatever the size of the register.
const CHUNK: u32 = 500;

impl Export {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        actor.require(Right::Export).map_err(AppError::from)?;
        let scope = actor.scope(Right::Export);
        let (what, is_json) = match self {
            Self::Csv(what) => (what, false),
            Self::Json(what) => (what, true),
        };
        if let Subject::Findings = what.what {
            // All of them: also those about people.
            app.view_personal(&actor, FINDINGS, "export", clock::now())?;
        }
        let Some(path) = &what.output else {
            let result = write(&app, what.what, &scope, is_json, io::stdout().lock());
            return result.or_else(quiet_when_reader_left);
        };
        // A half-written export never stands under its name.
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let temporary = path.with_file_name(format!(".{name}.partial"));
        let result = fs::File::create(&temporary)
            .map_err(Failed::Write)
            .and_then(|file| write(&app, what.what, &scope, is_json, io::BufWriter::new(file)))
            .and_then(|()| fs::rename(&temporary, path).map_err(Failed::Write));
        if result.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        result.map_err(|failed| match failed {
            Failed::Write(error) => Failure::new(
                Exit::BadInput,
                anyhow::anyhow!("cannot write {}: {error}", path.display()),
            ),
            Failed::Read(failure) => failure,
        })?;
        context.output.done(&format!("written to {}", path.display()))
    }
}

enum Failed {
    Read(Failure),
    Write(io::Error),
}

fn quiet_when_reader_left(failed: Failed) -> Result<(), Failure> {
    match failed {
        Failed::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Failed::Write(error) => Err(anyhow::anyhow!("cannot print: {error}").into()),
        Failed::Read(failure) => Err(failure),
    }
}

fn write(
    app: &App,
    what: Subject,
    scope: &Scope,
    is_json: bool,
    out: impl Write,
) -> Result<(), Failed> {
    let store = &app.store;
    let scope = || scope.clone();
    let mut rows: Box<dyn Rows> =
        if is_json { Box::new(JsonRows::new(out)?) } else { Box::new(CsvRows::new(out)?) };
    match what {
        Subject::Assets => each(
            |page| store.asset_list(&AssetFilter { scope: scope(), ..Default::default() }, page),
            |asset| rows.row(ASSET, &asset_cells(&asset), &asset),
            Asset::from,
        )?,
        Subject::Findings => each(
            |page| {
                store.finding_list(&FindingFilter { scope: scope(), ..Default::default() }, page)
            },
            |finding| rows.row(FINDING, &finding_cells(&finding), &finding),
            |finding| FindingView::of(finding, &app.catalogue),
        )?,
        Subject::Risks => each(
            |page| store.risk_list(&RiskFilter { scope: scope(), ..Default::default() }, page),
            |risk| rows.row(RISK, &risk_cells(&risk), &risk),
            |risk| RiskView::of(risk, &app.catalogue),
        )?,
    }
    let head = match what {
        Subject::Assets => ASSET,
        Subject::Findings => FINDING,
        Subject::Risks => RISK,
    };
    rows.end(head).map_err(Failed::Write)
}

/// Reads a list chunk by chunk.
fn each<S, T>(
    read: impl Fn(Page) -> belfort_store::Result<Paged<S>>,
    mut write: impl FnMut(T) -> io::Result<()>,
    show: impl Fn(S) -> T,
) -> Result<(), Failed> {
    let mut offset = 0;
    loop {
        let page = read(Page { limit: CHUNK, offset }).map_err(|e| Failed::Read(e.into()))?;
        if page.items.is_empty() {
            return Ok(());
        }
        offset += page.items.len() as u64;
        for item in page.items {
            write(show(item)).map_err(Failed::Write)?;
        }
    }
}

const ASSET: &[&str] = &[
    "id",
    "naam",
    "soort",
    "vorm",
    "levensfase",
    "besturingssysteem",
    "eigenaar",
    "functie",
    "b",
    "i",
    "v",
    "aangenomen",
    "open bevindingen",
    "eerst gezien",
    "laatst gezien",
    "rechtspersoon",
    "site",
    "labels",
    "omgeving",
    "blootstelling",
    "toegelaten",
    "bevestigd",
    "nagekeken",
    "na te kijken tegen",
];

fn asset_cells(asset: &Asset) -> Vec<String> {
    let owner = asset.owner.as_ref();
    vec![
        asset.id.clone(),
        asset.name.clone(),
        asset.kind.clone(),
        asset.subtype.clone(),
        asset.lifecycle.clone(),
        asset.operating_system.clone(),
        owner.map(|owner| owner.unit.clone()).unwrap_or_default(),
        owner.map(|owner| owner.function.clone()).unwrap_or_default(),
        asset.class.biv.b.to_string(),
        asset.class.biv.i.to_string(),
        asset.class.biv.v.to_string(),
        if asset.class.assumed { "ja" } else { "nee" }.to_owned(),
        asset.open_findings.to_string(),
        asset.first_seen.clone(),
        asset.last_seen.clone(),
        asset.legal_entity.clone(),
        asset.site.clone(),
        asset.labels.join(", "),
        asset.environment.clone(),
        asset.exposure.clone(),
        asset.authorised.clone(),
        owner.and_then(|owner| owner.confirmed_at.clone()).unwrap_or_default(),
        asset.verified_at.clone().unwrap_or_default(),
        asset.verify_due.clone().unwrap_or_default(),
    ]
}

const FINDING: &[&str] = &[
    "id",
    "code",
    "bevinding",
    "bedrijfsmiddel",
    "eenheid",
    "status",
    "kans",
    "biv",
    "bewijs",
    "CyFun 2025",
    "ISO 27001",
    "sinds",
    "laatst",
    "opgelost",
];

fn finding_cells(finding: &FindingView) -> Vec<String> {
    let evidence: Vec<_> = finding.evidence.iter().map(|item| item.value.as_str()).collect();
    vec![
        finding.id.clone(),
        finding.code.clone(),
        finding.title_nl.clone(),
        finding.asset_name.clone(),
        finding.unit.clone().unwrap_or_default(),
        finding.status.clone(),
        finding.likelihood.to_string(),
        finding.dimensions.clone(),
        evidence.join("; "),
        finding.cyfun_2025.join(", "),
        finding.iso_27001.join(", "),
        finding.first_observed.clone(),
        finding.last_observed.clone(),
        finding.resolved_at.clone().unwrap_or_default(),
    ]
}

const RISK: &[&str] = &[
    "ref",
    "sleutel",
    "risico",
    "eenheid",
    "status",
    "behandeling",
    "kans (bruto)",
    "impact (bruto)",
    "ernst (bruto)",
    "kans",
    "impact",
    "ernst",
    "beheersing",
    "prioriteit",
    "ernst (geldend)",
    "kans (beoordeeld)",
    "impact (beoordeeld)",
    "ernst (beoordeeld)",
    "beheersing (beoordeeld)",
    "ernst (doel)",
    "beoordeeld door",
    "motivering",
    "risico-eigenaar",
    "beslist door",
    "overleg",
    "beslist op",
    "motivering beslissing",
    "aanvaard tot",
    "acties",
    "acties open",
    "advies DPO",
    "advies CISO",
    "incidenten",
    "wettelijke verwijzingen",
    "bevindingen",
    "bedrijfsmiddelen",
    "volgende herziening",
];

fn risk_cells(risk: &RiskView) -> Vec<String> {
    let assessed = risk.assessed.as_ref();
    let decision = risk.decision.as_ref();
    let number = |level: Option<u8>| level.map(|level| level.to_string()).unwrap_or_default();
    let advice = |role: &str| {
        let given = risk.advice.iter().filter(|advice| advice.role.as_deref() == Some(role));
        given.map(|advice| advice.text.as_str()).collect::<Vec<_>>().join(" | ")
    };
    let open = risk.actions.iter().filter(|action| action.status != "verified").count();
    vec![
        risk.reference.clone(),
        risk.key.clone(),
        risk.title_nl.clone(),
        risk.unit.clone().unwrap_or_default(),
        risk.state.clone(),
        risk.treatment.clone(),
        risk.inherent.likelihood.to_string(),
        risk.inherent.impact.to_string(),
        risk.inherent.severity.to_string(),
        risk.current.likelihood.to_string(),
        risk.current.impact.to_string(),
        risk.current.severity.to_string(),
        risk.control.to_string(),
        risk.priority.clone(),
        risk.severity.to_string(),
        number(assessed.map(|one| one.current.likelihood)),
        number(assessed.map(|one| one.current.impact)),
        number(assessed.map(|one| one.current.severity)),
        number(assessed.map(|one| one.control)),
        number(assessed.and_then(|one| one.target).map(|target| target.severity)),
        assessed.map(|one| one.by.clone()).unwrap_or_default(),
        assessed.map(|one| one.reason.clone()).unwrap_or_default(),
        risk.owner_function.clone().unwrap_or_default(),
        decision.map(|one| one.by.clone()).unwrap_or_default(),
        decision.and_then(|one| one.meeting.clone()).unwrap_or_default(),
        decision.map(|one| one.at.clone()).unwrap_or_default(),
        decision.map(|one| one.reason.clone()).unwrap_or_default(),
        risk.accept_until.clone().unwrap_or_default(),
        risk.actions.len().to_string(),
        open.to_string(),
        advice("dpo"),
        advice("ciso"),
        risk.incidents.join(", "),
        risk.legal.join(", "),
        risk.codes.join(", "),
        risk.assets.len().to_string(),
        risk.next_review.clone(),
    ]
}

/// Takes rows one by one.
trait Rows {
    fn row(&mut self, head: &[&str], cells: &[String], value: &dyn ErasedJson) -> io::Result<()>;
    fn end(&mut self, head: &[&str]) -> io::Result<()>;
}

/// Something that can be written as JSON, whatever its type.
trait ErasedJson {
    fn json(&self) -> io::Result<String>;
}

impl<T: Serialize> ErasedJson for T {
    fn json(&self) -> io::Result<String> {
        serde_json::to_string(self).map_err(io::Error::other)
    }
}

struct CsvRows<W: Write> {
    csv: csv::Writer<W>,
    has_head: bool,
}

impl<W: Write> CsvRows<W> {
    fn new(mut out: W) -> Result<Self, Failed> {
        out.write_all("\u{feff}".as_bytes()).map_err(Failed::Write)?;
        let csv = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
        Ok(Self { csv, has_head: false })
    }

    fn head(&mut self, head: &[&str]) -> io::Result<()> {
        if self.has_head {
            return Ok(());
        }
        self.has_head = true;
        self.csv.write_record(head).map_err(unwrap_csv)
    }
}

/// The cause of an error of the CSV writer, so that a reader that left is recognised.
fn unwrap_csv(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

impl<W: Write> Rows for CsvRows<W> {
    fn row(&mut self, head: &[&str], cells: &[String], _: &dyn ErasedJson) -> io::Result<()> {
        self.head(head)?;
        self.csv.write_record(cells.iter().map(|cell| guarded(cell))).map_err(unwrap_csv)
    }

    fn end(&mut self, head: &[&str]) -> io::Result<()> {
        self.head(head)?;
        self.csv.flush()
    }
}

struct JsonRows<W: Write> {
    out: W,
    any: bool,
}

impl<W: Write> JsonRows<W> {
    fn new(mut out: W) -> Result<Self, Failed> {
        out.write_all(b"[").map_err(Failed::Write)?;
        Ok(Self { out, any: false })
    }
}

impl<W: Write> Rows for JsonRows<W> {
    fn row(&mut self, _: &[&str], _: &[String], value: &dyn ErasedJson) -> io::Result<()> {
        let comma = if std::mem::replace(&mut self.any, true) { "," } else { "" };
        write!(self.out, "{comma}\n{}", value.json()?)
    }

    fn end(&mut self, _: &[&str]) -> io::Result<()> {
        self.out.write_all(b"\n]\n")?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_and_begins_with_the_byte_order_mark() {
        let mut out = Vec::new();
        let mut rows = CsvRows::new(&mut out).map_err(|_| ()).unwrap();
        rows.row(&["a", "b"], &["x;y".to_owned(), "é \"q\"".to_owned()], &1).unwrap();
        rows.end(&["a", "b"]).unwrap();
        drop(rows);
        assert_eq!(String::from_utf8(out).unwrap(), "\u{feff}a;b\n\"x;y\";\"é \"\"q\"\"\"\n");
    }

    #[test]
    fn an_empty_export_has_its_head() {
        let mut out = Vec::new();
        let mut rows = CsvRows::new(&mut out).map_err(|_| ()).unwrap();
        rows.end(&["a", "b"]).unwrap();
        drop(rows);
        assert_eq!(String::from_utf8(out).unwrap(), "\u{feff}a;b\n");
    }
}
