//! How two batches lie in memory: words in lanes while they are made, in pairs beside each other for the SHA instructions.

use core::arch::x86_64::*;
use core::sync::atomic::{Ordering, compiler_fence};

use super::super::known::K;

/// Nonces whose rounds run beside each other. Their states, two registers each, leave one of the sixteen that SHA instructions know for
/// their operand, and a few for words on their way.
pub(super) const GROUP: usize = 5;

/// Vectors of eight nonces in a batch.
pub(super) const VECTORS: usize = 5;

/// Nonces in a batch.
pub(super) const LANES: usize = 8 * VECTORS;

pub(super) const GROUPS: usize = LANES / GROUP;

pub(super) type V = __m256i;

/// Constant plus word of two rounds, the first low, for every nonce of a batch.
pub(super) type Pair = [[u64; GROUP]; GROUPS];

/// The pairs of a block's 64 rounds, in halves. Aligned, so that no vector straddles two lines of the cache.
#[repr(align(64))]
pub(super) struct Pairs(pub [[Pair; 16]; 2]);

/// The first sixteen words of a block, for every vector of nonces.
pub(super) type Words = [[V; 16]; VECTORS];

/// Halves of states, as SHA instructions want them.
type Halves = [[__m128i; GROUP]; GROUPS];

/// The states of a batch after all rounds.
#[derive(Clone, Copy)]
pub(super) struct States {
    pub abef: Halves,
    pub cdgh: Halves,
}

impl Pairs {
    /// Those of a block of which this is known. What is not is written over.
    pub fn of(block: &[u32; 16]) -> Self {
        let mut pairs = Self([[[[0; GROUP]; GROUPS]; 16]; 2]);
        let words = block.as_chunks::<2>().0;
        let constants = K.as_chunks::<2>().0;
        for ((pair, [w0, w1]), [k0, k1]) in pairs.0[0].iter_mut().zip(words).zip(constants) {
            let even = u64::from(w0.wrapping_add(*k0));
            let odd = u64::from(w1.wrapping_add(*k1));
            *pair = [[even | odd << 32; GROUP]; GROUPS];
        }
        pairs
    }
}

impl States {
    #[inline]
    #[target_feature(enable = "sse2")]
    pub fn zeros() -> Self {
        let halves = [[_mm_setzero_si128(); GROUP]; GROUPS];
        Self {
            abef: halves,
            cdgh: halves,
        }
    }

    pub fn put(&mut self, group: usize, abef: [__m128i; GROUP], cdgh: [__m128i; GROUP]) {
        if let (Some(a), Some(c)) = (self.abef.get_mut(group), self.cdgh.get_mut(group)) {
            (*a, *c) = (abef, cdgh);
        }
    }
}

macro_rules! operation {
    ($name:ident($($x:ident),*): $value:expr) => {
        #[inline]
        #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
        pub(super) fn $name($($x: V),*) -> V {
            $value
        }
    };
}

operation!(add(x, y): _mm256_add_epi32(x, y));
operation!(xor(x, y, z): _mm256_ternarylogic_epi32::<0x96>(x, y, z));
operation!(small0(x): xor(_mm256_ror_epi32::<7>(x), _mm256_ror_epi32::<18>(x), _mm256_srli_epi32::<3>(x)));
operation!(small1(x): xor(_mm256_ror_epi32::<17>(x), _mm256_ror_epi32::<19>(x), _mm256_srli_epi32::<10>(x)));
operation!(swap_bytes(x): _mm256_shuffle_epi8(
    x,
    _mm256_broadcastsi128_si256(_mm_set_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203)),
));

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn set(word: u32) -> V {
    _mm256_set1_epi32(word.cast_signed())
}

/// Lays down a pair of words of one vector, each nonce's beside each other. Lanes become slots as [`lane_of_slot`] says.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn lay_down(pair: &mut Pair, vector: usize, even: V, odd: V) {
    let low = _mm256_unpacklo_epi32(even, odd);
    let high = _mm256_unpackhi_epi32(even, odd);
    let slots = pair.as_flattened_mut().as_chunks_mut::<4>().0;
    if let Some([first, second]) = slots.as_chunks_mut::<2>().0.get_mut(vector) {
        *first = quads(low);
        // Else the two would be stored as one vector of 512 bits.
        compiler_fence(Ordering::SeqCst);
        *second = quads(high);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn quads(x: V) -> [u64; 4] {
    [
        _mm256_extract_epi64::<0>(x).cast_unsigned(),
        _mm256_extract_epi64::<1>(x).cast_unsigned(),
        _mm256_extract_epi64::<2>(x).cast_unsigned(),
        _mm256_extract_epi64::<3>(x).cast_unsigned(),
    ]
}

/// Takes up one vector's halves of states as four vectors of words, the lowest word first. Slots become lanes as [`slot_of_lane`] says.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn take_up(halves: &Halves, vector: usize) -> [V; 4] {
    let slots = halves.as_flattened().as_chunks::<8>().0.get(vector);
    let [s0, s1, s2, s3, s4, s5, s6, s7] = *slots.expect("a batch has as many vectors");
    let [t0, t1] = [_mm256_set_m128i(s1, s0), _mm256_set_m128i(s3, s2)];
    let [t2, t3] = [_mm256_set_m128i(s5, s4), _mm256_set_m128i(s7, s6)];
    let [low0, high0] = [_mm256_unpacklo_epi32(t0, t1), _mm256_unpackhi_epi32(t0, t1)];
    let [low1, high1] = [_mm256_unpacklo_epi32(t2, t3), _mm256_unpackhi_epi32(t2, t3)];
    [
        _mm256_unpacklo_epi64(low0, low1),
        _mm256_unpackhi_epi64(low0, low1),
        _mm256_unpacklo_epi64(high0, high1),
        _mm256_unpackhi_epi64(high0, high1),
    ]
}

/// Which lane of a vector [`lay_down`] puts into a slot of eight.
const fn lane_of_slot(slot: usize) -> usize {
    (slot % 4 / 2) * 4 + slot / 4 * 2 + slot % 2
}

/// Which slot of eight [`take_up`] puts into a lane.
const fn slot_of_lane(lane: usize) -> usize {
    lane % 4 * 2 + lane / 4
}

/// Which nonce of a batch a lane holds after words were laid down and states taken up twice.
pub(super) const fn nonce_of_lane(lane: usize) -> usize {
    let once = lane_of_slot(slot_of_lane(lane % 8));
    lane / 8 * 8 + lane_of_slot(slot_of_lane(once))
}
