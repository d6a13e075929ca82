//! EPSS: `#model_version:…,score_date:…`, then `cve,epss,percentile`, then one line per vulnerability.

use std::io::{BufRead as _, Read};

use belfort_model::advisory::{CveDetail, CveFact, Epss, FeedKind, Record};

use crate::bounded::Bounded;
use crate::json::Bad;
use crate::{FeedError, Intake};

/// A line has at most so many bytes.
const LINE: u64 = 512;

/// Reads the table.
pub(crate) fn read(input: impl Read, intake: &mut Intake<'_>) -> Result<(), FeedError> {
    let (mut input, budget) = Bounded::new(input);
    let syntax = |reason: String| FeedError::Syntax { kind: FeedKind::Epss, reason };
    let mut line = Vec::new();
    let mut number = 0_u64;
    let mut has_head = false;
    loop {
        budget.renew();
        line.clear();
        let count =
            input.by_ref().take(LINE).read_until(b'\n', &mut line).map_err(FeedError::Read)?;
        if count == 0 {
            break;
        }
        number += 1;
        if count as u64 == LINE {
            return Err(syntax(format!("line {number} has over {LINE} bytes")));
        }
        let text = std::str::from_utf8(&line)
            .map_err(|_| syntax(format!("line {number} is not UTF-8")))?
            .trim();
        if let Some(comment) = text.strip_prefix('#') {
            head(comment, intake);
        } else if !has_head {
            if text.split(',').map(str::trim).ne(["cve", "epss", "percentile"]) {
                return Err(syntax(format!("line {number} is not `cve,epss,percentile`")));
            }
            has_head = true;
        } else if !text.is_empty() {
            // A line that breaks off is the end of a file that was not fetched whole.
            if text.split(',').count() != 3 {
                return Err(syntax(format!("line {number} does not have three columns")));
            }
            intake.take_or_skip(|| format!("line {number}"), score(text).map(Some))?;
        }
    }
    if has_head { Ok(()) } else { Err(syntax("it is empty".to_owned())) }
}

fn head(comment: &str, intake: &mut Intake<'_>) {
    let (mut model, mut day) = ("", "");
    for part in comment.split(',') {
        match part.split_once(':') {
            Some(("model_version", version)) => model = version.trim(),
            // Older files write the offset without a colon: only the day is read.
            Some(("score_date", date)) => day = date.trim().get(..10).unwrap_or_default(),
            _ => {}
        }
    }
    intake.note_moment(day);
    // The model stays the same for months: the day tells the files apart.
    intake.set_version(format!("{model} {day}").trim());
}

fn score(text: &str) -> Result<Record, Bad> {
    let mut columns = text.split(',').map(str::trim);
    let mut next = || columns.next().unwrap_or_default();
    let cve = next().parse().map_err(|_| Bad::new("there is no CVE id in its first column"))?;
    let score = millionths(next())?;
    let percentile = millionths(next())?;
    let epss = Some(Epss { score, percentile });
    Ok(Record::Cve(CveFact { cve, epss, detail: CveDetail::default() }))
}

/// A probability from 0 to 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and a million, as was checked"
)]
fn millionths(text: &str) -> Result<u32, Bad> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok((number * 1e6).round() as u32),
        _ => Err(Bad::new("a probability is not between 0 and 1")),
    }
}
