//! Logos: what they may be called, and what is not taken for one.

/// What a logo is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A drawing.
    Svg,
    /// A picture.
    Png,
}

impl Kind {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
        }
    }
}

/// Names that are known: name, kind, and whether it is for dark backgrounds.
pub(super) const NAMES: [(&str, Kind, bool); 4] = [
    ("logo.svg", Kind::Svg, false),
    ("logo.png", Kind::Png, false),
    ("logo-dark.svg", Kind::Svg, true),
    ("logo-dark.png", Kind::Png, true),
];

/// Widest and highest picture, pixels.
const PIXELS: u32 = 2_048;

/// What makes a drawing more than a drawing. It would do nothing where it is shown (an image runs nothing
/// and loads nothing, and its address says so once more), but whoever put it there meant something by it.
const HOSTILE: [(&str, &str); 6] = [
    ("<script", "a script"),
    ("<foreignobject", "foreign content"),
    ("<!entity", "entities"),
    ("javascript:", "a script in an address"),
    ("<iframe", "a frame"),
    ("<?xml-stylesheet", "a stylesheet from elsewhere"),
];

/// Refuses what is no logo.
pub(super) fn check(kind: Kind, content: &[u8]) -> Result<(), String> {
    match kind {
        Kind::Svg => svg(content),
        Kind::Png => png(content),
    }
}

fn svg(content: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(content).map_err(|_| "is not SVG in UTF-8".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').to_ascii_lowercase();
    if text.contains('\0') || !text.trim_end().ends_with("</svg>") || root(&text) != Some("svg") {
        return Err("is no SVG drawing: its outermost element must be <svg>".to_owned());
    }
    if let Some((_, what)) = HOSTILE.iter().find(|(part, _)| text.contains(part)) {
        return Err(format!("holds {what}: export the drawing as plain SVG"));
    }
    if has_handler(&text) {
        let reason = "holds an attribute that runs a script (on…): export the drawing as plain SVG";
        return Err(reason.to_owned());
    }
    Ok(())
}

/// The name of the outermost element.
fn root(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    loop {
        let end = match rest.get(..2)? {
            "<?" => "?>",
            "<!" if rest.starts_with("<!--") => "-->",
            "<!" => ">",
            _ => break,
        };
        rest = rest.split_once(end)?.1.trim_start();
    }
    let name = rest.strip_prefix('<')?;
    name.split(|char: char| char.is_whitespace() || char == '>' || char == '/').next()
}

/// Whether an element has an attribute such as `onload`.
fn has_handler(text: &str) -> bool {
    let separates = |char: char| char.is_whitespace() || matches!(char, '"' | '\'' | '/');
    text.match_indices("on").any(|(at, _)| {
        let (before, after) = text.split_at(at);
        let name = after.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(after.len());
        let (_, after) = after.split_at(name);
        before.ends_with(separates)
            && name > 2
            && after.trim_start().starts_with('=')
            // Words between elements are not attributes.
            && before.rfind('<') > before.rfind('>')
    })
}

fn png(content: &[u8]) -> Result<(), String> {
    let not = || "is no PNG picture".to_owned();
    let rest = content.strip_prefix(b"\x89PNG\r\n\x1a\n").ok_or_else(not)?;
    // The first chunk: length, name, width, height.
    let head = rest.get(..16).filter(|head| head.get(4..8) == Some(b"IHDR")).ok_or_else(not)?;
    let number = |at: usize| -> Option<u32> {
        Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?))
    };
    let (width, height) = number(8).zip(number(12)).ok_or_else(not)?;
    if !(1..=PIXELS).contains(&width) || !(1..=PIXELS).contains(&height) {
        return Err(format!("is {width} × {height} pixels: at most {PIXELS} × {PIXELS}"));
    }
    if !content.ends_with(b"IEND\xae\x42\x60\x82") {
        return Err("is cut off: copy it again".to_owned());
    }
    Ok(())
}
