//! A block: header, record and transactions, and what can be checked of it by itself. `docs/coin-format.md`, sections 4, 5 and 9.1.

use std::sync::Arc;

use alloy_consensus::Header as EthereumHeader;
use alloy_consensus::constants::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH};
use alloy_primitives::{Address, B64, B256, Bytes, keccak256};
use alloy_rlp::{Decodable, Encodable, Header as RlpHeader};
use alloy_trie::root::ordered_trie_root_with_encoder;

use super::broken::{Broken, Fault};
use super::header::{HEADER_BYTES, Header, PowHash, sha256d};
use super::parameters::{Parameters, append_list};
use super::target::Work;
use super::transaction::{Transaction, Unsigned, at};

/// How a block is sealed: by work. The first byte of every encoded block.
pub const SEALED_BY_WORK: u8 = 1;

/// An Ethereum header as of London, to which the outer header commits.
pub type Record = EthereumHeader;

/// A block of which nothing is checked but that it can be read, and that reading lost nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub header: Header,
    pub record: Record,
    /// EIP-2718 bytes.
    pub envelopes: Vec<Bytes>,
}

/// A block that holds by itself but for its signatures.
#[derive(Debug, Clone)]
pub struct Formed {
    block: Block,
    facts: Facts,
    transactions: Vec<Unsigned>,
}

/// A block that holds by itself, signatures included.
#[derive(Debug, Clone)]
pub struct CheckedBlock {
    block: Block,
    facts: Facts,
    transactions: Vec<Arc<Transaction>>,
}

#[derive(Debug, Clone, Copy)]
struct Facts {
    hash: PowHash,
    record_hash: B256,
    work: Work,
}

impl Block {
    /// Reads an encoded block.
    ///
    /// # Errors
    /// [`Broken::SealVersion`], [`Broken::ByteLimit`] or [`Broken::Encoding`].
    pub fn decode(bytes: &[u8], parameters: &Parameters) -> Result<Self, Broken> {
        let unreadable = |detail: &str| Broken::Encoding(detail.to_owned());
        let (seal, rest) = bytes
            .split_first()
            .ok_or(Broken::SealVersion { found: 0 })?;
        if *seal != SEALED_BY_WORK {
            return Err(Broken::SealVersion { found: *seal });
        }
        if bytes.len() as u64 > parameters.byte_limit {
            return Err(Broken::ByteLimit {
                found: bytes.len(),
                most: parameters.byte_limit,
            });
        }
        let (header, body) = rest
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or_else(|| unreadable("it ends within the header"))?;
        let (record, envelopes) =
            decode_body(body).map_err(|error| Broken::Encoding(error.to_string()))?;
        let block = Self {
            header: Header::decode(header),
            record,
            envelopes,
        };
        // The reader accepts more than one form of some items, and items of later upgrades.
        if block.encode() != bytes {
            return Err(unreadable("it is not in its canonical form"));
        }
        Ok(block)
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        payload.extend_from_slice(&encode_record(&self.record));
        let mut envelopes = Vec::new();
        for envelope in &self.envelopes {
            envelope.encode(&mut envelopes);
        }
        append_list(&mut payload, &envelopes);
        let mut bytes = vec![SEALED_BY_WORK];
        bytes.extend_from_slice(&self.header.encode());
        append_list(&mut bytes, &payload);
        bytes
    }

    /// Checks the block by itself, but for its signatures: cheap rules first.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check_form(self, parameters: &Parameters) -> Result<Formed, Fault> {
        let header = &self.header;
        let work = header_is_valid(header, parameters)?;
        let encoded = encode_record(&self.record);
        commitment_holds(header, &encoded)?;
        record_is_valid(header, &self.record, work, parameters)?;
        let root = transactions_root(&self.envelopes);
        if self.record.transactions_root != root {
            return Err(Broken::TransactionsRoot {
                claimed: self.record.transactions_root,
                found: root,
            }
            .into());
        }
        let spec = parameters.spec_at(self.record.number);
        let transactions = self
            .envelopes
            .iter()
            .enumerate()
            .map(|(index, bytes)| {
                Unsigned::decode(bytes.clone(), parameters, spec).map_err(at(index))
            })
            .collect::<Result<Vec<_>, Fault>>()?;
        Ok(Formed {
            facts: Facts {
                hash: header.hash(),
                record_hash: keccak256(&encoded),
                work,
            },
            block: self,
            transactions,
        })
    }
}

fn decode_body(mut body: &[u8]) -> alloy_rlp::Result<(Record, Vec<Bytes>)> {
    let outer = RlpHeader::decode(&mut body)?;
    if !outer.list {
        return Err(alloy_rlp::Error::UnexpectedString);
    }
    if outer.payload_length != body.len() {
        return Err(alloy_rlp::Error::UnexpectedLength);
    }
    let record = Record::decode(&mut body)?;
    if record.base_fee_per_gas.is_none() || record.withdrawals_root.is_some() {
        return Err(alloy_rlp::Error::Custom("the record has not sixteen items"));
    }
    let inner = RlpHeader::decode(&mut body)?;
    if !inner.list {
        return Err(alloy_rlp::Error::UnexpectedString);
    }
    if inner.payload_length != body.len() {
        return Err(alloy_rlp::Error::UnexpectedLength);
    }
    let mut envelopes = Vec::new();
    while !body.is_empty() {
        envelopes.push(Bytes::decode(&mut body)?);
    }
    Ok((record, envelopes))
}

/// The record's RLP: the sixteen items, whatever later upgrades added to the type.
pub(super) fn encode_record(record: &Record) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(640);
    record.encode(&mut encoded);
    encoded
}

/// What the header must carry for this record.
pub fn commitment(record: &Record) -> B256 {
    sha256d(&encode_record(record))
}

/// Keccak-256 of the record, by which Ethereum's clients know the block.
pub fn record_hash(record: &Record) -> B256 {
    keccak256(encode_record(record))
}

/// The root over the envelopes.
pub fn transactions_root(envelopes: &[Bytes]) -> B256 {
    if envelopes.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    ordered_trie_root_with_encoder(envelopes, |envelope, out| out.extend_from_slice(envelope))
}

/// The mix hash of a block with this parent.
pub fn mix_hash(previous: PowHash) -> B256 {
    keccak256(previous.0)
}

/// Checks what a header shows by itself; its work.
///
/// # Errors
/// The first rule that does not hold.
pub fn header_is_valid(header: &Header, parameters: &Parameters) -> Result<Work, Broken> {
    if header.version != Header::VERSION {
        return Err(Broken::HeaderVersion {
            found: header.version,
        });
    }
    let target = header
        .bits
        .target()
        .map_err(|_| Broken::BitsInvalid { found: header.bits })?;
    if target > parameters.easiest() {
        return Err(Broken::BitsTooEasy {
            found: header.bits,
            easiest: parameters.easiest_bits,
        });
    }
    let hash = header.hash();
    if !target.is_met_by(hash.0) {
        return Err(Broken::ProofOfWork {
            hash,
            bits: header.bits,
        });
    }
    Ok(target.work())
}

pub(super) fn commitment_holds(header: &Header, encoded_record: &[u8]) -> Result<(), Broken> {
    let found = sha256d(encoded_record);
    if header.commitment != found {
        return Err(Broken::Commitment {
            claimed: header.commitment,
            found,
        });
    }
    Ok(())
}

pub(super) fn record_is_valid(
    header: &Header,
    record: &Record,
    work: Work,
    parameters: &Parameters,
) -> Result<(), Broken> {
    if u64::from(header.time) != record.timestamp {
        return Err(Broken::TimeMismatch {
            header: header.time,
            record: record.timestamp,
        });
    }
    if record.ommers_hash != EMPTY_OMMER_ROOT_HASH {
        return Err(Broken::OmmersHash {
            found: record.ommers_hash,
        });
    }
    if record.nonce != B64::ZERO {
        return Err(Broken::RecordNonce);
    }
    if record.gas_limit != parameters.gas_limit {
        return Err(Broken::GasLimit {
            found: record.gas_limit,
            expected: parameters.gas_limit,
        });
    }
    let base_fee = record.base_fee_per_gas.unwrap_or_default();
    if base_fee != parameters.base_fee {
        return Err(Broken::BaseFee {
            found: base_fee,
            expected: parameters.base_fee,
        });
    }
    if record.difficulty != work.0 {
        return Err(Broken::DifficultyField {
            found: record.difficulty,
            expected: work.0,
        });
    }
    if record.extra_data.len() > 32 {
        return Err(Broken::ExtraDataLength {
            found: record.extra_data.len(),
        });
    }
    if record.gas_used > record.gas_limit {
        return Err(Broken::GasUsedOverLimit {
            found: record.gas_used,
            limit: record.gas_limit,
        });
    }
    let expected = mix_hash(header.previous);
    if record.mix_hash != expected {
        return Err(Broken::MixHash {
            found: record.mix_hash,
            expected,
        });
    }
    Ok(())
}

/// The header of an encoded block, of which nothing else is read; `None` where it is too short for one.
pub fn header_of(encoded: &[u8]) -> Option<Header> {
    let (_, rest) = encoded.split_first()?;
    rest.split_first_chunk::<HEADER_BYTES>()
        .map(|(header, _)| Header::decode(header))
}

impl Formed {
    /// The transactions, whose senders are to be recovered: by as many threads as the caller has, once for each that is not known yet.
    pub fn transactions(&self) -> &[Unsigned] {
        &self.transactions
    }

    pub fn hash(&self) -> PowHash {
        self.facts.hash
    }

    /// The block with its recovered transactions, which must be its own, in order.
    ///
    /// # Errors
    /// The first fault among `recovered`.
    ///
    /// # Panics
    /// When `recovered` is not this block's.
    pub fn complete(
        self,
        recovered: impl IntoIterator<Item = Result<Arc<Transaction>, Broken>>,
    ) -> Result<CheckedBlock, Fault> {
        let transactions = recovered
            .into_iter()
            .enumerate()
            .map(|(index, recovered)| recovered.map_err(at(index)))
            .collect::<Result<Vec<_>, Fault>>()?;
        let hashes = transactions.iter().map(|transaction| transaction.hash());
        assert!(
            hashes.eq(self.transactions.iter().map(Unsigned::hash)),
            "the recovered transactions are the block's"
        );
        Ok(CheckedBlock {
            block: self.block,
            facts: self.facts,
            transactions,
        })
    }
}

impl CheckedBlock {
    /// Reads and checks an encoded block by itself, recovering senders one by one.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn decode(bytes: &[u8], parameters: &Parameters) -> Result<Self, Fault> {
        let formed = Block::decode(bytes, parameters)?.check_form(parameters)?;
        let recovered: Vec<_> = formed
            .transactions
            .iter()
            .map(|transaction| transaction.clone().recover().map(Arc::new))
            .collect();
        formed.complete(recovered)
    }

    /// A block that was checked before and kept with its senders, or the genesis block; only that it can be read is checked again.
    ///
    /// # Errors
    /// When it cannot be read, or has not as many transactions as senders.
    pub fn restore(
        bytes: &[u8],
        senders: Vec<Address>,
        parameters: &Parameters,
    ) -> Result<Self, Fault> {
        let block = Block::decode(bytes, parameters)?;
        let encoded = encode_record(&block.record);
        // No proof is asked for: the genesis block has none.
        let bits = block.header.bits;
        let target = bits
            .target()
            .map_err(|_| Broken::BitsInvalid { found: bits })?;
        if senders.len() != block.envelopes.len() {
            let detail = format!(
                "{} senders are kept for {} transactions",
                senders.len(),
                block.envelopes.len()
            );
            return Err(Broken::Encoding(detail).into());
        }
        let spec = parameters.spec_at(block.record.number);
        let pairs = block.envelopes.iter().zip(senders).enumerate();
        let transactions = pairs.map(|(index, (bytes, sender))| {
            let read = Unsigned::decode(bytes.clone(), parameters, spec);
            let read = read.map(|transaction| Arc::new(transaction.sent_by(sender)));
            read.map_err(at(index))
        });
        Ok(Self {
            facts: Facts {
                hash: block.header.hash(),
                record_hash: keccak256(&encoded),
                work: target.work(),
            },
            transactions: transactions.collect::<Result<_, Fault>>()?,
            block,
        })
    }

    /// The block's identity.
    pub fn hash(&self) -> PowHash {
        self.facts.hash
    }

    /// Keccak-256 of the record.
    pub fn record_hash(&self) -> B256 {
        self.facts.record_hash
    }

    pub fn work(&self) -> Work {
        self.facts.work
    }

    pub fn number(&self) -> u64 {
        self.block.record.number
    }

    pub fn header(&self) -> &Header {
        &self.block.header
    }

    pub fn record(&self) -> &Record {
        &self.block.record
    }

    pub fn transactions(&self) -> &[Arc<Transaction>] {
        &self.transactions
    }

    pub fn encode(&self) -> Vec<u8> {
        self.block.encode()
    }
}
