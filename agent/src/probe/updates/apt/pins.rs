//! Preferences of apt: which versions it would rather have. Source: `apt_preferences(5)`.

use super::pattern::Pattern;
use super::policy::List;
use super::scan::Offer;
use super::sources::paragraphs;

/// Most pins that are kept, counted by the names in them: each is tried on every version.
const PINS_MAX: usize = 1000;
/// Longest name or value, bytes.
const WORD_BYTES_MAX: usize = 256;

/// A priority that forbids a version whatever else is said: `never`.
pub const NEVER: i32 = i32::MIN;

/// One entry of the preferences.
#[derive(Clone, Debug)]
pub struct Pin {
    /// Which packages; all when empty.
    packages: Vec<Names>,
    to: To,
    /// What it gives.
    pub priority: i32,
}

/// Packages by their names.
#[derive(Clone, Debug)]
struct Names {
    /// Whether it is the source package's name.
    source: bool,
    name: Pattern,
    /// `any`, one architecture, or the machine's own when empty.
    architecture: String,
}

/// What a pin holds on to.
#[derive(Clone, Debug)]
enum To {
    Version(Pattern),
    SourceVersion(Pattern),
    /// A host; files of this machine when empty.
    Site(String, Pattern),
    /// Every archive, the installed packages included.
    Everything,
    /// An archive or code name.
    Distribution(Pattern),
    /// Fields of the archive, by their letters.
    Fields(Vec<(char, Pattern)>),
}

/// Why an entry is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// It has not the form of an entry.
    #[error("an entry is not understood")]
    Form,
    /// It has a regular expression that says more than is read.
    #[error("a regular expression is not understood")]
    Expression,
    /// There are more than anybody has.
    #[error("more than {PINS_MAX} entries")]
    Many,
}

/// Adds the entries of a file.
pub fn preferences(content: &[u8], into: &mut Vec<Pin>) -> Vec<PinError> {
    let mut errors = Vec::new();
    for fields in paragraphs(content) {
        let field = |name: &str| fields.get(name).map(|value| value.trim()).unwrap_or_default();
        // A paragraph of explanations alone is none.
        if field("package").is_empty() && field("pin").is_empty() {
            continue;
        }
        let count: usize = into.iter().map(|pin| pin.packages.len().max(1)).sum();
        if count + field("package").split_whitespace().count() > PINS_MAX {
            errors.push(PinError::Many);
            break;
        }
        match pin(field("package"), field("pin"), field("pin-priority")) {
            Ok(pin) => into.push(pin),
            Err(error) => errors.push(error),
        }
    }
    errors
}

fn pin(package: &str, to: &str, priority: &str) -> Result<Pin, PinError> {
    let priority = match priority {
        "never" => NEVER,
        number => number.parse::<i16>().map(i32::from).map_err(|_| PinError::Form)?,
    };
    if package.is_empty() || priority == 0 {
        return Err(PinError::Form);
    }
    let all = package == "*";
    let packages: Result<Vec<_>, _> = package.split_whitespace().map(names).collect();
    let (kind, value) = to.split_once(char::is_whitespace).unwrap_or((to, ""));
    let value = value.trim();
    let to = match kind.to_ascii_lowercase().as_str() {
        "version" if !all => To::Version(pattern(value)?),
        "source-version" if !all => To::SourceVersion(pattern(value)?),
        "release" => release(value)?,
        "origin" => {
            let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            let site = quoted.unwrap_or(value);
            To::Site(site.to_owned(), pattern(site)?)
        }
        _ => return Err(PinError::Form),
    };
    Ok(Pin { packages: if all { Vec::new() } else { packages? }, to, priority })
}

/// The target release, whose versions are preferred: `APT::Default-Release`.
pub fn default_release(name: &str) -> Result<Pin, PinError> {
    Ok(Pin { packages: Vec::new(), to: release(name)?, priority: 990 })
}

fn pattern(text: &str) -> Result<Pattern, PinError> {
    if text.len() > WORD_BYTES_MAX {
        return Err(PinError::Form);
    }
    Pattern::parse(text).ok_or(PinError::Expression)
}

fn names(word: &str) -> Result<Names, PinError> {
    let (source, rest) = match word.strip_prefix("src:") {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let (name, architecture) = rest.rsplit_once(':').unwrap_or((rest, ""));
    let architecture = if architecture == "native" { "" } else { architecture };
    Ok(Names { source, name: pattern(name)?, architecture: architecture.to_owned() })
}

fn release(value: &str) -> Result<To, PinError> {
    if value == "*" {
        return Ok(To::Everything);
    }
    if !value.contains('=') {
        let by_version = value.starts_with(|first: char| first.is_ascii_digit());
        let pattern = pattern(value)?;
        return Ok(if by_version {
            To::Fields(vec![('v', pattern)])
        } else {
            To::Distribution(pattern)
        });
    }
    let mut fields: Vec<(char, Pattern)> = Vec::new();
    for part in value.split(',') {
        let (letter, wanted) = part.split_once('=').ok_or(PinError::Form)?;
        let letter = match letter.trim().to_ascii_lowercase().as_str() {
            "a" => 'a',
            "b" => 'b',
            "c" => 'c',
            "l" => 'l',
            "n" => 'n',
            "o" => 'o',
            "v" => 'v',
            _ => return Err(PinError::Form),
        };
        // Of several for one field the last counts.
        fields.retain(|(other, _)| *other != letter);
        fields.push((letter, pattern(wanted.trim())?));
    }
    Ok(To::Fields(fields))
}

impl Pin {
    /// Whether it speaks of archives as a whole.
    pub fn is_general(&self) -> bool {
        self.packages.is_empty()
    }

    /// Whether it speaks of a package; architectures as apt counts them, `native` being the machine's.
    pub fn speaks_of(&self, offer: &Offer<'_>, architecture: &str, native: &str) -> bool {
        self.packages.iter().any(|names| {
            let own = match names.architecture.as_str() {
                "any" => true,
                "" => architecture == native,
                one => architecture == one,
            };
            own && names.name.matches(if names.source { offer.source } else { offer.name })
        })
    }

    /// Whether it holds on to a version that comes from certain archives; none stands for the installed
    /// packages.
    pub fn holds<'a>(
        &self,
        offer: &Offer<'_>,
        mut lists: impl Iterator<Item = Option<&'a List>>,
    ) -> bool {
        match &self.to {
            To::Version(version) => version.matches(offer.version),
            To::SourceVersion(version) => version.matches(offer.source_version),
            _ => lists.any(|list| self.is_of(list)),
        }
    }

    /// Whether it speaks of an archive; none stands for the installed packages, which apt knows as an
    /// archive `now` without any other field.
    pub fn is_of(&self, list: Option<&List>) -> bool {
        match (&self.to, list) {
            (To::Everything, _) => true,
            (To::Distribution(name), None) => name.matches("now"),
            (To::Fields(fields), None) => {
                fields.iter().all(|(letter, wanted)| *letter == 'a' && wanted.matches("now"))
            }
            (To::Distribution(name), Some(list)) => {
                let release = &list.release;
                [&release.suite, &release.codename].iter().any(|own| is(name, own))
            }
            (To::Fields(fields), Some(list)) => fields.iter().all(|(letter, wanted)| {
                let own = match letter {
                    'a' => &list.release.suite,
                    'b' => &list.architecture,
                    'c' => &list.component,
                    'l' => &list.release.label,
                    'n' => &list.release.codename,
                    'o' => &list.release.origin,
                    _ => &list.release.version,
                };
                is(wanted, own)
            }),
            (To::Site(site, wanted), Some(list)) => {
                wanted.matches(&list.site) && site.is_empty() == list.site.is_empty()
            }
            (To::Site(..), None) | (To::Version(_) | To::SourceVersion(_), _) => false,
        }
    }
}

/// A field that an archive does not have is like nothing, not like everything.
fn is(wanted: &Pattern, own: &str) -> bool {
    !own.is_empty() && wanted.matches(own)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probe::updates::apt::release::Release;

    fn pins(content: &str) -> Vec<Pin> {
        let mut pins = Vec::new();
        assert_eq!(preferences(content.as_bytes(), &mut pins), []);
        pins
    }

    fn list() -> List {
        let release = Release {
            origin: "Debian".to_owned(),
            label: "Debian".to_owned(),
            suite: "oldstable".to_owned(),
            codename: "bookworm".to_owned(),
            version: "12.1".to_owned(),
            ..Release::default()
        };
        let (component, architecture) = ("main".to_owned(), "amd64".to_owned());
        List {
            site: "deb.example".to_owned(),
            suite: String::new(),
            component,
            architecture,
            release,
        }
    }

    #[test]
    fn archives_by_every_form() {
        let list = list();
        for (to, is, is_status) in [
            ("release *", true, true),
            ("release bookworm", true, false),
            ("release oldstable", true, false),
            ("release 12*", true, false),
            ("release 12", false, false),
            ("release a=oldstable, n=bookworm,v=12.1", true, false),
            ("release o=Debian,l=other", false, false),
            ("release c=main, b=amd64", true, false),
            ("release c=contrib", false, false),
            ("release a=stable, a=oldstable", true, false),
            ("release a=now", false, true),
            ("origin deb.example", true, false),
            ("origin \"*.example\"", true, false),
            ("origin \"\"", false, false),
        ] {
            let pin = &pins(&format!("Package: *\nPin: {to}\nPin-Priority: 700\n"))[0];
            assert!(pin.is_general());
            assert_eq!((pin.is_of(Some(&list)), pin.is_of(None)), (is, is_status), "{to}");
        }
        let local = List { site: String::new(), ..list };
        let pin = &pins("Package: *\nPin: origin \"\"\nPin-Priority: never\n")[0];
        assert!(pin.is_of(Some(&local)));
        assert_eq!(pin.priority, NEVER);
    }

    #[test]
    fn packages_by_every_form() {
        let offer = Offer { name: "libx1", source: "x", version: "1:2-3", ..Offer::default() };
        for (package, native, foreign) in [
            ("libx1", true, false),
            ("a libx1 b", true, false),
            ("libx?", true, false),
            ("libx1:any", true, true),
            ("libx1:i386", false, true),
            ("libx1:native", true, false),
            ("src:x", true, false),
            ("src:*:any", true, true),
            ("src:libx1", false, false),
            ("/^lib/", true, false),
        ] {
            let pin =
                &pins(&format!("Package: {package}\nPin: version 1:2*\nPin-Priority: 1\n"))[0];
            let speaks = |architecture| pin.speaks_of(&offer, architecture, "amd64");
            assert_eq!((speaks("amd64"), speaks("i386")), (native, foreign), "{package}");
            assert!(pin.holds(&offer, std::iter::empty()));
        }
    }

    #[test]
    fn what_is_not_understood() {
        for (entry, error) in [
            ("Package: *\nPin: version 1\nPin-Priority: 1\n", PinError::Form),
            ("Package: a\nPin: moon full\nPin-Priority: 1\n", PinError::Form),
            ("Package: a\nPin: release x=1\nPin-Priority: 1\n", PinError::Form),
            ("Package: a\nPin: version 1\nPin-Priority: 99999\n", PinError::Form),
            ("Package: a\nPin: version 1\n", PinError::Form),
            ("Pin: version 1\nPin-Priority: 1\n", PinError::Form),
            ("Package: /a|b/\nPin: version 1\nPin-Priority: 1\n", PinError::Expression),
        ] {
            let mut pins = Vec::new();
            assert_eq!(preferences(entry.as_bytes(), &mut pins), [error], "{entry}");
            assert!(pins.is_empty());
        }
        assert!(pins("Explanation: nothing but words\n\n# and a comment\n").is_empty());
        let many = "Package: a\nPin: version 1\nPin-Priority: 1\n\n".repeat(PINS_MAX + 1);
        let mut pins = Vec::new();
        assert_eq!(preferences(many.as_bytes(), &mut pins), [PinError::Many]);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = preferences(&bytes, &mut Vec::new());
            let entry = [b"Package: ", bytes.as_slice(), b"\nPin: release *\nPin-Priority: 1\n"];
            let _ = preferences(&entry.concat(), &mut Vec::new());
            let entry = [b"Package: a\nPin-Priority: 1\nPin: release ", bytes.as_slice()];
            let mut pins = Vec::new();
            let _ = preferences(&entry.concat(), &mut pins);
            for pin in pins {
                let _ = pin.is_of(Some(&list()));
            }
        }
    }
}
