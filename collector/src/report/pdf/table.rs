//! Tables: columns as wide as they need, rows over several lines, the head repeated on every page.

use super::font::{Fonts, Weight};
use super::layout::{Colour, Kind, LEADING, Layout, NodeId, Shape};
use super::{MUTED, RULE, TEXT};
use crate::report::document::{Cell, Table, Tone};

const SIZE: f32 = 7.5;
const PAD: f32 = 3.5;
/// Room at either side of a cell.
const SIDE: f32 = 5.0;
const LINE: f32 = SIZE * LEADING;
const HEAD: Colour = Colour(0xee, 0xf2, 0xf5);
/// No column asks for more than this part of the width before the rest is shared.
const MOST: f32 = 0.3;

/// A row, broken into lines.
struct Row {
    cells: Vec<Vec<String>>,
    tones: Vec<Tone>,
}

impl Row {
    fn lines(&self) -> usize {
        self.cells.iter().map(Vec::len).max().unwrap_or(0).max(1)
    }
}

pub(super) fn draw(layout: &mut Layout<'_>, table: &Table) {
    let widths = widths(layout.fonts, table, layout.width());
    let head: Vec<Cell> = table
        .columns
        .iter()
        .map(|column| Cell { text: column.title.clone(), tone: Tone::Plain })
        .collect();
    let head = broken(layout.fonts, &head, &widths, true);
    let head_height = height(head.lines());
    layout.need(SIZE * 2.0 + head_height + height(2));
    let node = layout.node(None, Kind::Table);
    let caption = layout.node(Some(node), Kind::Caption);
    layout.paragraph(caption, &table.caption, 8.0, Weight::Regular, MUTED);
    layout.space(2.0);
    let thead = layout.node(Some(node), Kind::TableHead);
    let row = layout.node(Some(thead), Kind::TableRow);
    let mut places = Places { table, widths: &widths };
    places.head(layout, &head, Some(row));
    let tbody = layout.node(Some(node), Kind::TableBody);
    for cells in &table.rows {
        let row = broken(layout.fonts, cells, &widths, false);
        places.row(layout, &row, &head, tbody);
    }
    layout.space(9.0);
}

fn height(lines: usize) -> f32 {
    let lines = f32::from(u16::try_from(lines).unwrap_or(u16::MAX));
    lines * LINE + 2.0 * PAD
}

fn weight_of(column: usize, is_head: bool, tone: Tone) -> Weight {
    if is_head || column == 0 || tone != Tone::Plain { Weight::Bold } else { Weight::Regular }
}

fn broken(fonts: &Fonts, cells: &[Cell], widths: &[f32], is_head: bool) -> Row {
    let lines = cells.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
        let weight = weight_of(column, is_head, cell.tone);
        fonts.lines(&cell.text, SIZE, weight, width - 2.0 * SIDE)
    });
    Row { cells: lines.collect(), tones: cells.iter().map(|cell| cell.tone).collect() }
}

/// Every column gets what its longest word needs; the rest is shared by weight.
fn widths(fonts: &Fonts, table: &Table, width: f32) -> Vec<f32> {
    let longest = |text: &str, weight| {
        text.split(' ').map(|word| fonts.width(word, SIZE, weight)).fold(0.0, f32::max)
    };
    let least: Vec<f32> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = table.rows.iter().filter_map(|row| row.get(index));
            // A word on a colour stays in one piece.
            let cells = cells.map(|cell| match cell.tone {
                Tone::Plain => longest(&cell.text, Weight::Bold),
                _ => fonts.width(&cell.text, SIZE, Weight::Bold),
            });
            let word = cells.fold(longest(&column.title, Weight::Bold), f32::max);
            (word + 2.0 * SIDE + 0.5).min(width * MOST)
        })
        .collect();
    let (sum, weights): (f32, f32) =
        (least.iter().sum(), table.columns.iter().map(|column| f32::from(column.weight)).sum());
    let spare = width - sum;
    least
        .iter()
        .zip(&table.columns)
        .map(|(least, column)| {
            if spare >= 0.0 {
                least + spare * f32::from(column.weight) / weights
            } else {
                least * width / sum
            }
        })
        .collect()
}

struct Places<'a> {
    table: &'a Table,
    widths: &'a [f32],
}

impl Places<'_> {
    /// Draws the head; on pages after the first it is decoration.
    fn head(&mut self, layout: &mut Layout<'_>, head: &Row, row: Option<NodeId>) {
        let (x, y, width) = (layout.left(), layout.y(), layout.width());
        let height = height(head.lines());
        layout.artifact(vec![Shape::Rect { x, y, width, height, colour: HEAD }]);
        self.cells(layout, head, 0..head.lines(), row.map(|row| (row, true)), true);
        layout.space(height);
    }

    /// Draws a row, on several pages when it is longer than one.
    fn row(&mut self, layout: &mut Layout<'_>, row: &Row, head: &Row, body: NodeId) {
        let node = layout.node(Some(body), Kind::TableRow);
        let mut nodes = None;
        let mut next = 0;
        while next < row.lines() {
            let left = row.lines() - next;
            // A row that fits on a page is not broken; nor does one begin with a single line at its foot.
            let whole = height(left);
            if layout.need(whole.min(height(12))) {
                self.head(layout, head, None);
            }
            let mut count = left;
            while count > 1 && height(count) > layout.room() {
                count -= 1;
            }
            let nodes = nodes.get_or_insert_with(|| self.row_nodes(layout, node));
            self.lines(layout, row, next..next + count, nodes);
            let y = layout.y() + height(count);
            let points = vec![(layout.left(), y), (layout.left() + layout.width(), y)];
            layout.artifact(vec![Shape::Line { points, width: 0.5, colour: RULE, dash: None }]);
            layout.space(height(count));
            next += count;
        }
    }

    fn row_nodes(&self, layout: &mut Layout<'_>, row: NodeId) -> Vec<NodeId> {
        let kind = |column| if column == 0 { Kind::RowName } else { Kind::Cell };
        (0..self.table.columns.len()).map(|column| layout.node(Some(row), kind(column))).collect()
    }

    fn cells(
        &self,
        layout: &mut Layout<'_>,
        row: &Row,
        lines: std::ops::Range<usize>,
        node: Option<(NodeId, bool)>,
        is_head: bool,
    ) {
        let nodes: Vec<Option<NodeId>> = (0..self.table.columns.len())
            .map(|_| node.map(|(row, _)| layout.node(Some(row), Kind::HeadCell)))
            .collect();
        self.text(layout, row, lines, &nodes, is_head);
    }

    fn lines(
        &self,
        layout: &mut Layout<'_>,
        row: &Row,
        lines: std::ops::Range<usize>,
        nodes: &[NodeId],
    ) {
        let nodes: Vec<Option<NodeId>> = nodes.iter().copied().map(Some).collect();
        self.text(layout, row, lines, &nodes, false);
    }

    fn text(
        &self,
        layout: &mut Layout<'_>,
        row: &Row,
        lines: std::ops::Range<usize>,
        nodes: &[Option<NodeId>],
        is_head: bool,
    ) {
        let (mut x, top) = (layout.left(), layout.y());
        let columns = row.cells.iter().zip(&row.tones).zip(self.widths).zip(nodes).enumerate();
        for (column, (((cell, tone), width), node)) in columns {
            let weight = weight_of(column, is_head, *tone);
            let mut y = top + PAD + SIZE;
            let shown = cell.get(lines.start.min(cell.len())..lines.end.min(cell.len()));
            let shown = shown.unwrap_or_default();
            let (back, colour) = colours(*tone);
            if let (Some(colour), false) = (back, shown.is_empty()) {
                let (y, width) = (top + 1.5, width - 2.0);
                let height = height(shown.len()) - 3.0;
                layout.artifact(vec![Shape::Rect { x: x + 1.0, y, width, height, colour }]);
            }
            let mut shapes = Vec::new();
            for line in shown {
                let x = if self.table.is_numeric(column) {
                    x + width - SIDE - layout.fonts.width(line, SIZE, weight)
                } else {
                    x + SIDE
                };
                let text = line.clone();
                shapes.push(Shape::Text { x, y, size: SIZE, weight, colour, text });
                y += LINE;
            }
            match node {
                Some(node) if !shapes.is_empty() => layout.mark(*node, shapes),
                Some(_) => {}
                None => layout.artifact(shapes),
            }
            x += width;
        }
    }
}

/// Background and letters of a tone; the contrast of each pair is at least 4.5 to 1.
fn colours(tone: Tone) -> (Option<Colour>, Colour) {
    match tone {
        Tone::Plain => (None, TEXT),
        Tone::Good | Tone::Low => (Some(Colour(0xe3, 0xf4, 0xe0)), Colour(0x16, 0x4d, 0x12)),
        Tone::Warn | Tone::Moderate => (Some(Colour(0xff, 0xe4, 0x8f)), Colour(0x49, 0x3a, 0x00)),
        Tone::High => (Some(Colour(0xff, 0xc4, 0x8f)), Colour(0x4a, 0x1f, 0x00)),
        Tone::Bad | Tone::Critical => (Some(Colour(0xb5, 0x08, 0x2a)), Colour(0xff, 0xff, 0xff)),
        Tone::Unknown => (Some(Colour(0xe8, 0xec, 0xef)), Colour(0x37, 0x44, 0x4d)),
    }
}

/// A word on the colour of its tone; `place` is the left end of its base line.
pub(super) fn badge(
    layout: &mut Layout<'_>,
    node: NodeId,
    text: &str,
    tone: Tone,
    place: (f32, f32),
    size: f32,
) {
    let text = layout.fonts.showable(text, Weight::Bold);
    let (back, colour) = colours(tone);
    let (x, y) = place;
    if let Some(colour) = back {
        let width = layout.fonts.width(&text, size, Weight::Bold) + 8.0;
        let (y, height) = (y - size, size + 4.0);
        layout.artifact(vec![Shape::Rect { x, y, width, height, colour }]);
    }
    let (x, weight) = (x + 4.0, Weight::Bold);
    layout.mark(node, vec![Shape::Text { x, y, size, weight, colour, text }]);
}
