//! What a display says about itself. Source of the format: VESA Enhanced EDID, release A (EDID 1.3 and
//! 1.4), base block.

use belfort_proto::inventory::v1::Display;

use super::text;

/// Length of a block.
const BLOCK_BYTES: usize = 128;
const HEADER: [u8; 8] = [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
/// Tags of display descriptors.
const SERIAL: u8 = 0xff;
const NAME: u8 = 0xfc;
/// In the place of the week: the year is that of the model.
const MODEL_YEAR: u8 = 0xff;
/// Serial numbers that makers leave in when they give none.
const NO_SERIAL: [u32; 3] = [0, 0x0101_0101, u32::MAX];

/// Why a block is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EdidError {
    /// It does not start as one.
    #[error("no EDID block")]
    Header,
    /// Its bytes do not sum up to zero.
    #[error("checksum of the EDID block does not fit")]
    Checksum,
    /// It is of another structure version than 1.
    #[error("EDID structure version is not 1")]
    Version,
}

/// Parses the base block; blocks after it are not looked at.
pub fn parse(connector: &str, edid: &[u8]) -> Result<Display, EdidError> {
    let block: &[u8; BLOCK_BYTES] = edid.first_chunk().ok_or(EdidError::Header)?;
    if !block.starts_with(&HEADER) {
        return Err(EdidError::Header);
    }
    if block.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) != 0 {
        return Err(EdidError::Checksum);
    }
    let &[_, _, _, _, _, _, _, _, m0, m1, p0, p1, s0, s1, s2, s3, week, year, version, ..] = block;
    if version != 1 {
        return Err(EdidError::Version);
    }
    let (width_mm, height_mm) = size(block);
    let mut serial = descriptor(block, SERIAL);
    let number = u32::from_le_bytes([s0, s1, s2, s3]);
    if serial.is_empty() && !NO_SERIAL.contains(&number) {
        serial = number.to_string();
    }
    Ok(Display {
        connector: text::clean(connector.as_bytes()),
        manufacturer: manufacturer(u16::from_be_bytes([m0, m1])),
        product_id: u16::from_le_bytes([p0, p1]).into(),
        model: descriptor(block, NAME),
        serial,
        // The years before are reserved; as the year of a model any is allowed.
        year: if year >= 3 || week == MODEL_YEAR { 1990 + u32::from(year) } else { 0 },
        width_mm,
        height_mm,
    })
}

/// Three letters of five bits each, `A` being 1; empty for anything else.
fn manufacturer(packed: u16) -> String {
    let letter = |shift: u32| {
        let number = u8::try_from((packed >> shift) & 0x1f).unwrap_or(0);
        (1..=26).contains(&number).then(|| char::from(b'A' + number - 1))
    };
    [letter(10), letter(5), letter(0)].into_iter().collect::<Option<String>>().unwrap_or_default()
}

/// The four descriptors of 18 bytes.
fn descriptors(block: &[u8; BLOCK_BYTES]) -> impl Iterator<Item = &[u8; 18]> {
    block.get(54..126).unwrap_or_default().as_chunks::<18>().0.iter()
}

/// Text of the first display descriptor with a tag: up to 13 characters, ended by a line feed.
fn descriptor(block: &[u8; BLOCK_BYTES], tag: u8) -> String {
    let text = descriptors(block).find_map(|descriptor| match descriptor {
        [0, 0, 0, found, _, text @ ..] if *found == tag => Some(text),
        _ => None,
    });
    let text = text.and_then(|text| text.split(|byte| *byte == b'\n').next());
    text.map(text::clean).unwrap_or_default()
}

/// Width and height in millimetres. The block gives whole centimetres, or an aspect ratio with one of
/// them zero; the first timing is finer, but counts only where it says the same, because some makers
/// write a ratio there.
fn size(block: &[u8; BLOCK_BYTES]) -> (u32, u32) {
    let [width, height] = [21, 22].map(|at| u32::from(block.get(at).copied().unwrap_or(0)) * 10);
    if width == 0 || height == 0 {
        return (0, 0);
    }
    let Some(&[clock, more, .., w, h, high, _, _, _]) = descriptors(block).next() else {
        return (width, height);
    };
    let fine = (u32::from(w) | u32::from(high >> 4) << 8, u32::from(h) | u32::from(high & 15) << 8);
    let is_timing = clock != 0 || more != 0;
    if is_timing && fine.0.abs_diff(width) <= 10 && fine.1.abs_diff(height) <= 10 {
        fine
    } else {
        (width, height)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A block of a display of 1.4, whose last byte makes the sum fit.
    pub(crate) fn block(change: impl FnOnce(&mut [u8; BLOCK_BYTES])) -> [u8; BLOCK_BYTES] {
        let mut block = [0; BLOCK_BYTES];
        block[..8].copy_from_slice(&HEADER);
        // DEL, product 0x40b7, number 0x3031424c, week 12 of 2021, version 1.4, 60 × 34 cm.
        block[8..25].copy_from_slice(&[
            0x10, 0xac, 0xb7, 0x40, 0x4c, 0x42, 0x31, 0x30, 12, 31, 1, 4, 0xb5, 60, 34, 0x78, 0x3a,
        ]);
        // 2560 × 1440 at 597 × 336 mm.
        block[54..72].copy_from_slice(&[
            0x56, 0x5e, 0x00, 0xa0, 0xa0, 0xa0, 0x29, 0x50, 0x30, 0x20, 0x35, 0x00, 0x55, 0x50,
            0x21, 0x00, 0x00, 0x1a,
        ]);
        block[72..90].copy_from_slice(b"\0\0\0\xff\0ABC1234\n     ");
        block[90..108].copy_from_slice(b"\0\0\0\xfc\0DELL U2722D\n ");
        block[108..126].copy_from_slice(b"\0\0\0\xfd\0\x31\x4b\x1e\x5a\x19\x01\n      ");
        change(&mut block);
        block[127] = 0;
        block[127] = block.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte));
        block
    }

    #[test]
    fn a_display() {
        insta::assert_debug_snapshot!(parse("DP-1", &block(|_| {})).unwrap(), @r#"
        Display {
            connector: "DP-1",
            manufacturer: "DEL",
            product_id: 16567,
            model: "DELL U2722D",
            serial: "ABC1234",
            year: 2021,
            width_mm: 597,
            height_mm: 336,
        }
        "#);
    }

    #[test]
    fn a_panel_without_texts() {
        let panel = block(|block| {
            block[16] = MODEL_YEAR;
            block[72..126].fill(0);
        });
        let panel = parse("eDP-1", &panel).unwrap();
        assert_eq!((panel.model.as_str(), panel.serial.as_str()), ("", "808534604"));
        assert_eq!(panel.year, 2021);
        for none in NO_SERIAL {
            let panel = block(|block| {
                block[12..16].copy_from_slice(&none.to_le_bytes());
                block[72..126].fill(0);
            });
            assert_eq!(parse("eDP-1", &panel).unwrap().serial, "");
        }
    }

    #[test]
    fn sizes_that_are_none() {
        let size = |width, height, timing: [u8; 3]| {
            let block = block(|block| {
                block[21..23].copy_from_slice(&[width, height]);
                block[66..69].copy_from_slice(&timing);
            });
            let display = parse("x", &block).unwrap();
            (display.width_mm, display.height_mm)
        };
        // A projector, and an aspect ratio of 16 to 9 in the place of a height.
        assert_eq!(size(0, 0, [160, 90, 0]), (0, 0));
        assert_eq!(size(79, 0, [160, 90, 0]), (0, 0));
        // A ratio in the timing.
        assert_eq!(size(60, 34, [160, 90, 0]), (600, 340));
        assert_eq!(size(60, 34, [0x55, 0x50, 0x21]), (597, 336));
    }

    #[test]
    fn blocks_that_are_none() {
        let good = block(|_| {});
        assert_eq!(parse("x", &[]), Err(EdidError::Header));
        assert_eq!(parse("x", &good[..127]), Err(EdidError::Header));
        assert_eq!(parse("x", &[0; 128]), Err(EdidError::Header));
        let mut wrong = good;
        wrong[20] ^= 1;
        assert_eq!(parse("x", &wrong), Err(EdidError::Checksum));
        assert_eq!(parse("x", &block(|block| block[18] = 2)), Err(EdidError::Version));
        let unknown = parse("x", &block(|block| block[8..10].fill(0xff))).unwrap();
        assert_eq!(unknown.manufacturer, "");
        let unknown = parse("x", &block(|block| block[16..18].fill(0))).unwrap();
        assert_eq!(unknown.year, 0);
        // An extension after it, or half of one, does not matter.
        assert!(parse("x", &[&good[..], &[2; 77]].concat()).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse("x", &bytes);
            let body = bytes.get(..119).unwrap_or_default().to_vec();
            let block = block(|block| block[8..8 + body.len()].copy_from_slice(&body));
            let _ = parse("x", &block);
        }
    }
}
