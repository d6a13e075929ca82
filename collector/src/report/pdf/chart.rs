//! A line chart: one figure with its description; the table below it has the numbers.

use super::font::Weight;
use super::layout::{Colour, Kind, Layout, Shape};
use super::{MUTED, RULE, TEXT};
use crate::report::document::Chart;

const HEIGHT: f32 = 130.0;
const SCALE: f32 = 30.0;
const SIZE: f32 = 7.0;
/// Lines differ by dashes as well as by colour.
const LINES: [(Colour, Option<[f32; 2]>); 3] = [
    (Colour(0x00, 0x5b, 0xa9), None),
    (Colour(0x8a, 0x43, 0x00), Some([6.0, 3.0])),
    (Colour(0x1f, 0x6e, 0x1a), Some([2.0, 2.0])),
];

pub(super) fn draw(layout: &mut Layout<'_>, chart: &Chart) {
    layout.need(HEIGHT + 60.0);
    let title = layout.node(None, Kind::Paragraph);
    layout.paragraph(title, &chart.title, 8.0, Weight::Regular, MUTED);
    let figure = layout.node(None, Kind::Figure(chart.description.clone()));
    let (left, top) = (layout.left() + SCALE, layout.y() + 8.0);
    let (right, bottom) = (layout.left() + layout.width() - 20.0, top + HEIGHT);
    let text = |x: f32, y: f32, text: String, colour| Shape::Text {
        x,
        y,
        size: SIZE,
        weight: Weight::Regular,
        colour,
        text,
    };
    let vertical = |per_mille: f32| bottom - HEIGHT * per_mille / 1000.0;
    let mut shapes = Vec::new();
    for percent in [0_u8, 25, 50, 75, 100] {
        let y = vertical(f32::from(percent) * 10.0);
        let points = vec![(left, y), (right, y)];
        shapes.push(Shape::Line { points, width: 0.5, colour: RULE, dash: None });
        let label = format!("{percent}%");
        let width = layout.fonts.width(&label, SIZE, Weight::Regular);
        shapes.push(text(left - 5.0 - width, y + 2.5, label, MUTED));
    }
    let steps = chart.labels.len().saturating_sub(1).max(1);
    let horizontal =
        |index: usize| left + 16.0 + (right - left - 32.0) * small(index) / small(steps);
    for (index, label) in chart.labels.iter().enumerate() {
        let label = layout.fonts.showable(label, Weight::Regular);
        let width = layout.fonts.width(&label, SIZE, Weight::Regular);
        shapes.push(text(horizontal(index) - width / 2.0, bottom + 11.0, label, MUTED));
    }
    let mut legend = bottom + 25.0;
    for ((name, values), (colour, dash)) in chart.series.iter().zip(LINES) {
        let dash = dash.map(|dash| dash.to_vec());
        let line = |points: Vec<(f32, f32)>| Shape::Line {
            points,
            width: 1.6,
            colour,
            dash: dash.clone(),
        };
        let mut points = Vec::new();
        for index in 0..=values.len() {
            if let Some(value) = values.get(index).copied().flatten() {
                let value = u16::try_from(value).unwrap_or(1000);
                let (x, y) = (horizontal(index), vertical(f32::from(value)));
                points.push((x, y));
                let (x, y, width, height) = (x - 2.0, y - 2.0, 4.0, 4.0);
                shapes.push(Shape::Rect { x, y, width, height, colour });
            } else if points.len() > 1 {
                shapes.push(line(std::mem::take(&mut points)));
            } else {
                points.clear();
            }
        }
        shapes.push(line(vec![(left, legend - 2.5), (left + 24.0, legend - 2.5)]));
        let name = layout.fonts.showable(name, Weight::Regular);
        shapes.push(text(left + 30.0, legend, name, TEXT));
        legend += 10.0;
    }
    layout.mark(figure, shapes);
    layout.space(HEIGHT + 8.0 + 25.0 + 34.0);
}

fn small(number: usize) -> f32 {
    f32::from(u16::try_from(number).unwrap_or(u16::MAX))
}
