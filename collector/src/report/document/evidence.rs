//! What an assessor by CyFun 2025 asks first: per measure the figures, and where in the register the proof is.

use super::figures::table;
use super::words::Words;
use super::{Block, Table};
use crate::report::Report;

/// A measure.
struct Measure {
    /// Its code, as CyFun 2025 numbers it.
    code: &'static str,
    /// Key figures that speak of it.
    figures: &'static [&'static str],
    /// Pages that hold what the figures are made of.
    pages: &'static [&'static str],
}

/// Measures the register gives evidence for. The controls of the catalogue begin with the same codes.
const MEASURES: [Measure; 6] = [
    Measure {
        code: "ID.AM-01",
        figures: &["K3", "K4", "K5"],
        pages: &["/assets", "/agents", "/werklijst/te-herbevestigen"],
    },
    Measure { code: "ID.AM-02", figures: &["K11", "K15"], pages: &["/software"] },
    Measure {
        code: "ID.AM-05",
        figures: &["K1", "K2"],
        pages: &["/eigenaars", "/assets?biv=geen", "/instellingen/grondslag"],
    },
    Measure { code: "ID.AM-07", figures: &[], pages: &["/gegevens"] },
    Measure { code: "ID.AM-08", figures: &["K6", "K9"], pages: &["/bevindingen", "/audit"] },
    Measure {
        code: "ID.RA-01",
        figures: &["K10", "K12", "K16"],
        pages: &["/bevindingen", "/bronnen", "/risicos"],
    },
];

pub(super) fn measures(words: &Words, report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::Text(words.get("measures-text"))];
    for measure in &MEASURES {
        let code = measure.code;
        let title = words.get(&format!("measure-{}", code.replace('.', "-")));
        blocks.push(Block::Heading(format!("{code} {title}")));
        if measure.figures.is_empty() {
            blocks.push(Block::Text(words.get("measure-by-controls")));
        } else {
            blocks.push(Block::Table(figures(words, report, measure)));
        }
        blocks.push(Block::Text(controls(words, report, code)));
        let pages = measure.pages.join(", ");
        blocks.push(Block::Text(words.with("measure-where", &[("pages", &pages)])));
    }
    blocks
}

fn figures(words: &Words, report: &Report, measure: &Measure) -> Table {
    let caption = words.with("caption-measure", &[("code", measure.code)]);
    let of_it = |id: &&str| report.figures.iter().find(|figure| figure.id == **id);
    table(words, caption, measure.figures.iter().filter_map(of_it))
}

/// Which of its requirements the checks of the catalogue cite; the figures of each stand in a section of
/// their own.
fn controls(words: &Words, report: &Report, code: &str) -> String {
    let belfort_assess::kpi::Known::Known(lines) = &report.controls else {
        return words.get("measure-controls-unknown");
    };
    let cited = lines.iter().map(|line| line.control.as_str());
    let cited: Vec<&str> = cited.filter(|control| control.starts_with(code)).collect();
    if cited.is_empty() {
        return words.get("measure-no-controls");
    }
    words.with("measure-controls", &[("controls", &cited.join(", "))])
}
