//! A small network in memory: accounts whose keys are known, and blocks made of what they sign.

use std::sync::Arc;

use alloy_consensus::crypto::secp256k1::{recover_signer, sign_message};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEnvelope, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, hex};

use super::super::super::block::{
    Block, CheckedBlock, Record, commitment, mix_hash, record_hash, transactions_root,
};
use super::super::super::genesis::Genesis;
use super::super::super::header::Header;
use super::super::super::parameters::{COIN, FirstAccount, Parameters, Spec};
use super::super::super::state::MemoryState;
use super::super::super::transaction::Transaction;
use super::super::{Assembly, Environment, Executed, connect};

/// Whoever gets what the tests' blocks pay.
pub(super) const MINER: Address = Address::repeat_byte(0x88);
pub(super) const NOBODY: Address = Address::repeat_byte(0x99);

/// What the tests' transactions offer a gas, where nothing else is said.
pub(super) const FEE: u128 = 3;

/// Signs as account `n`.
fn sign(n: u8, hash: B256) -> Signature {
    sign_message(B256::repeat_byte(n + 1), hash).expect("a key")
}

pub(super) fn address(n: u8) -> Address {
    let signature = sign(n, B256::ZERO);
    recover_signer(&signature, B256::ZERO).expect("a signature")
}

/// Bytes of code, written as hexadecimal words; what stands behind `;` in a line is a remark.
pub(super) fn code(text: &str) -> Bytes {
    let lines = text.lines().filter_map(|line| line.split(';').next());
    let digits: String = lines.flat_map(str::split_whitespace).collect();
    hex::decode(digits).expect("hexadecimal").into()
}

/// Init code that returns `code`.
pub(super) fn deploying(code: &[u8]) -> Bytes {
    let length = u16::try_from(code.len()).expect("short").to_be_bytes();
    let head = [
        0x61, length[0], length[1], 0x80, 0x60, 0x0a, 0x5f, 0x39, 0x5f, 0xf3,
    ];
    [&head, code].concat().into()
}

pub(super) struct World {
    pub(super) parameters: Parameters,
    pub(super) state: MemoryState,
    header: Header,
    record: Record,
}

impl World {
    /// Accounts 0 to 5 have a thousand coins each; `others` are there too.
    pub(super) fn new(others: impl IntoIterator<Item = (Address, u128, Bytes)>) -> Self {
        let rich = (0..6).map(|n| (address(n), 1_000 * COIN, Bytes::new()));
        let mut accounts: Vec<FirstAccount> = rich
            .chain(others)
            .map(|(address, balance, code)| FirstAccount {
                address,
                balance,
                code,
            })
            .collect();
        accounts.sort_by_key(|account| account.address);
        Self::of(Parameters {
            accounts,
            halving: 3,
            ..Parameters::dev()
        })
    }

    pub(super) fn of(parameters: Parameters) -> Self {
        parameters.check().expect("parameters");
        let genesis = Genesis::of(parameters.clone());
        Self {
            state: MemoryState::of(&genesis),
            header: genesis.block.header,
            record: genesis.block.record,
            parameters,
        }
    }

    pub(super) fn environment(&self, miner: Address) -> Environment {
        Environment {
            number: self.record.number + 1,
            time: self.header.time + 1,
            miner,
            mix_hash: mix_hash(self.header.hash()),
        }
    }

    pub(super) fn assembly(&self, miner: Address) -> Assembly<'_> {
        Assembly::new(&self.parameters, &self.state, self.environment(miner))
    }

    /// Executes what must be possible.
    pub(super) fn executed(&self, transactions: &[Arc<Transaction>], miner: Address) -> Executed {
        let mut assembly = self.assembly(miner);
        for transaction in transactions {
            let added = assembly.add(transaction).expect("the state can be read");
            assert_eq!(added, Ok(()));
        }
        let (taken, executed) = assembly.finish().expect("the state can be read");
        assert_eq!(taken.len(), transactions.len());
        executed
    }

    /// The block of these transactions, as `changed` leaves its record.
    pub(super) fn sealed(
        &self,
        transactions: &[Arc<Transaction>],
        executed: &Executed,
        miner: Address,
        changed: impl FnOnce(&mut Record),
    ) -> CheckedBlock {
        let environment = self.environment(miner);
        let envelopes: Vec<Bytes> = transactions.iter().map(|of| of.bytes().clone()).collect();
        let mut record = Record {
            parent_hash: record_hash(&self.record),
            beneficiary: miner,
            state_root: executed.state_root,
            transactions_root: transactions_root(&envelopes),
            receipts_root: executed.receipts_root,
            logs_bloom: executed.logs_bloom,
            number: environment.number,
            gas_used: executed.gas_used,
            timestamp: environment.time.into(),
            mix_hash: environment.mix_hash,
            extra_data: Bytes::new(),
            ..self.record.clone()
        };
        changed(&mut record);
        let mut header = Header {
            previous: self.header.hash(),
            commitment: commitment(&record),
            time: environment.time,
            ..self.header
        };
        let target = self.parameters.easiest();
        while !target.is_met_by(header.hash().0) {
            header.nonce += 1;
        }
        let block = Block {
            header,
            record,
            envelopes,
        };
        let formed = block.check_form(&self.parameters).expect("a good form");
        let recovered: Vec<_> = transactions.iter().cloned().map(Ok).collect();
        formed.complete(recovered).expect("good signatures")
    }

    /// Makes a block of these transactions, which connects and does what it was made to do; then it is the tip.
    pub(super) fn mine(&mut self, transactions: &[Arc<Transaction>], miner: Address) -> Executed {
        let executed = self.executed(transactions, miner);
        let block = self.sealed(transactions, &executed, miner, |_| {});
        let connected = connect(&self.parameters, &self.state, &block).expect("it connects");
        assert_eq!(connected, executed);
        let root = executed.state_root;
        self.state
            .connect(block.record_hash(), root, &executed.change);
        self.header = *block.header();
        self.record = block.record().clone();
        executed
    }

    pub(super) fn nonce(&self, n: u8) -> u64 {
        let account = self.state.accounts().get(&address(n));
        account.map_or(0, |account| account.nonce)
    }

    pub(super) fn signed<T>(&self, n: u8, transaction: T) -> Arc<Transaction>
    where
        T: SignableTransaction<Signature>,
        TxEnvelope: From<alloy_consensus::Signed<T>>,
    {
        let signature = sign(n, transaction.signature_hash());
        let bytes = TxEnvelope::from(transaction.into_signed(signature)).encoded_2718();
        let read = Transaction::decode(bytes.into(), &self.parameters, Spec::Osaka);
        Arc::new(read.expect("a good form"))
    }

    /// A transaction of account `n` at the least fees, as `changed` leaves it.
    pub(super) fn dynamic(&self, n: u8, changed: impl FnOnce(&mut TxEip1559)) -> Arc<Transaction> {
        let mut transaction = TxEip1559 {
            chain_id: self.parameters.chain_id,
            nonce: self.nonce(n),
            gas_limit: 21_000,
            max_fee_per_gas: FEE,
            max_priority_fee_per_gas: 1,
            to: TxKind::Call(NOBODY),
            value: U256::ZERO,
            access_list: Default::default(),
            input: Bytes::new(),
        };
        changed(&mut transaction);
        self.signed(n, transaction)
    }

    /// A call of account `n`, one of the three types after the other as nonces go.
    pub(super) fn call(
        &self,
        n: u8,
        nonce: u64,
        to: TxKind,
        value: U256,
        input: Bytes,
    ) -> Arc<Transaction> {
        let (chain_id, gas_limit) = (self.parameters.chain_id, 1_000_000);
        match nonce % 3 {
            0 => self.signed(
                n,
                TxLegacy {
                    chain_id: Some(chain_id),
                    nonce,
                    gas_price: FEE,
                    gas_limit,
                    to,
                    value,
                    input,
                },
            ),
            1 => self.signed(
                n,
                TxEip2930 {
                    chain_id,
                    nonce,
                    gas_price: FEE,
                    gas_limit,
                    to,
                    value,
                    input,
                    access_list: Default::default(),
                },
            ),
            _ => self.dynamic(n, |of| {
                (of.nonce, of.gas_limit) = (nonce, gas_limit);
                (of.to, of.value, of.input) = (to, value, input);
            }),
        }
    }
}
