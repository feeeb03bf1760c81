//! SHA-256 in plain numbers, and what of a header's hashes needs no nonce. FIPS 180-4 names the functions.

use super::super::midstate::{END, HEADER_BITS, Prepared};

/// The constants of the rounds.
pub(super) const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

pub(super) const fn small_sigma0(x: u32) -> u32 {
    x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3)
}

pub(super) const fn small_sigma1(x: u32) -> u32 {
    x.rotate_right(17) ^ x.rotate_right(19) ^ (x >> 10)
}

const fn big_sigma0(x: u32) -> u32 {
    x.rotate_right(2) ^ x.rotate_right(13) ^ x.rotate_right(22)
}

const fn big_sigma1(x: u32) -> u32 {
    x.rotate_right(6) ^ x.rotate_right(11) ^ x.rotate_right(25)
}

const fn ch(e: u32, f: u32, g: u32) -> u32 {
    (e & f) ^ (!e & g)
}

const fn maj(a: u32, b: u32, c: u32) -> u32 {
    (a & b) ^ (a & c) ^ (b & c)
}

/// What a round gives to the new `e` beside `d`, and to the new `a`; `kw` is the sum of its constant and its word.
pub(super) const fn round_terms(state: &[u32; 8], kw: u32) -> (u32, u32) {
    let [a, b, c, _, e, f, g, h] = *state;
    let t1 = h
        .wrapping_add(big_sigma1(e))
        .wrapping_add(ch(e, f, g))
        .wrapping_add(kw);
    let t2 = big_sigma0(a).wrapping_add(maj(a, b, c));
    (t1, t1.wrapping_add(t2))
}

const fn round(state: &[u32; 8], kw: u32) -> [u32; 8] {
    let [a, b, c, d, e, f, g, _] = *state;
    let (t1, new_a) = round_terms(state, kw);
    [new_a, a, b, c, d.wrapping_add(t1), e, f, g]
}

/// Everything about a header's first hash in which the nonce has no part.
///
/// Its second block holds three known words, the nonce, the end of the message and zeros. So three rounds and two words of the schedule are
/// known, and parts of others.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The state after the first block.
    pub midstate: [u32; 8],
    /// The state before round 2.
    pub before_round2: [u32; 8],
    /// The state before round 3, whose word is the nonce.
    pub before_round3: [u32; 8],
    /// `e` and `a` after round 3, less the nonce.
    pub e3: u32,
    pub a3: u32,
    /// Words 2, 16 and 17.
    pub w2: u32,
    pub w16: u32,
    pub w17: u32,
    /// What is known of words 18, 19 and 31.
    pub w18: u32,
    pub w19: u32,
    pub w31: u32,
}

impl Known {
    pub fn of(prepared: &Prepared) -> Self {
        let midstate = prepared.midstate;
        let [w0, w1, w2] = prepared.tail;
        let before_round1 = round(&midstate, K[0].wrapping_add(w0));
        let before_round2 = round(&before_round1, K[1].wrapping_add(w1));
        let before_round3 = round(&before_round2, K[2].wrapping_add(w2));
        let (t1, a3) = round_terms(&before_round3, K[3]);
        let w16 = small_sigma0(w1).wrapping_add(w0);
        let w17 = small_sigma1(HEADER_BITS)
            .wrapping_add(small_sigma0(w2))
            .wrapping_add(w1);
        Self {
            midstate,
            before_round2,
            before_round3,
            e3: before_round3[3].wrapping_add(t1),
            a3,
            w2,
            w16,
            w17,
            w18: small_sigma1(w16).wrapping_add(w2),
            w19: small_sigma1(w17).wrapping_add(small_sigma0(END)),
            w31: small_sigma0(w16).wrapping_add(HEADER_BITS),
        }
    }
}
