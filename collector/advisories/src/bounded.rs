//! Bounds on what is read.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use crate::{FeedError, RATIO, RECORD_BYTES, TOTAL_BYTES};

/// Bytes that are left for the record being read.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Rc<Cell<u64>>);

impl Budget {
    /// The next record begins.
    pub(crate) fn renew(&self) {
        self.0.set(RECORD_BYTES);
    }
}

/// A reader that ends with an error when a record, or everything, is too large.
pub(crate) struct Bounded<R> {
    inner: BufReader<R>,
    budget: Budget,
    total: u64,
}

impl<R: Read> Bounded<R> {
    pub(crate) fn new(inner: R) -> (Self, Budget) {
        let budget = Budget(Rc::new(Cell::new(RECORD_BYTES)));
        (
            Self {
                inner: BufReader::with_capacity(1 << 16, inner),
                budget: budget.clone(),
                total: TOTAL_BYTES,
            },
            budget,
        )
    }

    fn spend(&mut self, count: usize) -> io::Result<()> {
        let count = count as u64;
        let (Some(left), Some(total)) =
            (self.budget.0.get().checked_sub(count), self.total.checked_sub(count))
        else {
            return Err(io::Error::other(
                "a record is larger than 8 MiB, or all of it larger than 8 GiB",
            ));
        };
        self.budget.0.set(left);
        self.total = total;
        Ok(())
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.spend(count)?;
        Ok(count)
    }
}

impl<R: Read> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // More than this is never taken for one record.
        let most = usize::try_from(self.budget.0.get()).unwrap_or(usize::MAX);
        if most == 0 {
            self.spend(1)?;
        }
        let buffer = self.inner.fill_buf()?;
        Ok(buffer.get(..most).unwrap_or(buffer))
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        // `fill_buf` gave no more than is left of the record.
        let _within = self.spend(count);
    }
}

/// All of a file that is one record.
pub(crate) fn whole(input: impl Read) -> Result<Vec<u8>, FeedError> {
    let mut bytes = Vec::new();
    input.take(RECORD_BYTES + 1).read_to_end(&mut bytes).map_err(FeedError::Read)?;
    if bytes.len() as u64 > RECORD_BYTES {
        return Err(FeedError::TooLarge("a file with one record has at most 8 MiB".to_owned()));
    }
    Ok(bytes)
}

/// A reader that is packed by gzip or not.
pub(crate) enum Unpacked<R> {
    Plain(R),
    Gzip(Box<Gzip<R>>),
}

pub(crate) struct Gzip<R> {
    decoder: MultiGzDecoder<Counted<R>>,
    out: u64,
}

/// Counts what goes into the decoder.
pub(crate) struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.count += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.count += count as u64;
        self.inner.consume(count);
    }
}

/// Looks whether the input is packed.
pub(crate) fn unpacked<R: BufRead>(mut input: R) -> io::Result<Unpacked<R>> {
    if input.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        let decoder = MultiGzDecoder::new(Counted { inner: input, count: 0 });
        return Ok(Unpacked::Gzip(Box::new(Gzip { decoder, out: 0 })));
    }
    Ok(Unpacked::Plain(input))
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let gzip = match self {
            Self::Plain(input) => return input.read(into),
            Self::Gzip(gzip) => gzip,
        };
        let count = gzip.decoder.read(into)?;
        gzip.out += count as u64;
        // Small files may be packed well; what matters is what could fill the memory or the day.
        let packed = gzip.decoder.get_ref().count;
        if gzip.out > RECORD_BYTES && gzip.out / RATIO > packed {
            return Err(io::Error::other("it unpacks to over 200 times its size"));
        }
        Ok(count)
    }
}
