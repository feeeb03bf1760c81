//! What the EVM sees of a block, and the contracts that come with it.

use alloy_primitives::{Address, Bytes, TxKind, U256, address, keccak256};
use sha2::{Digest, Sha256};

use super::super::super::block::mix_hash;
use super::super::super::parameters::Parameters;
use super::super::super::state::{BlockChange, StateView};
use super::world::{FEE, MINER, World, code};

const WITNESS: Address = Address::repeat_byte(0xc0);

/// Stores to slots 0 to 9 what each opcode gives.
const WITNESS_CODE: &str = "
    41 5f 55 ; COINBASE
    42 60 01 55 ; TIMESTAMP
    43 60 02 55 ; NUMBER
    44 60 03 55 ; PREVRANDAO
    45 60 04 55 ; GASLIMIT
    46 60 05 55 ; CHAINID
    48 60 06 55 ; BASEFEE
    4a 60 07 55 ; BLOBBASEFEE
    3a 60 08 55 ; GASPRICE
    41 31 60 09 55 ; BALANCE of COINBASE
    00";

#[test]
fn opcodes_tell_what_the_page_says() {
    let mut world = World::of(Parameters {
        base_fee: 2,
        ..World::new([(WITNESS, 0, code(WITNESS_CODE))]).parameters
    });
    world.mine(&[], MINER);
    let environment = world.environment(MINER);
    let transaction = world.dynamic(0, |of| {
        (of.to, of.gas_limit) = (TxKind::Call(WITNESS), 500_000);
        (of.max_fee_per_gas, of.max_priority_fee_per_gas) = (9, 5);
    });
    world.mine(&[transaction], MINER);
    let number = |n: u64| U256::from(n);
    let parameters = &world.parameters;
    for (slot, told) in [
        U256::from_be_slice(MINER.as_slice()),
        number(environment.time.into()),
        number(2),
        environment.mix_hash.into(),
        number(parameters.gas_limit),
        number(parameters.chain_id),
        number(2),
        number(1),
        // The base fee and the priority fee, below what was offered at most.
        number(7),
        // What block 1 paid.
        number(50) * number(10).pow(number(18)),
    ]
    .into_iter()
    .enumerate()
    {
        let stored = world.state.slot(WITNESS, U256::from(slot));
        assert_eq!(stored.expect("memory"), told, "slot {slot}");
    }
    assert_ne!(environment.mix_hash, mix_hash(Default::default()));
}

/// Stores to slot n the hash of block n, for each of the words it is sent.
const HASHES_CODE: &str = "
    5f 5b ; i = 0
    36 81 10 15 60 15 57 ; to the end unless i < CALLDATASIZE
    80 35 80 40 90 55 ; n = CALLDATALOAD(i), SSTORE(n, BLOCKHASH(n))
    60 20 01 60 01 56 ; i += 32
    5b 00";

#[test]
fn blockhash_answers_record_hashes_of_256_blocks() {
    let mut world = World::new([(WITNESS, 0, code(HASHES_CODE))]);
    let root = world.state.state_root().expect("memory");
    let hash = |number: u64| keccak256(number.to_be_bytes());
    for number in 1..=300 {
        let nothing = BlockChange::default();
        world.state.connect(hash(number), root, &nothing);
    }
    let mut environment = world.environment(MINER);
    environment.number = 301;
    let asked = [0_u64, 1, 44, 45, 46, 299, 300, 301, 302];
    let words = asked.map(|number| U256::from(number).to_be_bytes::<32>());
    let transaction = world.dynamic(0, |of| {
        (of.to, of.gas_limit) = (TxKind::Call(WITNESS), 500_000);
        of.input = words.concat().into();
    });
    let mut assembly = super::super::Assembly::new(&world.parameters, &world.state, environment);
    assert_eq!(assembly.add(&transaction).expect("memory"), Ok(()));
    let (_, executed) = assembly.finish().expect("memory");
    for number in asked {
        let stored = executed.change.slots.get(&(WITNESS, U256::from(number)));
        let told = (45..=300).contains(&number).then(|| hash(number).into());
        assert_eq!(stored.copied(), told, "block {number}");
    }
}

/// One call of each precompile that the upgrade has, to which a wrong answer, or none, would be a failure.
#[test]
fn all_precompiles_of_the_upgrade_answer() {
    // Calls what the first word of its input names with the rest, and stores the hash of the answer to slot 0, its length to slot 1; no success reverts.
    let caller = code(
        "60 20 36 03 80 60 20 5f 37 ; the rest to memory
         5f 5f 91 5f 5f 35 5a fa ; STATICCALL(GAS, first word, 0, the rest)
         15 60 23 57 ; did it fail?
         3d 60 01 55 3d 5f 5f 3e 3d 5f 20 5f 55 00 ; the answer
         5b 5f 5f fd",
    );
    let mut world = World::new([(WITNESS, 0, caller)]);
    let commitment = [&[0xc0][..], &[0; 47]].concat();
    let mut versioned = Sha256::digest(&commitment).to_vec();
    versioned[0] = 1;
    // The polynomial that is nothing everywhere.
    let point = [versioned.as_slice(), &[0; 64], &commitment, &commitment].concat();
    let modexp = [
        [0; 31].as_slice(),
        &[1],
        &[0; 31],
        &[1],
        &[0; 31],
        &[1],
        &[3, 5, 7],
    ]
    .concat();
    let cases: [(u16, Vec<u8>, usize); 18] = [
        (0x01, vec![0; 128], 0),
        (0x02, b"abc".to_vec(), 32),
        (0x03, b"abc".to_vec(), 32),
        (0x04, b"abc".to_vec(), 3),
        (0x05, modexp, 1),
        (0x06, vec![0; 128], 64),
        (0x07, vec![0; 96], 64),
        (0x08, Vec::new(), 32),
        (0x09, [&[0, 0, 0, 12][..], &[0; 208], &[1]].concat(), 64),
        (0x0a, point, 64),
        (0x0b, vec![0; 256], 128),
        (0x0c, vec![0; 160], 128),
        (0x0d, vec![0; 512], 256),
        (0x0e, vec![0; 288], 256),
        (0x0f, vec![0; 384], 32),
        (0x10, vec![0; 64], 128),
        (0x11, vec![0; 128], 256),
        (0x100, vec![0; 160], 0),
    ];
    for (precompile, input, length) in cases {
        let word = U256::from(precompile).to_be_bytes::<32>();
        let transaction = world.dynamic(0, |of| {
            (of.to, of.gas_limit) = (TxKind::Call(WITNESS), 1_000_000);
            of.input = [word.as_slice(), &input].concat().into();
        });
        let executed = world.mine(&[transaction], MINER);
        assert!(executed.receipts[0].succeeded(), "{precompile:#x}");
        let stored = world.state.slot(WITNESS, U256::from(1));
        assert_eq!(
            stored.expect("memory"),
            U256::from(length),
            "{precompile:#x}"
        );
        let hash = |bytes: &[u8]| -> U256 { keccak256(bytes).into() };
        let stored = world.state.slot(WITNESS, U256::ZERO).expect("memory");
        match precompile {
            0x02 => assert_eq!(stored, hash(&Sha256::digest(b"abc"))),
            0x04 => assert_eq!(stored, hash(b"abc")),
            // 3^5 mod 7
            0x05 => assert_eq!(stored, hash(&[5])),
            _ => {}
        }
    }
    // One beyond the last is an account like any other.
    let beyond = address!("0x0000000000000000000000000000000000000012");
    let transaction = world.dynamic(0, |of| of.to = TxKind::Call(beyond));
    assert!(world.mine(&[transaction], MINER).receipts[0].succeeded());
}

/// A transaction that begins where another has been pays for cold accounts and words again, and refunds go by what stood before it.
#[test]
fn each_transaction_begins_cold_and_with_its_own_originals() {
    // Sets slot 0 to what it is sent.
    let keeper = code("5f 35 5f 55 00");
    let mut world = World::new([(WITNESS, 0, keeper)]);
    let nonce = world.nonce(0);
    let word = |n: u64| Bytes::from(U256::from(n).to_be_bytes::<32>());
    let calls: Vec<_> = [7, 0, 7, 7, 8]
        .into_iter()
        .zip(nonce..)
        .map(|(n, nonce)| {
            world.dynamic(0, |of| {
                (of.nonce, of.input) = (nonce, word(n));
                (of.to, of.gas_limit) = (TxKind::Call(WITNESS), 100_000);
            })
        })
        .collect();
    let executed = world.mine(&calls, MINER);
    let base = |word: u64| 21_000 + 31 * 4 + if word == 0 { 4 } else { 16 } + 2 + 3 + 2;
    let gas: Vec<u64> = executed.receipts.iter().map(|of| of.gas_used).collect();
    let expected = [
        base(7) + 22_100,
        // Less 4,800, which is below a fifth.
        base(0) + 5_000 - 4_800,
        base(7) + 22_100,
        base(7) + 2_200,
        base(8) + 5_000,
    ];
    assert_eq!(gas, expected);
    let fees = U256::from(gas.iter().sum::<u64>()) * U256::from(FEE - 1);
    let miner = world
        .state
        .account(MINER)
        .expect("memory")
        .expect("an account");
    let paid = miner.balance - U256::from(world.parameters.subsidy);
    assert_eq!(paid, fees);
    assert_eq!(executed.change.slots.len(), 1);
    assert_eq!(executed.destroyed, U256::ZERO);
}
