//! Vulnerabilities, services, end of life, coverage and controls.

use super::words::Words;
use super::{Block, Cell, Table, Tone};
use crate::report::format::{day, iso_day, number};
use crate::report::{Report, VulnerabilityLine};
use belfort_assess::kpi::{Known, Share};

pub(super) fn vulnerabilities(words: &Words, report: &Report) -> Vec<Block> {
    let mut blocks = Vec::new();
    let parts = [("known-exploited", &report.known_exploited), ("overdue", &report.overdue)];
    for (key, lines) in parts {
        blocks.push(Block::Heading(words.get(&format!("heading-{key}"))));
        let caption = words.get(&format!("caption-{key}"));
        blocks.extend(words.known(lines, |lines| vec![vulnerability_table(words, caption, lines)]));
    }
    blocks
}

fn vulnerability_table(words: &Words, caption: String, lines: &[VulnerabilityLine]) -> Block {
    let columns = vec![
        words.column("vulnerability", 50),
        words.column("finding", 40),
        words.numbers("assets", 20),
        words.column("units", 40),
        words.column("since", 24),
        words.numbers("days", 18),
    ];
    let mut table = Table::new(caption, columns);
    for line in lines {
        table.rows.push(vec![
            Cell::plain(&line.name),
            Cell::plain(&line.code),
            words.count(line.assets),
            Cell::plain(line.units.join(", ")),
            Cell::plain(day(line.since)),
            Cell::plain(number(words.language, line.days.unsigned_abs())),
        ]);
    }
    words.table_or_nothing(table)
}

pub(super) fn services(words: &Words, report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::Text(words.get("services-text"))];
    blocks.extend(words.known(&report.services, |lines| {
        let columns = vec![
            words.column("service", 60),
            words.numbers("assets", 24),
            words.numbers("without-owner", 30),
            words.numbers("without-class", 30),
            words.numbers("reporting", 30),
        ];
        let mut table = Table::new(words.get("caption-services"), columns);
        for line in lines {
            let name = match (line.together, &line.unit) {
                (true, _) => words.get("small-services"),
                (false, unit) => words.unit(unit.as_ref()),
            };
            let missing = |count: u64| Cell {
                text: number(words.language, count),
                tone: if count > 0 { Tone::Warn } else { Tone::Plain },
            };
            table.rows.push(vec![
                Cell::plain(name),
                words.count(line.assets),
                missing(line.without_owner),
                missing(line.without_class),
                Cell::plain(words.share(line.reporting)),
            ]);
        }
        vec![words.table_or_nothing(table)]
    }));
    blocks
}

pub(super) fn end_of_life(words: &Words, report: &Report) -> Vec<Block> {
    words.known(&report.end_of_life, |lines| {
        let columns = vec![
            words.column("product", 60),
            words.column("finding", 44),
            words.column("end", 26),
            words.numbers("assets", 22),
            words.column("units", 44),
        ];
        let mut table = Table::new(words.get("caption-end-of-life"), columns);
        for line in lines {
            table.rows.push(vec![
                Cell::plain(&line.product),
                Cell::plain(&line.code),
                Cell::plain(iso_day(&line.day)),
                words.count(line.assets),
                Cell::plain(line.units.join(", ")),
            ]);
        }
        vec![words.table_or_nothing(table)]
    })
}

pub(super) fn coverage(words: &Words, report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::Text(words.get("coverage-text"))];
    blocks.extend(words.known(&report.coverage, |lines| {
        let columns = vec![
            words.column("check", 44),
            words.column("title", 60),
            words.numbers("pass", 22),
            words.numbers("hit", 24),
            words.numbers("unknown", 24),
            words.numbers("covered", 22),
        ];
        let mut table = Table::new(words.get("caption-coverage"), columns);
        for line in lines {
            let told = line.pass.saturating_add(line.hit);
            let covered = Share { good: told, of: told.saturating_add(line.unknown), unknown: 0 };
            table.rows.push(vec![
                Cell::plain(&line.code),
                Cell::plain(words.side(&line.title)),
                words.count(line.pass),
                words.count(line.hit),
                words.count(line.unknown),
                Cell::plain(words.share(covered)),
            ]);
        }
        vec![words.table_or_nothing(table)]
    }));
    blocks.push(Block::Heading(words.get("heading-sources")));
    blocks.push(sources(words, report));
    blocks
}

fn sources(words: &Words, report: &Report) -> Block {
    if report.sources.is_empty() {
        let reason = belfort_assess::kpi::Reason::NoAdvisories;
        return Block::Unknown(words.unknown(reason));
    }
    let columns = vec![
        words.column("source", 50),
        words.column("version", 50),
        words.column("as-of", 26),
        words.numbers("age", 22),
        words.column("judgement", 26),
    ];
    let mut table = Table::new(words.get("caption-sources"), columns);
    for source in &report.sources {
        let (key, tone) = if source.is_old() {
            ("source-old", Tone::Bad)
        } else {
            ("source-current", Tone::Good)
        };
        table.rows.push(vec![
            Cell::plain(&source.name),
            Cell::plain(&source.version),
            Cell::plain(day(source.as_of)),
            Cell::plain(number(words.language, source.age_days.unsigned_abs())),
            Cell { text: words.get(key), tone },
        ]);
    }
    Block::Table(table)
}

pub(super) fn controls(words: &Words, report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::Text(words.get("controls-text"))];
    blocks.extend(words.known(&report.controls, |lines| {
        let columns = vec![
            words.column("control-name", 26),
            words.column("checks", 66),
            words.numbers("in-scope", 22),
            words.numbers("compliant", 22),
            words.numbers("unknown", 24),
            words.numbers("share", 22),
            words.numbers("open-findings", 26),
            words.numbers("excepted", 26),
        ];
        let mut table = Table::new(words.get("caption-controls"), columns);
        for line in lines {
            let of = line.in_scope.saturating_sub(line.unknown);
            let share = Share { good: line.compliant, of, unknown: line.unknown };
            let share = match share.known() {
                Known::Known(share) => Cell::plain(words.share(share)),
                Known::Unknown(_) => Cell { text: words.get("unknown"), tone: Tone::Unknown },
            };
            table.rows.push(vec![
                Cell::plain(&line.control),
                Cell::plain(line.checks.join(", ")),
                words.count(line.in_scope),
                words.count(line.compliant),
                words.count(line.unknown),
                share,
                words.count(line.open_findings),
                words.count(line.excepted),
            ]);
        }
        vec![words.table_or_nothing(table)]
    }));
    blocks
}
