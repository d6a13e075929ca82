//! A list as an Excel workbook: every cell is a text, so that nothing in it is computed and no leading
//! zero of a number is lost.

use std::fs::File;
use std::io::{Error, Read as _, Result, Seek as _};

use rust_xlsxwriter::{Format, Workbook};

use super::Head;

/// Characters of a cell at most: Excel's limit, in UTF-16.
const LONGEST: usize = 32_767;
/// Rows of a sheet at most, with its head.
const ROWS: u32 = 1_048_576;
/// Widths of columns, in characters.
const WIDTH: f64 = 22.0;
/// Bytes of a piece.
const PIECE: usize = 64 << 10;

/// Writes a workbook. Rows are kept in a file while it is made, not in memory. `page` gives the rows after
/// so many, and nothing when there are no more.
pub(super) fn file(
    heads: &[Head],
    mut page: impl FnMut(u64) -> Result<Vec<Vec<String>>>,
) -> Result<File> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory().map_err(Error::other)?;
    let bold = Format::new().set_bold();
    for (column, (_, title)) in (0..).zip(heads) {
        sheet.set_column_width(column, WIDTH).map_err(Error::other)?;
        sheet.write_string_with_format(0, column, title, &bold).map_err(Error::other)?;
    }
    sheet.set_freeze_panes(1, 0).map_err(Error::other)?;
    let mut row = 1;
    loop {
        let rows = page(u64::from(row) - 1)?;
        if rows.is_empty() {
            break;
        }
        for cells in rows {
            if row == ROWS {
                return Err(Error::other("more rows than a sheet holds: ask for CSV"));
            }
            for (column, cell) in (0..).zip(&cells) {
                sheet.write_string(row, column, fitting(cell)).map_err(Error::other)?;
            }
            row += 1;
        }
    }
    let mut file = tempfile::tempfile()?;
    workbook.save_to_writer(&mut file).map_err(Error::other)?;
    file.rewind()?;
    Ok(file)
}

/// The next piece of a file; nothing at its end.
pub(super) fn piece(file: &mut File) -> Result<Option<Vec<u8>>> {
    let mut piece = Vec::with_capacity(PIECE);
    file.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
    Ok(Some(piece).filter(|piece| !piece.is_empty()))
}

/// As much of a text as a cell holds.
fn fitting(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let mut left = LONGEST;
    let end = text.char_indices().find(|(_, char)| match left.checked_sub(char.len_utf16()) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader as _, Xlsx};

    use super::*;

    #[test]
    fn a_workbook_holds_all_rows_as_texts() {
        let heads = [("name", "Naam".to_owned()), ("serial", "Serienummer".to_owned())];
        let mut file = file(&heads, |after| {
            Ok((after..2500.min(after + 1000))
                .map(|number| vec![format!("pc-{number}"), "=1+1".to_owned()])
                .collect())
        })
        .unwrap();
        let mut bytes = Vec::new();
        while let Some(more) = piece(&mut file).unwrap() {
            bytes.extend(more);
        }
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range_at(0).unwrap().unwrap();
        assert_eq!(range.height(), 2501);
        assert_eq!(range.get((0, 1)), Some(&Data::String("Serienummer".to_owned())));
        assert_eq!(range.get((2500, 0)), Some(&Data::String("pc-2499".to_owned())));
        assert_eq!(range.get((1, 1)), Some(&Data::String("=1+1".to_owned())));
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        let text = "é🙂".repeat(20_000);
        let cut = fitting(&text);
        assert!(cut.encode_utf16().count() <= LONGEST && text.starts_with(cut));
        assert_eq!(fitting("kort"), "kort");
    }
}
