//! The double hash of as many nonces as a vector has lanes, every lane one nonce. AVX-512 and AVX2 share it and bring the operations:
//! the type `V` and the functions `set`, `nonces`, `add`, `ch`, `maj`, `big0`, `big1`, `small0`, `small1` and `swap_bytes`.
//!
//! States and words are arrays with constant places, so that they live in registers.

use std::hint::black_box;

use super::known::K;

/// Round `t` with the sum of constant and word. Roles move by one place a round.
macro_rules! round {
    ($s:ident, $t:expr, $kw:expr) => {{
        const A: usize = (64 - $t) % 8;
        const B: usize = (65 - $t) % 8;
        const C: usize = (66 - $t) % 8;
        half_round!($s, $t, $kw);
        $s[(71 - $t) % 8] = add(
            $s[(71 - $t) % 8],
            add(big0($s[A]), maj($s[A], $s[B], $s[C])),
        );
    }};
}

/// As `round`, without the new `a`: its place holds what of it the new `e` shares.
macro_rules! half_round {
    ($s:ident, $t:expr, $kw:expr) => {{
        const D: usize = (67 - $t) % 8;
        const E: usize = (68 - $t) % 8;
        const F: usize = (69 - $t) % 8;
        const G: usize = (70 - $t) % 8;
        const H: usize = (71 - $t) % 8;
        $s[H] = add(add(add($s[H], $kw), ch($s[E], $s[F], $s[G])), big1($s[E]));
        $s[D] = add($s[D], $s[H]);
    }};
}

/// Rounds from `t` on, whose words are given and kept.
macro_rules! rounds {
    ($s:ident, $w:ident, $t:expr; $word:expr $(, $rest:expr)* $(,)?) => {
        $w[$t % 16] = $word;
        round!($s, $t, add($w[$t % 16], set(K[$t])));
        rounds!($s, $w, $t + 1; $($rest),*);
    };
    ($s:ident, $w:ident, $t:expr;) => {};
}

/// Rounds from `t` on, whose words are constants.
macro_rules! constant_rounds {
    ($s:ident, $t:expr; $word:expr $(, $rest:expr)*) => {
        round!($s, $t, set(K[$t].wrapping_add($word)));
        constant_rounds!($s, $t + 1; $($rest),*);
    };
    ($s:ident, $t:expr;) => {};
}

/// Word `t` as the standard has it.
macro_rules! word {
    ($w:ident, $t:expr) => {
        add(
            add($w[$t % 16], small0($w[($t + 1) % 16])),
            add($w[($t + 9) % 16], small1($w[($t + 14) % 16])),
        )
    };
}

/// Rounds whose words are as the standard has them; `k` is the table in which their constants stand.
macro_rules! usual_rounds {
    ($s:ident, $w:ident, $k:ident; $($t:literal)+) => {
        $(
            $w[$t % 16] = word!($w, $t);
            round!($s, $t, add($w[$t % 16], set($k[$t])));
        )+
    };
}

/// The constants of rounds 32 to 63, in a loop of which the compiler does not know how often it runs. Unrolled, it would sort the
/// operations of the whole hash by kind, and take a tenth longer.
pub(super) fn later_constants() -> &'static [[u32; 16]] {
    black_box(K.as_chunks::<16>().0.get(2..).unwrap_or_default())
}

/// Defines `double_hash(known, later, base)`: the most significant words of the double hashes of the nonces from `base` up, ready
/// to be compared with the target's. `later` are [`later_constants`].
///
/// Left out are rounds 0 to 2 of the first hash, and terms of words whose parts are known; in the second hash round 0 but for its
/// word, the new `a` of rounds 57 to 60, which nobody reads, and rounds 61 to 63, since the state's last word is the `e` of round 60.
macro_rules! double_hash_in_lanes {
    ($features:literal) => {
        #[inline]
        #[target_feature(enable = $features)]
        fn double_hash(known: &Known, later: &[[u32; 16]], base: u32) -> V {
            let p = known;
            let nonce = swap_bytes(nonces(base));
            let [a, b, c, _, e, f, g, _] = p.before_round3.map(|word| set(word));
            let mut s = [add(nonce, set(p.e3)), e, f, g, add(nonce, set(p.a3)), a, b, c];
            constant_rounds!(s, 4; END, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, HEADER_BITS, p.w16, p.w17);
            let mut w = [set(0); 16];
            w[0] = set(p.w16);
            w[1] = set(p.w17);
            rounds!(s, w, 18;
                add(small0(nonce), set(p.w18)),
                add(nonce, set(p.w19)),
                add(small1(w[2]), set(END)),
                small1(w[3]),
                add(small1(w[4]), set(HEADER_BITS)),
                add(small1(w[5]), w[0]),
                add(small1(w[6]), w[1]),
                add(small1(w[7]), w[2]),
                add(small1(w[8]), w[3]),
                add(small1(w[9]), w[4]),
                add(small1(w[10]), w[5]),
                add(small1(w[11]), w[6]),
                add(add(small1(w[12]), w[7]), set(const { small_sigma0(HEADER_BITS) })),
                add(add(small1(w[13]), w[8]), set(p.w31)),
            );
            for k in later {
                usual_rounds!(s, w, k; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            }

            for (word, (state, before)) in w.iter_mut().zip(s.iter().zip(p.midstate)) {
                *word = add(*state, set(before));
            }
            // Round 0 from the constant state, and the places of roles after it.
            const TERMS: (u32, u32) = round_terms(&IV, K[0]);
            let mut s = IV.map(|word| set(word));
            s[3] = add(w[0], set(const { TERMS.0.wrapping_add(IV[3]) }));
            s[7] = add(w[0], set(TERMS.1));
            round!(s, 1, add(w[1], set(K[1])));
            round!(s, 2, add(w[2], set(K[2])));
            round!(s, 3, add(w[3], set(K[3])));
            round!(s, 4, add(w[4], set(K[4])));
            round!(s, 5, add(w[5], set(K[5])));
            round!(s, 6, add(w[6], set(K[6])));
            round!(s, 7, add(w[7], set(K[7])));
            constant_rounds!(s, 8; END, 0, 0, 0, 0, 0, 0, HASH_BITS);
            rounds!(s, w, 16;
                add(w[0], small0(w[1])),
                add(add(w[1], small0(w[2])), set(const { small_sigma1(HASH_BITS) })),
                add(add(w[2], small0(w[3])), small1(w[0])),
                add(add(w[3], small0(w[4])), small1(w[1])),
                add(add(w[4], small0(w[5])), small1(w[2])),
                add(add(w[5], small0(w[6])), small1(w[3])),
                add(add(w[6], small0(w[7])), add(set(HASH_BITS), small1(w[4]))),
                add(add(w[7], set(const { small_sigma0(END) })), add(w[0], small1(w[5]))),
                add(set(END), add(w[1], small1(w[6]))),
                add(w[2], small1(w[7])),
                add(w[3], small1(w[8])),
                add(w[4], small1(w[9])),
                add(w[5], small1(w[10])),
                add(w[6], small1(w[11])),
                add(add(w[7], small1(w[12])), set(const { small_sigma0(HASH_BITS) })),
                add(add(w[8], small1(w[13])), add(small0(w[0]), set(HASH_BITS))),
            );
            usual_rounds!(s, w, K; 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56);
            w[9] = word!(w, 57);
            half_round!(s, 57, add(w[9], set(K[57])));
            w[10] = word!(w, 58);
            half_round!(s, 58, add(w[10], set(K[58])));
            w[11] = word!(w, 59);
            half_round!(s, 59, add(w[11], set(K[59])));
            half_round!(s, 60, add(word!(w, 60), set(const { K[60].wrapping_add(IV[7]) })));
            swap_bytes(s[7])
        }
    };
}
