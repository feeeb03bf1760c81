//! The two networks that need no genesis file.

use alloy_primitives::{Address, Bytes, address};

use super::parameters::{COIN, FirstAccount, Parameters, Spec};
use super::target::Bits;

/// Nick Johnson's deterministic deployment proxy: the factory that makes a contract's address depend on its code alone.
const CREATE2_FACTORY: Address = address!("0x4e59b44847b379578588920cA78FbF26c0B4956C");
/// Runtime code as on Ethereum, from <https://github.com/Arachnid/deterministic-deployment-proxy>.
const CREATE2_FACTORY_CODE: &str = include_str!("built_in_code/create2_factory.hex");
/// Many calls in one, where wallets and client libraries look for it.
const MULTICALL3: Address = address!("0xcA11bde05977b3631167028862bE2a173976CA11");
/// Runtime code as on Ethereum, from the deployment in <https://github.com/mds1/multicall3>.
const MULTICALL3_CODE: &str = include_str!("built_in_code/multicall3.hex");

/// The ten accounts of the public test words `test test test test test test test test test test test junk`. Everybody has their keys.
pub const DEV_ACCOUNTS: [Address; 10] = [
    address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    address!("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    address!("0x90F79bf6EB2c4f870365E785982E1f101E93b906"),
    address!("0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    address!("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
    address!("0x976EA74026E726554dB657fA54763abd0C3a0aa9"),
    address!("0x14dC79964da2C08b23698B3D3cc7Ca32193d9955"),
    address!("0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"),
    address!("0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"),
];
/// What each of them has at first, in coins.
const DEV_COINS: u128 = 10_000;

/// The chain id by which development nodes of Ethereum go, and with it all networks on which transactions may be marked instead of signed: `docs/coin-format.md`,
/// section 10.
pub const DEV_CHAIN: u64 = 31_337;

/// 2026-11-21, 00:00:00 UTC.
const BEGINNING: u32 = 1_795_219_200;

impl Parameters {
    /// The currency.
    pub fn main() -> Self {
        Self {
            name: "main".to_owned(),
            chain_id: 20_090_103,
            time: BEGINNING,
            spacing: 600,
            half_life: 7_200,
            // A tenth of a second of one core; the half-life takes it from there within a day.
            easiest_bits: Bits(0x1e00_ffff),
            ahead: 7_200 / 16,
            subsidy: 50 * COIN,
            halving: 210_000,
            // What one core executes and checks within a tenth of the spacing.
            gas_limit: 30_000_000,
            byte_limit: 1 << 20,
            base_fee: 1,
            // Seven days of spacing.
            reorg_depth: 1_008,
            specs: vec![(0, Spec::Osaka)],
            accounts: contracts(),
        }
    }

    /// For development and lessons: blocks cost nothing, and ten accounts of public test words are rich.
    pub fn dev() -> Self {
        let rich = DEV_ACCOUNTS.into_iter().map(|address| FirstAccount {
            address,
            balance: DEV_COINS * COIN,
            code: Bytes::new(),
        });
        let mut accounts: Vec<FirstAccount> = rich.chain(contracts()).collect();
        accounts.sort_by_key(|account| account.address);
        Self {
            name: "dev".to_owned(),
            chain_id: DEV_CHAIN,
            half_life: 0,
            easiest_bits: Bits(0x207f_ffff),
            ahead: 0,
            gas_limit: 300_000_000,
            byte_limit: 8 << 20,
            reorg_depth: 1_000,
            accounts,
            ..Self::main()
        }
    }

    /// Whether this is a network for development, where things are possible that nobody could trust elsewhere: so says its chain id, to which every transaction commits.
    pub fn is_dev(&self) -> bool {
        self.chain_id == DEV_CHAIN
    }
}

/// The two contracts that clients expect everywhere, as first accounts, addresses ascending.
pub fn contracts() -> Vec<FirstAccount> {
    [
        (CREATE2_FACTORY, CREATE2_FACTORY_CODE),
        (MULTICALL3, MULTICALL3_CODE),
    ]
    .map(|(address, text)| FirstAccount {
        address,
        balance: 0,
        code: code(text),
    })
    .into()
}

fn code(text: &str) -> Bytes {
    let digits: String = text.split_whitespace().collect();
    Bytes::from(hex::decode(digits).expect("the files hold hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{b256, keccak256};

    use super::*;

    /// EXTCODEHASH of the two contracts on Ethereum.
    #[test]
    fn the_contracts_are_those_of_ethereum() {
        assert_eq!(
            keccak256(code(CREATE2_FACTORY_CODE)),
            b256!("0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989")
        );
        assert_eq!(
            keccak256(code(MULTICALL3_CODE)),
            b256!("0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891")
        );
    }
}
