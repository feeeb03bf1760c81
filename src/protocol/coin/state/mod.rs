//! The state: accounts and storage as execution reads them, and what a block changes in them.
//!
//! Pure: whoever keeps a state implements [`StateView`]; an [`Overlay`] stands for a state that has not been kept yet.

mod change;
mod overlay;
mod view;

pub use change::{Before, BlockChange, StateKey};
pub use overlay::Overlay;
pub use view::{Account, StateView, Tree, ViewError};
