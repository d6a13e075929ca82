//! Draws the pages and writes the file.

use std::num::NonZeroU16;

use belfort_model::time::Timestamp;
use krilla::Document as Pdf;
use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, Node as TagNode, SpanTag,
    TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
};
use krilla::text::TextDirection;

use super::PdfError;
use super::font::Fonts;
use super::layout::{Colour, Entry, Kind, Mark, Node, NodeId, PAGE_HEIGHT, PAGE_WIDTH, Shape};
use crate::calendar;
use crate::report::document::Document;

pub(super) fn write(
    document: &Document,
    cut_off: Timestamp,
    fonts: &Fonts,
    pages: Vec<Vec<Mark>>,
    nodes: &[Node],
    outline: Vec<Entry>,
) -> Result<Vec<u8>, PdfError> {
    let failed = |error: &dyn std::fmt::Debug| PdfError::Write(format!("{error:?}"));
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| failed(&error))?;
    let settings =
        SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() };
    let mut pdf = Pdf::new_with(settings);
    let mut drawn: Vec<(NodeId, Identifier)> = Vec::new();
    for marks in pages {
        let size = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT);
        let size = size.ok_or_else(|| PdfError::Write("page size".to_owned()))?;
        let mut page = pdf.start_page_with(size);
        let mut surface = page.surface();
        for mark in marks {
            let tag = match mark.node {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
            };
            let identifier = surface.start_tagged(tag);
            for shape in &mark.shapes {
                draw(&mut surface, fonts, shape);
            }
            surface.end_tagged();
            drawn.extend(mark.node.map(|node| (node, identifier)));
        }
        surface.finish();
        page.finish();
    }
    pdf.set_tag_tree(tree(nodes, drawn, document.language.tag()));
    let mut entries = Outline::new();
    for entry in outline {
        let place = XyzDestination::new(entry.page, Point::from_xy(0.0, entry.y));
        entries.push_child(OutlineNode::new(entry.title, place));
    }
    pdf.set_outline(entries);
    pdf.set_metadata(
        Metadata::new()
            .title(document.title.clone())
            .language(document.language.tag().to_owned())
            .creator("Belfort".to_owned())
            .creation_date(date(cut_off)),
    );
    pdf.finish().map_err(|error| failed(&error))
}

/// The cut-off, to the second, as its day and time in Brussels with the offset then.
fn date(moment: Timestamp) -> DateTime {
    let utc = jiff::Timestamp::from_millisecond(moment.0).unwrap_or_default();
    let utc = jiff::tz::Offset::UTC.to_datetime(utc);
    let civil = calendar::civil(moment);
    let offset = civil.duration_since(utc).as_hours();
    let part = |value: i8| u8::try_from(value).unwrap_or(0);
    DateTime::new(u16::try_from(civil.year()).unwrap_or(1970))
        .month(part(civil.month()))
        .day(part(civil.day()))
        .hour(part(civil.hour()))
        .minute(part(civil.minute()))
        .second(part(civil.second()))
        .utc_offset_hour(i8::try_from(offset).unwrap_or(0))
        .utc_offset_minute(0)
}

/// The parts with what was drawn for each. A part for which nothing was drawn is left out.
fn tree(nodes: &[Node], drawn: Vec<(NodeId, Identifier)>, language: &str) -> TagTree {
    let mut groups: Vec<Option<TagGroup>> =
        nodes.iter().map(|node| Some(TagGroup::new(tag(&node.kind)))).collect();
    for (node, identifier) in drawn {
        if let Some(Some(group)) = groups.get_mut(node.0) {
            group.push(identifier);
        }
    }
    // Children come after their parents: from the end, each is complete when it is moved. A child then
    // stands before those moved earlier, so that the order stays.
    let mut roots = Vec::new();
    for index in (0..nodes.len()).rev() {
        let Some(group) = groups.get_mut(index).and_then(Option::take) else { continue };
        if group.children.is_empty() && !is_cell(nodes.get(index)) {
            continue;
        }
        let parent = nodes.get(index).and_then(|node| node.parent);
        match parent.and_then(|parent| groups.get_mut(parent.0)) {
            Some(Some(parent)) => parent.children.insert(0, TagNode::Group(group)),
            _ => roots.push(group),
        }
    }
    let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
    for group in roots.into_iter().rev() {
        tree.push(group);
    }
    tree
}

/// An empty cell still holds its place in the row.
fn is_cell(node: Option<&Node>) -> bool {
    node.is_some_and(|node| matches!(node.kind, Kind::Cell | Kind::RowName | Kind::HeadCell))
}

fn tag(kind: &Kind) -> TagKind {
    match kind {
        Kind::Heading(level, title) => {
            let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
            Tag::Hn(level, Some(title.clone())).into()
        }
        Kind::Paragraph => Tag::P.into(),
        Kind::List => Tag::L(ListNumbering::None).into(),
        Kind::ListItem => Tag::LI.into(),
        Kind::ListBody => Tag::LBody.into(),
        Kind::Table => Tag::Table.into(),
        Kind::TableHead => Tag::THead.into(),
        Kind::TableBody => Tag::TBody.into(),
        Kind::TableRow => Tag::TR.into(),
        Kind::HeadCell => Tag::TH(TableHeaderScope::Column).into(),
        Kind::RowName => Tag::TH(TableHeaderScope::Row).into(),
        Kind::Cell => Tag::TD.into(),
        Kind::Caption => Tag::Caption.into(),
        Kind::Figure(alternative) => Tag::Figure(Some(alternative.clone())).into(),
    }
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, shape: &Shape) {
    match shape {
        Shape::Text { x, y, size, weight, colour, text } => {
            surface.set_fill(Some(fill(*colour)));
            surface.set_stroke(None);
            let (place, font) = (Point::from_xy(*x, *y), fonts.font(*weight));
            surface.draw_text(place, font, *size, text, false, TextDirection::LeftToRight);
        }
        Shape::Rect { x, y, width, height, colour } => {
            let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) else { return };
            let mut path = PathBuilder::new();
            path.push_rect(rect);
            let Some(path) = path.finish() else { return };
            surface.set_fill(Some(fill(*colour)));
            surface.set_stroke(None);
            surface.draw_path(&path);
        }
        Shape::Line { points, width, colour, dash } => {
            let mut path = PathBuilder::new();
            for (index, (x, y)) in points.iter().enumerate() {
                if index == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
            }
            let Some(path) = path.finish() else { return };
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke {
                paint: rgb(*colour).into(),
                width: *width,
                dash: dash.clone().map(|array| StrokeDash { array, offset: 0.0 }),
                ..Stroke::default()
            }));
            surface.draw_path(&path);
        }
    }
}

fn rgb(Colour(red, green, blue): Colour) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}

fn fill(colour: Colour) -> Fill {
    Fill { paint: rgb(colour).into(), opacity: NormalizedF32::ONE, rule: FillRule::default() }
}
