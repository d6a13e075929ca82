//! Lists: every view is an address. Filters, order, page and columns stand in the query; what is not said
//! is as it usually is, and a key that nobody knows is refused rather than ignored.

use belfort_model::id::BatchId;
use belfort_store::record::Page;

use super::frame::Frame;
use crate::rest::problem::Problem;

/// Rows of a page when nothing is said.
const PER_PAGE: u32 = 50;
/// Rows of a page that can be asked for.
const PER_PAGES: [u32; 4] = [25, 50, 100, 250];
/// Keys every list knows: page, rows per page, order, and what was just done.
const COMMON: [&str; 5] = ["pagina", "per", "sort", "melding", "reeks"];
/// Key of the columns a list shows, where it has any to choose: a matter of how it looks, no filter.
pub(super) const COLUMN: &str = "kolom";
/// Characters of a value at most.
const LONGEST: usize = 200;

/// The query of a page.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    path: String,
    pairs: Vec<(String, String)>,
}

impl Asked {
    /// Reads a query. `keys` are those this page knows beside the common ones. A field that was left empty
    /// says nothing: browsers send those too.
    pub(super) fn of(path: &str, query: Option<&str>, keys: &[&str]) -> Result<Self, Problem> {
        let mut pairs = Vec::new();
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !keys.contains(&&*key) && !COMMON.contains(&&*key) {
                let known = keys.join(", ");
                return Err(Problem::bad_request(format!(
                    "there is no filter `{}`; there are: {known}",
                    key.chars().take(40).collect::<String>()
                )));
            }
            let value = value.trim();
            if value.chars().count() > LONGEST {
                return Err(Problem::bad_request(format!("{key}: at most {LONGEST} characters")));
            }
            if !value.is_empty() {
                pairs.push((key.into_owned(), value.to_owned()));
            }
        }
        let asked = Self { path: path.to_owned(), pairs };
        asked.page()?;
        Ok(asked)
    }

    /// What a key says, if anything.
    pub(super) fn get<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        self.all(key).next()
    }

    /// What a key says, or nothing: for the fields of the filter form.
    pub(super) fn text<'a>(&'a self, key: &'a str) -> &'a str {
        self.get(key).unwrap_or_default()
    }

    /// Whether a key says this.
    pub(super) fn is(&self, key: &str, value: &str) -> bool {
        self.all(key).any(|one| one == value)
    }

    /// All that a key says: a repeated key means or.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// What a key says, in another form.
    pub(super) fn parse<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>, Problem>
    where
        T::Err: std::fmt::Display,
    {
        let wrong = |error| Problem::bad_request(format!("{key}: {error}"));
        self.get(key).map(|text| text.parse().map_err(wrong)).transpose()
    }

    fn number(&self, key: &str, default: u32) -> Result<u32, Problem> {
        let Some(text) = self.get(key) else { return Ok(default) };
        let wrong =
            || Problem::bad_request(format!("{key}: `{text}` is not a whole number from 1"));
        text.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)
    }

    /// Rows per page.
    pub(super) fn per(&self) -> u32 {
        self.number("per", PER_PAGE).unwrap_or(PER_PAGE)
    }

    fn number_of_page(&self) -> u32 {
        self.number("pagina", 1).unwrap_or(1)
    }

    /// Which rows.
    pub(super) fn page(&self) -> Result<Page, Problem> {
        let per = self.number("per", PER_PAGE)?;
        if !PER_PAGES.contains(&per) {
            return Err(Problem::bad_request(format!("per: {per} is not one of {PER_PAGES:?}")));
        }
        let offset = (u64::from(self.number("pagina", 1)?) - 1) * u64::from(per);
        Ok(Page { limit: per, offset })
    }

    /// The order: a column, and whether it is descending (`-` before its name). `columns` are those that
    /// can be sorted by; `default` is the order when nothing is said.
    pub(super) fn sort<'a>(
        &self,
        columns: &[&'a str],
        default: &'a str,
    ) -> Result<(&'a str, bool), Problem> {
        let text = self.get("sort").unwrap_or(default);
        let (name, descending) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let default = default.strip_prefix('-').unwrap_or(default);
        let known = columns.iter().copied().chain([default]).find(|column| *column == name);
        known.map(|name| (name, descending)).ok_or_else(|| {
            Problem::bad_request(format!("sort: `{name}` is not one of {}", columns.join(", ")))
        })
    }

    /// The filters: all but page, rows per page, order and what was just done.
    pub(super) fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .filter(|(key, _)| !COMMON.contains(key) && *key != COLUMN)
    }

    /// Whether anything is filtered.
    pub(super) fn is_filtered(&self) -> bool {
        self.filters().next().is_some()
    }

    /// What the rows-per-page form keeps.
    pub(super) fn kept(&self) -> Vec<(&str, &str)> {
        let pairs = self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        pairs.filter(|(key, _)| !["pagina", "per", "melding", "reeks"].contains(key)).collect()
    }

    fn address(path: &str, pairs: impl Iterator<Item = (String, String)>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.filter(|(key, value)| {
            let is_usual = match key.as_str() {
                "pagina" => value == "1",
                "per" => *value == PER_PAGE.to_string(),
                // What was just done is said once.
                key => ["melding", "reeks"].contains(&key),
            };
            !is_usual
        }));
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    /// The address with another value for a key, on the first page; an empty value takes it away.
    pub(super) fn with(&self, key: &str, value: &str) -> String {
        let others = self.pairs.iter().filter(|(name, _)| name != key && name != "pagina").cloned();
        let new = (!value.is_empty()).then(|| (key.to_owned(), value.to_owned()));
        Self::address(&self.path, others.chain(new))
    }

    /// The address without one value of a key.
    pub(super) fn without(&self, key: &str, value: &str) -> String {
        let others = self.pairs.iter();
        let others =
            others.filter(|(name, one)| !(name == key && one == value) && name != "pagina");
        Self::address(&self.path, others.cloned())
    }

    /// The address without filters.
    pub(super) fn bare(&self) -> String {
        let kept = self.pairs.iter();
        let kept = kept.filter(|(key, _)| ["per", "sort", COLUMN].contains(&key.as_str()));
        Self::address(&self.path, kept.cloned())
    }

    /// The same rows, all of them, as a file of this kind.
    pub(super) fn export(&self, kind: &str) -> String {
        let kept = self.pairs.iter().filter(|(key, _)| !["per", "pagina"].contains(&key.as_str()));
        Self::address(&format!("{}.{kind}", self.path), kept.cloned())
    }

    /// What a form that chooses columns keeps.
    pub(super) fn kept_for_columns(&self) -> Vec<(&str, &str)> {
        let kept = self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        kept.filter(|(key, _)| !["pagina", "melding", "reeks", COLUMN].contains(key)).collect()
    }

    /// The filters as a query: which rows, whatever part of them is shown.
    pub(super) fn selection(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.filters());
        query.finish()
    }

    /// The address as it is, without what was just done.
    pub(super) fn address_here(&self) -> String {
        Self::address(&self.path, self.pairs.iter().cloned())
    }

    /// The head of a column: its text, the key it is sorted by (none when it cannot be), and what it is
    /// sorted by now.
    pub(super) fn column(&self, text: String, key: &str, sorted: (&str, bool)) -> Column {
        let order = match sorted {
            (name, descending) if name == key && !key.is_empty() => {
                Some(if descending { "descending" } else { "ascending" })
            }
            _ => None,
        };
        let next = if order == Some("ascending") { format!("-{key}") } else { key.to_owned() };
        let href = if key.is_empty() { String::new() } else { self.with("sort", &next) };
        Column { text, href, order, is_number: false }
    }

    /// The foot of the list.
    pub(super) fn pager(&self, total: u64, shown: usize) -> Pager {
        let (per, number) = (u64::from(self.per()), u64::from(self.number_of_page()));
        let last = total.div_ceil(per).max(1);
        let link = |to: u64| {
            let others = self.pairs.iter().filter(|(key, _)| key != "pagina").cloned();
            let page = ("pagina".to_owned(), to.to_string());
            Self::address(&self.path, others.chain([page]))
        };
        let near = [1, 2, number.saturating_sub(1), number, number + 1, last];
        let mut numbers: Vec<u64> = near.into_iter().filter(|at| (1..=last).contains(at)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut before = 0;
        let pages = numbers
            .into_iter()
            .map(|at| {
                let after_gap = at > before + 1;
                before = at;
                PageLink { number: at, href: link(at), current: at == number, after_gap }
            })
            .collect();
        let from = (number - 1) * per;
        Pager {
            total,
            from: if shown == 0 { 0 } else { from + 1 },
            to: if shown == 0 { 0 } else { from + shown as u64 },
            previous: (number > 1 && shown > 0).then(|| link(number - 1)),
            next: (number < last).then(|| link(number + 1)),
            pages,
            per: self.per(),
            kept: self.kept().into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            path: self.path.clone(),
        }
    }

    /// What was just done, said once above the list.
    pub(super) fn done(&self, frame: &Frame) -> Option<String> {
        let code = self.get("melding")?;
        let is_code = code.chars().all(|char| char.is_ascii_lowercase() || char == '-');
        is_code.then(|| frame.t(&format!("done-{code}"))).filter(|text| !text.starts_with('⟦'))
    }

    /// The page that undoes what was just done to many at once, when it can be undone.
    pub(super) fn undo(&self) -> Option<String> {
        let batch: BatchId = self.get("reeks")?.parse().ok()?;
        self.get("melding").map(|_| format!("/ongedaan-maken/{batch}"))
    }
}

/// The head of a column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) text: String,
    /// The list sorted by it; empty when it cannot be.
    pub(super) href: String,
    /// `ascending` or `descending` when the list is sorted by it.
    pub(super) order: Option<&'static str>,
    pub(super) is_number: bool,
}

impl Column {
    /// A column of numbers.
    pub(super) fn number(self) -> Self {
        Self { is_number: true, ..self }
    }
}

/// The foot of a list.
pub(super) struct Pager {
    pub(super) total: u64,
    /// The first and the last row shown, from 1; 0 when there are none.
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
    pub(super) pages: Vec<PageLink>,
    pub(super) per: u32,
    kept: Vec<(String, String)>,
    pub(super) path: String,
}

impl Pager {
    /// What the rows-per-page form keeps.
    pub(super) fn kept(&self) -> &[(String, String)] {
        &self.kept
    }

    /// Rows of a page that can be asked for.
    #[expect(clippy::unused_self, reason = "the template asks the foot")]
    pub(super) fn choices(&self) -> [u32; 4] {
        PER_PAGES
    }
}

/// A page of a list.
pub(super) struct PageLink {
    pub(super) number: u64,
    pub(super) href: String,
    pub(super) current: bool,
    /// Whether pages are left out before it.
    pub(super) after_gap: bool,
}

/// An active filter, and the list without it.
pub(super) struct Chip {
    pub(super) text: String,
    pub(super) name: String,
    pub(super) href: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Asked, Problem> {
        Asked::of("/assets", Some(query), &["biv", "dienst"])
    }

    #[test]
    fn what_is_not_known_is_refused_and_what_is_empty_says_nothing() {
        assert_eq!(asked("bvi=geen").unwrap_err().status, 400);
        assert_eq!(asked("per=7").unwrap_err().status, 400);
        assert_eq!(asked("pagina=0").unwrap_err().status, 400);
        assert_eq!(asked(&format!("biv={}", "x".repeat(201))).unwrap_err().status, 400);
        let both = asked("biv=&dienst=BZ&dienst=MOB").unwrap();
        assert_eq!(both.get("biv"), None);
        assert_eq!(both.all("dienst").collect::<Vec<_>>(), ["BZ", "MOB"]);
        assert_eq!(asked("sort=-kleur").unwrap().sort(&["naam"], "naam").unwrap_err().status, 400);
    }

    #[test]
    fn addresses_say_only_what_is_unusual() {
        let list = asked("biv=geen&dienst=BZ&pagina=3&per=50&sort=-naam&melding=klaar").unwrap();
        assert_eq!(list.with("biv", "5"), "/assets?dienst=BZ&sort=-naam&biv=5");
        assert_eq!(list.with("biv", ""), "/assets?dienst=BZ&sort=-naam");
        assert_eq!(list.without("dienst", "BZ"), "/assets?biv=geen&sort=-naam");
        assert_eq!(list.bare(), "/assets?sort=-naam");
        assert_eq!(list.export("csv"), "/assets.csv?biv=geen&dienst=BZ&sort=-naam");
        assert_eq!(list.sort(&["naam"], "naam").unwrap(), ("naam", true));
        let column = list.column("Naam".to_owned(), "naam", ("naam", true));
        assert_eq!(column.order, Some("descending"));
        assert!(column.href.ends_with("sort=naam"));
    }

    #[test]
    fn the_foot_leads_to_every_page_nearby() {
        let pager = asked("pagina=3").unwrap().pager(612, 50);
        assert_eq!((pager.from, pager.to, pager.total), (101, 150, 612));
        let numbers: Vec<_> = pager.pages.iter().map(|page| page.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 13]);
        assert!(pager.pages[4].after_gap && !pager.pages[3].after_gap);
        assert_eq!(pager.next.as_deref(), Some("/assets?pagina=4"));
        let empty = asked("").unwrap().pager(0, 0);
        assert_eq!((empty.from, empty.to, empty.next, empty.previous), (0, 0, None, None));
    }
}
