//! What was compared, and how it came out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

/// How one comparison came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Both say the same.
    Agree,
    /// They say different things, and nobody knows why.
    Disagree,
    /// They say different things for a reason that is known.
    Explained(String),
    /// There was nothing to compare with, and why.
    Unavailable(String),
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Disagree => "DISAGREE",
            Self::Explained(_) => "explained",
            Self::Unavailable(_) => "unavailable",
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Explained(reason) | Self::Unavailable(reason) => reason,
            Self::Agree | Self::Disagree => "",
        }
    }
}

/// One field of one subject, by the agent and by a tool.
struct Row {
    tool: String,
    subject: String,
    field: &'static str,
    agent: String,
    theirs: String,
    verdict: Verdict,
}

/// Everything compared so far.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    /// The tool that is asked now, and where.
    tool: String,
}

/// A known reason for a difference: given what the agent and the tool say, whether it holds.
pub(super) type Known<'a> = (&'a dyn Fn(&str, &str) -> bool, &'a str);

impl Table {
    /// From here on this tool is asked.
    pub(super) fn tool(&mut self, tool: impl Into<String>) {
        self.tool = tool.into();
    }

    /// Compares one field.
    pub(super) fn same(
        &mut self,
        subject: &str,
        field: &'static str,
        agent: impl ToString,
        theirs: impl ToString,
    ) {
        self.same_unless(subject, field, agent, theirs, &[]);
    }

    /// Compares one field, with the differences that are known.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers, texts and JSON alike are handed over"
    )]
    pub(super) fn same_unless(
        &mut self,
        subject: &str,
        field: &'static str,
        agent: impl ToString,
        theirs: impl ToString,
        known: &[Known<'_>],
    ) {
        let (agent, theirs) = (agent.to_string(), theirs.to_string());
        let verdict = if agent == theirs {
            Verdict::Agree
        } else {
            let reason = known.iter().find(|(holds, _)| holds(&agent, &theirs));
            reason.map_or(Verdict::Disagree, |(_, text)| Verdict::Explained((*text).to_owned()))
        };
        self.add(subject, field, agent, theirs, verdict);
    }

    /// Compares two lists: every element of either must be in both.
    pub(super) fn same_set(
        &mut self,
        field: &'static str,
        agent: &BTreeSet<String>,
        theirs: &BTreeSet<String>,
        known: &dyn Fn(&str) -> Option<String>,
    ) {
        for one in agent.union(theirs) {
            let (ours, tools) = (agent.contains(one), theirs.contains(one));
            let verdict = match (ours == tools, known(one)) {
                (true, _) => Verdict::Agree,
                (false, Some(reason)) => Verdict::Explained(reason),
                (false, None) => Verdict::Disagree,
            };
            let there = |yes: bool| (if yes { "listed" } else { "not listed" }).to_owned();
            self.add(one, field, there(ours), there(tools), verdict);
        }
        if agent.is_empty() && theirs.is_empty() {
            self.add("none", field, "none".to_owned(), "none".to_owned(), Verdict::Agree);
        }
    }

    /// Says that something could not be compared.
    pub(super) fn unavailable(&mut self, subject: &str, field: &'static str, reason: &str) {
        let verdict = Verdict::Unavailable(reason.to_owned());
        self.add(subject, field, String::new(), String::new(), verdict);
    }

    fn add(
        &mut self,
        subject: &str,
        field: &'static str,
        agent: String,
        theirs: String,
        verdict: Verdict,
    ) {
        let (tool, subject) = (self.tool.clone(), subject.to_owned());
        self.rows.push(Row { tool, subject, field, agent, theirs, verdict });
    }

    /// Number of differences that nobody has explained.
    pub(super) fn disagreements(&self) -> usize {
        self.rows.iter().filter(|row| row.verdict == Verdict::Disagree).count()
    }

    /// For people: fields that agree are counted, everything else is spelt out, or every row with
    /// `whole`.
    pub(super) fn text(&self, whole: bool) -> String {
        let mut text = String::new();
        let mut line = |cells: [&str; 6], reason: &str| {
            let [tool, subject, field, agent, theirs, verdict] = cells.map(cut);
            let mut line = format!(
                "{tool:26} {subject:30} {field:18} {agent:30} {theirs:30} {verdict:11} {reason}"
            );
            line.truncate(line.trim_end().len());
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{line}");
        };
        line(["tool", "subject", "field", "agent", "tool says", "verdict"], "");
        for rows in self.groups(whole) {
            let Some(Row { tool, subject, field, agent, theirs, verdict }) = rows.first() else {
                continue;
            };
            let (word, reason) = (verdict.word(), verdict.reason());
            let number = rows.len();
            if number == 1 {
                line([tool, subject, field, agent, theirs, word], reason);
                continue;
            }
            let mut subject = format!("{number} subjects");
            if *verdict != Verdict::Agree {
                let names: Vec<_> = rows.iter().map(|row| row.subject.as_str()).collect();
                subject = format!("{number}: {}", names.join(", "));
            }
            line([tool, &subject, field, "", "", word], reason);
        }
        let _ = writeln!(text, "\n{}", self.summary());
        text
    }

    /// Rows that came out alike for one field of one tool, in the order they came; what nobody
    /// understands stands alone and last.
    fn groups(&self, whole: bool) -> Vec<Vec<&Row>> {
        let mut groups: Vec<Vec<&Row>> = Vec::new();
        let mut places = BTreeMap::new();
        for row in &self.rows {
            let key = (row.tool.as_str(), row.field, row.verdict.word(), row.verdict.reason());
            let alone = whole || row.verdict == Verdict::Disagree;
            let place = places.get(&key).copied().filter(|_| !alone);
            if let Some(group) = place.and_then(|place: usize| groups.get_mut(place)) {
                group.push(row);
                continue;
            }
            places.insert(key, groups.len());
            groups.push(vec![row]);
        }
        groups.sort_by_key(|rows| match rows.first().map(|row| &row.verdict) {
            Some(Verdict::Disagree) => 2,
            Some(Verdict::Explained(_) | Verdict::Unavailable(_)) => 1,
            _ => 0,
        });
        groups
    }

    /// For programs: every row.
    pub(super) fn json(&self) -> Value {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| {
                json!({
                    "tool": row.tool,
                    "subject": row.subject,
                    "field": row.field,
                    "agent": row.agent,
                    "tool_says": row.theirs,
                    "verdict": row.verdict.word(),
                    "reason": row.verdict.reason(),
                })
            })
            .collect();
        json!({"summary": self.summary(), "rows": rows})
    }

    fn summary(&self) -> String {
        let count = |word: &str| self.rows.iter().filter(|row| row.verdict.word() == word).count();
        let tools: BTreeSet<_> = self
            .rows
            .iter()
            .filter(|row| !matches!(row.verdict, Verdict::Unavailable(_)))
            .map(|row| row.tool.as_str())
            .collect();
        format!(
            "{} fields compared with {} tools and places: {} agree, {} disagree, {} explained; {} unavailable",
            self.rows.len() - count("unavailable"),
            tools.len(),
            count("agree"),
            count("DISAGREE"),
            count("explained"),
            count("unavailable"),
        )
    }
}

/// A cell, cut so that the table stays one.
fn cut(cell: &str) -> String {
    const MOST: usize = 30;
    if cell.chars().count() <= MOST {
        return cell.to_owned();
    }
    let mut short: String = cell.chars().take(MOST - 1).collect();
    short.push('\u{2026}');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_explains_counts() {
        let mut table = Table::default();
        table.tool("tool");
        table.same("a", "x", 1, 1);
        table.same_unless("b", "x", "", 2, &[(&|agent, _| agent.is_empty(), "known")]);
        assert_eq!(table.disagreements(), 0);
        let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        table.same_set("list", &set(&["a", "b"]), &set(&["b", "c"]), &|one| {
            (one == "c").then(|| "known".to_owned())
        });
        assert_eq!(table.disagreements(), 1);
        table.unavailable("d", "y", "no such thing here");
        let text = table.text(false);
        assert!(text.contains("5 fields"), "{text}");
        assert!(text.contains("2 agree, 1 disagree, 2 explained; 1 unavailable"), "{text}");
    }
}
