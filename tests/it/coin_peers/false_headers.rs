//! Headers that do not hold, each by its rule, and those that do not hold yet.

use std::sync::Arc;

use alloy_primitives::B256;
use bcoin::peers::round::Outcome;
use bcoin::protocol::coin::header::{Header, PowHash};
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::protocol::coin::place::Place;
use bcoin::protocol::coin::target::Bits;

use super::forged::{header_behind, place_behind, proven, unproven};
use super::liar::{Liar, block_answer, header_answer};
use super::world::{NOW, Served, assert_is, hardening, parameters};

#[tokio::test]
async fn each_rule_that_a_header_breaks_is_named() {
    let node = Served::with_chain(hardening(), 0xa1, 1).await;
    let genesis = Arc::clone(node.node.genesis());
    let first = header_behind(&genesis.place, &genesis.parameters, 600);
    let rest = place_behind(&genesis.place, &first, &genesis.parameters);
    let second = header_behind(&rest, &genesis.parameters, 600);
    let breaks: [(Header, &str, &str); 7] = [
        (
            Header {
                version: 2,
                ..second
            },
            "header_version",
            "has version 2",
        ),
        (
            Header {
                bits: Bits(0),
                ..second
            },
            "bits_invalid",
            "stand for no target",
        ),
        (
            Header {
                bits: Bits(0x2100_ffff),
                ..second
            },
            "bits_easier_than_easiest",
            "easier than the easiest",
        ),
        (
            unproven(second),
            "proof_of_work",
            "does not meet the target",
        ),
        (
            proven(Header {
                previous: PowHash(B256::repeat_byte(1)),
                ..second
            }),
            "parent_unknown",
            "is not known",
        ),
        (
            proven(Header {
                time: first.time,
                ..second
            }),
            "time_not_above_parent",
            "its parent's is",
        ),
        (
            proven(Header {
                bits: Bits(0x1f7f_ffff),
                ..second
            }),
            "bits_wrong",
            "its place demands",
        ),
    ];
    for (broken, rule, detail) in breaks {
        let answer = header_answer(&genesis, 0, &[first, broken]);
        let liar = Liar::saying(answer, Vec::new()).await;
        let report = node.report_on(&liar.address).await;
        assert_is(&report, Outcome::Invalid, "header 2 (");
        assert_is(&report, Outcome::Invalid, &format!("the rule {rule}: "));
        assert_is(&report, Outcome::Invalid, detail);
        assert_eq!((report.report.length, report.work), (None, None));
        assert!(!liar.was_asked_for_blocks());
    }
    assert_eq!(node.known(), 2);
}

#[tokio::test]
async fn a_block_from_ahead_of_the_clock_waits_and_those_before_it_do_not() {
    let ahead = Parameters {
        ahead: 5,
        ..parameters()
    };
    let node = Served::new(ahead).await;
    let genesis = Arc::clone(node.node.genesis());
    // From this node's second on, a second each: the sixth is as far ahead as may be.
    let mut place = genesis.place;
    let mut headers = Vec::new();
    for number in 0..8_u32 {
        let mut header = header_behind(&place, &genesis.parameters, 1);
        if number == 0 {
            header = proven(Header {
                time: NOW as u32,
                ..header
            });
        }
        place = if place.time < NOW as u32 + 5 {
            place_behind(&place, &header, &genesis.parameters)
        } else {
            // Nobody would follow it.
            Place {
                hash: header.hash(),
                number: place.number + 1,
                time: header.time,
                ..place
            }
        };
        headers.push(header);
    }
    let liar = Liar::saying(
        header_answer(&genesis, 0, &headers),
        block_answer(&genesis, 0, &[]),
    )
    .await;
    let report = node.report_on(&liar.address).await;
    assert_is(&report, Outcome::Invalid, "its headers went up to 6");
    assert_eq!(report.report.length, Some(7));
}
