//! The state: accounts and storage as execution reads them, what a block changes in them, and the trees that commit to them.
//!
//! Pure: whoever keeps a state implements [`StateView`]; an [`Overlay`] stands for a state that has not been kept yet, a [`MemoryState`] for one that never is.

mod change;
mod commitment;
mod first;
mod memory;
mod overlay;
mod proof;
mod rooted;
mod tree;
mod view;

pub use change::{Before, BlockChange, StateKey};
pub(super) use commitment::commit;
pub use first::first_state;
pub use memory::{MemoryState, UnknownCode};
pub use overlay::Overlay;
pub use proof::{account_proof, receipt_proof, storage_proof, transaction_proof};
pub use rooted::RootedState;
pub use tree::{BrokenTree, entries_under, led_to};
pub use view::{Account, StateView, Tree, ViewError};
