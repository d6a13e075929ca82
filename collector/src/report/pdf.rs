//! The report as PDF: tagged for screen readers (PDF/UA-1), with an outline, and the same bytes for the
//! same content. `layout` puts everything in its place, page by page; `write` draws the pages.
//!
//! Why it is laid out here: `docs/adr/0061-pdf-with-krilla.md`.

mod chart;
mod font;
mod layout;
mod table;
mod write;

use super::Report;
use super::document::{Block, Document, Section, Tile};
use font::{Fonts, Weight};
use layout::{Colour, Kind, Layout, NodeId, Shape};

/// Why a PDF could not be made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PdfError {
    /// A font built into the program cannot be read.
    #[error("a built-in font cannot be read")]
    Font,
    /// What was drawn is no valid PDF/UA document.
    #[error("PDF cannot be written: {0}")]
    Write(String),
}

const TEXT: Colour = Colour(0x00, 0x18, 0x23);
const MUTED: Colour = Colour(0x4b, 0x5a, 0x64);
const TITLE: Colour = Colour(0x00, 0x4a, 0x8a);
const RULE: Colour = Colour(0xd5, 0xdc, 0xe2);
const ACCENT: Colour = Colour(0xff, 0xdb, 0x5a);

/// The PDF of a report. Its date is the cut-off: there is no clock in it.
pub fn render(document: &Document, report: &Report) -> Result<Vec<u8>, PdfError> {
    let fonts = Fonts::load().ok_or(PdfError::Font)?;
    let mut layout = Layout::new(&fonts);
    title(&mut layout, document);
    for section in &document.sections {
        draw_section(&mut layout, section);
    }
    let (pages, tree, outline) = layout.finish(&document.page);
    write::write(document, report.cut_off, &fonts, pages, &tree, outline)
}

fn title(layout: &mut Layout<'_>, document: &Document) {
    let heading = layout.node(None, Kind::Heading(1, document.title.clone()));
    layout.paragraph(heading, &document.title, 20.0, Weight::Bold, TITLE);
    for line in &document.lead {
        let node = layout.node(None, Kind::Paragraph);
        layout.paragraph(node, line, 10.0, Weight::Regular, MUTED);
    }
    layout.space(4.0);
    let (x, y, width) = (layout.left(), layout.y(), layout.width());
    layout.artifact(vec![Shape::Rect { x, y, width, height: 2.5, colour: ACCENT }]);
    layout.space(10.0);
}

fn draw_section(layout: &mut Layout<'_>, section: &Section) {
    layout.space(8.0);
    // A title never stands alone at the foot of a page.
    layout.need(90.0);
    layout.outline(&section.title);
    let heading = layout.node(None, Kind::Heading(2, section.title.clone()));
    layout.paragraph(heading, &section.title, 13.5, Weight::Bold, TITLE);
    layout.space(3.0);
    for block in &section.blocks {
        match block {
            Block::Heading(text) => {
                layout.space(4.0);
                layout.need(70.0);
                let node = layout.node(None, Kind::Heading(3, text.clone()));
                layout.paragraph(node, text, 10.5, Weight::Bold, TEXT);
                layout.space(1.0);
            }
            Block::Text(text) => body(layout, text, TEXT),
            Block::Nothing(text) => body(layout, text, MUTED),
            Block::Unknown(text) => {
                let top = layout.y();
                let left = layout.left();
                body(layout, text, MUTED);
                // The bar beside it, unless the text went on to another page.
                let height = layout.y() - top - 4.0;
                if height > 0.0 {
                    let bar =
                        Shape::Rect { x: left - 7.0, y: top, width: 2.5, height, colour: MUTED };
                    layout.artifact(vec![bar]);
                }
            }
            Block::Tiles(tiles) => draw_tiles(layout, tiles),
            Block::Table(table) => table::draw(layout, table),
            Block::Chart(chart) => chart::draw(layout, chart),
        }
    }
}

fn body(layout: &mut Layout<'_>, text: &str, colour: Colour) {
    let node = layout.node(None, Kind::Paragraph);
    layout.paragraph(node, text, 9.5, Weight::Regular, colour);
    layout.space(4.0);
}

const TILES_ACROSS: usize = 3;
const TILE_HEIGHT: f32 = 72.0;
const GAP: f32 = 8.0;

fn draw_tiles(layout: &mut Layout<'_>, tiles: &[Tile]) {
    let list = layout.node(None, Kind::List);
    let width = (layout.width() - GAP * 2.0) / 3.0;
    for row in tiles.chunks(TILES_ACROSS) {
        layout.need(TILE_HEIGHT + GAP);
        let (mut x, top) = (layout.left(), layout.y());
        for tile in row {
            let frame = [(x, top), (x + width, top), (x + width, top + TILE_HEIGHT)];
            let frame = frame.into_iter().chain([(x, top + TILE_HEIGHT), (x, top)]).collect();
            let line = Shape::Line { points: frame, width: 0.7, colour: RULE, dash: None };
            layout.artifact(vec![line]);
            let item = layout.node(Some(list), Kind::ListItem);
            let body = layout.node(Some(item), Kind::ListBody);
            let inner = width - 14.0;
            let mut below = 12.0;
            for text in
                layout.fonts.lines(&tile.label, 8.0, Weight::Bold, inner).into_iter().take(2)
            {
                tile_text(layout, body, text, (x + 7.0, top + below), 8.0, Weight::Bold, TEXT);
                below += 10.0;
            }
            let value = layout.shortened(&tile.value, 15.0, Weight::Bold, inner);
            tile_text(layout, body, value, (x + 7.0, top + 38.0), 15.0, Weight::Bold, TEXT);
            let detail = layout.shortened(&tile.detail, 7.5, Weight::Regular, inner);
            tile_text(layout, body, detail, (x + 7.0, top + 49.0), 7.5, Weight::Regular, MUTED);
            table::badge(layout, body, &tile.judgement, tile.tone, (x + 7.0, top + 63.0), 7.5);
            x += width + GAP;
        }
        layout.space(TILE_HEIGHT + GAP);
    }
}

fn tile_text(
    layout: &mut Layout<'_>,
    node: NodeId,
    text: String,
    (x, y): (f32, f32),
    size: f32,
    weight: Weight,
    colour: Colour,
) {
    if !text.is_empty() {
        layout.mark(node, vec![Shape::Text { x, y, size, weight, colour, text }]);
    }
}
