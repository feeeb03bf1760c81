//! Four nonces beside each other by the SHA instructions. A single one leaves them idle most of the time, since two rounds take four
//! steps of the clock, and every pair of rounds waits for the one before.

use core::arch::x86_64::*;

use super::super::midstate::{END, HASH_BITS, HEADER_BITS, IV, Prepared};
use super::super::path::Candidates;
use super::known::{K, Known, small_sigma0};

pub(super) const STREAMS: usize = 4;

type Streams = [__m128i; STREAMS];

/// The same for every stream: `$i` is its number, a constant.
macro_rules! each {
    ($i:ident: $value:expr) => {
        [
            {
                const $i: usize = 0;
                $value
            },
            {
                const $i: usize = 1;
                $value
            },
            {
                const $i: usize = 2;
                $value
            },
            {
                const $i: usize = 3;
                $value
            },
        ]
    };
}

/// Four words, the first lowest.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn words([w0, w1, w2, w3]: [u32; 4]) -> __m128i {
    _mm_set_epi32(
        w3.cast_signed(),
        w2.cast_signed(),
        w1.cast_signed(),
        w0.cast_signed(),
    )
}

/// The halves of a state as the instructions want them.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn halves([a, b, c, d, e, f, g, h]: [u32; 8]) -> (__m128i, __m128i) {
    (words([f, e, b, a]), words([h, g, d, c]))
}

/// The constants of rounds `4 q` to `4 q + 3`, each plus a word.
macro_rules! constants {
    ($q:literal, $plus:expr) => {{
        let [w0, w1, w2, w3]: [u32; 4] = $plus;
        words([
            K[4 * $q].wrapping_add(w0),
            K[4 * $q + 1].wrapping_add(w1),
            K[4 * $q + 2].wrapping_add(w2),
            K[4 * $q + 3].wrapping_add(w3),
        ])
    }};
    ($q:literal) => {
        constants!($q, [0; 4])
    };
}

/// Four rounds; `kw` are the sums of constants and words.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn four_rounds(abef: &mut Streams, cdgh: &mut Streams, kw: Streams) {
    *cdgh = each!(I: _mm_sha256rnds2_epu32(cdgh[I], abef[I], kw[I]));
    *abef = each!(I: _mm_sha256rnds2_epu32(abef[I], cdgh[I], _mm_shuffle_epi32::<0x0e>(kw[I])));
}

/// Four words from the sixteen before, of which `a` are the oldest.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn next(a: __m128i, b: __m128i, c: __m128i, d: __m128i) -> __m128i {
    let sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8::<4>(d, c));
    _mm_sha256msg2_epu32(sum, d)
}

/// Words of four rounds, and the rounds.
macro_rules! scheduled_rounds {
    ($abef:ident, $cdgh:ident, $q:literal: $a:ident $b:ident $c:ident $d:ident) => {
        $a = each!(I: next($a[I], $b[I], $c[I], $d[I]));
        four_rounds(&mut $abef, &mut $cdgh, each!(I: _mm_add_epi32($a[I], constants!($q))));
    };
}

/// The most significant words of the double hashes of the nonces from `base` up.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn double_hash(p: &Known, base: u32) -> [u32; STREAMS] {
    let nonces: [u32; STREAMS] = each!(I: base.wrapping_add(I as u32).swap_bytes());

    // Rounds 2 and 3, which only the second half of four takes part in.
    let (known_abef, known_cdgh) = halves(p.before_round2);
    let mut cdgh = [known_abef; STREAMS];
    let mut abef = each!(I: _mm_sha256rnds2_epu32(
        known_cdgh,
        known_abef,
        words([K[2].wrapping_add(p.w2), K[3].wrapping_add(nonces[I]), 0, 0])
    ));
    four_rounds(
        &mut abef,
        &mut cdgh,
        [constants!(1, [END, 0, 0, 0]); STREAMS],
    );
    four_rounds(&mut abef, &mut cdgh, [constants!(2); STREAMS]);
    four_rounds(
        &mut abef,
        &mut cdgh,
        [constants!(3, [0, 0, 0, HEADER_BITS]); STREAMS],
    );

    // The words 16 to 31, less what is zero or known.
    let known = words([p.w16, p.w17, p.w18, p.w19]);
    let mut w = each!(I: _mm_add_epi32(known, words([0, 0, small_sigma0(nonces[I]), nonces[I]])));
    four_rounds(
        &mut abef,
        &mut cdgh,
        each!(I: _mm_add_epi32(w[I], constants!(4))),
    );
    let known = words([END, 0, HEADER_BITS, p.w16]);
    let mut x = each!(I: _mm_sha256msg2_epu32(known, w[I]));
    four_rounds(
        &mut abef,
        &mut cdgh,
        each!(I: _mm_add_epi32(x[I], constants!(5))),
    );
    let mut y = each!(I: _mm_sha256msg2_epu32(_mm_alignr_epi8::<4>(x[I], w[I]), x[I]));
    four_rounds(
        &mut abef,
        &mut cdgh,
        each!(I: _mm_add_epi32(y[I], constants!(6))),
    );
    let known = words([0, 0, small_sigma0(HEADER_BITS), p.w31]);
    let mut z = each!(I: _mm_sha256msg2_epu32(_mm_add_epi32(known, _mm_alignr_epi8::<4>(y[I], x[I])), y[I]));
    four_rounds(
        &mut abef,
        &mut cdgh,
        each!(I: _mm_add_epi32(z[I], constants!(7))),
    );
    scheduled_rounds!(abef, cdgh, 8: w x y z);
    scheduled_rounds!(abef, cdgh, 9: x y z w);
    scheduled_rounds!(abef, cdgh, 10: y z w x);
    scheduled_rounds!(abef, cdgh, 11: z w x y);
    scheduled_rounds!(abef, cdgh, 12: w x y z);
    scheduled_rounds!(abef, cdgh, 13: x y z w);
    scheduled_rounds!(abef, cdgh, 14: y z w x);
    scheduled_rounds!(abef, cdgh, 15: z w x y);

    // The first hash is the next block: a to d, e to h, the end, the length.
    let (known_abef, known_cdgh) = halves(p.midstate);
    abef = each!(I: _mm_shuffle_epi32::<0x1b>(_mm_add_epi32(abef[I], known_abef)));
    cdgh = each!(I: _mm_shuffle_epi32::<0x1b>(_mm_add_epi32(cdgh[I], known_cdgh)));
    let m0 = each!(I: _mm_unpacklo_epi64(abef[I], cdgh[I]));
    let m1 = each!(I: _mm_unpackhi_epi64(abef[I], cdgh[I]));
    let m2 = words([END, 0, 0, 0]);
    let m3 = words([0, 0, 0, HASH_BITS]);
    let (known_abef, known_cdgh) = halves(IV);
    abef = [known_abef; STREAMS];
    cdgh = [known_cdgh; STREAMS];
    four_rounds(
        &mut abef,
        &mut cdgh,
        each!(I: _mm_add_epi32(m0[I], constants!(0))),
    );
    four_rounds(
        &mut abef,
        &mut cdgh,
        each!(I: _mm_add_epi32(m1[I], constants!(1))),
    );
    four_rounds(
        &mut abef,
        &mut cdgh,
        [constants!(2, [END, 0, 0, 0]); STREAMS],
    );
    four_rounds(
        &mut abef,
        &mut cdgh,
        [constants!(3, [0, 0, 0, HASH_BITS]); STREAMS],
    );
    w = each!(I: _mm_sha256msg2_epu32(_mm_sha256msg1_epu32(m0[I], m1[I]), m3));
    four_rounds(
        &mut abef,
        &mut cdgh,
        each!(I: _mm_add_epi32(w[I], constants!(4))),
    );
    x = each!(I: next(m1[I], m2, m3, w[I]));
    four_rounds(
        &mut abef,
        &mut cdgh,
        each!(I: _mm_add_epi32(x[I], constants!(5))),
    );
    y = each!(I: _mm_sha256msg2_epu32(_mm_add_epi32(m2, _mm_alignr_epi8::<4>(x[I], w[I])), x[I]));
    four_rounds(
        &mut abef,
        &mut cdgh,
        each!(I: _mm_add_epi32(y[I], constants!(6))),
    );
    z = each!(I: next(m3, w[I], x[I], y[I]));
    four_rounds(
        &mut abef,
        &mut cdgh,
        each!(I: _mm_add_epi32(z[I], constants!(7))),
    );
    scheduled_rounds!(abef, cdgh, 8: w x y z);
    scheduled_rounds!(abef, cdgh, 9: x y z w);
    scheduled_rounds!(abef, cdgh, 10: y z w x);
    scheduled_rounds!(abef, cdgh, 11: z w x y);
    scheduled_rounds!(abef, cdgh, 12: w x y z);
    scheduled_rounds!(abef, cdgh, 13: x y z w);
    scheduled_rounds!(abef, cdgh, 14: y z w x);
    // Rounds 60 and 61: the last word of the state is the `e` of the former, the lowest place now.
    each!(I: {
        let kw = _mm_add_epi32(next(z[I], w[I], x[I], y[I]), constants!(15));
        let state = _mm_sha256rnds2_epu32(cdgh[I], abef[I], kw);
        _mm_cvtsi128_si32(state).cast_unsigned().wrapping_add(IV[7])
    })
}

/// The first group of streams with hashes that the target's most significant word allows.
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn scan(prepared: &Prepared, base: u32, groups: u32) -> Option<Candidates> {
    let known = Known::of(prepared);
    let top = prepared.target_top();
    for group in 0..groups {
        let at = base.wrapping_add(group.wrapping_mul(STREAMS as u32));
        let words = double_hash(&known, at);
        let [a, b, c, d] = words.map(|word| u64::from(word.swap_bytes() <= top));
        let lanes = a | b << 1 | c << 2 | d << 3;
        if lanes != 0 {
            return Some(Candidates { group, lanes });
        }
    }
    None
}
