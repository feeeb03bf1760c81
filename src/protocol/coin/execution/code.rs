//! Code that was read before, taken apart already.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use alloy_primitives::B256;
use alloy_primitives::map::B256Map;
use revm::bytecode::Bytecode;

/// Codes that are remembered, of at most 24 kB each and half as much again for where jumps may go.
const MOST_KNOWN: usize = 256;

/// Codes by their hashes, for calls that come again and again: reading one, hashing it and finding where jumps may go costs more than most calls.
#[derive(Default)]
pub struct KnownCode(Mutex<B256Map<Bytecode>>);

impl fmt::Debug for KnownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownCode").finish_non_exhaustive()
    }
}

impl KnownCode {
    pub(super) fn get(&self, hash: B256) -> Option<Bytecode> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&hash).cloned()
    }

    pub(super) fn keep(&self, hash: B256, code: Bytecode) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(hash, code);
    }
}
