//! The report in words: sections of paragraphs and tables in one language, for every way of writing them
//! down. Nothing is left out in silence: what is empty says so, what is unknown says why.

mod assets;
mod evidence;
mod figures;
mod risks;
mod words;

use super::Report;
use super::format::{day, number};
use crate::calendar::Month;
use crate::i18n::{Language, Texts};
use words::Words;

/// What is presented of a report. One frozen report holds the content of both: its hash stands for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// The monthly report for the CI meeting.
    #[default]
    Monthly,
    /// The evidence for an assessment by CyFun 2025.
    Cyfun,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Monthly, Self::Cyfun];

    /// Its name in addresses and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Cyfun => "cyfun",
        }
    }

    /// What a file of it is named, after the month.
    pub fn file(self, month: &str) -> String {
        match self {
            Self::Monthly => month.to_owned(),
            Self::Cyfun => format!("{month}-cyfun"),
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not one of monthly, cyfun"))
    }
}

/// A report in words.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its language.
    pub language: Language,
    /// Title.
    pub title: String,
    /// Lines below the title.
    pub lead: Vec<String>,
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// What the page number is called: `Pagina 1 van 9`, with `{page}` and `{pages}` in it.
    pub page: String,
    /// What the list of sections is called.
    pub contents: String,
}

/// A section.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its anchor.
    pub id: &'static str,
    /// Number and title.
    pub title: String,
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Clone, Debug)]
pub enum Block {
    /// A title below that of the section.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// There is nothing to list.
    Nothing(String),
    /// It is not known, and why.
    Unknown(String),
    /// Figures side by side.
    Tiles(Vec<Tile>),
    /// A table.
    Table(Table),
    /// Lines over time.
    Chart(Chart),
}

/// How a value stands. It never says more than the text beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to say.
    Plain,
    /// Good.
    Good,
    /// Nearly good.
    Warn,
    /// Bad.
    Bad,
    /// Not known.
    Unknown,
    /// Severity 1 or 2.
    Low,
    /// Severity 3.
    Moderate,
    /// Severity 4.
    High,
    /// Severity 5.
    Critical,
}

impl Tone {
    /// Its name in style sheets.
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// A figure.
#[derive(Clone, Debug)]
pub struct Tile {
    /// What it is.
    pub label: String,
    /// The figure.
    pub value: String,
    /// What it is made of.
    pub detail: String,
    /// How it stands, in a word.
    pub judgement: String,
    /// How it stands, in colour.
    pub tone: Tone,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Title.
    pub title: String,
    /// Whether it holds numbers.
    pub numeric: bool,
    /// Width compared with that of the others.
    pub weight: u16,
}

/// A cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Text.
    pub text: String,
    /// How it stands.
    pub tone: Tone,
}

/// A table; the first cell of a row names it.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: Vec<Vec<Cell>>,
}

/// Shares over months.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The same in full, for who does not see it.
    pub description: String,
    /// The months.
    pub labels: Vec<String>,
    /// The lines: name and per mille per month.
    pub series: Vec<(String, Vec<Option<u64>>)>,
}

impl Document {
    /// Puts a report into words. `sha256` is the hash of its canonical content.
    pub fn of(report: &Report, kind: Kind, language: Language, sha256: [u8; 32]) -> Self {
        let words = Words { texts: Texts::of(language), language };
        match kind {
            Kind::Monthly => Self::monthly(&words, report, sha256),
            Kind::Cyfun => Self::evidence(&words, report, sha256),
        }
    }

    fn monthly(words: &Words, report: &Report, sha256: [u8; 32]) -> Self {
        let parts = vec![
            ("summary", figures::summary(words, report)),
            ("risks", risks::changed(words, report)),
            ("decisions", risks::decisions(words, report)),
            ("actions", risks::actions(words, report)),
            ("vulnerabilities", assets::vulnerabilities(words, report)),
            ("services", assets::services(words, report)),
            ("end-of-life", assets::end_of_life(words, report)),
            ("exceptions", risks::exceptions(words, report)),
            ("coverage", assets::coverage(words, report)),
            ("advice", risks::advice(words, report)),
            ("controls", assets::controls(words, report)),
            ("annex", figures::annex(words, report, sha256)),
        ];
        Self::made(words, report, "report", parts)
    }

    fn evidence(words: &Words, report: &Report, sha256: [u8; 32]) -> Self {
        let parts = vec![
            ("measures", evidence::measures(words, report)),
            ("controls", assets::controls(words, report)),
            ("coverage", assets::coverage(words, report)),
            ("vulnerabilities", assets::vulnerabilities(words, report)),
            ("end-of-life", assets::end_of_life(words, report)),
            ("services", assets::services(words, report)),
            ("exceptions", risks::exceptions(words, report)),
            ("annex", figures::annex(words, report, sha256)),
        ];
        Self::made(words, report, "cyfun", parts)
    }

    /// A document of its parts. `name` is the beginning of the keys of what stands above them.
    fn made(
        words: &Words,
        report: &Report,
        name: &str,
        parts: Vec<(&'static str, Vec<Block>)>,
    ) -> Self {
        let month = month_name(words, &report.month);
        let section = |(index, (id, blocks)): (usize, (&'static str, Vec<Block>))| {
            let title = words.get(&format!("section-{id}"));
            Section { id, title: format!("{}. {title}", index + 1), blocks }
        };
        Self {
            language: words.language,
            title: words.with(&format!("{name}-title"), &[("month", &month)]),
            lead: vec![
                words.with(
                    &format!("{name}-lead"),
                    &[("from", &day(report.period_from)), ("until", &day(report.cut_off))],
                ),
                words.get(&format!("{name}-audience")),
            ],
            sections: parts.into_iter().enumerate().map(section).collect(),
            page: words.with("report-page", &[("page", "{page}"), ("pages", "{pages}")]),
            contents: words.get("report-contents"),
        }
    }
}

/// `november 2026`.
fn month_name(words: &Words, text: &str) -> String {
    match text.parse::<Month>() {
        Ok(month) => {
            format!("{} {}", words.get(&format!("month-{}", month.number())), month.year())
        }
        Err(_) => text.to_owned(),
    }
}

impl Tone {
    /// Whether it says nothing.
    pub fn is_plain(self) -> bool {
        self == Self::Plain
    }
}

impl Table {
    /// Whether this column holds numbers.
    pub fn is_numeric(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|column| column.numeric)
    }

    /// The cells of a row, each with whether its column holds numbers.
    pub fn cells<'a>(&self, row: &'a [Cell]) -> Vec<(bool, &'a Cell)> {
        let cells = row.iter().enumerate();
        cells.map(|(column, cell)| (self.is_numeric(column), cell)).collect()
    }

    fn new(caption: String, columns: Vec<Column>) -> Self {
        Self { caption, columns, rows: Vec::new() }
    }
}

impl Cell {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }
}

impl Words {
    /// A table, or that there is nothing.
    fn table_or_nothing(&self, table: Table) -> Block {
        if table.rows.is_empty() {
            Block::Nothing(self.get("nothing"))
        } else {
            Block::Table(table)
        }
    }

    /// A cell with a number.
    fn count(&self, count: u64) -> Cell {
        Cell::plain(number(self.language, count))
    }
}
