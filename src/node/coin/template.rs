//! Block templates: what waits, executed on the tip's state, ready but for its proof.

use std::sync::Arc;

use alloy_consensus::constants::EMPTY_OMMER_ROOT_HASH;
use alloy_primitives::{Address, B64, B256, Bytes};

use super::{CoinError, CoinHandle};
use crate::protocol::coin::block::{
    Block, CheckedBlock, Record, commitment, mix_hash, transactions_root,
};
use crate::protocol::coin::execution::{Assembly, Environment, Executed, ExecutionError};
use crate::protocol::coin::header::{Header, PowHash};
use crate::protocol::coin::parameters::Parameters;
use crate::protocol::coin::place::Place;
use crate::protocol::coin::state::StateView;
use crate::protocol::coin::transaction::Transaction;
use crate::store::coin::Ledger;

/// A block that lacks its proof.
#[derive(Debug, Clone)]
pub struct Template {
    pub header: Header,
    pub record: Record,
    pub transactions: Vec<Arc<Transaction>>,
    /// Its place once it is sealed, but for the hash.
    pub number: u64,
    pub executed: Box<Executed>,
}

/// Bytes of an encoded block beside its transactions' envelopes, at most.
const FRAME_BYTES: u64 = 1_024;

impl Template {
    /// The same block with other extra data, for another range of nonces.
    #[must_use]
    pub fn with_extra_data(&self, extra_data: Bytes) -> Self {
        let mut other = self.clone();
        other.record.extra_data = extra_data;
        other.header.commitment = commitment(&other.record);
        other
    }

    /// The encoded block with this nonce.
    pub fn sealed(&self, nonce: u32) -> Block {
        Block {
            header: Header {
                nonce,
                ..self.header
            },
            record: self.record.clone(),
            envelopes: self
                .transactions
                .iter()
                .map(|transaction| transaction.bytes().clone())
                .collect(),
        }
    }

    /// What the template stands on.
    pub fn parent(&self) -> PowHash {
        self.header.previous
    }
}

/// What a template is made on and for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The block that it stands on, and the hash of that one's record.
    pub parent: Place,
    pub parent_record: B256,
    /// Seconds since 1970; a block's time is above its parent's all the same.
    pub now: u64,
    pub miner: Address,
    pub extra_data: Bytes,
}

impl Template {
    /// A template on this state, which `request.parent` left, of the candidates that hold in their turn, until gas or bytes run out.
    ///
    /// # Errors
    /// Never a fault: [`ExecutionError::View`] or [`ExecutionError::Unsound`].
    pub fn on(
        parameters: &Parameters,
        state: &dyn StateView,
        request: Request,
        candidates: impl IntoIterator<Item = Arc<Transaction>>,
    ) -> Result<Self, ExecutionError> {
        let parent = request.parent;
        let number = parent.number + 1;
        let now = u32::try_from(request.now).unwrap_or(u32::MAX);
        let time = now.max(parent.time.saturating_add(1));
        let environment = Environment {
            number,
            time,
            miner: request.miner,
            mix_hash: mix_hash(parent.hash),
        };
        let mut assembly = Assembly::new(parameters, state, environment);
        let mut bytes_left = parameters.byte_limit.saturating_sub(FRAME_BYTES);
        for transaction in candidates {
            // Its length in the block: the envelope behind at most four bytes.
            let bytes = transaction.bytes().len() as u64 + 4;
            if bytes > bytes_left || transaction.gas_limit() > assembly.gas_left() {
                continue;
            }
            match assembly.add(&transaction)? {
                Ok(()) => bytes_left -= bytes,
                Err(rule) => {
                    tracing::debug!(hash = %transaction.hash(), %rule, "left out of a template");
                }
            }
        }
        let (transactions, executed) = assembly.finish()?;
        let envelopes: Vec<Bytes> = transactions
            .iter()
            .map(|transaction| transaction.bytes().clone())
            .collect();
        let bits = parent.required_bits_of_child(parameters);
        let work = bits
            .target()
            .map(|target| target.work())
            .unwrap_or_default();
        let record = Record {
            parent_hash: request.parent_record,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: request.miner,
            state_root: executed.state_root,
            transactions_root: transactions_root(&envelopes),
            receipts_root: executed.receipts_root,
            logs_bloom: executed.logs_bloom,
            difficulty: work.0,
            number,
            gas_limit: parameters.gas_limit,
            gas_used: executed.gas_used,
            timestamp: time.into(),
            extra_data: request.extra_data,
            mix_hash: environment.mix_hash,
            nonce: B64::ZERO,
            base_fee_per_gas: Some(parameters.base_fee),
            ..Record::default()
        };
        let header = Header {
            version: Header::VERSION,
            previous: parent.hash,
            commitment: commitment(&record),
            time,
            bits,
            nonce: 0,
        };
        Ok(Self {
            header,
            record,
            transactions,
            number,
            executed: Box::new(executed),
        })
    }
}

impl CoinHandle {
    /// A template on the current tip that pays `miner`: the best of what waits, until gas or bytes run out. Blocks.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn template(&self, miner: Address, extra_data: Bytes) -> Result<Template, CoinError> {
        let snapshot = self.snapshot()?;
        let parent = snapshot.place_of(snapshot.state()?.tip)?;
        let request = Request {
            parent: parent.place,
            parent_record: parent.record_hash,
            now: self.time_of_child(parent.place.time),
            miner,
            extra_data,
        };
        let made = Template::on(
            self.parameters(),
            &snapshot,
            request,
            self.best_transactions(),
        );
        made.map_err(|error| CoinError::of_execution(PowHash::ZERO, error))
    }
}

/// A sealed template as a block that is checked already but for its proof.
pub(super) fn checked(
    template: &Template,
    nonce: u32,
    parameters: &Parameters,
) -> Result<CheckedBlock, crate::protocol::coin::broken::Fault> {
    let formed = template.sealed(nonce).check_form(parameters)?;
    formed.complete(template.transactions.iter().cloned().map(Ok))
}
