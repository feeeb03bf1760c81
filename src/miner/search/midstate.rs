//! What is known of a header's hashes before any nonce is tried.

use sha2::block_api::compress256;

use super::Job;

/// The state before the first block.
pub(super) const IV: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/// The bit behind the message, as the word that begins with it.
pub(super) const END: u32 = 0x8000_0000;

/// Bits in a header, the last word of its second block.
pub(super) const HEADER_BITS: u32 = 640;

/// Bits in a hash, the last word of the block that is hashed again.
pub(super) const HASH_BITS: u32 = 256;

/// What is known of the block that holds the first hash.
pub(super) const HASH_BLOCK: [u32; 16] = [0, 0, 0, 0, 0, 0, 0, 0, END, 0, 0, 0, 0, 0, 0, HASH_BITS];

/// A job, made ready: its first 64 bytes are hashed.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    /// The state after the header's first 64 bytes.
    pub midstate: [u32; 8],
    /// Words 0 to 2 of the second block: the commitment's end, time, bits. The nonce follows.
    pub tail: [u32; 3],
    /// The target's words, the most significant first.
    target: [u32; 8],
}

impl Prepared {
    pub fn new(job: &Job) -> Self {
        let (blocks, rest) = job.header.as_chunks::<64>();
        let mut midstate = IV;
        compress256(&mut midstate, blocks);
        let mut tail = [0; 3];
        for (word, bytes) in tail.iter_mut().zip(rest.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        let mut target = [0; 8];
        for (word, bytes) in target.iter_mut().zip(job.target.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        Self {
            midstate,
            tail,
            target,
        }
    }

    /// The most significant 32 bits of the target. No hash whose own are greater meets it.
    pub fn target_top(&self) -> u32 {
        self.target[0]
    }

    /// Whether the header with this nonce meets the target, by the `sha2` crate alone.
    pub fn is_met_by(&self, nonce: u32) -> bool {
        self.is_met(&self.double_hash(&mut self.blocks(), nonce))
    }

    /// Whether a double hash, in words as it was computed, is at most the target when read as a little-endian number.
    pub fn is_met(&self, hash: &[u32; 8]) -> bool {
        let words = hash.iter().rev().map(|word| word.swap_bytes());
        words.le(self.target)
    }

    /// The header's second block, with a nonce of 0.
    pub fn second_block(&self) -> [u32; 16] {
        let mut block = [0; 16];
        [block[0], block[1], block[2]] = self.tail;
        block[4] = END;
        block[15] = HEADER_BITS;
        block
    }

    /// The two blocks that are hashed for a nonce: the header's second, and the first hash.
    pub fn blocks(&self) -> [[u8; 64]; 2] {
        [self.second_block(), HASH_BLOCK].map(|block| {
            let mut bytes = [0; 64];
            for (to, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(block) {
                *to = word.to_be_bytes();
            }
            bytes
        })
    }

    /// The double hash of the header with this nonce, in words as it is computed; `blocks` are [`Self::blocks`], used again for every nonce.
    #[inline]
    pub fn double_hash(&self, [first, second]: &mut [[u8; 64]; 2], nonce: u32) -> [u32; 8] {
        if let Some(place) = first.as_chunks_mut::<4>().0.get_mut(3) {
            *place = nonce.to_le_bytes();
        }
        let mut state = self.midstate;
        compress256(&mut state, std::slice::from_ref(first));
        for (to, word) in second.as_chunks_mut::<4>().0.iter_mut().zip(state) {
            *to = word.to_be_bytes();
        }
        let mut state = IV;
        compress256(&mut state, std::slice::from_ref(second));
        state
    }
}
