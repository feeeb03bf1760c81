//! What the records of a coin store say: RLP behind its SHA-256.

use alloy_consensus::{Eip658Value, Receipt as EthereumReceipt, ReceiptEnvelope, TxType};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};

use crate::protocol::coin::difficulty::CountedTime;
use crate::protocol::coin::execution::Receipt;
use crate::protocol::coin::header::{HEADER_BYTES, Header, PowHash};
use crate::protocol::coin::place::Place;
use crate::protocol::coin::state::{Account, Before};
use crate::protocol::coin::target::Work;
use crate::store::record;

/// What every commit writes anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The end of the current chain.
    pub tip: PowHash,
}

/// A block that is known: its header, its place, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownBlock {
    /// Beside the body, so that headers go out to peers without reading whole blocks.
    pub header: Header,
    pub place: Place,
    /// Keccak-256 of its record.
    pub record_hash: B256,
    /// Whether execution, or that of an ancestor, found it invalid.
    pub is_invalid: bool,
}

/// A block of the current chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct ChainEntry {
    hash: B256,
    pub record_hash: B256,
    pub state_root: B256,
    /// Units that contracts destroyed up to this block.
    pub destroyed: U256,
}

impl ChainEntry {
    pub fn new(hash: PowHash, record_hash: B256, state_root: B256, destroyed: U256) -> Self {
        Self {
            hash: hash.0,
            record_hash,
            state_root,
            destroyed,
        }
    }

    pub fn hash(&self) -> PowHash {
        PowHash(self.hash)
    }
}

/// A kept block.
#[derive(Debug, Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Body {
    /// Who sent its transactions, so that no signature is checked twice.
    pub senders: Vec<Address>,
    /// As `docs/coin-format.md`, section 5, has it.
    pub encoded: Bytes,
}

/// A transaction that waits, as it is kept over restarts.
#[derive(Debug, Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct WaitingRecord {
    /// When it began to wait, seconds since 1970.
    pub since: u64,
    /// EIP-2718 bytes.
    pub envelope: Bytes,
}

/// What somebody handed in as a contract's source, checked by this node as far as a node can.
#[derive(Debug, Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct SourceRecord {
    /// Of the code that it was held against; it says nothing of any other that comes to stand at the address.
    pub code_hash: B256,
    /// JSON, as the API shows it.
    pub document: Bytes,
}

/// Where a transaction stands in the current chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub number: u64,
    pub index: u32,
}

pub(super) trait Record: Sized {
    fn payload(&self) -> Vec<u8>;
    fn read(payload: &mut &[u8]) -> alloy_rlp::Result<Self>;

    /// Sealed under its key in the table, so that it does not read under another.
    fn seal(&self, key: &[u8]) -> Vec<u8> {
        record::seal_under(key, &self.payload())
    }

    fn open(key: &[u8], sealed: &[u8]) -> Result<Self, String> {
        let mut payload = record::open_under(key, sealed)?;
        let read = Self::read(&mut payload).map_err(|error| error.to_string())?;
        if payload.is_empty() {
            Ok(read)
        } else {
            Err("it is longer than what it says".to_owned())
        }
    }
}

macro_rules! rlp_records {
    ($($kind:ty),*) => {
        $(impl Record for $kind {
            fn payload(&self) -> Vec<u8> {
                alloy_rlp::encode(self)
            }

            fn read(payload: &mut &[u8]) -> alloy_rlp::Result<Self> {
                Self::decode(payload)
            }
        })*
    };
}

rlp_records!(ChainEntry, Body, WaitingRecord, SourceRecord, U256, String);

impl Record for State {
    fn payload(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.tip.0.encode(&mut out);
        out
    }

    fn read(payload: &mut &[u8]) -> alloy_rlp::Result<Self> {
        Ok(Self {
            tip: PowHash(B256::decode(payload)?),
        })
    }
}

impl Record for KnownBlock {
    fn payload(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let Place {
            hash,
            number,
            // The header says both.
            time: _,
            bits: _,
            counted_time,
            work,
        } = self.place;
        self.header.encode().encode(&mut out);
        hash.0.encode(&mut out);
        number.encode(&mut out);
        counted_time.0.encode(&mut out);
        work.0.encode(&mut out);
        self.record_hash.encode(&mut out);
        self.is_invalid.encode(&mut out);
        out
    }

    fn read(payload: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let header = Header::decode(&<[u8; HEADER_BYTES]>::decode(payload)?);
        Ok(Self {
            header,
            place: Place {
                hash: PowHash(B256::decode(payload)?),
                number: u64::decode(payload)?,
                time: header.time,
                bits: header.bits,
                counted_time: CountedTime(u64::decode(payload)?),
                work: Work(U256::decode(payload)?),
            },
            record_hash: B256::decode(payload)?,
            is_invalid: bool::decode(payload)?,
        })
    }
}

impl Record for Account {
    fn payload(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        self.nonce.encode(&mut out);
        self.balance.encode(&mut out);
        self.code_hash.encode(&mut out);
        self.storage_root.encode(&mut out);
        out
    }

    fn read(payload: &mut &[u8]) -> alloy_rlp::Result<Self> {
        Ok(Self {
            nonce: u64::decode(payload)?,
            balance: U256::decode(payload)?,
            code_hash: B256::decode(payload)?,
            storage_root: B256::decode(payload)?,
        })
    }
}

/// Receipts without their blooms, which follow from the logs.
impl Record for Vec<Receipt> {
    fn payload(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 * self.len());
        for receipt in self {
            u8::from(receipt.envelope.tx_type()).encode(&mut out);
            receipt.succeeded().encode(&mut out);
            receipt.envelope.cumulative_gas_used().encode(&mut out);
            receipt.gas_used.encode(&mut out);
            receipt.price.encode(&mut out);
            let created = receipt.created.map(Address::into_array);
            let created = created.as_ref().map_or(&[][..], |bytes| bytes);
            created.encode(&mut out);
            receipt.logs().to_vec().encode(&mut out);
        }
        out
    }

    fn read(payload: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let mut all = Self::new();
        while !payload.is_empty() {
            let kind = TxType::try_from(u8::decode(payload)?)
                .map_err(|_| alloy_rlp::Error::Custom("no such type of transaction"))?;
            let status = Eip658Value::Eip658(bool::decode(payload)?);
            let cumulative_gas_used = u64::decode(payload)?;
            let gas_used = u64::decode(payload)?;
            let price = u128::decode(payload)?;
            let created = match Bytes::decode(payload)?.as_ref() {
                [] => None,
                bytes => {
                    Some(Address::try_from(bytes).map_err(|_| alloy_rlp::Error::UnexpectedLength)?)
                }
            };
            let receipt = EthereumReceipt {
                status,
                cumulative_gas_used,
                logs: Vec::decode(payload)?,
            };
            all.push(Receipt {
                envelope: ReceiptEnvelope::from_typed(kind, receipt),
                gas_used,
                price,
                created,
            });
        }
        Ok(all)
    }
}

/// What undoes a block.
impl Record for Vec<Before> {
    fn payload(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128 * self.len());
        for before in self {
            match before {
                Before::Account(address, account) => {
                    u8::from(account.is_some()).encode(&mut out);
                    address.encode(&mut out);
                    if let Some(account) = account {
                        out.extend_from_slice(&account.payload());
                    }
                }
                Before::Slot(address, slot, value) => {
                    2_u8.encode(&mut out);
                    address.encode(&mut out);
                    slot.encode(&mut out);
                    value.encode(&mut out);
                }
            }
        }
        out
    }

    fn read(payload: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let mut all = Self::new();
        while !payload.is_empty() {
            let kind = u8::decode(payload)?;
            let address = Address::decode(payload)?;
            all.push(match kind {
                0 => Before::Account(address, None),
                1 => Before::Account(address, Some(Account::read(payload)?)),
                2 => Before::Slot(address, U256::decode(payload)?, U256::decode(payload)?),
                _ => return Err(alloy_rlp::Error::Custom("no such kind of undoing")),
            });
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::coin::target::Bits;

    fn there_and_back<R: Record + PartialEq + std::fmt::Debug>(record: &R) {
        let sealed = record.seal(b"key");
        assert_eq!(R::open(b"key", &sealed).as_ref(), Ok(record));
        assert!(R::open(b"kez", &sealed).is_err());
        let mut damaged = sealed;
        *damaged.last_mut().expect("a record has bytes") ^= 1;
        assert!(R::open(b"key", &damaged).is_err());
    }

    #[test]
    fn records_say_what_they_were_told() {
        let account = Account {
            nonce: 7,
            balance: U256::MAX,
            code_hash: B256::repeat_byte(1),
            storage_root: B256::repeat_byte(2),
        };
        let address = Address::repeat_byte(3);
        there_and_back(&account);
        there_and_back(&vec![
            Before::Account(address, None),
            Before::Slot(address, U256::from(5), U256::ZERO),
            Before::Account(address, Some(account)),
        ]);
        let header = Header {
            version: 1,
            previous: PowHash(B256::repeat_byte(7)),
            commitment: B256::repeat_byte(8),
            time: u32::MAX,
            bits: Bits(0x207f_ffff),
            nonce: 11,
        };
        there_and_back(&KnownBlock {
            header,
            place: Place {
                hash: PowHash(B256::repeat_byte(4)),
                number: 9,
                time: header.time,
                bits: header.bits,
                counted_time: CountedTime(3),
                work: Work(U256::from(1_u64 << 40)),
            },
            record_hash: B256::repeat_byte(5),
            is_invalid: true,
        });
        there_and_back(&State {
            tip: PowHash(B256::repeat_byte(6)),
        });
        there_and_back(&ChainEntry::new(
            PowHash::ZERO,
            B256::ZERO,
            B256::ZERO,
            U256::from(1),
        ));
        there_and_back(&SourceRecord {
            code_hash: B256::repeat_byte(9),
            document: Bytes::from_static(b"{}"),
        });
        there_and_back(&WaitingRecord {
            since: 2,
            envelope: Bytes::from_static(b"envelope"),
        });
    }
}
