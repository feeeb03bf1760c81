//! Eight nonces at once in the lanes of AVX2, for processors that have neither SHA instructions nor AVX-512.

use core::arch::x86_64::*;

use super::super::midstate::{END, HASH_BITS, HEADER_BITS, IV, Prepared};
use super::super::path::Candidates;
use super::known::{K, Known, round_terms, small_sigma0, small_sigma1};
use super::lanes::later_constants;

pub(super) const LANES: u32 = 8;

type V = __m256i;

macro_rules! operation {
    ($name:ident($($x:ident),*): $value:expr) => {
        #[inline]
        #[target_feature(enable = "avx2")]
        fn $name($($x: V),*) -> V {
            $value
        }
    };
}

operation!(add(x, y): _mm256_add_epi32(x, y));
operation!(xor(x, y): _mm256_xor_si256(x, y));
operation!(ch(e, f, g): xor(g, _mm256_and_si256(e, xor(f, g))));
// `a ^ b` is the next round's `b ^ c`, so that one of the two costs nothing.
operation!(maj(a, b, c): xor(b, _mm256_and_si256(xor(a, b), xor(b, c))));
operation!(big0(x): xor(xor(rotate::<2, 30>(x), rotate::<13, 19>(x)), rotate::<22, 10>(x)));
operation!(big1(x): xor(xor(rotate::<6, 26>(x), rotate::<11, 21>(x)), rotate::<25, 7>(x)));
operation!(small0(x): xor(xor(rotate::<7, 25>(x), rotate::<18, 14>(x)), _mm256_srli_epi32::<3>(x)));
operation!(small1(x): xor(xor(rotate::<17, 15>(x), rotate::<19, 13>(x)), _mm256_srli_epi32::<10>(x)));
operation!(swap_bytes(x): _mm256_shuffle_epi8(
    x,
    _mm256_broadcastsi128_si256(_mm_set_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203)),
));

#[inline]
#[target_feature(enable = "avx2")]
fn rotate<const RIGHT: i32, const LEFT: i32>(x: V) -> V {
    const { assert!(RIGHT + LEFT == 32) };
    xor(_mm256_srli_epi32::<RIGHT>(x), _mm256_slli_epi32::<LEFT>(x))
}

#[inline]
#[target_feature(enable = "avx2")]
fn set(word: u32) -> V {
    _mm256_set1_epi32(word.cast_signed())
}

#[inline]
#[target_feature(enable = "avx2")]
fn nonces(base: u32) -> V {
    add(set(base), _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0))
}

double_hash_in_lanes!("avx2");

/// The first group of lanes with hashes that the target's most significant word allows.
#[target_feature(enable = "avx2")]
pub(super) fn scan(prepared: &Prepared, base: u32, groups: u32) -> Option<Candidates> {
    let known = Known::of(prepared);
    let later = later_constants();
    let top = set(prepared.target_top());
    for group in 0..groups {
        let at = base.wrapping_add(group.wrapping_mul(LANES));
        let words = double_hash(&known, later, at);
        // AVX2 compares signed numbers only; what a minimum leaves alone is not greater.
        let not_greater = _mm256_cmpeq_epi32(_mm256_min_epu32(words, top), words);
        let lanes = _mm256_movemask_ps(_mm256_castsi256_ps(not_greater));
        if lanes != 0 {
            let lanes = u64::from(lanes.cast_unsigned());
            return Some(Candidates { group, lanes });
        }
    }
    None
}
