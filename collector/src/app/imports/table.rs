//! Tables: CSV with `;`, `,` or tabs, and the first sheet of an XLSX workbook, within bounds.

use std::io::{self, Cursor, Read as _};

use calamine::{DataRef, Reader as _, Xlsx};

use super::ROWS;
use crate::app::{AppError, Result};

/// Most columns.
const COLUMNS: usize = 100;
/// Most characters of a cell.
const CELL: usize = 4000;
/// What a workbook may unpack to, bytes: a small file can hold much.
const UNPACKED: u64 = 256 << 20;

/// A table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// The head.
    pub(super) head: Vec<String>,
    /// Each row with its number as a spreadsheet counts; empty rows are left out.
    pub(super) rows: Vec<(u64, Vec<String>)>,
}

fn wrong(reason: impl Into<String>) -> AppError {
    AppError::Invalid(reason.into())
}

/// Reads a table: an XLSX workbook by its first bytes, CSV otherwise.
pub(super) fn read(bytes: &[u8]) -> Result<Table> {
    let table = if bytes.starts_with(b"PK\x03\x04") { workbook(bytes)? } else { csv(bytes)? };
    if table.head.iter().all(String::is_empty) {
        return Err(wrong("the table is empty: its first row names the columns"));
    }
    Ok(table)
}

/// Puts a row into the table; the first one is its head.
fn push(table: &mut Table, number: u64, mut cells: Vec<String>) -> Result<()> {
    for cell in &mut cells {
        *cell = cell.trim().to_owned();
    }
    while cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    if cells.len() > COLUMNS {
        return Err(wrong(format!("row {number}: more than {COLUMNS} columns")));
    }
    if let Some(cell) = cells.iter().find(|cell| cell.chars().count() > CELL) {
        let start: String = cell.chars().take(40).collect();
        let reason = format!("row {number}: `{start}…` has more than {CELL} characters");
        return Err(wrong(reason));
    }
    if table.head.is_empty() {
        table.head = cells;
    } else if !cells.is_empty() {
        if table.rows.len() >= ROWS {
            return Err(wrong(format!("more than {ROWS} rows: split the file")));
        }
        table.rows.push((number, cells));
    }
    Ok(())
}

fn csv(bytes: &[u8]) -> Result<Table> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line =
            1 + bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
        wrong(format!("line {line} is not UTF-8: save the file as CSV UTF-8"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut table = Table::default();
    let mut record = ::csv::StringRecord::new();
    // Rows are counted as a spreadsheet does: a cell with a line end is one row.
    let mut number = 0;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(table),
            Err(error) => return Err(wrong(format!("row {}: {error}", number + 1))),
        }
        number += 1;
        push(&mut table, number, record.iter().map(str::to_owned).collect())?;
    }
}

/// What stands between the cells: of `;`, `,` and tab the one that the first line has most of, outside
/// quotes.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b';', 0_usize), (b',', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            byte if !quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(one, _)| *one == byte) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    // Of two the first wins: what spreadsheets in Belgium write.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b';', |(delimiter, _)| *delimiter)
}

fn workbook(bytes: &[u8]) -> Result<Table> {
    bounded(bytes)?;
    let unread =
        |error: calamine::XlsxError| wrong(format!("the workbook cannot be read: {error}"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unread)?;
    let Some(sheet) = book.sheet_names().first().cloned() else {
        return Err(wrong("the workbook has no sheet"));
    };
    let mut reader = book.worksheet_cells_reader(&sheet).map_err(unread)?;
    let mut table = Table::default();
    let mut current: (u32, Vec<String>) = (0, Vec::new());
    // Cell by cell: a range would be made as large as the farthest cell says.
    while let Some(cell) = reader.next_cell().map_err(unread)? {
        let (row, column) = cell.get_position();
        if row < current.0 {
            return Err(wrong(format!("row {}: the rows are not in order", row + 1)));
        }
        if row > current.0 {
            let cells = std::mem::take(&mut current.1);
            push(&mut table, u64::from(current.0) + 1, cells)?;
            current.0 = row;
        }
        let text = cell_text(cell.get_value());
        let place = usize::try_from(column).unwrap_or(usize::MAX);
        if text.is_empty() {
            continue;
        }
        if place >= COLUMNS {
            return Err(wrong(format!("row {}: more than {COLUMNS} columns", row + 1)));
        }
        if current.1.len() <= place {
            current.1.resize(place + 1, String::new());
        }
        if let Some(slot) = current.1.get_mut(place) {
            *slot = text;
        }
    }
    push(&mut table, u64::from(current.0) + 1, current.1)?;
    Ok(table)
}

/// Refuses a workbook that unpacks to more than is sensible, whatever it says of itself.
fn bounded(bytes: &[u8]) -> Result<()> {
    let unread =
        |error: &dyn std::fmt::Display| wrong(format!("the workbook cannot be read: {error}"));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| unread(&error))?;
    let mut left = UNPACKED;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| unread(&error))?;
        let copied = io::copy(&mut file.take(left + 1), &mut io::sink());
        let copied = copied.map_err(|error| unread(&error))?;
        left = left.checked_sub(copied).ok_or_else(|| {
            wrong(format!("the workbook unpacks to more than {} MiB", UNPACKED >> 20))
        })?;
    }
    Ok(())
}

fn cell_text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        // A spreadsheet keeps 42 as 42.0.
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            format!("{number:.0}")
        }
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(moment) => moment.as_f64().to_string(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let table = read(text.as_bytes()).unwrap();
        std::iter::once(table.head).chain(table.rows.into_iter().map(|(_, row)| row)).collect()
    }

    #[test]
    fn separators_are_detected_and_marks_left_out() {
        let expected = [["naam", "code"], ["a,b", "x;y"]];
        assert_eq!(rows("\u{feff}naam;code\r\na,b;\"x;y\"\r\n"), expected);
        assert_eq!(rows("naam,code\n\"a,b\",x;y\n"), expected);
        assert_eq!(rows("naam\tcode\na,b\tx;y\n\n\t\n"), expected);
        assert_eq!(rows("naam\nx"), [["naam"], ["x"]]);
        assert_eq!(rows("\"na;am;x\",code\n1,2"), [["na;am;x", "code"], ["1", "2"]]);
    }

    #[test]
    fn rows_are_counted_as_a_spreadsheet_does() {
        let table = read(b"naam;code\n\"a\nb\";1\n;\nc;2\n").unwrap();
        let numbers: Vec<_> = table.rows.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [2, 4]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert_eq!(error(b"naam\n\xe9\n"), "line 2 is not UTF-8: save the file as CSV UTF-8");
        assert!(error(b"").contains("empty") && error(b";;\n").contains("empty"));
        assert!(error(";".repeat(300).replace(';', "x;").as_bytes()).contains("100 columns"));
        assert!(error(format!("naam\n{}", "x".repeat(4001)).as_bytes()).contains("4000"));
        assert!(
            error(format!("naam\n{}", "x\n".repeat(ROWS + 1)).as_bytes()).contains("50000 rows")
        );
        assert!(error(b"PK\x03\x04 not a zip").contains("workbook"));
    }

    /// A workbook of one sheet with this content of `sheetData`.
    fn xlsx(data: &str) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let package = "http://schemas.openxmlformats.org/package/2006";
        let files = [
            (
                "[Content_Types].xml",
                format!(
                    "<Types xmlns=\"{package}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
                ),
            ),
            (
                "_rels/.rels",
                format!(
                    "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                ),
            ),
            (
                "xl/workbook.xml",
                format!(
                    "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"Blad1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
                ),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
                ),
            ),
            (
                "xl/worksheets/sheet1.xml",
                format!("<worksheet xmlns=\"{main}\"><sheetData>{data}</sheetData></worksheet>"),
            ),
        ];
        for (name, content) in files {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn text(place: &str, text: &str) -> String {
        format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    }

    #[test]
    fn a_workbook_is_read_cell_by_cell() {
        let data = format!(
            "<row r=\"1\">{}{}</row><row r=\"3\">{}<c r=\"B3\"><v>42</v></c></row>",
            text("A1", "naam"),
            text("B1", "aantal"),
            text("A3", "é"),
        );
        let table = read(&xlsx(&data)).unwrap();
        assert_eq!(table.head, ["naam", "aantal"]);
        assert_eq!(table.rows, [(3, vec!["é".to_owned(), "42".to_owned()])]);
    }

    #[test]
    fn a_far_cell_and_a_bomb_cost_nothing() {
        let head = format!("<row r=\"1\">{}</row>", text("A1", "naam"));
        let far = format!("{head}<row r=\"1048576\">{}</row>", text("XFD1048576", "x"));
        assert!(read(&xlsx(&far)).unwrap_err().to_string().contains("100 columns"));
        let low = format!("{head}<row r=\"1048576\">{}</row>", text("A1048576", "x"));
        assert_eq!(read(&xlsx(&low)).unwrap().rows, [(1_048_576, vec!["x".to_owned()])]);
        let bomb = xlsx(&" ".repeat(300 << 20));
        assert!(bomb.len() < 1 << 20, "{}", bomb.len());
        assert!(read(&bomb).unwrap_err().to_string().contains("256 MiB"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_table_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }

        #[test]
        fn any_changed_workbook_is_a_table_or_an_error(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        ) {
            let mut bytes = xlsx(&format!("<row r=\"1\">{}</row>", text("A1", "naam")));
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            let _ = read(&bytes);
        }
    }
}
