//! The summary with its key figures and their trend, and the annex.

use belfort_assess::kpi::{Figure, Known, Value};
use belfort_model::scale::{Level, Matrix};

use super::words::{Words, tone, tone_of};
use super::{Block, Cell, Chart, Column, Table, Tile, Tone};
use crate::report::format::{day, iso_day, moment, number};
use crate::report::{Report, TrendPoint};

/// The figures that the chart follows.
const DRAWN: [&str; 3] = ["K1", "K2", "K3"];

pub(super) fn summary(words: &Words, report: &Report) -> Vec<Block> {
    let tiles = ["K1", "K2", "K3", "K10", "K13", "K14"];
    let tiles = report.figures.iter().filter(|figure| tiles.contains(&figure.id.as_str()));
    let on_agenda: u64 = report.matrix.values().sum();
    vec![
        Block::Text(words.with(
            "summary-text",
            &[
                ("risks", &number(words.language, on_agenda)),
                ("changed", &number(words.language, report.risks.len() as u64)),
                ("decisions", &number(words.language, report.decisions.len() as u64)),
            ],
        )),
        Block::Tiles(tiles.map(|figure| tile(words, figure)).collect()),
        Block::Heading(words.get("heading-matrix")),
        matrix(words, report),
        Block::Heading(words.get("heading-figures")),
        Block::Table(table(words, words.get("caption-figures"), &report.figures)),
        Block::Heading(words.get("heading-trend")),
        Block::Chart(chart(words, report)),
        Block::Table(trend(words, report)),
    ]
}

fn tile(words: &Words, figure: &Figure) -> Tile {
    let (value, detail) = said(words, figure);
    Tile {
        label: words.get(&format!("kpi-{}", figure.id)),
        value,
        detail,
        judgement: words.judgement(figure.colour),
        tone: tone(figure.colour),
    }
}

/// The value of a figure, and what it is made of.
fn said(words: &Words, figure: &Figure) -> (String, String) {
    let n = |count| number(words.language, count);
    match &figure.value {
        Known::Unknown(reason) => (words.get("unknown"), words.unknown(*reason)),
        Known::Known(Value::Share(share)) => {
            let mut detail =
                words.with("share-detail", &[("good", &n(share.good)), ("of", &n(share.of))]);
            if share.unknown > 0 {
                detail.push_str("; ");
                let unknown = n(share.unknown);
                detail.push_str(&words.with("share-unknown", &[("count", &unknown)]));
            }
            (words.share(*share), detail)
        }
        Known::Known(Value::Count(count)) => {
            let mut parts = Vec::new();
            if let Some(of) = count.of {
                parts.push(words.with("count-of", &[("of", &n(of))]));
            }
            if let Some(oldest) = count.oldest {
                parts.push(words.with("count-oldest", &[("day", &day(oldest))]));
            }
            (n(count.count), parts.join("; "))
        }
        Known::Known(Value::Days(days)) => {
            let each = days.iter().map(|(priority, median)| {
                let (days, of) = (median.days.to_string(), n(median.of));
                let priority = priority.as_str();
                words.with("median", &[("priority", priority), ("days", &days), ("of", &of)])
            });
            (each.collect::<Vec<_>>().join("; "), String::new())
        }
        Known::Known(Value::Sources(sources)) => {
            let old = sources.iter().filter(|source| source.is_old()).count() as u64;
            let all = n(sources.len() as u64);
            (words.with("sources-current", &[("old", &n(old)), ("all", &all)]), String::new())
        }
    }
}

/// A table of some of the figures.
pub(super) fn table<'a>(
    words: &Words,
    caption: String,
    figures: impl IntoIterator<Item = &'a Figure>,
) -> Table {
    let columns = vec![
        words.column("number", 9),
        words.column("figure", 46),
        words.column("value", 26),
        words.column("detail", 40),
        words.column("judgement", 22),
    ];
    let mut table = Table::new(caption, columns);
    for figure in figures {
        let (value, detail) = said(words, figure);
        table.rows.push(vec![
            Cell::plain(&figure.id),
            Cell::plain(words.get(&format!("kpi-{}", figure.id))),
            Cell::plain(value),
            Cell::plain(detail),
            Cell { text: words.judgement(figure.colour), tone: tone(figure.colour) },
        ]);
    }
    table
}

/// How many risks there are per likelihood and impact.
fn matrix(words: &Words, report: &Report) -> Block {
    let head = words.column("likelihood", 30);
    let impact = |level: Level| Column {
        title: format!("{level} {}", words.get(&format!("impact-{level}"))),
        numeric: true,
        weight: 20,
    };
    let columns = std::iter::once(head).chain(Level::ALL.map(impact)).collect();
    let mut table = Table::new(words.get("caption-matrix"), columns);
    let scale = Matrix::default();
    for likelihood in Level::ALL.into_iter().rev() {
        let name = format!("{likelihood} {}", words.get(&format!("likelihood-{likelihood}")));
        let cells = Level::ALL.map(|impact| {
            let count = report.matrix.get(&format!("{likelihood}x{impact}")).copied();
            let severity = scale.severity(likelihood, impact);
            match count {
                Some(count) => {
                    let name = words.get(&format!("severity-{severity}"));
                    let text = format!("{} {name}", number(words.language, count));
                    Cell { text, tone: tone_of(severity) }
                }
                None => Cell::plain("–"),
            }
        });
        table.rows.push(std::iter::once(Cell::plain(name)).chain(cells).collect());
    }
    Block::Table(table)
}

fn month(point: &TrendPoint) -> String {
    // `2026-11` as `11/2026`.
    let (year, month) = point.month.split_once('-').unwrap_or((&point.month, ""));
    format!("{month}/{year}")
}

fn chart(words: &Words, report: &Report) -> Chart {
    let share = |point: &TrendPoint, id: &str| point.shares.get(id).and_then(|s| s.per_mille());
    Chart {
        title: words.get("chart-title"),
        description: words.get("chart-description"),
        labels: report.trend.iter().map(month).collect(),
        series: DRAWN
            .into_iter()
            .map(|id| {
                let values = report.trend.iter().map(|point| share(point, id)).collect();
                (format!("{id} {}", words.get(&format!("kpi-{id}"))), values)
            })
            .collect(),
    }
}

fn trend(words: &Words, report: &Report) -> Table {
    let shown = ["K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9"];
    let mut columns = vec![words.column("month", 20), words.column("day", 24)];
    let title = |id: &str| Column { title: id.to_owned(), numeric: true, weight: 16 };
    columns.extend(shown.map(title));
    let mut table = Table::new(words.get("caption-trend"), columns);
    for point in &report.trend {
        let day = point.day.as_deref().map_or_else(|| words.get("not-kept"), iso_day);
        let mut row = vec![Cell::plain(month(point)), Cell::plain(day)];
        row.extend(shown.map(|id| match point.shares.get(id) {
            Some(share) => Cell::plain(words.share(*share)),
            None => Cell { text: words.get("unknown"), tone: Tone::Unknown },
        }));
        table.rows.push(row);
    }
    table
}

pub(super) fn annex(words: &Words, report: &Report, sha256: [u8; 32]) -> Vec<Block> {
    let columns = vec![words.column("what", 40), words.column("version", 100)];
    let mut table = Table::new(words.get("caption-annex"), columns);
    let versions = &report.versions;
    let named = [
        ("version-matrix", versions.matrix.clone()),
        ("version-scheme", versions.scheme.clone()),
        ("version-catalogue", versions.catalogue.clone()),
        ("version-end-of-life", versions.end_of_life.clone()),
        ("version-program", versions.program.clone()),
        ("version-format", report.format.to_string()),
        ("version-cut-off", moment(report.cut_off)),
    ];
    let rows = named.map(|(key, version)| vec![Cell::plain(words.get(key)), Cell::plain(version)]);
    table.rows.extend(rows);
    for source in &report.sources {
        let version = words
            .with("version-source", &[("version", &source.version), ("day", &day(source.as_of))]);
        table.rows.push(vec![Cell::plain(&source.name), Cell::plain(version)]);
    }
    table.rows.push(vec![Cell::plain("SHA-256"), Cell::plain(hex::encode(sha256))]);
    vec![
        Block::Table(table),
        Block::Text(words.get("annex-hash")),
        Block::Text(words.get("annex-as-of")),
    ]
}
