//! A line chart as SVG. Lines differ by dashes and marks as well as by colour, and carry their names; the
//! table below the chart has the numbers.

use std::fmt::Write as _;

use crate::report::document::Chart;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 76.0;

/// The chart as a figure.
pub(super) fn svg(chart: &Chart, section: &str) -> String {
    let mut out = String::new();
    draw(chart, section, &mut out);
    out
}

fn draw(chart: &Chart, section: &str, out: &mut String) {
    let (title, description) = (escaped(&chart.title), escaped(&chart.description));
    let _ = write!(
        out,
        "<figure><figcaption>{title}</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"{section}-chart-t {section}-chart-d\"><title id=\"{section}-chart-t\">{title}\
         </title><desc id=\"{section}-chart-d\">{description}</desc>\n"
    );
    for percent in [0_u32, 25, 50, 75, 100] {
        let y = vertical(f64::from(percent) * 10.0);
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{LEFT} {y:.1}H{:.1}\"/><text class=\"tick\" x=\"{:.1}\" \
             y=\"{:.1}\" text-anchor=\"end\">{percent}%</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            y + 4.0
        );
    }
    for (index, label) in chart.labels.iter().enumerate() {
        let _ = writeln!(
            out,
            "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            horizontal(index, chart.labels.len()),
            HEIGHT - BOTTOM + 18.0,
            escaped(label)
        );
    }
    for (number, (name, values)) in chart.series.iter().enumerate() {
        line(number, values, out);
        let (x, y) = (LEFT, HEIGHT - 36.0 + 15.0 * as_f64(number));
        let _ = writeln!(
            out,
            "<polyline class=\"s{number}\" points=\"{x:.1},{:.1} {:.1},{:.1}\"/><text class=\"name\" \
             x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
            y - 4.0,
            x + 34.0,
            y - 4.0,
            x + 42.0,
            escaped(name)
        );
    }
    out.push_str("</svg></figure>");
}

/// One line; it breaks where a month is not known.
fn line(number: usize, values: &[Option<u64>], out: &mut String) {
    let mut points = String::new();
    for index in 0..=values.len() {
        if let Some(value) = values.get(index).copied().flatten() {
            let (x, y) = (
                horizontal(index, values.len()),
                vertical(as_f64(usize::try_from(value).unwrap_or(usize::MAX))),
            );
            let _ = write!(points, "{x:.1},{y:.1} ");
            let _ =
                writeln!(out, "<circle class=\"s{number}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>");
        } else if !points.is_empty() {
            let _ =
                writeln!(out, "<polyline class=\"s{number}\" points=\"{}\"/>", points.trim_end());
            points.clear();
        }
    }
}

fn horizontal(index: usize, count: usize) -> f64 {
    let room = WIDTH - LEFT - RIGHT - 40.0;
    LEFT + 20.0 + room * as_f64(index) / as_f64(count.saturating_sub(1).max(1))
}

fn vertical(per_mille: f64) -> f64 {
    HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * per_mille / 1000.0
}

fn as_f64(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// A text for HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
