//! Colours, and whether people can read what stands in them (WCAG 2.2, 1.4.3 and 1.4.11).

use std::fmt;

use serde::Deserialize;

use super::Given;

/// The stylesheet of everybody: where a colour is not given, its own is there.
const SHIPPED: &str = include_str!("../../assets/app.css");

/// Least contrast of text, and of what only shows where something is.
const TEXT: f64 = 4.5;
const SHAPE: f64 = 3.0;

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Colour([u8; 3]);

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl std::str::FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = [0; 3];
        let digits = text.strip_prefix('#');
        let read = digits.map(|digits| hex::decode_to_slice(digits, &mut parts));
        match read {
            Some(Ok(())) => Ok(Self(parts)),
            _ => Err(format!("`{text}` is no colour such as #005ba9")),
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", hex::encode(self.0))
    }
}

impl Colour {
    /// How bright it is, 0 to 1: relative luminance as WCAG 2.2 defines it.
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// So much of another over it: that is `share`, 0 to 1.
    fn under(self, other: Self, share: f64) -> Self {
        let mix = |(below, above): (u8, u8)| {
            let mixed = f64::from(below) * (1.0 - share) + f64::from(above) * share;
            // Between two bytes there are only bytes.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
            let part = mixed.round() as u8;
            part
        };
        let ([r, g, b], [above_r, above_g, above_b]) = (self.0, other.0);
        Self([(r, above_r), (g, above_g), (b, above_b)].map(mix))
    }

    /// Contrast with another, 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }
}

/// The colours of a theme that somebody gives.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Theme {
    topbar: Option<Colour>,
    topbar_text: Option<Colour>,
    accent: Option<Colour>,
    link: Option<Colour>,
    link_hover: Option<Colour>,
    button: Option<Colour>,
    button_hover: Option<Colour>,
    button_text: Option<Colour>,
}

impl Theme {
    fn get(&self, key: &str) -> Option<Colour> {
        match key {
            "topbar" => self.topbar,
            "topbar_text" => self.topbar_text,
            "accent" => self.accent,
            "link" => self.link,
            "link_hover" => self.link_hover,
            "button" => self.button,
            "button_hover" => self.button_hover,
            "button_text" => self.button_text,
            _ => None,
        }
    }
}

/// Keys, and the custom property of each.
const KEYS: [(&str, &str); 8] = [
    ("topbar", "topbar"),
    ("topbar_text", "on-topbar"),
    ("accent", "accent"),
    ("link", "link"),
    ("link_hover", "link-hover"),
    ("button", "primary"),
    ("button_hover", "primary-hover"),
    ("button_text", "on-primary"),
];

/// The custom property of a key.
pub(super) fn property(key: &str) -> &str {
    KEYS.iter().find(|(known, _)| *known == key).map_or(key, |(_, property)| property)
}

/// What stands on what, and how much contrast that takes. Names that are no key are custom properties of
/// the stylesheet.
const PAIRS: [(&str, &str, f64); 15] = [
    ("topbar_text", "topbar", TEXT),
    ("search_text", "search", TEXT),
    ("accent", "topbar", SHAPE),
    ("ink", "accent", TEXT),
    ("link", "surface", TEXT),
    ("link", "bg", TEXT),
    ("link", "surface-2", TEXT),
    ("link", "surface-hover", TEXT),
    ("link", "selected", TEXT),
    ("link_hover", "surface", TEXT),
    ("link_hover", "bg", TEXT),
    ("link_hover", "surface-hover", TEXT),
    ("link_hover", "selected", TEXT),
    ("button_text", "button", TEXT),
    ("button_text", "button_hover", TEXT),
];

/// A pair of colours that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// What stands there: a key or a custom property.
    pub front: &'static str,
    /// What it stands on.
    pub back: &'static str,
    /// The ratio it takes.
    pub least: f64,
    /// The ratio in the light theme.
    pub light: f64,
    /// The ratio in the dark theme.
    pub dark: f64,
}

/// All colours, given and shipped.
pub(super) struct Palette<'a> {
    light: &'a Theme,
    dark: &'a Theme,
}

impl<'a> Palette<'a> {
    /// Of the two themes. A colour is given in both: what fits by day rarely fits by night.
    pub(super) fn of(light: &'a Theme, dark: &'a Theme) -> Result<Self, String> {
        for (key, _) in KEYS {
            let missing = match (light.get(key), dark.get(key)) {
                (Some(_), None) => "dark",
                (None, Some(_)) => "light",
                _ => continue,
            };
            return Err(format!(
                "{missing}.{key}: give it in both [light] and [dark], or in neither"
            ));
        }
        Ok(Self { light, dark })
    }

    /// What was given.
    pub(super) fn given(&self) -> Vec<Given> {
        let given = |(key, _): &(&'static str, &str)| {
            Some(Given { key, light: self.light.get(key)?, dark: self.dark.get(key)? })
        };
        KEYS.iter().filter_map(given).collect()
    }

    /// Both colours of a name, light and dark.
    fn both(&self, name: &str) -> Result<(Colour, Colour), String> {
        // What the stylesheet mixes itself: the search field on the top bar, the hint in it, and what stands
        // on the accent by day and by night.
        let mixed = |below, above, share| -> Result<_, String> {
            let (below, above) = (self.both(below)?, self.both(above)?);
            Ok((below.0.under(above.0, share), below.1.under(above.1, share)))
        };
        match (name, self.light.get(name), self.dark.get(name)) {
            (_, Some(light), Some(dark)) => Ok((light, dark)),
            ("search", ..) => mixed("topbar", "topbar_text", 0.16),
            ("search_text", ..) => mixed("search", "topbar_text", 0.86),
            ("ink", ..) => shipped("text").map(|(light, _)| (light, light)),
            _ => shipped(property(name)),
        }
    }

    /// The contrast of every pair; why not, where one is too little.
    pub(super) fn checked(&self) -> Result<Vec<Contrast>, String> {
        let mut all = Vec::new();
        for (front, back, least) in PAIRS {
            let (fronts, backs) = (self.both(front)?, self.both(back)?);
            let ratios = [("light", fronts.0, backs.0), ("dark", fronts.1, backs.1)];
            for (theme, front_colour, back_colour) in ratios {
                let ratio = front_colour.contrast(back_colour);
                if ratio < least {
                    // Rounded down: 4.499 is not 4.50.
                    let shown = (ratio * 100.0).floor() / 100.0;
                    return Err(format!(
                        "{theme}: {front} {front_colour} on {back} {back_colour} has a contrast of {shown:.2}:1, and WCAG asks at least {least}:1"
                    ));
                }
            }
            let (light, dark) = (fronts.0.contrast(backs.0), fronts.1.contrast(backs.1));
            all.push(Contrast { front, back, least, light, dark });
        }
        Ok(all)
    }
}

/// The colours of a custom property in the stylesheet of everybody.
fn shipped(property: &str) -> Result<(Colour, Colour), String> {
    let found = SHIPPED.split_once(&format!("--{property}: light-dark(")).and_then(|(_, rest)| {
        let (light, dark) = rest.split_once(')')?.0.split_once(',')?;
        Some((light.trim().parse().ok()?, dark.trim().parse().ok()?))
    });
    found.ok_or_else(|| format!("the stylesheet has no colour `{property}`"))
}
