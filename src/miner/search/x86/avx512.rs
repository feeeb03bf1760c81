//! Sixteen nonces at once in the lanes of AVX-512: rotations and functions of three words are one instruction each.

use core::arch::x86_64::*;

use super::super::midstate::{END, HASH_BITS, HEADER_BITS, IV, Prepared};
use super::super::path::Candidates;
use super::known::{K, Known, round_terms, small_sigma0, small_sigma1};
use super::lanes::later_constants;

pub(super) const LANES: u32 = 16;

type V = __m512i;

macro_rules! operation {
    ($name:ident($($x:ident),*): $value:expr) => {
        #[inline]
        #[target_feature(enable = "avx512f,avx512bw")]
        fn $name($($x: V),*) -> V {
            $value
        }
    };
}

operation!(add(x, y): _mm512_add_epi32(x, y));
// The constants are truth tables: `e ? f : g`, the majority, the parity.
operation!(ch(e, f, g): _mm512_ternarylogic_epi32::<0xca>(e, f, g));
operation!(maj(a, b, c): _mm512_ternarylogic_epi32::<0xe8>(a, b, c));
operation!(xor(x, y, z): _mm512_ternarylogic_epi32::<0x96>(x, y, z));
operation!(big0(x): xor(_mm512_ror_epi32::<2>(x), _mm512_ror_epi32::<13>(x), _mm512_ror_epi32::<22>(x)));
operation!(big1(x): xor(_mm512_ror_epi32::<6>(x), _mm512_ror_epi32::<11>(x), _mm512_ror_epi32::<25>(x)));
operation!(small0(x): xor(_mm512_ror_epi32::<7>(x), _mm512_ror_epi32::<18>(x), _mm512_srli_epi32::<3>(x)));
operation!(small1(x): xor(_mm512_ror_epi32::<17>(x), _mm512_ror_epi32::<19>(x), _mm512_srli_epi32::<10>(x)));
operation!(swap_bytes(x): _mm512_shuffle_epi8(
    x,
    _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203),
));

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn set(word: u32) -> V {
    _mm512_set1_epi32(word.cast_signed())
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn nonces(base: u32) -> V {
    let offsets = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    add(set(base), offsets)
}

double_hash_in_lanes!("avx512f,avx512bw");

/// The first group of lanes with hashes that the target's most significant word allows.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn scan(prepared: &Prepared, base: u32, groups: u32) -> Option<Candidates> {
    let known = Known::of(prepared);
    let later = later_constants();
    let top = set(prepared.target_top());
    for group in 0..groups {
        let at = base.wrapping_add(group.wrapping_mul(LANES));
        let lanes = _mm512_cmple_epu32_mask(double_hash(&known, later, at), top);
        if lanes != 0 {
            let lanes = lanes.into();
            return Some(Candidates { group, lanes });
        }
    }
    None
}
