//! The ids of a run. Each id carries the run and its own number, so that the number of a row needs no look-up.

use uuid::{Builder, Uuid};

/// The most notifications of one run. The book keeps 56 bytes of each.
pub const MOST: u64 = 5_000_000;

/// One run: 48 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbering {
    run: u64,
}

impl Numbering {
    /// The run with these bits; only the lowest 48 count.
    pub fn new(bits: u64) -> Self {
        Self { run: bits & 0xffff_ffff_ffff }
    }

    /// The run in text: 12 hexadecimal digits, a part of its owners' names.
    pub fn run(self) -> String {
        format!("{:012x}", self.run)
    }

    /// The id of number `n`: a version 8 UUID of the run and the number.
    pub fn id(self, n: u64) -> Uuid {
        let (mut bytes, run, n) = ([0; 16], self.run.to_be_bytes(), n.to_be_bytes());
        bytes[..6].copy_from_slice(&run[2..]);
        bytes[9..].copy_from_slice(&n[1..]);
        Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// The number of an id of this run; `None` for any other id.
    pub fn number(self, id: Uuid) -> Option<u64> {
        let mut n = [0; 8];
        n[1..].copy_from_slice(&id.as_bytes()[9..]);
        let n = u64::from_be_bytes(n);
        (self.id(n) == id).then_some(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_back_from_its_id_and_from_no_other() {
        let (run, other) = (Numbering::new(0xabcd_1234_5678_9abc), Numbering::new(7));
        for n in [0, 1, 255, 256, MOST, (1 << 56) - 1] {
            assert_eq!(run.number(run.id(n)), Some(n));
            assert_eq!(other.number(run.id(n)), None);
        }
        assert_eq!(run.run(), "123456789abc");
        assert_eq!(run.number(Uuid::now_v7()), None);
        assert_eq!(run.number(Uuid::nil()), None);
    }
}
