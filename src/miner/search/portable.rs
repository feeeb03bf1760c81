//! One nonce at a time by the `sha2` crate's block function, with the midstate reused: what every machine can do, and what the
//! other paths are measured against. The crate uses SHA instructions by itself where it knows them.

use super::midstate::Prepared;
use super::path::{Candidates, Kernel};

pub(super) const KERNEL: Kernel = Kernel { lanes: 1, scan };

fn scan(prepared: &Prepared, base: u32, groups: u32) -> Option<Candidates> {
    let mut blocks = prepared.blocks();
    let top = prepared.target_top();
    for group in 0..groups {
        let hash = prepared.double_hash(&mut blocks, base.wrapping_add(group));
        if hash[7].swap_bytes() <= top {
            return Some(Candidates { group, lanes: 1 });
        }
    }
    None
}
