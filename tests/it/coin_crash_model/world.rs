//! A tree of blocks on the network `dev`, made once, in memory: what the crash model plays with.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, bytes};
use bcoin::node::coin::{Request, Template};
use bcoin::protocol::coin::block::CheckedBlock;
use bcoin::protocol::coin::execution::{self, Executed};
use bcoin::protocol::coin::genesis::Genesis;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::protocol::coin::place::place_is_valid;
use bcoin::protocol::coin::state::{MemoryState, StateView};
use bcoin::store::coin::KnownBlock;
use bcoin::wallet::keys::Key;

use crate::coin_world::{sealed, signed, test_keys};

pub const NOW: u64 = 1_800_000_000;
/// Init code that keeps nothing and destroys itself with what it was given: coins burn.
const BURNS: Bytes = bytes!("30ff");
/// Init code of a contract that adds one to its first word of storage and logs it.
const COUNTS: Bytes = bytes!("716000546001018060005560005260206000a06000526012600ef3");

/// The parent of each block of the tree but the genesis block, which is number 0.
pub const PARENTS: [usize; 14] = [0, 1, 2, 3, 1, 5, 6, 3, 0, 9, 10, 11, 4, 13];
pub const WAITING: u8 = 6;

pub struct Made {
    pub parent: usize,
    pub known: KnownBlock,
    pub block: CheckedBlock,
    pub executed: Executed,
}

/// What the test is played with; nothing of it comes from a store.
pub struct World {
    pub genesis: Genesis,
    /// The tree; its block 0, the genesis block, is not among them.
    pub made: Vec<Made>,
    /// The state after each block, the genesis block's first.
    pub states: Vec<MemoryState>,
    pub accounts: BTreeSet<Address>,
    pub slots: BTreeSet<(Address, U256)>,
    pub transactions: Vec<B256>,
    /// Envelopes that only wait.
    pub envelopes: Vec<Bytes>,
}

pub static WORLD: LazyLock<World> = LazyLock::new(World::new);

impl World {
    fn new() -> Self {
        let genesis = Genesis::of(Parameters::dev());
        let keys = test_keys(4);
        let mut world = Self {
            states: vec![MemoryState::of(&genesis)],
            genesis,
            made: Vec::new(),
            accounts: BTreeSet::new(),
            slots: BTreeSet::new(),
            transactions: Vec::new(),
            envelopes: (0..WAITING)
                .map(|number| payment(&keys[0], 100 + u64::from(number), TxKind::Create, BURNS))
                .collect(),
        };
        for (index, parent) in PARENTS.into_iter().enumerate() {
            world.make(index + 1, parent, &keys);
        }
        for state in &world.states {
            world.accounts.extend(state.accounts().keys());
            world.slots.extend(state.slots().keys());
        }
        world
    }

    fn make(&mut self, index: usize, parent: usize, keys: &[Key]) {
        let parameters = &self.genesis.parameters;
        let mut state = self.states[parent].clone();
        let (parent_place, parent_record) = match parent {
            0 => (self.genesis.place, self.genesis.record_hash),
            _ => {
                let known = &self.made[parent - 1].known;
                (known.place, known.record_hash)
            }
        };
        let envelopes = keys.iter().enumerate().filter_map(|(turn, key)| {
            let account = state.account(key.address()).expect("it reads");
            let nonce = account.expect("a rich account").nonce;
            let counter = keys[2].address().create(0);
            let (to, input) = match (index + turn) % 5 {
                0 => return None,
                1 => (TxKind::Create, BURNS),
                2 => (TxKind::Create, COUNTS),
                3 => (TxKind::Call(counter), Bytes::new()),
                _ => (
                    TxKind::Call(Address::repeat_byte(index as u8)),
                    Bytes::new(),
                ),
            };
            Some(payment(key, nonce, to, input))
        });
        let read = |envelope: Bytes| {
            let spec = parameters.spec_at(parent_place.number + 1);
            let read =
                bcoin::protocol::coin::transaction::Transaction::decode(envelope, parameters, spec);
            std::sync::Arc::new(read.expect("it is well formed"))
        };
        let request = Request {
            parent: parent_place,
            parent_record,
            now: NOW,
            miner: Address::repeat_byte(0xa0 + (index % 3) as u8),
            extra_data: Bytes::copy_from_slice(&index.to_be_bytes()),
        };
        let candidates: Vec<_> = envelopes.map(read).collect();
        let template = Template::on(parameters, &state, request, candidates).expect("a template");
        let block = CheckedBlock::decode(&sealed(&template), parameters).expect("it holds");
        let place = place_is_valid(&block, &parent_place, parent_record, parameters, NOW)
            .expect("it holds in its place");
        let executed = execution::connect(parameters, &state, &block).expect("it connects");
        state.connect(block.record_hash(), executed.state_root, &executed.change);
        self.states.push(state);
        let hashes = block
            .transactions()
            .iter()
            .map(|transaction| transaction.hash());
        self.transactions.extend(hashes);
        self.made.push(Made {
            parent,
            known: KnownBlock {
                header: *block.header(),
                place,
                record_hash: block.record_hash(),
                is_invalid: false,
            },
            block,
            executed,
        });
    }

    /// From the genesis block's child to this block.
    pub fn path(&self, to: usize) -> Vec<usize> {
        let parent = |at: &usize| (*at != 0).then(|| self.made[*at - 1].parent);
        let mut path: Vec<usize> = std::iter::successors(Some(to), parent).collect();
        path.pop();
        path.reverse();
        path
    }
}

fn payment(key: &Key, nonce: u64, to: TxKind, input: Bytes) -> Bytes {
    let transaction = TxEip1559 {
        chain_id: Parameters::dev().chain_id,
        nonce,
        gas_limit: 200_000,
        max_fee_per_gas: 2_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
        to,
        value: U256::from(7),
        input,
        ..TxEip1559::default()
    };
    signed(key, transaction)
}
