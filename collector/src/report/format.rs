//! Numbers and dates as they are written in Belgium.

use belfort_model::time::Timestamp;

use crate::calendar;
use crate::i18n::Language;

/// A whole number: `4.812`, or `4,812` in English.
pub fn number(language: Language, number: u64) -> String {
    let separator = match language {
        Language::Nl => '.',
        Language::En => ',',
    };
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// A share of which this is the per mille: `87,3%`, or `87.3%` in English.
pub fn percent(language: Language, per_mille: u64) -> String {
    let comma = match language {
        Language::Nl => ',',
        Language::En => '.',
    };
    format!("{}{comma}{}%", number(language, per_mille / 10), per_mille % 10)
}

/// A day: `23/11/2026`.
pub fn day(moment: Timestamp) -> String {
    calendar::civil(moment).strftime("%d/%m/%Y").to_string()
}

/// A day that stands as `2026-11-23`; anything else stays as it is.
pub fn iso_day(text: &str) -> String {
    match text.parse::<calendar::Day>() {
        Ok(date) => day(date.end()),
        Err(_) => text.to_owned(),
    }
}

/// A day and time: `23/11/2026 14:05`.
pub fn moment(moment: Timestamp) -> String {
    calendar::civil(moment).strftime("%d/%m/%Y %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_in_belgium() {
        let (nl, en) = (Language::Nl, Language::En);
        assert_eq!(
            [7, 812, 4812, 1_234_567].map(|n| number(nl, n)),
            ["7", "812", "4.812", "1.234.567"]
        );
        assert_eq!(number(en, 4812), "4,812");
        assert_eq!((percent(nl, 873), percent(en, 1000)), ("87,3%".into(), "100.0%".into()));
        let at: Timestamp = "2026-11-23T13:05:00Z".parse().unwrap();
        assert_eq!((day(at), moment(at)), ("23/11/2026".into(), "23/11/2026 14:05".into()));
        assert_eq!(
            (iso_day("2026-11-23").as_str(), iso_day("soon").as_str()),
            ("23/11/2026", "soon")
        );
    }
}
