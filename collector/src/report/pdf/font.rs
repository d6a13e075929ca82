//! The fonts, and how wide a text is in them.

use krilla::text::Font;
use ttf_parser::Face;

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/fira-sans-400.ttf");
const BOLD: &[u8] = include_bytes!("../../../assets/fonts/fira-sans-600.ttf");

/// How heavy a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Both weights.
pub(super) struct Fonts {
    regular: (Font, Face<'static>),
    bold: (Font, Face<'static>),
}

impl Fonts {
    pub(super) fn load() -> Option<Self> {
        let load =
            |bytes: &'static [u8]| Some((Font::new(bytes.into(), 0)?, Face::parse(bytes, 0).ok()?));
        Some(Self { regular: load(REGULAR)?, bold: load(BOLD)? })
    }

    fn of(&self, weight: Weight) -> &(Font, Face<'static>) {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    pub(super) fn font(&self, weight: Weight) -> Font {
        self.of(weight).0.clone()
    }

    /// How wide a text is, without kerning.
    pub(super) fn width(&self, text: &str, size: f32, weight: Weight) -> f32 {
        let face = &self.of(weight).1;
        let units: f32 = text
            .chars()
            .filter_map(|c| face.glyph_hor_advance(face.glyph_index(c)?))
            .map(f32::from)
            .sum();
        units * size / f32::from(face.units_per_em())
    }

    /// The text with a question mark for what the font cannot show: a host name can hold any letter, and a
    /// letter without a shape would make the document invalid.
    pub(super) fn showable(&self, text: &str, weight: Weight) -> String {
        let face = &self.of(weight).1;
        let shown = |c: char| !c.is_control() && face.glyph_index(c).is_some();
        text.chars().map(|c| if shown(c) { c } else { '?' }).collect()
    }

    /// The lines of a text that is to be this wide. A word that is too long is broken.
    pub(super) fn lines(&self, text: &str, size: f32, weight: Weight, width: f32) -> Vec<String> {
        let text = self.showable(text, weight);
        let fits = |line: &str| self.width(line, size, weight) <= width;
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if fits(&longer) {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if !fits(&line) && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}
