//! What stands around every page, who looks at it, and how texts, numbers and moments are written there.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::time::Timestamp;
use http::HeaderMap;
use http::request::Parts;

use super::brand::Brand;
use super::session::{self, Visit};
use super::views::View;
use crate::app::access::{Actor, Right};
use crate::app::callers::Caller;
use crate::i18n::{Language, Texts};
use crate::report::format;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::session::cookie;

/// Cookie with the language, when it is not Dutch.
pub(super) const LANGUAGE_COOKIE: &str = "taal";
/// Cookie with the theme, when somebody chose one.
pub(super) const THEME_COOKIE: &str = "thema";

/// How somebody wants to see pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Language of the pages.
    pub(super) language: Language,
    /// `light` or `dark`; what the system of the reader wants when nothing.
    pub(super) theme: Option<&'static str>,
}

impl Look {
    /// As the cookies of a request say.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let language = cookie(headers, LANGUAGE_COOKIE).and_then(|code| code.parse().ok());
        let theme = match cookie(headers, THEME_COOKIE).as_deref() {
            Some("light") => Some("light"),
            Some("dark") => Some("dark"),
            _ => None,
        };
        Self { language: language.unwrap_or(Language::Nl), theme }
    }
}

/// Somebody who is logged in and looks at a page. Whoever is not is sent to log in first.
pub(super) struct Visitor {
    /// What it may do.
    pub(super) actor: Actor,
    /// The user and the session.
    pub(super) caller: Caller,
    /// What stands around the page.
    pub(super) frame: Frame,
}

impl Visitor {
    /// A visitor who may do this somewhere; a problem otherwise.
    pub(super) fn may(self, right: Right) -> Result<Self, crate::rest::problem::Problem> {
        self.actor.require(right)?;
        Ok(self)
    }
}

impl FromRequestParts<Api> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Response> {
        let visit = session::current(api, &parts.headers).await;
        let visit = visit.map_err(IntoResponse::into_response)?;
        let here = parts.uri.path_and_query().map_or("/", |here| here.as_str());
        let Some(visit) = visit else {
            let login = if parts.method == http::Method::GET && here != "/" {
                let back: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
                format!("/aanmelden?naar={back}")
            } else {
                "/aanmelden".to_owned()
            };
            return Err(Redirect::to(&login).into_response());
        };
        if visit.caller.second_factor_due {
            return Err(Redirect::to("/tweede-factor").into_response());
        }
        let mut frame = Frame::of(&visit, Look::of(&parts.headers), here);
        frame.brand = Brand::of(&api.app.branding, frame.look.language);
        let (app, user, path) =
            (api.app.clone(), visit.caller.user.id, parts.uri.path().to_owned());
        let views = blocking(move || Ok(app.view_list(user, Some(&path))?)).await;
        let views = views.map_err(IntoResponse::into_response)?;
        frame.views = views.into_iter().map(View::from).collect();
        Ok(Self { actor: visit.caller.actor.clone(), caller: visit.caller, frame })
    }
}

/// One way of the main navigation.
pub(super) struct Way {
    pub(super) href: &'static str,
    pub(super) icon: &'static str,
    pub(super) text: String,
    pub(super) current: bool,
}

/// Ways under one heading; the first group has none.
pub(super) struct Group {
    pub(super) heading: Option<String>,
    pub(super) ways: Vec<Way>,
}

/// The main navigation: heading, and for each way its address, icon, key of its text and the right it
/// takes.
type Ways = [(&'static str, &'static str, &'static str, Right)];
const NAVIGATION: &[(&str, &Ways)] = &[
    (
        "",
        &[
            ("/", "layout-dashboard", "nav-overview", Right::Read),
            ("/werklijst", "list-checks", "nav-worklist", Right::Read),
        ],
    ),
    (
        "nav-group-inventory",
        &[
            ("/assets", "monitor", "nav-assets", Right::Read),
            ("/software", "package", "nav-software", Right::Read),
            ("/eigenaars", "building-2", "nav-owners", Right::Read),
            ("/gegevens", "tag", "nav-data-sets", Right::Read),
        ],
    ),
    (
        "nav-group-risk",
        &[
            ("/bevindingen", "bug", "nav-findings", Right::Read),
            ("/risicos", "shield-alert", "nav-risks", Right::Read),
        ],
    ),
    ("nav-group-reporting", &[("/rapporten", "file-text", "nav-reports", Right::Export)]),
    (
        "nav-group-admin",
        &[
            ("/agents", "plug", "nav-agents", Right::Administer),
            ("/audit", "scroll-text", "nav-audit", Right::ReadAudit),
            // Everybody has an account there; each room asks for its own right.
            ("/instellingen", "settings", "nav-settings", Right::Read),
        ],
    ),
];

/// Whether a way of the navigation leads somebody in. Who reads sees what is of the own units; all else there
/// is the whole organisation's, and so must the right be.
fn leads(actor: &Actor, right: Right) -> bool {
    if right == Right::Read {
        return actor.may(right);
    }
    actor.require_for(right, None).is_ok()
}

/// What stands around a page. Templates ask it for texts.
pub(super) struct Frame {
    /// Who looks.
    pub(super) user: String,
    /// The token of forms.
    pub(super) csrf: String,
    pub(super) look: Look,
    /// Path and query of the page.
    pub(super) here: String,
    pub(super) navigation: Vec<Group>,
    /// The organisation's logo and colours.
    pub(super) brand: Option<Brand>,
    /// Saved views of the page.
    pub(super) views: Vec<View>,
}

#[expect(clippy::unused_self, reason = "templates ask the frame for all that they show")]
impl Frame {
    fn of(visit: &Visit, look: Look, here: &str) -> Self {
        let actor = &visit.caller.actor;
        let texts = Texts::of(look.language);
        let path = here.split('?').next().unwrap_or(here);
        let is_below = |href: &str| match href {
            "/" => path == "/",
            href => path.strip_prefix(href).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || rest.starts_with('.')
            }),
        };
        let group = |(heading, ways): &(&str, &Ways)| Group {
            heading: (!heading.is_empty()).then(|| texts.get(heading)),
            ways: ways
                .iter()
                .filter(|(.., right)| leads(actor, *right))
                .map(|(href, icon, key, _)| Way {
                    href,
                    icon,
                    text: texts.get(key),
                    current: is_below(href),
                })
                .collect(),
        };
        let mut navigation: Vec<_> = NAVIGATION.iter().map(group).collect();
        navigation.retain(|group| !group.ways.is_empty());
        Self {
            user: actor.name.clone(),
            csrf: visit.csrf.clone(),
            look,
            here: here.to_owned(),
            navigation,
            brand: None,
            views: Vec::new(),
        }
    }

    /// Whether the organisation has a logo.
    pub(super) fn has_logo(&self) -> bool {
        self.brand.as_ref().is_some_and(|brand| brand.by_day.is_some())
    }

    /// Where the page as it is can be kept as a view.
    pub(super) fn save_view(&self) -> String {
        let from: String = form_urlencoded::byte_serialize(self.here.as_bytes()).collect();
        format!("/weergaven/nieuw?van={from}")
    }

    fn texts(&self) -> &'static Texts {
        Texts::of(self.look.language)
    }

    /// The text of a key.
    pub(super) fn t(&self, key: &str) -> String {
        self.texts().get(key)
    }

    /// The text of a key with one value in it.
    pub(super) fn tv(&self, key: &str, name: &str, value: &str) -> String {
        self.texts().with(key, &[(name, value)])
    }

    /// The text of a key with values in it.
    pub(super) fn tw(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.texts().with(key, values)
    }

    /// A value that stands in the register as a code, such as `security_officer` of the group `role`, in
    /// words: the text of `role-security-officer`. Nothing for an empty code.
    pub(super) fn code(&self, group: &str, code: &str) -> String {
        if code.is_empty() {
            return String::new();
        }
        self.t(&format!("{group}-{}", code.replace('_', "-")))
    }

    /// So many of something: `count-assets-one` or `count-assets-other`.
    pub(super) fn count(&self, what: &str, number: impl Count) -> String {
        let number = number.count();
        let form = if number == 1 { "one" } else { "other" };
        self.tv(&format!("count-{what}-{form}"), "n", &self.n(number))
    }

    /// A whole number.
    pub(super) fn n(&self, number: impl Count) -> String {
        format::number(self.look.language, number.count())
    }

    /// A share; a dash where there is nothing to share. Rounded down, so that 100% means all.
    pub(super) fn share(&self, part: impl Count, whole: impl Count) -> String {
        match part.count().saturating_mul(1000).checked_div(whole.count()) {
            Some(per_mille) => format::percent(self.look.language, per_mille),
            None => "–".to_owned(),
        }
    }

    /// A moment that stands as RFC 3339: `23/11/2026 14:05` in Brussels. Anything else stays as it is.
    pub(super) fn moment(&self, text: &str) -> String {
        text.parse::<Timestamp>().map_or_else(|_| text.to_owned(), format::moment)
    }

    /// A day that stands as `2026-11-23`, or the day of a moment: `23/11/2026`.
    pub(super) fn day(&self, text: &str) -> String {
        text.parse::<Timestamp>().map_or_else(|_| format::iso_day(text), format::day)
    }

    /// The text in the language of the page, of what stands in both.
    pub(super) fn pick<'a>(&self, dutch: &'a str, english: &'a str) -> &'a str {
        match self.look.language {
            Language::Nl => dutch,
            Language::En => english,
        }
    }

    /// How the badge of a level from 1 to 5 looks.
    pub(super) fn level(&self, level: impl Count) -> &'static str {
        match level.count() {
            5.. => "crit",
            4 => "high",
            3 => "mod",
            _ => "low",
        }
    }

    /// Tag of the language for the document.
    pub(super) fn tag(&self) -> &'static str {
        self.look.language.tag()
    }

    /// Whether it is in English.
    pub(super) fn is_english(&self) -> bool {
        self.look.language == Language::En
    }
}

/// A whole number as templates have it, itself or by reference.
pub(super) trait Count {
    fn count(&self) -> u64;
}

macro_rules! counts {
    ($($number:ty),+) => {
        $(impl Count for $number {
            fn count(&self) -> u64 {
                u64::try_from(*self).unwrap_or(0)
            }
        })+
    };
}

counts!(u8, u16, u32, u64, usize, i64);

impl<T: Count> Count for &T {
    fn count(&self) -> u64 {
        (**self).count()
    }
}
