//! The organisation's own logo, name and colours, read at the start from a folder.
//!
//! The folder holds a few files with known names and nothing else. What is wrong with one of them is said
//! at the start, with its name: a page that nobody can read is worse than none.

mod colours;
mod logo;

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

pub use colours::{Colour, Contrast};
pub use logo::Kind;

use crate::i18n::Language;
use colours::{Palette, Theme};

/// Name of the file with names and colours.
const WORDS: &str = "brand.toml";
/// Largest of its kind, bytes.
const WORDS_BYTES: u64 = 16 << 10;
/// Largest logo, bytes.
const LOGO_BYTES: u64 = 256 << 10;
/// Files looked at at most: who points at the wrong folder hears so at once.
const FILES: usize = 50;

/// How the organisation dresses its pages. Nothing of it when no folder is configured.
#[derive(Clone, Debug, Default)]
pub struct Branding {
    /// The logos, as they are served.
    pub logos: Vec<Logo>,
    /// The organisation's name in Dutch and in English.
    pub names: Option<Names>,
    /// The colours that were given, in the order of the documentation.
    pub colours: Vec<Given>,
    /// What was checked of the colours, with the ratios that were found.
    pub contrasts: Vec<Contrast>,
    /// The stylesheet with the colours; empty without any.
    pub stylesheet: String,
    /// Changes when a file of it changes: goes into addresses, so that browsers do not keep old ones.
    pub mark: String,
}

/// A logo.
#[derive(Clone, Debug)]
pub struct Logo {
    /// The name of its file, such as `logo-dark.svg`.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Whether it is for dark backgrounds.
    pub dark: bool,
    /// The file.
    pub content: Vec<u8>,
}

/// What the organisation is called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// In Dutch.
    pub nl: String,
    /// In English.
    pub en: String,
}

/// A colour that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its key in the file.
    pub key: &'static str,
    /// In the light theme.
    pub light: Colour,
    /// In the dark theme.
    pub dark: Colour,
}

/// The file with names and colours.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    organisation: Option<Names>,
    #[serde(default)]
    light: Theme,
    #[serde(default)]
    dark: Theme,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BrandingError {
    /// The folder cannot be read.
    #[error("branding.folder: cannot read {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file cannot be used.
    #[error("branding: {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what would do.
        reason: String,
    },
}

impl Branding {
    /// Reads and checks a folder.
    pub fn read(folder: &Path) -> Result<Self, BrandingError> {
        let unreadable = |source| BrandingError::Folder { path: folder.into(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)?.take(FILES) {
            names.push(entry.map_err(unreadable)?.file_name());
        }
        names.sort();
        let root = folder.canonicalize().map_err(unreadable)?;
        let (mut logos, mut words, mut hash) = (Vec::new(), None, Sha256::new());
        for name in names {
            // Desktops and orchestrators leave hidden files behind.
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
            let path = folder.join(name);
            let wrong = |reason: String| BrandingError::File { path: path.clone(), reason };
            let known = logo::NAMES.iter().find(|(known, ..)| *known == name);
            let most = if known.is_some() { LOGO_BYTES } else { WORDS_BYTES };
            if known.is_none() && name != WORDS {
                let all: Vec<_> = logo::NAMES.iter().map(|(name, ..)| *name).collect();
                let all = all.join(", ");
                return Err(wrong(format!("only {WORDS}, {all} belong in this folder")));
            }
            let content = read_file(&path, &root, most).map_err(wrong)?;
            hash.update((content.len() as u64).to_be_bytes());
            hash.update(&content);
            if let Some((name, kind, dark)) = known {
                logo::check(*kind, &content).map_err(wrong)?;
                logos.push(Logo { name, kind: *kind, dark: *dark, content });
            } else {
                let text = String::from_utf8(content).map_err(|_| wrong("is no text".into()))?;
                words = Some((path.clone(), text));
            }
        }
        let mut branding = Self { logos, ..Self::default() };
        if let Some((path, text)) = words {
            branding.dress(&text).map_err(|reason| BrandingError::File { path, reason })?;
        }
        branding.require_whole(folder)?;
        branding.mark = hex::encode(hash.finalize()).chars().take(12).collect();
        Ok(branding)
    }

    /// Takes names and colours.
    fn dress(&mut self, text: &str) -> Result<(), String> {
        let words: Words = toml::from_str(text).map_err(|error| error.to_string())?;
        if let Some(names) = &words.organisation {
            for (key, name) in [("nl", &names.nl), ("en", &names.en)] {
                let length = name.chars().count();
                if name.trim() != name
                    || !(1..=60).contains(&length)
                    || name.contains(char::is_control)
                {
                    return Err(format!("organisation.{key}: 1 to 60 characters on one line"));
                }
            }
        }
        self.names = words.organisation;
        let palette = Palette::of(&words.light, &words.dark)?;
        self.colours = palette.given();
        self.contrasts = palette.checked()?;
        self.stylesheet = stylesheet(&self.colours);
        Ok(())
    }

    /// A logo says nothing to who does not see it, and a dark one alone is not shown by day.
    fn require_whole(&self, folder: &Path) -> Result<(), BrandingError> {
        let Some(first) = self.logos.first() else { return Ok(()) };
        let wrong = |name: &str, reason: &str| {
            Err(BrandingError::File { path: folder.join(name), reason: reason.to_owned() })
        };
        if self.names.is_none() {
            return wrong(
                WORDS,
                "a logo needs [organisation] with nl and en: it is read to who does not see it",
            );
        }
        if self.logo(false).is_none() {
            return wrong(first.name, "there is no logo.svg or logo.png for light backgrounds");
        }
        Ok(())
    }

    /// The logo for light or dark backgrounds: a drawing before a picture.
    pub fn logo(&self, dark: bool) -> Option<&Logo> {
        let mut fitting = self.logos.iter().filter(|logo| logo.dark == dark);
        let first = fitting.next()?;
        Some(fitting.find(|logo| logo.kind == Kind::Svg).unwrap_or(first))
    }

    /// Whether there is anything of it.
    pub fn is_there(&self) -> bool {
        !self.mark.is_empty()
    }
}

impl Names {
    /// In a language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Nl => &self.nl,
            Language::En => &self.en,
        }
    }
}

/// Reads a file that lies in a folder. A link may only lead to another place in it, as orchestrators lay
/// out what they mount.
fn read_file(path: &Path, root: &Path, most: u64) -> Result<Vec<u8>, String> {
    let real = path.canonicalize().map_err(|error| format!("cannot be read: {error}"))?;
    if !real.starts_with(root) {
        return Err("is a link that leads out of the folder: put the file itself there".to_owned());
    }
    if !fs::metadata(&real).is_ok_and(|found| found.is_file()) {
        return Err("is not a file".to_owned());
    }
    let file = fs::File::open(&real).map_err(|error| format!("cannot be read: {error}"))?;
    let mut content = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut content);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    if content.len() as u64 > most {
        return Err(format!("is larger than {} KiB: make it smaller", most >> 10));
    }
    Ok(content)
}

/// The colours as custom properties, in the layer where those of everybody are.
fn stylesheet(colours: &[Given]) -> String {
    if colours.is_empty() {
        return String::new();
    }
    let mut css = String::from("@layer tokens {\n:root {\n");
    for one in colours {
        let property = colours::property(one.key);
        // Writing to a text cannot fail.
        let _ = writeln!(css, "  --{property}: light-dark({}, {});", one.light, one.dark);
    }
    css.push_str("}\n}\n");
    css
}

#[cfg(test)]
mod tests;
