//! Columns by their Dutch or English names.

use std::collections::BTreeMap;

use super::table::Table;
use crate::app::{AppError, Result};

/// A field and the names its column can have, in lower case.
pub(super) type Field = (&'static str, &'static [&'static str]);

/// Fields of assets.
pub(super) const ASSET: &[Field] = &[
    ("id", &["id"]),
    ("name", &["naam", "name", "hostnaam", "hostname"]),
    ("kind", &["soort", "kind", "type"]),
    ("subtype", &["vorm", "subtype", "form"]),
    ("serial", &["serienummer", "serial", "serial number", "serial_number"]),
    ("owner", &["eigenaar", "owner", "eenheid", "unit", "dienst"]),
    ("function", &["functie", "function"]),
    ("b", &["b", "beschikbaarheid", "availability"]),
    ("i", &["i", "integriteit", "integrity"]),
    ("v", &["v", "vertrouwelijkheid", "confidentiality"]),
    ("assumed", &["aangenomen", "assumed"]),
    ("scheme", &["schema", "scheme"]),
    ("labels", &["labels", "label"]),
    ("site", &["site", "locatie", "location"]),
    ("environment", &["omgeving", "environment"]),
    ("exposure", &["blootstelling", "exposure"]),
    ("authorised", &["toegelaten", "authorised", "authorized"]),
    ("legal_entity", &["rechtspersoon", "entiteit", "legal entity", "legal_entity"]),
    ("lifecycle", &["levensfase", "lifecycle", "life cycle"]),
    ("personal_data", &["persoonsgegevens", "personal data", "personal_data"]),
];

/// Fields of units.
pub(super) const UNIT: &[Field] = &[
    ("code", &["code", "afkorting"]),
    ("name", &["naam", "name"]),
    ("kind", &["soort", "kind", "type"]),
    ("parent", &["bovenliggend", "deel van", "parent", "part of"]),
];

/// Dutch words for values, beside the codes of the interface.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("toestel", "device"),
    ("apparaat", "device"),
    ("toepassing", "application"),
    ("gegevensverzameling", "data_set"),
    ("externe dienst", "external_service"),
    ("departement", "department"),
    ("dienst", "service"),
    ("extern", "external"),
    ("productie", "production"),
    ("ontwikkeling", "development"),
    ("intern", "internal"),
    ("ja", "yes"),
    ("nee", "no"),
    ("onbekend", "unknown"),
    ("geen", "none"),
    ("in gebruik", "in_use"),
    ("in stock", "in_stock"),
    ("in voorraad", "in_stock"),
    ("in herstelling", "in_repair"),
];

/// Which column holds which field.
#[derive(Debug)]
pub(super) struct Columns {
    places: BTreeMap<&'static str, usize>,
}

impl Columns {
    /// Finds the columns; answers those that mean nothing, too.
    pub(super) fn of(table: &Table, fields: &[Field]) -> Result<(Self, Vec<String>)> {
        let mut places = BTreeMap::new();
        let mut ignored = Vec::new();
        for (place, title) in table.head.iter().enumerate() {
            let wanted = title.to_lowercase();
            match fields.iter().find(|(_, names)| names.contains(&wanted.as_str())) {
                Some((field, _)) if places.contains_key(field) => {
                    let reason = format!("column `{title}`: there is another one for the same");
                    return Err(AppError::Invalid(reason));
                }
                Some((field, _)) => drop(places.insert(*field, place)),
                None if title.is_empty() => {}
                None => ignored.push(title.clone()),
            }
        }
        if places.is_empty() {
            let names = fields.iter().filter_map(|(_, names)| names.first()).copied();
            let reason =
                format!("no column is known: use {}", names.collect::<Vec<_>>().join(", "));
            return Err(AppError::Invalid(reason));
        }
        Ok((Self { places }, ignored))
    }

    /// Refuses a table without these columns.
    pub(super) fn require(&self, fields: &[&'static str], all: &[Field]) -> Result<()> {
        for field in fields {
            if !self.places.contains_key(field) {
                let names = all.iter().find(|(name, _)| name == field).map_or(&[][..], |one| one.1);
                let reason = format!("there is no column {}", names.join(" or "));
                return Err(AppError::Invalid(reason));
            }
        }
        Ok(())
    }

    /// Whether there is such a column.
    pub(super) fn has(&self, field: &str) -> bool {
        self.places.contains_key(field)
    }

    /// The value of a field in a row; nothing when the cell is empty.
    pub(super) fn get<'a>(&self, row: &'a [String], field: &str) -> Option<&'a str> {
        let cell = row.get(*self.places.get(field)?)?;
        (!cell.is_empty()).then_some(cell.as_str())
    }

    /// The value of a field of a few possible values, by code or Dutch word.
    pub(super) fn value<T>(
        &self,
        row: &[String],
        field: &str,
    ) -> std::result::Result<Option<T>, String>
    where
        T: std::str::FromStr<Err = belfort_model::UnknownValue>,
    {
        let Some(cell) = self.get(row, field) else { return Ok(None) };
        let folded = cell.to_lowercase();
        let word =
            WORDS.iter().find(|(word, _)| *word == folded).map_or(&*folded, |(_, code)| code);
        word.parse().map(Some).map_err(|error| format!("{field}: {error}"))
    }
}
