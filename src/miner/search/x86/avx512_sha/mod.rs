//! Schedules in the lanes of AVX-512, rounds by SHA instructions: forty nonces at once.
//!
//! The two keep different parts of a processor busy. One SHA instruction does two rounds of a nonce, where lanes need more than thirty for
//! two rounds of eight; but its companions that make words are slow, and lanes are not. So while the rounds of one batch run, the words of
//! another are made between them, in one loop in which neither waits for the other.
//!
//! ```text
//!           rounds                    words
//! first     -                         of the first hash of batch 0
//! then      first hash of i + 1       of the second hash of i
//!           second hash of i          of the first hash of i + 2
//! ```
//!
//! Vectors are of 256 bits: beside those of 512, a SHA instruction costs nearly three times as much (measured on Zen 4).

mod layout;

use core::arch::x86_64::*;
use core::sync::atomic::{Ordering, compiler_fence};

use super::super::midstate::{HASH_BLOCK, IV, Prepared};
use super::super::path::Candidates;
use super::known::K;
use super::sha_ni::halves;

use layout::{
    GROUP, GROUPS, Pairs, States, VECTORS, Words, add, lay_down, nonce_of_lane, set, small0,
    small1, swap_bytes, take_up,
};

/// Nonces in a batch.
pub(super) const LANES: usize = layout::LANES;

/// Five states on their way through the rounds.
struct Rounds {
    abef: [__m128i; GROUP],
    cdgh: [__m128i; GROUP],
}

impl Rounds {
    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn from(state: [u32; 8]) -> Self {
        let (abef, cdgh) = halves(state);
        Self {
            abef: [abef; GROUP],
            cdgh: [cdgh; GROUP],
        }
    }

    /// Two rounds, after which the halves have changed places.
    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn even(&mut self, pairs: &[u64; GROUP]) {
        for ((cdgh, abef), pair) in self.cdgh.iter_mut().zip(self.abef).zip(pairs) {
            *cdgh = _mm_sha256rnds2_epu32(*cdgh, abef, _mm_cvtsi64_si128(pair.cast_signed()));
        }
    }

    /// The two after them, after which they are back.
    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn odd(&mut self, pairs: &[u64; GROUP]) {
        for ((abef, cdgh), pair) in self.abef.iter_mut().zip(self.cdgh).zip(pairs) {
            *abef = _mm_sha256rnds2_epu32(*abef, cdgh, _mm_cvtsi64_si128(pair.cast_signed()));
        }
    }
}

/// All rounds of one batch from `start`, whose pairs are laid down, into `states`; beside them the words 16 to 63 of another batch, laid down as pairs.
///
/// The sixteen words before are read once a quarter; in between the last sixteen live in registers.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,sha,sse4.1")]
fn overlap(
    start: &[u32; 8],
    rounds: &Pairs,
    states: &mut States,
    words: &Words,
    pairs: &mut Pairs,
) {
    let [early, late] = &rounds.0;
    let quarters = pairs.0.as_flattened_mut().as_chunks_mut::<8>().0;
    let constants = K.as_chunks::<16>().0;
    let mut r = Rounds::from(*start);
    let mut w = words[0];
    // Counted by hand and bounded here: a division would delay the first rounds of a step, and a check between rounds keep the two kinds of work apart.
    let (mut group, mut second_half, mut vector, mut third) = (0, false, 0, 0);
    // Half the rounds of a group take as long as a third of the words of a vector. The last step has no words left to make, and makes some again.
    for _ in 0..2 * GROUPS {
        let (this_group, this_vector) = (group.min(GROUPS - 1), vector.min(VECTORS - 1));
        let half = if second_half { late } else { early };
        let quarter = quarters.get_mut(third + 1).expect("four quarters");
        let k = constants.get(third + 1).expect("four quarters");
        macro_rules! four_rounds {
            ($pair:literal) => {{
                const W: usize = 2 * $pair;
                // The compiler would gather what is of one kind; a fence keeps what lies on its sides in this order.
                r.even(half[W].get(this_group).expect("as many groups"));
                compiler_fence(Ordering::SeqCst);
                w[W] = add(
                    add(w[W], w[(W + 9) % 16]),
                    add(small0(w[(W + 1) % 16]), small1(w[(W + 14) % 16])),
                );
                compiler_fence(Ordering::SeqCst);
                r.odd(half[W + 1].get(this_group).expect("as many groups"));
                compiler_fence(Ordering::SeqCst);
                w[W + 1] = add(
                    add(w[W + 1], w[(W + 10) % 16]),
                    add(small0(w[(W + 2) % 16]), small1(w[(W + 15) % 16])),
                );
                let even = add(w[W], set(k[W]));
                let odd = add(w[W + 1], set(k[W + 1]));
                lay_down(&mut quarter[$pair], this_vector, even, odd);
            }};
        }
        four_rounds!(0);
        four_rounds!(1);
        four_rounds!(2);
        four_rounds!(3);
        four_rounds!(4);
        four_rounds!(5);
        four_rounds!(6);
        four_rounds!(7);
        if second_half {
            states.put(this_group, r.abef, r.cdgh);
            r = Rounds::from(*start);
            group += 1;
        }
        second_half = !second_half;
        third += 1;
        if third == 3 {
            third = 0;
            vector += 1;
            w = *words.get(vector).unwrap_or(&words[VECTORS - 1]);
        }
    }
}

/// Two batches on their way.
struct Work {
    first_words: Words,
    first_pairs: Pairs,
    second_words: Words,
    second_pairs: Pairs,
    /// After the first hash, before the midstate is added.
    between: States,
    done: States,
}

impl Work {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,sha,sse4.1")]
    fn new(prepared: &Prepared) -> Self {
        let first = prepared.second_block();
        Self {
            first_words: [first.map(|word| set(word)); VECTORS],
            first_pairs: Pairs::of(&first),
            second_words: [HASH_BLOCK.map(|word| set(word)); VECTORS],
            second_pairs: Pairs::of(&HASH_BLOCK),
            between: States::zeros(),
            done: States::zeros(),
        }
    }

    /// Puts the nonces from `base` up into the first block.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,sha,sse4.1")]
    fn put_nonces(&mut self, prepared: &Prepared, base: u32) {
        let known = set(K[2].wrapping_add(prepared.tail[2]));
        let pair = &mut self.first_pairs.0[0][1];
        let mut nonces = add(set(base), _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));
        for (vector, words) in self.first_words.iter_mut().enumerate() {
            words[3] = swap_bytes(nonces);
            lay_down(pair, vector, known, add(words[3], set(K[3])));
            nonces = add(nonces, set(8));
        }
    }

    /// Puts the first hash into the second block.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,sha,sse4.1")]
    fn put_hashes(&mut self, prepared: &Prepared) {
        for (vector, words) in self.second_words.iter_mut().enumerate() {
            let [f, e, b, a] = take_up(&self.between.abef, vector);
            let [h, g, d, c] = take_up(&self.between.cdgh, vector);
            let first_hash = [a, b, c, d, e, f, g, h].into_iter().zip(prepared.midstate);
            for (word, (state, before)) in words.iter_mut().zip(first_hash) {
                *word = add(state, set(before));
            }
            let constants = K.as_chunks::<2>().0;
            let pairs = self.second_pairs.0[0].iter_mut().take(4);
            for ((pair, [even, odd]), [k0, k1]) in
                pairs.zip(words.as_chunks::<2>().0).zip(constants)
            {
                lay_down(pair, vector, add(*even, set(*k0)), add(*odd, set(*k1)));
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,sha,sse4.1")]
    fn first_rounds(&mut self, prepared: &Prepared) {
        overlap(
            &prepared.midstate,
            &self.first_pairs,
            &mut self.between,
            &self.second_words,
            &mut self.second_pairs,
        );
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,sha,sse4.1")]
    fn second_rounds(&mut self) {
        overlap(
            &IV,
            &self.second_pairs,
            &mut self.done,
            &self.first_words,
            &mut self.first_pairs,
        );
    }

    /// Nonces whose hashes the target's most significant word allows, one bit each.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,sha,sse4.1")]
    fn candidates(&self, top: u32) -> u64 {
        let (mut lanes, top) = (0, set(top));
        for vector in 0..VECTORS {
            let [h, ..] = take_up(&self.done.cdgh, vector);
            let words = swap_bytes(add(h, set(IV[7])));
            lanes |= u64::from(_mm256_cmple_epu32_mask(words, top)) << (8 * vector);
        }
        if lanes == 0 {
            return 0;
        }
        (0..LANES)
            .filter(|lane| lanes >> lane & 1 == 1)
            .fold(0, |nonces, lane| nonces | 1 << nonce_of_lane(lane))
    }
}

/// The first batch with hashes that the target's most significant word allows, out of `batches` from `base`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,sha,sse4.1")]
pub(super) fn scan(prepared: &Prepared, base: u32, batches: u32) -> Option<Candidates> {
    let nonces_of = |batch: u32| base.wrapping_add(batch.wrapping_mul(LANES as u32));
    let mut work = Work::new(prepared);
    work.put_nonces(prepared, base);
    // What is made beside the words of batch 0, and beside the rounds of its first hash, is of no use.
    work.second_rounds();
    work.first_rounds(prepared);
    work.put_nonces(prepared, nonces_of(1));
    work.second_rounds();
    for group in 0..batches {
        work.put_hashes(prepared);
        work.first_rounds(prepared);
        work.put_nonces(prepared, nonces_of(group.wrapping_add(2)));
        work.second_rounds();
        let lanes = work.candidates(prepared.target_top());
        if lanes != 0 {
            return Some(Candidates { group, lanes });
        }
    }
    None
}
