//! Columns that grow row by row, and whose last rows can be taken out again.
//!
//! A column keeps its rows in the form of Arrow's buffers, so that pyarrow takes them as they are:
//! https://arrow.apache.org/docs/format/Columnar.html

/// The buffers of a column.
#[derive(Debug, PartialEq)]
pub struct Buffers {
    /// A bit for each row that is not NULL; None where no row is.
    pub validity: Option<Vec<u8>>,
    /// The 32-bit offsets of texts.
    pub offsets: Option<Vec<u8>>,
    pub data: Vec<u8>,
}

/// Any column of a table.
pub trait Column {
    fn len(&self) -> usize;

    /// Takes the last rows out, so that at most `rows` stay.
    fn truncate(&mut self, rows: usize);

    /// The rows as buffers. The column is empty afterwards.
    fn take(&mut self) -> Buffers;
}

/// A column of texts.
#[derive(Default)]
pub struct Texts {
    data: Vec<u8>,
    /// The end of each row in `data`.
    ends: Vec<i32>,
    are_valid: Vec<bool>,
}

impl Texts {
    /// None where the column would have more bytes than its offsets can count.
    pub fn push(&mut self, text: Option<&str>) -> Option<()> {
        let text_bytes = text.unwrap_or_default().as_bytes();
        self.ends.push(i32::try_from(self.data.len() + text_bytes.len()).ok()?);
        self.data.extend_from_slice(text_bytes);
        self.are_valid.push(text.is_some());
        Some(())
    }
}

impl Column for Texts {
    fn len(&self) -> usize {
        self.are_valid.len()
    }

    fn truncate(&mut self, rows: usize) {
        self.are_valid.truncate(rows);
        self.ends.truncate(rows);
        self.data.truncate(self.ends.last().map_or(0, |end| *end as usize));
    }

    fn take(&mut self) -> Buffers {
        let Texts { data, ends, are_valid } = std::mem::take(self);
        let offsets = std::iter::once(0).chain(ends).flat_map(i32::to_ne_bytes).collect();
        Buffers { validity: validity(&are_valid), offsets: Some(offsets), data }
    }
}

/// A column of numbers of eight bytes: integers, floats, or timestamps in microseconds.
#[derive(Default)]
pub struct Numbers {
    data: Vec<u8>,
    are_valid: Vec<bool>,
}

impl Numbers {
    pub fn push(&mut self, value: Option<i64>) {
        self.data.extend_from_slice(&value.unwrap_or_default().to_ne_bytes());
        self.are_valid.push(value.is_some());
    }

    pub fn push_float(&mut self, value: Option<f64>) {
        self.data.extend_from_slice(&value.unwrap_or_default().to_ne_bytes());
        self.are_valid.push(value.is_some());
    }
}

impl Column for Numbers {
    fn len(&self) -> usize {
        self.are_valid.len()
    }

    fn truncate(&mut self, rows: usize) {
        self.are_valid.truncate(rows);
        self.data.truncate(rows.saturating_mul(8));
    }

    fn take(&mut self) -> Buffers {
        let Numbers { data, are_valid } = std::mem::take(self);
        Buffers { validity: validity(&are_valid), offsets: None, data }
    }
}

/// A column of booleans, none of them NULL.
#[derive(Default)]
pub struct Flags(pub Vec<bool>);

impl Column for Flags {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn truncate(&mut self, rows: usize) {
        self.0.truncate(rows);
    }

    fn take(&mut self) -> Buffers {
        Buffers { validity: None, offsets: None, data: bits(&std::mem::take(&mut self.0)) }
    }
}

fn validity(are_valid: &[bool]) -> Option<Vec<u8>> {
    are_valid.contains(&false).then(|| bits(are_valid))
}

fn bits(flags: &[bool]) -> Vec<u8> {
    let byte = |chunk: &[bool]| chunk.iter().rev().fold(0, |byte, flag| byte << 1 | u8::from(*flag));
    flags.chunks(8).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::{Column, Flags, Numbers, Texts};

    #[test]
    fn rows_that_were_taken_out_leave_nothing() {
        let mut texts = Texts::default();
        for text in [Some("a"), None, Some("bc")] {
            texts.push(text).unwrap();
        }
        texts.truncate(2);
        assert_eq!(texts.len(), 2);
        texts.push(Some("d")).unwrap();
        let found = texts.take();
        assert_eq!((found.data, found.validity), (b"ad".to_vec(), Some(vec![0b101])));
        assert_eq!(found.offsets.unwrap(), [0, 1, 1, 2].into_iter().flat_map(i32::to_ne_bytes).collect::<Vec<_>>());
        assert_eq!(texts.len(), 0);
    }

    #[test]
    fn numbers_and_flags_are_packed() {
        let mut numbers = Numbers::default();
        numbers.push(Some(1));
        numbers.push_float(Some(-0.0));
        let found = numbers.take();
        assert_eq!((found.data.len(), found.validity), (16, None));
        assert_eq!(Flags([true; 9].to_vec()).take().data, [255, 1]);
    }
}
