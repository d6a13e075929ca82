//! The matrix of likelihood and impact: a drawing whose filled cells are links, its legend, and the same as
//! a table.

use std::fmt::Write as _;

use belfort_model::scale::{Level, Matrix};

use super::frame::Frame;

/// Risks per cell: the first index is the likelihood less one, the second the impact less one.
pub(super) type Counts = [[u64; 5]; 5];

/// The highest severity that is tolerated: *middle* is, *high* is not.
const TOLERATED: u8 = 3;

const LEFT: u32 = 44;
const TOP: u32 = 8;
const WIDE: u32 = 64;
const HIGH: u32 = 46;

/// Counts the ratings of risks, each a likelihood and an impact from 1 to 5.
pub(super) fn counted(ratings: impl IntoIterator<Item = (u8, u8)>) -> Counts {
    let mut counts = Counts::default();
    for (likelihood, impact) in ratings {
        let row = counts.get_mut(usize::from(likelihood).wrapping_sub(1));
        if let Some(cell) = row.and_then(|row| row.get_mut(usize::from(impact).wrapping_sub(1))) {
            *cell += 1;
        }
    }
    counts
}

/// Drawing, legend and table. `link` gives the address of the risks of a likelihood and an impact.
pub(super) fn whole(
    frame: &Frame,
    matrix: &Matrix,
    counts: &Counts,
    link: impl Fn(u8, u8) -> String,
) -> String {
    let drawing = svg(frame, matrix, counts, &link);
    format!(
        "<div class=\"heat-wrap\">{drawing}</div>{}<details class=\"alt\"><summary>{}</summary>{}</details>",
        legend(frame),
        escaped(&frame.t("show-as-table")),
        table(frame, matrix, counts, link)
    )
}

/// The drawing alone. Cells with risks are links; the line parts what is tolerated from what is not.
pub(super) fn svg(
    frame: &Frame,
    matrix: &Matrix,
    counts: &Counts,
    link: impl Fn(u8, u8) -> String,
) -> String {
    let mut out = format!(
        "<svg class=\"heat compact\" viewBox=\"0 0 368 286\" role=\"group\" aria-label=\"{}\">",
        escaped(&frame.t("matrix-label"))
    );
    for likelihood in (1..=5).rev() {
        let y = top_of(likelihood);
        let _ = write!(
            out,
            "<text class=\"tick\" x=\"34\" y=\"{}\" text-anchor=\"end\" \
             dominant-baseline=\"central\">{likelihood}</text>",
            y + HIGH / 2
        );
        for impact in 1..=5 {
            let shown = Shown::of(matrix, counts, likelihood, impact);
            cell(&mut out, frame, &shown, &link);
        }
    }
    for impact in 1..=5 {
        let x = left_of(impact) + WIDE / 2;
        let _ = write!(
            out,
            "<text class=\"tick\" x=\"{x}\" y=\"254\" text-anchor=\"middle\">{impact}</text>"
        );
    }
    let _ = write!(
        out,
        "<path class=\"tol\" d=\"{}\"/><text class=\"axis\" x=\"204\" y=\"278\" \
         text-anchor=\"middle\">{}</text><text class=\"axis\" transform=\"translate(14 123) \
         rotate(-90)\" text-anchor=\"middle\">{}</text></svg>",
        tolerance(matrix),
        escaped(&frame.t("col-impact")),
        escaped(&frame.t("matrix-likelihood"))
    );
    out
}

struct Shown {
    likelihood: u8,
    impact: u8,
    severity: u8,
    count: u64,
}

impl Shown {
    fn of(matrix: &Matrix, counts: &Counts, likelihood: u8, impact: u8) -> Self {
        let row = counts.get(usize::from(likelihood).wrapping_sub(1));
        let count = row.and_then(|row| row.get(usize::from(impact).wrapping_sub(1)));
        let severity = severity(matrix, likelihood, impact);
        Self { likelihood, impact, severity, count: count.copied().unwrap_or(0) }
    }
}

fn cell(out: &mut String, frame: &Frame, shown: &Shown, link: &impl Fn(u8, u8) -> String) {
    let &Shown { likelihood, impact, severity, count } = shown;
    let (x, y, look) = (left_of(impact), top_of(likelihood), frame.level(severity));
    let rect = |none: &str| {
        format!(
            "<rect class=\"cell {none}{look}\" x=\"{x}\" y=\"{y}\" width=\"{WIDE}\" height=\"{HIGH}\" \
             rx=\"5\"/>"
        )
    };
    if count == 0 {
        out.push_str(&rect("none "));
        return;
    }
    let word = frame.code("severity", &severity.to_string());
    let label = frame.tw(
        "matrix-cell",
        &[
            // What is seen comes first, for who speaks to the page.
            ("n", &frame.n(count)),
            ("risks", &frame.count("risks", count)),
            ("severity", &word),
            ("likelihood", &level(frame, "likelihood", likelihood)),
            ("impact", &level(frame, "impact", impact)),
        ],
    );
    let middle = x + WIDE / 2;
    let _ = write!(
        out,
        "<a href=\"{}\" aria-label=\"{}\">{}<text class=\"n {look}\" x=\"{middle}\" y=\"{}\">{} <tspan \
         class=\"lv\" x=\"{middle}\" dy=\"17\">{}</tspan></text></a>",
        escaped(&link(likelihood, impact)),
        escaped(&label),
        rect(""),
        y + 17,
        frame.n(count),
        escaped(&word)
    );
}

/// The line between neighbouring cells of which only one is tolerated.
fn tolerance(matrix: &Matrix) -> String {
    let tolerated = |likelihood: u8, impact: u8| severity(matrix, likelihood, impact) <= TOLERATED;
    let mut line = String::new();
    for likelihood in (1..=5).rev() {
        for impact in 1..=5 {
            let (x, y) = (left_of(impact), top_of(likelihood));
            let here = tolerated(likelihood, impact);
            if impact < 5 && here != tolerated(likelihood, impact + 1) {
                let _ = write!(line, "M{} {y}v{HIGH}", x + WIDE);
            }
            if likelihood > 1 && here != tolerated(likelihood - 1, impact) {
                let _ = write!(line, "M{x} {}h{WIDE}", y + HIGH);
            }
        }
    }
    line
}

fn legend(frame: &Frame) -> String {
    let mut out = String::from("<ul class=\"legend\">");
    let looks = [("low", "matrix-low"), ("mod", "severity-3"), ("high", "severity-4")];
    for (look, key) in looks.into_iter().chain([("crit", "severity-5")]) {
        let _ = write!(
            out,
            "<li><svg viewBox=\"0 0 22 16\" aria-hidden=\"true\"><rect class=\"sw {look}\" x=\"1\" y=\"1\" \
             width=\"20\" height=\"14\" rx=\"3\"/></svg>{}</li>",
            escaped(&frame.t(key))
        );
    }
    let _ = write!(
        out,
        "<li><svg viewBox=\"0 0 22 16\" aria-hidden=\"true\"><path class=\"sw tol\" d=\"M0 8H22\"/></svg>{}\
         </li></ul>",
        escaped(&frame.t("matrix-tolerance"))
    );
    out
}

fn table(
    frame: &Frame,
    matrix: &Matrix,
    counts: &Counts,
    link: impl Fn(u8, u8) -> String,
) -> String {
    let mut out = format!(
        "<div class=\"table-wrap\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"data\">\
         <thead><tr><th scope=\"col\">{}</th>",
        escaped(&frame.t("matrix-table")),
        escaped(&frame.t("matrix-corner"))
    );
    for impact in 1..=5 {
        let _ = write!(out, "<th scope=\"col\">{}</th>", level(frame, "impact", impact));
    }
    out.push_str("</tr></thead><tbody>");
    for likelihood in (1..=5).rev() {
        let head = level(frame, "likelihood", likelihood);
        let _ = write!(out, "<tr><th scope=\"row\">{head}</th>");
        for impact in 1..=5 {
            let Shown { severity, count, .. } = Shown::of(matrix, counts, likelihood, impact);
            let word = frame.code("severity", &severity.to_string());
            let text = format!("{} ({})", frame.n(count), escaped(&word));
            if count == 0 {
                let _ = write!(out, "<td>{text}</td>");
            } else {
                let href = escaped(&link(likelihood, impact));
                let _ = write!(out, "<td><a href=\"{href}\">{text}</a></td>");
            }
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
    out
}

/// A level with its word: `4 Waarschijnlijk`.
fn level(frame: &Frame, scale: &str, level: u8) -> String {
    format!("{level} {}", frame.code(scale, &level.to_string()))
}

fn severity(matrix: &Matrix, likelihood: u8, impact: u8) -> u8 {
    let level = |level: u8| Level::clamped(i64::from(level));
    matrix.severity(level(likelihood), level(impact)).get()
}

fn left_of(impact: u8) -> u32 {
    LEFT + WIDE * (u32::from(impact) - 1)
}

fn top_of(likelihood: u8) -> u32 {
    TOP + HIGH * (5 - u32::from(likelihood))
}

/// Text that stands for itself in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
