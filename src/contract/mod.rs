//! Contracts from outside a node: artifacts read, arguments and answers in words, and a client that deploys, calls and watches.
//!
//! `bcoin contract` and the programs in `examples/` stand on it; the node itself reads artifacts by it, and holds them against its codes ([`matching`]). A program needs five names:
//!
//! ```no_run
//! use bcoin::args;
//! use bcoin::contract::{Account, Artifact, Node};
//!
//! # async fn example() -> Result<(), bcoin::contract::ContractError> {
//! let node = Node::connect("http://127.0.0.1:1001").await?;
//! let (alice, bob) = (Account::test(0), Account::test(1));
//! let artifact = Artifact::read("examples/contracts/token_sale/token_sale.json")?;
//! let sale = node.deploy(&alice, &artifact, args![1_000_000_u64, "0.001coin"]).await?;
//! sale.pay(&bob, "buy", args![10_u64], "0.01".parse().expect("an amount")).await?;
//! let held = sale.call("balanceOf", args![bob.address()]).await?.uint(0)?;
//! for told in sale.events("Transfer", 0).await? {
//!     println!("{told}: {held}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Reading order: [`artifact`], [`numbers`], [`reading`] and [`showing`] (values as text), [`interface`], [`values`] and [`told`] (calls, answers, events), [`revert`], [`matching`] (code against an artifact), [`rpc`], [`program`] and [`deployed`].

pub mod answers;
pub mod arguments;
pub mod artifact;
pub mod deployed;
pub mod examples;
pub mod interface;
pub mod matching;
pub mod numbers;
pub mod program;
pub mod reading;
pub mod revert;
pub mod rpc;
pub mod showing;
pub mod told;
pub mod values;

pub use arguments::Argument;
pub use artifact::{Artifact, ArtifactError};
pub use deployed::Contract;
pub use interface::InterfaceError;
pub use program::{Account, ContractError, Done, Node};
pub use revert::Revert;
pub use rpc::{Rpc, RpcError};
pub use told::Told;
pub use values::Values;
