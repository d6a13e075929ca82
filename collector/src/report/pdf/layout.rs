//! Where everything stands, page by page, and what it is for who does not see it. All measures are points
//! (1/72 inch) from the upper left corner.

use super::MUTED;
use super::font::{Fonts, Weight};

/// A4.
pub(super) const PAGE_WIDTH: f32 = 595.28;
pub(super) const PAGE_HEIGHT: f32 = 841.89;
const SIDE: f32 = 42.0;
const TOP: f32 = 46.0;
const BOTTOM: f32 = 56.0;
/// Height of a line compared with the size of its letters.
pub(super) const LEADING: f32 = 1.35;

/// Red, green and blue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colour(pub(super) u8, pub(super) u8, pub(super) u8);

/// Something that is drawn. The `y` of a text is that of its base line.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Text { x: f32, y: f32, size: f32, weight: Weight, colour: Colour, text: String },
    Rect { x: f32, y: f32, width: f32, height: f32, colour: Colour },
    Line { points: Vec<(f32, f32)>, width: f32, colour: Colour, dash: Option<Vec<f32>> },
}

/// What a part of the document is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Heading(u16, String),
    Paragraph,
    List,
    ListItem,
    ListBody,
    Table,
    TableHead,
    TableBody,
    TableRow,
    HeadCell,
    RowName,
    Cell,
    Caption,
    Figure(String),
}

/// A part of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(pub(super) usize);

/// A part of the document and where it belongs.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) parent: Option<NodeId>,
    pub(super) kind: Kind,
}

/// Shapes that belong to one part, or to none: then they are decoration.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) node: Option<NodeId>,
    pub(super) shapes: Vec<Shape>,
}

/// An entry of the outline.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) title: String,
    pub(super) page: usize,
    pub(super) y: f32,
}

/// A document that is being laid out.
pub(super) struct Layout<'a> {
    pub(super) fonts: &'a Fonts,
    pages: Vec<Vec<Mark>>,
    done: usize,
    nodes: Vec<Node>,
    outline: Vec<Entry>,
    page: Vec<Mark>,
    y: f32,
}

impl<'a> Layout<'a> {
    pub(super) fn new(fonts: &'a Fonts) -> Self {
        Self {
            fonts,
            pages: Vec::new(),
            done: 0,
            nodes: Vec::new(),
            outline: Vec::new(),
            page: Vec::new(),
            y: TOP,
        }
    }

    pub(super) fn left(&self) -> f32 {
        let _ = self;
        SIDE
    }

    pub(super) fn width(&self) -> f32 {
        let _ = self;
        PAGE_WIDTH - 2.0 * SIDE
    }

    pub(super) fn y(&self) -> f32 {
        self.y
    }

    /// What is left of the page.
    pub(super) fn room(&self) -> f32 {
        PAGE_HEIGHT - BOTTOM - self.y
    }

    /// Goes down; never past the end of the page by itself.
    pub(super) fn space(&mut self, height: f32) {
        self.y += height;
    }

    /// Begins a page unless there is this much room. Answers whether it did.
    pub(super) fn need(&mut self, height: f32) -> bool {
        if self.room() >= height || self.y <= TOP {
            return false;
        }
        self.next_page();
        true
    }

    pub(super) fn next_page(&mut self) {
        self.pages.push(std::mem::take(&mut self.page));
        self.done += 1;
        self.y = TOP;
    }

    /// A new part of the document.
    pub(super) fn node(&mut self, parent: Option<NodeId>, kind: Kind) -> NodeId {
        self.nodes.push(Node { parent, kind });
        NodeId(self.nodes.len() - 1)
    }

    /// Draws something that belongs to a part.
    pub(super) fn mark(&mut self, node: NodeId, shapes: Vec<Shape>) {
        self.page.push(Mark { node: Some(node), shapes });
    }

    /// Draws something that is mere decoration.
    pub(super) fn artifact(&mut self, shapes: Vec<Shape>) {
        self.page.push(Mark { node: None, shapes });
    }

    /// Names this place in the outline.
    pub(super) fn outline(&mut self, title: &str) {
        self.outline.push(Entry { title: title.to_owned(), page: self.done, y: self.y });
    }

    /// Writes a text of several lines across the page.
    pub(super) fn paragraph(
        &mut self,
        node: NodeId,
        text: &str,
        size: f32,
        weight: Weight,
        colour: Colour,
    ) {
        let height = size * LEADING;
        for text in self.fonts.lines(text, size, weight, self.width()) {
            self.need(height);
            let (x, y) = (SIDE, self.y + size);
            self.mark(node, vec![Shape::Text { x, y, size, weight, colour, text }]);
            self.y += height;
        }
    }

    /// As much of a text as fits in one line.
    pub(super) fn shortened(&self, text: &str, size: f32, weight: Weight, width: f32) -> String {
        let text = self.fonts.showable(text, weight);
        if self.fonts.width(&text, size, weight) <= width {
            return text;
        }
        let room = width - self.fonts.width("…", size, weight);
        let mut kept = String::new();
        for c in text.chars() {
            kept.push(c);
            if self.fonts.width(&kept, size, weight) > room {
                kept.pop();
                break;
            }
        }
        format!("{}…", kept.trim_end())
    }

    /// The pages, each with its number as `page` says it, the parts and the outline.
    pub(super) fn finish(mut self, page: &str) -> (Vec<Vec<Mark>>, Vec<Node>, Vec<Entry>) {
        self.next_page();
        let count = self.pages.len();
        for (index, marks) in self.pages.iter_mut().enumerate() {
            let text = page
                .replace("{page}", &(index + 1).to_string())
                .replace("{pages}", &count.to_string());
            let text = self.fonts.showable(&text, Weight::Regular);
            let x = PAGE_WIDTH - SIDE - self.fonts.width(&text, 8.0, Weight::Regular);
            let (y, size, weight) = (PAGE_HEIGHT - 30.0, 8.0, Weight::Regular);
            let shape = Shape::Text { x, y, size, weight, colour: MUTED, text };
            marks.push(Mark { node: None, shapes: vec![shape] });
        }
        (self.pages, self.nodes, self.outline)
    }
}
