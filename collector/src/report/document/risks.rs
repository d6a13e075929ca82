//! Risks, decisions, actions, exceptions and advice.

use belfort_model::risk::Rating;

use super::words::Words;
use super::{Block, Cell, Table, Tone};
use crate::report::format::{day, number};
use crate::report::{Change, Report, RiskLine};

pub(super) fn changed(words: &Words, report: &Report) -> Vec<Block> {
    let columns = vec![
        words.column("reference", 26),
        words.column("risk", 56),
        words.column("unit", 36),
        words.column("change", 20),
        words.column("severity-before", 22),
        words.column("severity", 22),
        words.numbers("control", 20),
        words.column("state", 26),
    ];
    let mut table = Table::new(words.get("caption-risks"), columns);
    for risk in &report.risks {
        let before = risk
            .before
            .map_or_else(|| Cell::plain("–"), |Rating { severity, .. }| words.severity(severity));
        let change = match risk.change {
            Change::New => "change-new",
            Change::Risen => "change-risen",
            Change::Fallen => "change-fallen",
            Change::Ended => "change-ended",
            Change::Changed => "change-changed",
            Change::None => "change-none",
        };
        table.rows.push(vec![
            Cell::plain(&risk.reference),
            Cell::plain(words.side(&risk.title)),
            Cell::plain(words.unit(risk.unit.as_ref())),
            Cell::plain(words.get(change)),
            before,
            words.severity(risk.now.severity),
            Cell::plain(risk.control.to_string()),
            Cell::plain(state(words, risk)),
        ]);
    }
    vec![Block::Text(words.get("risks-text")), words.table_or_nothing(table)]
}

fn state(words: &Words, risk: &RiskLine) -> String {
    words.get(&format!("state-{}", risk.state.as_str()))
}

pub(super) fn decisions(words: &Words, report: &Report) -> Vec<Block> {
    let columns = vec![
        words.column("reference", 26),
        words.column("risk", 60),
        words.column("unit", 36),
        words.column("priority", 18),
        words.column("severity", 24),
        words.column("likelihood-impact", 24),
        words.column("treatment", 26),
        words.column("state", 28),
    ];
    let mut table = Table::new(words.get("caption-decisions"), columns);
    for risk in &report.decisions {
        table.rows.push(vec![
            Cell::plain(&risk.reference),
            Cell::plain(words.side(&risk.title)),
            Cell::plain(words.unit(risk.unit.as_ref())),
            Cell::plain(risk.priority.as_str()),
            words.severity(risk.now.severity),
            Cell::plain(format!("{} × {}", risk.now.likelihood, risk.now.impact)),
            Cell::plain(words.get(&format!("treatment-{}", risk.treatment.as_str()))),
            Cell::plain(state(words, risk)),
        ]);
    }
    vec![Block::Text(words.get("decisions-text")), words.table_or_nothing(table)]
}

pub(super) fn actions(words: &Words, report: &Report) -> Vec<Block> {
    words.known(&report.actions_late, |actions| {
        let columns = vec![
            words.column("reference", 28),
            words.column("action", 70),
            words.column("assignee", 40),
            words.column("due", 24),
            words.numbers("days-late", 20),
            words.column("status", 24),
        ];
        let mut table = Table::new(words.get("caption-actions"), columns);
        for action in actions {
            table.rows.push(vec![
                Cell::plain(&action.risk),
                Cell::plain(&action.title),
                Cell::plain(&action.owner),
                Cell::plain(day(action.due)),
                Cell {
                    text: number(words.language, action.days_late.unsigned_abs()),
                    tone: Tone::Bad,
                },
                Cell::plain(words.get(&format!("action-{}", action.status))),
            ]);
        }
        vec![words.table_or_nothing(table)]
    })
}

pub(super) fn exceptions(words: &Words, report: &Report) -> Vec<Block> {
    words.known(&report.exceptions, |exceptions| {
        let columns = vec![
            words.column("reference", 30),
            words.column("scope", 60),
            words.column("reason", 70),
            words.column("expires", 26),
        ];
        let mut table = Table::new(words.get("caption-exceptions"), columns);
        for exception in exceptions {
            let key = if exception.expired { "expired-on" } else { "expires-on" };
            table.rows.push(vec![
                Cell::plain(&exception.reference),
                Cell::plain(&exception.scope),
                Cell::plain(&exception.reason),
                Cell {
                    text: words.with(key, &[("day", &day(exception.expires))]),
                    tone: if exception.expired { Tone::Bad } else { Tone::Warn },
                },
            ]);
        }
        vec![words.table_or_nothing(table)]
    })
}

pub(super) fn advice(words: &Words, report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::Text(words.get("advice-text"))];
    for role in ["dpo", "ciso"] {
        blocks.push(Block::Heading(words.get(&format!("heading-advice-{role}"))));
        blocks.extend(words.known(&report.advice, |advice| {
            let columns = vec![
                words.column("reference", 28),
                words.column("advice", 120),
                words.column("given", 26),
            ];
            let mut table = Table::new(words.get(&format!("caption-advice-{role}")), columns);
            for line in advice.iter().filter(|line| line.role == role) {
                table.rows.push(vec![
                    Cell::plain(&line.risk),
                    Cell::plain(&line.text),
                    Cell::plain(day(line.at)),
                ]);
            }
            vec![words.table_or_nothing(table)]
        }));
    }
    blocks
}
