//! What tells whether bytes are still those that were written.
//!
//! Disks and people change bytes, nobody forges them here: for that XXH3 with 128 bits (Y. Collet, xxHash 0.8) is as good as
//! the digest that names what is kept, and takes a fifth of its time.

use std::fmt;

use twox_hash::xxhash3_128::Hasher;

/// How many bytes a checksum has.
pub const LENGTH: usize = 16;

/// The checksum of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum([u8; LENGTH]);

impl Checksum {
    /// That of some bytes.
    pub fn of(bytes: &[u8]) -> Checksum {
        Checksum(Hasher::oneshot(bytes).to_le_bytes())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// The checksum that these bytes are.
    pub fn from_bytes(bytes: [u8; LENGTH]) -> Checksum {
        Checksum(bytes)
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The checksum of bytes that come piece by piece.
#[derive(Clone, Default)]
pub struct Summing(Hasher);

impl Summing {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// That of all of them.
    pub fn checksum(&self) -> Checksum {
        Checksum(self.0.finish_128().to_le_bytes())
    }
}

impl fmt::Debug for Summing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Summing").field(&self.checksum()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Checksum, Summing};

    #[test]
    fn a_checksum_is_the_one_that_is_published_however_its_bytes_come() {
        // Of nothing, seed 0: the sanity check of xxHash 0.8.
        assert_eq!(Checksum::of(&[]).bytes(), &0x99aa_06d3_0147_98d8_6001_c324_468d_497f_u128.to_le_bytes());
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(n) >> 7).to_le_bytes()[0]).collect();
        for length in [1, 7, 64, 300, 4096] {
            let mut summing = Summing::default();
            bytes.chunks(length).for_each(|piece| summing.add(piece));
            assert_eq!(summing.checksum(), Checksum::of(&bytes));
        }
    }
}
