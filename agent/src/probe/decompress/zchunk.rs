//! zchunk: frames of Zstandard after a header that lets a client download only those it lacks.
//!
//! Source of the format: zchunk's `zchunk_format.txt`, and its library where that differs from it (flags are a
//! number of variable length, and the size of the header stands before its checksum). All frames follow each
//! other and use one dictionary, so that behind the header and the dictionary they are read like any
//! other file of several frames.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result};

use zstd::Decoder;

use super::{DecodeError, WINDOW_LOG_MAX};

/// Largest header; that of a repository of 60,000 packages has 2 MB.
const HEADER_BYTES_MAX: u64 = 16 << 20;
/// Largest dictionary, packed or not; those of Fedora have 110 kB.
const DICTIONARY_BYTES_MAX: u64 = 1 << 20;
/// The compression this format has frames of Zstandard with.
const OF_ZSTD: u64 = 2;

/// Reads the header; what the decoder then gives is the content.
pub(super) fn open<R: Read>(source: R) -> Result<Decoder<'static, BufReader<R>>> {
    let mut source = BufReader::new(source);
    let mut magic = [0; 5];
    source.read_exact(&mut magic)?;
    if &magic != b"\0ZCK1" {
        return Err(DecodeError::Damaged.into());
    }
    let checksum_bytes = checksum_bytes(number(&mut source)?)?;
    let header_bytes = number(&mut source)?;
    if header_bytes > HEADER_BYTES_MAX {
        return Err(DecodeError::Blocks.into());
    }
    skip(&mut source, checksum_bytes)?;
    let mut header = source.by_ref().take(header_bytes);
    skip(&mut header, checksum_bytes)?;
    let (flags, compression, _) =
        (number(&mut header)?, number(&mut header)?, number(&mut header)?);
    if flags != 0 || compression != OF_ZSTD {
        return Err(DecodeError::Unread("zchunk in this form").into());
    }
    // The index: the first entry is the dictionary's, those of the frames are of no use here.
    let chunk_checksum_bytes = self::checksum_bytes(number(&mut header)?)?;
    let _chunks = number(&mut header)?;
    skip(&mut header, chunk_checksum_bytes)?;
    let (packed_bytes, plain_bytes) = (number(&mut header)?, number(&mut header)?);
    let rest = header.limit();
    skip(&mut header, rest)?;
    if packed_bytes.max(plain_bytes) > DICTIONARY_BYTES_MAX {
        return Err(DecodeError::Blocks.into());
    }
    let mut dictionary = Vec::new();
    if packed_bytes > 0 {
        let packed = source.by_ref().take(packed_bytes);
        let mut decoder = Decoder::new(packed)?;
        decoder.window_log_max(WINDOW_LOG_MAX)?;
        decoder.take(plain_bytes).read_to_end(&mut dictionary)?;
    }
    let mut decoder = Decoder::with_dictionary(source, &dictionary)?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(decoder)
}

/// Bytes of a checksum by its type: SHA-1, SHA-256, SHA-512, and the first 16 bytes of the last.
fn checksum_bytes(kind: u64) -> Result<u64> {
    match kind {
        0 => Ok(20),
        1 => Ok(32),
        2 => Ok(64),
        3 => Ok(16),
        _ => Err(DecodeError::Unread("zchunk in this form").into()),
    }
}

/// A number: seven bits in each byte, the least first; the last byte has its top bit set.
fn number(source: &mut impl Read) -> Result<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let mut byte = [0];
        source.read_exact(&mut byte)?;
        let [byte] = byte;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 != 0 {
            return Ok(number);
        }
    }
    Err(DecodeError::Damaged.into())
}

fn skip(source: &mut impl BufRead, mut length: u64) -> Result<()> {
    while length > 0 {
        let there = source.fill_buf()?.len();
        if there == 0 {
            return Err(Error::from(ErrorKind::UnexpectedEof));
        }
        let used = usize::try_from(length).map_or(there, |length| length.min(there));
        source.consume(used);
        length -= used as u64;
    }
    Ok(())
}

#[cfg(test)]
pub(in super::super) mod tests {
    use super::*;

    /// A file of these chunks.
    pub(in super::super) fn packed(chunks: &[&[u8]], dictionary: &[u8]) -> Vec<u8> {
        packed_with(chunks, dictionary, &zstd::bulk::compress(dictionary, 1).unwrap())
    }

    /// The same, with the dictionary as it shall lie there.
    fn packed_with(chunks: &[&[u8]], dictionary: &[u8], packed_dictionary: &[u8]) -> Vec<u8> {
        let number = |mut number: usize| -> Vec<u8> {
            let mut bytes = Vec::new();
            while number > 127 {
                bytes.push(u8::try_from(number & 0x7f).unwrap());
                number >>= 7;
            }
            bytes.push(u8::try_from(number).unwrap() | 0x80);
            bytes
        };
        let mut data = Vec::new();
        let mut index = [number(3), number(chunks.len() + 1), vec![0; 16]].concat();
        if dictionary.is_empty() {
            index.extend([number(0), number(0)].concat());
        } else {
            index.extend([number(packed_dictionary.len()), number(dictionary.len())].concat());
            data.extend(packed_dictionary);
        }
        let mut compressor = zstd::bulk::Compressor::with_dictionary(1, dictionary).unwrap();
        for chunk in chunks {
            let packed = compressor.compress(chunk).unwrap();
            index.extend([vec![1; 16], number(packed.len()), number(chunk.len())].concat());
            data.extend(packed);
        }
        let header = [vec![2; 32], number(0), number(2), number(index.len()), index, number(0)];
        let header = header.concat();
        [b"\0ZCK1".to_vec(), number(1), number(header.len()), vec![3; 32], header, data].concat()
    }

    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        open(bytes)?.read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn frames_follow_each_other_with_one_dictionary() {
        let long = vec![b'x'; 300_000];
        let chunks = [&b"<package>one"[..], b"", b"<package>two", &long];
        let dictionary = b"<package>".repeat(40);
        for dictionary in [&b""[..], &dictionary] {
            assert_eq!(unpacked(&packed(&chunks, dictionary)).unwrap(), chunks.concat());
        }
    }

    #[test]
    fn windows_of_dictionaries_are_bounded() {
        let dictionary = b"<package>".repeat(40);
        let pack = |window| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(window).unwrap();
            std::io::Write::write_all(&mut encoder, &dictionary).unwrap();
            packed_with(&[b"content"], &dictionary, &encoder.finish().unwrap())
        };
        assert_eq!(unpacked(&pack(WINDOW_LOG_MAX)).unwrap(), b"content");
        assert!(unpacked(&pack(WINDOW_LOG_MAX + 1)).is_err());
    }

    #[test]
    fn other_forms_are_not_read() {
        let good = packed(&[b"content"], b"");
        for (at, byte) in [(5, 0x89), (39 + 32, 0x82), (39 + 33, 0x80), (4, b'2')] {
            let mut bytes = good.clone();
            bytes[at] = byte;
            assert!(unpacked(&bytes).is_err(), "{at}");
        }
    }
}
