//! The report as CSV: every table under the title of its section, with `;` and a byte order mark, as
//! spreadsheets in Belgium read it.

use csv::WriterBuilder;

use super::document::{Block, Document, Section};

/// The CSV of a report.
pub fn render(document: &Document) -> Result<Vec<u8>, csv::Error> {
    let mut csv = WriterBuilder::new()
        .delimiter(b';')
        .flexible(true)
        .from_writer("\u{feff}".as_bytes().to_vec());
    row(&mut csv, &[&document.title])?;
    for line in &document.lead {
        row(&mut csv, &[line])?;
    }
    for section in &document.sections {
        row(&mut csv, &[""])?;
        section_rows(&mut csv, section)?;
    }
    csv.into_inner().map_err(|error| error.into_error().into())
}

fn row(csv: &mut csv::Writer<Vec<u8>>, cells: &[&str]) -> Result<(), csv::Error> {
    csv.write_record(cells.iter().map(|cell| guarded(cell)))
}

fn section_rows(csv: &mut csv::Writer<Vec<u8>>, section: &Section) -> Result<(), csv::Error> {
    row(csv, &[&section.title])?;
    for block in &section.blocks {
        match block {
            Block::Heading(text)
            | Block::Text(text)
            | Block::Nothing(text)
            | Block::Unknown(text) => row(csv, &[text])?,
            Block::Tiles(tiles) => {
                for tile in tiles {
                    row(csv, &[&tile.label, &tile.value, &tile.detail, &tile.judgement])?;
                }
            }
            // The table beside it has the numbers.
            Block::Chart(_) => {}
            Block::Table(table) => {
                row(csv, &[&table.caption])?;
                let head: Vec<&str> =
                    table.columns.iter().map(|column| column.title.as_str()).collect();
                row(csv, &head)?;
                for line in &table.rows {
                    let cells: Vec<&str> = line.iter().map(|cell| cell.text.as_str()).collect();
                    row(csv, &cells)?;
                }
            }
        }
    }
    Ok(())
}

/// A cell that a spreadsheet will not take for a formula (OWASP, "CSV Injection").
pub fn guarded(cell: &str) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_neutralised() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(guarded(cell), format!("'{cell}"));
        }
        assert_eq!(guarded("pc-1"), "pc-1");
    }
}
