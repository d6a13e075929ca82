//! A line chart as SVG. Lines differ by dashes as well as by colour; the table beside it has the numbers.

use std::fmt::Write as _;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;

/// Lines of shares in per mille; nothing where a value is not known.
pub(super) struct Chart {
    /// What it shows, for whoever does not see it.
    pub(super) label: String,
    /// What stands below, one per value.
    pub(super) labels: Vec<String>,
    /// The lines.
    pub(super) lines: Vec<Vec<Option<u64>>>,
}

impl Chart {
    /// The drawing.
    pub(super) fn svg(&self) -> String {
        let mut out = format!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            escaped(&self.label)
        );
        for percent in [0_u32, 50, 100] {
            let y = vertical(u64::from(percent) * 10);
            let _ = write!(
                out,
                "<path class=\"gl\" d=\"M{LEFT} {y:.1}H{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{percent}%</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0
            );
        }
        for (index, label) in self.labels.iter().enumerate() {
            let x = horizontal(index, self.labels.len());
            let _ = write!(
                out,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                HEIGHT - 8.0,
                escaped(label)
            );
        }
        for (number, values) in self.lines.iter().enumerate() {
            line(number, values, &mut out);
        }
        out.push_str("</svg>");
        out
    }
}

/// One line; it breaks where a value is not known.
fn line(number: usize, values: &[Option<u64>], out: &mut String) {
    let mut points = String::new();
    for index in 0..=values.len() {
        if let Some(value) = values.get(index).copied().flatten() {
            let (x, y) = (horizontal(index, values.len()), vertical(value));
            let _ = write!(points, "{x:.1},{y:.1} ");
            let _ =
                write!(out, "<circle class=\"pt s{number}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>");
        } else if !points.is_empty() {
            let drawn = points.trim_end();
            let _ = write!(out, "<polyline class=\"ln s{number}\" points=\"{drawn}\"/>");
            points.clear();
        }
    }
}

fn horizontal(index: usize, count: usize) -> f64 {
    let room = WIDTH - LEFT - RIGHT - 24.0;
    LEFT + 12.0 + room * as_f64(index as u64) / as_f64(count.saturating_sub(1).max(1) as u64)
}

fn vertical(per_mille: u64) -> f64 {
    HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * as_f64(per_mille.min(1000)) / 1000.0
}

fn as_f64(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// A text for HTML.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_where_nothing_is_known_and_texts_are_escaped() {
        let chart = Chart {
            label: "\"a\" < b".to_owned(),
            labels: vec!["9".to_owned(), "10".to_owned(), "11".to_owned()],
            lines: vec![vec![Some(500), None, Some(1000)], vec![None, None, None]],
        };
        let svg = chart.svg();
        assert!(svg.contains("aria-label=\"&quot;a&quot; &lt; b\""), "{svg}");
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert_eq!(svg.matches("<circle").count(), 2);
    }
}
