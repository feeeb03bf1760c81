//! Every proof that a chain mined as the book mines can hold. There are so few because a proof looks at the one before it and at nothing else.
//!
//! A record of what [`super::proof::search`] finds, for whoever shows it; the search stays the rule, and a test holds the two together.

use super::proof::Proof;

/// The proofs in order, from the first block's on.
#[rustfmt::skip]
pub const PROOFS: [u32; 225] = [
    1, 533, 45_293, 21_391, 8_018, 48_191, 19_865, 95_063, 15_457, 15_479, 7_889, 72_474, 126_616,
    64_161, 144_125, 2_492, 22_592, 107_780, 47_346, 46_891, 91_004, 200_907, 133_432, 43_978,
    174_790, 56_224, 17_995, 41_769, 37_872, 56_560, 93_290, 79_596, 63_608, 200_572, 9_764, 73_130,
    27_661, 29_585, 117_590, 2_533, 49_612, 59_050, 75_089, 17_057, 8_402, 83_649, 209_847, 30_673,
    41_077, 172_714, 275_457, 261_334, 150_586, 72_063, 57_149, 94_594, 146_131, 143_699, 1_368,
    133_797, 38_963, 36_379, 130_315, 2_331, 155_687, 92_549, 89_955, 17_879, 168_684, 11_269,
    6_985, 23_102, 19_878, 76_402, 145_654, 29_815, 14_485, 28_917, 1_428, 6_045, 28_536, 23_939,
    346_464, 111_799, 38_894, 12_315, 85_414, 28_669, 307_265, 4_457, 57_053, 279_174, 11_073,
    21_811, 94_609, 75_350, 48_034, 41_019, 71_450, 53_982, 35_681, 31_376, 18_302, 271_453, 22_377,
    56_132, 32_560, 37_854, 34_102, 153_355, 21_584, 120_319, 37_158, 34_595, 18_925, 56_347,
    34_890, 115_244, 27_582, 36_132, 120_950, 76_493, 36_620, 160_256, 17_874, 111_741, 10_950,
    100_637, 58_578, 58_652, 26_434, 70_230, 20_212, 32_594, 149_941, 53_260, 70_080, 30_512,
    19_460, 9_874, 113_323, 2_660, 26_300, 80_061, 58_862, 32_535, 187_903, 54_268, 46_309, 100_739,
    5_236, 200_339, 157_704, 66_150, 47_552, 71_613, 5_065, 171_471, 192_210, 75_805, 18_208,
    54_466, 45_586, 5_639, 56_730, 3_913, 966, 43_424, 82_556, 56_705, 33_934, 14_310, 96_908,
    18_517, 13_584, 15_483, 47_762, 142_965, 21_507, 29_505, 91_722, 12_938, 46_918, 5_017, 122_522,
    48_406, 24_453, 8_345, 85_963, 10_710, 471, 3_654, 118_975, 24_575, 29_363, 92_092, 130_180,
    229_227, 16_782, 22_132, 47_970, 37_007, 109_149, 44_642, 1_841, 107_831, 268_916, 11_217,
    20_689, 27_258, 26_695, 108_498, 38_828, 2_486, 86_881, 73_661, 82_388, 187_885, 118_055,
    44_723, 6_132, 40_792, 81_548, 5_477, 9_215,
];

/// Where the loop begins: the proof behind the last one is this one again.
pub const LOOP_START: usize = 67;

/// The place of a proof among [`PROOFS`], counted from 0.
pub fn place_of(proof: Proof) -> Option<usize> {
    PROOFS
        .iter()
        .position(|known| i128::from(*known) == proof.get())
}

#[cfg(test)]
mod tests {
    use super::super::proof::search;
    use super::*;

    fn proof(place: usize) -> Proof {
        Proof::new(PROOFS[place].into()).expect("a short number")
    }

    #[test]
    fn each_proof_follows_the_one_before_and_the_last_leads_back_into_the_loop() {
        for place in 1..PROOFS.len() {
            assert!(proof(place).follows(proof(place - 1)), "{place}");
        }
        assert!(proof(LOOP_START).follows(proof(PROOFS.len() - 1)));
        let mut different = PROOFS.to_vec();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), PROOFS.len());
    }

    #[test]
    fn the_search_finds_what_is_recorded() {
        // Small ones from all of the list: a search takes as many tries as the proof found is great.
        let mut tried = 0;
        for place in (1..PROOFS.len()).filter(|place| PROOFS[*place] < 6_000) {
            assert_eq!(search(proof(place - 1), || true), Some(proof(place)));
            tried += 1;
        }
        assert!(tried > 10);
        let recorded = include_str!("../../../tests/vectors/classic/proofs.json");
        let recorded: serde_json::Value = serde_json::from_str(recorded).expect("JSON");
        assert_eq!(
            recorded["proofs"],
            serde_json::json!(PROOFS.to_vec()),
            "as a Python node found them"
        );
    }

    #[test]
    fn a_proof_is_looked_up() {
        assert_eq!(place_of(Proof::FIRST), Some(0));
        assert_eq!(place_of(proof(LOOP_START)), Some(67));
        assert_eq!(Proof::new(-533).and_then(place_of), None);
    }
}
