//! Words, keys and where keys rest: all that holds secrets. It knows neither node nor network; `cli/wallet` asks and
//! shows, and a node that is told to hold keys opens them here.
//!
//! What leaves this module in the clear is an address, a signature or, on demand, the secret itself in a buffer that is
//! wiped when dropped. On disk a key stands only in the standard encrypted form ([`keyfile`]), and words not at all.
//! Reading order: [`words`], [`keys`], [`address`], [`stretching`], [`keyfile`], [`keystore`], [`ring`], [`names`], [`transaction`], [`transfer`].

pub mod address;
pub mod keyfile;
pub mod keys;
pub mod keystore;
pub mod names;
pub mod ring;
pub mod stretching;
pub mod transaction;
pub mod transfer;
pub mod words;
