//! Compressed files, decoded piece by piece and within bounds.
//!
//! What comes out is counted: a small file that swells without end is refused at its cap. What decoders
//! hold is bounded, too (see [`WINDOW_LOG_MAX`] and [`lz4`]): the agent's memory may not depend on how
//! somebody else packed a file. For this reason xz is not read: its dictionaries are as large as 8 MB
//! and more at the settings that are in use.

use std::io::{Error, Read, Result};

use belfort_agent_sys::files::Stream;
use flate2::read::MultiGzDecoder;

mod lz4;
mod zchunk;

/// Largest window of zstd, as a power of two in bytes. 8 MB is what decoders should support by RFC
/// 8878, 3.1.1.1.2, and what no ordinary level of the compressor goes beyond.
const WINDOW_LOG_MAX: u32 = 23;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// Frames of LZ4. Source of the format: *LZ4 Frame Format Description* 1.6.
    Lz4,
    /// Members of gzip. Source of the format: RFC 1952.
    Gzip,
    /// Frames of Zstandard. Source of the format: RFC 8878.
    Zstd,
    /// Frames of Zstandard behind an index.
    Zchunk,
    /// One that is not read; its name is in the outcome.
    Unread(&'static str),
}

/// Endings of file names, and what they mean.
const ENDINGS: &[(&str, Compression)] = &[
    (".lz4", Compression::Lz4),
    (".gz", Compression::Gzip),
    (".zst", Compression::Zstd),
    (".zck", Compression::Zchunk),
    (".xz", Compression::Unread("xz")),
    (".lzma", Compression::Unread("lzma")),
    (".bz2", Compression::Unread("bzip2")),
];

impl Compression {
    /// The compression that a file's name tells, and the name without its ending.
    pub fn of_name(name: &str) -> (Self, &str) {
        let known = ENDINGS.iter().find_map(|(end, it)| Some((*it, name.strip_suffix(end)?)));
        known.unwrap_or((Self::Plain, name))
    }
}

/// A stream that is decoded while it is read.
pub struct Decoder<R: Read> {
    inner: Inner<R>,
    cap_bytes: u64,
    left_bytes: u64,
}

enum Inner<R: Read> {
    Plain(R),
    Lz4(lz4::Frames<R>),
    Gzip(Box<MultiGzDecoder<R>>),
    Zstd(zstd::Decoder<'static, std::io::BufReader<R>>),
}

/// Why what is compressed cannot be read; kept inside an error of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There is no decoder for the compression.
    #[error("compression {0} is not read")]
    Unread(&'static str),
    /// More comes out than may.
    #[error("decompresses to more than {0} bytes")]
    TooLarge(u64),
    /// It ends before its end.
    #[error("the compressed file is cut short")]
    CutShort,
    /// It takes more memory than the agent may have.
    #[error("compressed in blocks larger than are read")]
    Blocks,
    /// It is not what it says it is, or has a form that the decoders here do not know.
    #[error("the compressed file is damaged, or packed in a way that is not read")]
    Damaged,
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::other(error)
    }
}

impl<R: Read> Decoder<R> {
    /// Decodes a stream; more than `cap_bytes` coming out of it is an error.
    pub fn new(source: R, compression: Compression, cap_bytes: u64) -> Result<Self> {
        let inner = match compression {
            Compression::Plain => Inner::Plain(source),
            Compression::Lz4 => Inner::Lz4(lz4::Frames::new(source)),
            Compression::Gzip => Inner::Gzip(Box::new(MultiGzDecoder::new(source))),
            Compression::Zstd => {
                let mut decoder = zstd::Decoder::new(source)?;
                decoder.window_log_max(WINDOW_LOG_MAX)?;
                Inner::Zstd(decoder)
            }
            Compression::Zchunk => Inner::Zstd(zchunk::open(source)?),
            Compression::Unread(name) => return Err(DecodeError::Unread(name).into()),
        };
        Ok(Self { inner, cap_bytes, left_bytes: cap_bytes })
    }

    /// Fills as much of a buffer as there is; less than its length only at the end.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read(rest)? {
                0 => break,
                got => filled += got,
            }
        }
        Ok(filled)
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let got = match &mut self.inner {
            Inner::Plain(source) => source.read(buffer),
            Inner::Lz4(frames) => frames.read(buffer),
            Inner::Gzip(decoder) => decoder.read(buffer),
            Inner::Zstd(decoder) => decoder.read(buffer),
        }?;
        let left = u64::try_from(got).ok().and_then(|got| self.left_bytes.checked_sub(got));
        self.left_bytes = left.ok_or(DecodeError::TooLarge(self.cap_bytes))?;
        Ok(got)
    }
}

impl<R: Read> std::fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("left_bytes", &self.left_bytes).finish_non_exhaustive()
    }
}

/// What an outcome says about an error of decoding: never anything of the content, and the same words
/// whichever library found it.
pub fn reason(error: &Error) -> String {
    if let Some(error) = Stream::error(error) {
        return error.to_string();
    }
    let own = error.get_ref().and_then(|inner| inner.downcast_ref::<DecodeError>());
    match (own, error.kind()) {
        (Some(error), _) => error.to_string(),
        (None, std::io::ErrorKind::UnexpectedEof) => DecodeError::CutShort.to_string(),
        (None, _) => DecodeError::Damaged.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn packed(compression: Compression, plain: &[u8]) -> Vec<u8> {
        match compression {
            Compression::Plain | Compression::Unread(_) => plain.to_vec(),
            Compression::Lz4 => lz4::tests::stored(plain),
            Compression::Gzip => {
                let mut encoder =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Zstd => zstd::encode_all(plain, 1).unwrap(),
            Compression::Zchunk => zchunk::tests::packed(&[plain], b""),
        }
    }

    fn unpacked(compression: Compression, bytes: &[u8], cap: u64) -> Result<Vec<u8>> {
        let mut decoder = Decoder::new(bytes, compression, cap)?;
        let mut all = Vec::new();
        decoder.read_to_end(&mut all)?;
        Ok(all)
    }

    const READ: [Compression; 5] = [
        Compression::Plain,
        Compression::Lz4,
        Compression::Gzip,
        Compression::Zstd,
        Compression::Zchunk,
    ];

    #[test]
    fn names_tell_the_compression() {
        assert_eq!(Compression::of_name("a_Packages.lz4"), (Compression::Lz4, "a_Packages"));
        assert_eq!(Compression::of_name("a_Packages"), (Compression::Plain, "a_Packages"));
        assert_eq!(Compression::of_name("x.xml.xz"), (Compression::Unread("xz"), "x.xml"));
        assert_eq!(Compression::of_name(".gz"), (Compression::Gzip, ""));
    }

    #[test]
    fn what_is_not_read_is_named() {
        let error = unpacked(Compression::Unread("xz"), b"", 1).unwrap_err();
        assert_eq!(reason(&error), "compression xz is not read");
    }

    #[test]
    fn the_output_is_capped() {
        for compression in READ {
            let bytes = packed(compression, &vec![b'x'; 100_000]);
            assert_eq!(unpacked(compression, &bytes, 100_000).unwrap().len(), 100_000);
            let error = unpacked(compression, &bytes, 99_999).unwrap_err();
            assert_eq!(reason(&error), "decompresses to more than 99999 bytes", "{compression:?}");
        }
    }

    #[test]
    fn what_is_cut_short_is_not_taken_for_whole() {
        for compression in READ.into_iter().skip(1) {
            let bytes = packed(compression, b"Package: a\nVersion: 1\n\n");
            for cut in 1..bytes.len() {
                let error = unpacked(compression, &bytes[..cut], 1000);
                let said = reason(&error.expect_err("cut short"));
                assert_eq!(said, "the compressed file is cut short", "{compression:?} at {cut}");
            }
        }
    }

    #[test]
    fn windows_of_zstd_are_bounded() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(24).unwrap();
        encoder.write_all(b"x").unwrap();
        let bytes = encoder.finish().unwrap();
        let error = unpacked(Compression::Zstd, &bytes, 1000).unwrap_err();
        assert_eq!(
            reason(&error),
            "the compressed file is damaged, or packed in a way that is not read"
        );
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            for compression in READ {
                let packed = packed(compression, &bytes);
                prop_assert_eq!(&unpacked(compression, &packed, 3000).unwrap(), &bytes);
            }
        }

        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0..60_usize) {
            for compression in READ {
                let _ = unpacked(compression, &bytes, 100_000);
                // With a good beginning.
                let mut damaged = packed(compression, &[b'x'; 3000]);
                damaged.truncate(at);
                damaged.extend_from_slice(&bytes);
                let _ = unpacked(compression, &damaged, 100_000);
            }
        }
    }
}
