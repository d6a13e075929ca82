//! Frames of LZ4. Source of the format: *LZ4 Frame Format Description* 1.6 (lz4 project).
//!
//! Checksums are not checked: they guard against bad media, and what is read here was checked by the
//! package manager against the signature of its archive. Dictionaries, legacy frames and skippable
//! frames are not read; package managers write none.

use std::io::{ErrorKind, Read, Result};

use lz4_flex::block::{decompress_into, decompress_into_with_dict};

use super::DecodeError;

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
/// How far back a block may refer, bytes.
const WINDOW: usize = 64 << 10;
/// Set in the size of a block that is stored as it is.
const STORED: u32 = 1 << 31;

/// A sequence of frames.
pub(super) struct Frames<R> {
    source: R,
    frame: Option<Frame>,
    /// A block as it was read.
    packed: Vec<u8>,
    /// A block that is being given out, and how much of it was.
    plain: Vec<u8>,
    given: usize,
    /// What came before that block; its last window counts.
    before: Vec<u8>,
}

/// What a frame's descriptor says.
#[derive(Clone, Copy)]
struct Frame {
    block_bytes_max: usize,
    linked: bool,
    block_checksums: bool,
    content_checksum: bool,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            frame: None,
            packed: Vec::new(),
            plain: Vec::new(),
            given: 0,
            before: Vec::new(),
        }
    }

    /// The next frame's descriptor; nothing at the end of the source.
    fn descriptor(&mut self) -> Result<Option<Frame>> {
        let mut magic = [0; 4];
        let (first, rest) = magic.split_at_mut(1);
        if read_some(&mut self.source, first)? == 0 {
            return Ok(None);
        }
        self.source.read_exact(rest)?;
        if magic != MAGIC {
            return Err(DecodeError::Damaged.into());
        }
        let [flags, sizes] = self.array()?;
        if flags >> 6 != 1 || flags & 1 != 0 {
            return Err(DecodeError::Damaged.into());
        }
        let block_bytes_max = match (sizes >> 4) & 7 {
            4 => 64 << 10,
            5 => 256 << 10,
            6 => 1 << 20,
            // 4 MB, twice and more in memory.
            7 => return Err(DecodeError::Blocks.into()),
            _ => return Err(DecodeError::Damaged.into()),
        };
        if flags & 0x08 != 0 {
            let [..] = self.array::<8>()?;
        }
        let [_checksum] = self.array()?;
        self.before.clear();
        Ok(Some(Frame {
            block_bytes_max,
            linked: flags & 0x20 == 0,
            block_checksums: flags & 0x10 != 0,
            content_checksum: flags & 0x04 != 0,
        }))
    }

    /// Decodes the next block into `plain`; `false` at the end of the source.
    fn block(&mut self) -> Result<bool> {
        self.given = 0;
        loop {
            if self.frame.is_none() {
                self.frame = self.descriptor()?;
            }
            let Some(frame) = self.frame else {
                self.plain.clear();
                return Ok(false);
            };
            let word = u32::from_le_bytes(self.array()?);
            if word == 0 {
                self.plain.clear();
                self.frame = None;
                if frame.content_checksum {
                    let [..] = self.array::<4>()?;
                }
                continue;
            }
            let size = usize::try_from(word & !STORED).unwrap_or(usize::MAX);
            if size > frame.block_bytes_max {
                return Err(DecodeError::Damaged.into());
            }
            if frame.linked {
                self.remember();
            }
            if word & STORED != 0 {
                self.plain.resize(size, 0);
                self.source.read_exact(&mut self.plain)?;
            } else {
                self.packed.resize(size, 0);
                self.source.read_exact(&mut self.packed)?;
                // A byte stands for at most 255: little is made ready for a small block.
                let most = size.saturating_mul(255).min(frame.block_bytes_max);
                self.plain.resize(most, 0);
                let surplus = self.before.len().saturating_sub(WINDOW);
                let before = self.before.get(surplus..).unwrap_or_default();
                let decoded = if before.is_empty() {
                    decompress_into(&self.packed, &mut self.plain)
                } else {
                    decompress_into_with_dict(&self.packed, &mut self.plain, before)
                };
                self.plain.truncate(decoded.map_err(|_| DecodeError::Damaged)?);
            }
            if frame.block_checksums {
                let [..] = self.array::<4>()?;
            }
            if !self.plain.is_empty() {
                return Ok(true);
            }
        }
    }

    /// Keeps the last window of what was decoded for the next block to refer to.
    fn remember(&mut self) {
        if self.plain.len() >= WINDOW {
            // Almost every block: no byte is copied.
            std::mem::swap(&mut self.before, &mut self.plain);
        } else {
            self.before.extend_from_slice(&self.plain);
        }
        // Not every time, or small blocks would move the whole window again and again.
        if self.before.len() > 2 * WINDOW {
            let surplus = self.before.len().saturating_sub(WINDOW);
            self.before.drain(..surplus);
        }
        self.plain.clear();
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.given >= self.plain.len() && (buffer.is_empty() || !self.block()?) {
            return Ok(0);
        }
        let rest = self.plain.get(self.given..).unwrap_or_default();
        let taken = rest.len().min(buffer.len());
        if let (Some(from), Some(to)) = (rest.get(..taken), buffer.get_mut(..taken)) {
            to.copy_from_slice(from);
        }
        self.given += taken;
        Ok(taken)
    }
}

/// One read that is begun again when a signal came between.
fn read_some(source: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A frame whose blocks are stored.
    pub(crate) fn stored(plain: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
        for block in plain.chunks(WINDOW) {
            bytes.extend((u32::try_from(block.len()).unwrap() | STORED).to_le_bytes());
            bytes.extend(block);
        }
        bytes.extend([0; 4]);
        bytes
    }

    fn all(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut plain = Vec::new();
        Frames::new(bytes).read_to_end(&mut plain)?;
        Ok(plain)
    }

    /// Made with `lz4 -BD -B4 -9 --content-size` from the text in the test: linked blocks of 64 KB.
    const LINKED: &[u8] = include_bytes!("../../../tests/fixtures/linked.lz4");

    #[test]
    fn linked_blocks_refer_to_those_before() {
        let lines: Vec<_> = (0..16_000).map(|number| format!("line {}\n", number % 300)).collect();
        let plain = lines.concat();
        assert!(plain.len() > 2 * WINDOW);
        assert_eq!(all(LINKED).unwrap(), plain.as_bytes());
        // Two frames are one stream.
        let twice = [LINKED, &stored(b"and more")].concat();
        assert_eq!(all(&twice).unwrap(), [plain.as_bytes(), b"and more"].concat());
    }

    #[test]
    fn small_linked_blocks_keep_the_whole_window() {
        let mut bytes = vec![0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0xc0];
        let mut plain = Vec::new();
        for number in 0..2000_u32 {
            let block: Vec<u8> = number.to_le_bytes().repeat(16);
            bytes.extend((64 | STORED).to_le_bytes());
            bytes.extend(&block);
            plain.extend(block);
        }
        // A copy of four bytes from 65,532 back, then five literals, as a block must end.
        let block = [0x00, 0xfc, 0xff, 0x50, b'h', b'e', b'l', b'l', b'o'];
        bytes.extend(u32::try_from(block.len()).unwrap().to_le_bytes());
        bytes.extend(block);
        bytes.extend([0; 4]);
        let from = plain.len() - 65_532;
        plain.extend_from_within(from..from + 4);
        plain.extend(b"hello");
        assert_eq!(all(&bytes).unwrap(), plain);
    }

    #[test]
    fn small_blocks_cost_little() {
        // Blocks of up to 1 MB that decode to one byte each, linked and not.
        for flags in [0x40, 0x60] {
            let mut bytes = vec![0x04, 0x22, 0x4d, 0x18, flags, 0x60, 0];
            for number in 0..200_000_u32 {
                bytes.extend(2_u32.to_le_bytes());
                bytes.extend([0x10, number.to_le_bytes()[0]]);
            }
            bytes.extend([0; 4]);
            assert_eq!(all(&bytes).unwrap().len(), 200_000);
        }
    }

    #[test]
    fn large_blocks_are_refused() {
        let mut bytes = stored(b"x");
        bytes[5] = 0x70;
        let error = all(&bytes).unwrap_err();
        assert_eq!(super::super::reason(&error), "compressed in blocks larger than are read");
    }
}
