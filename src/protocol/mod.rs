//! What a block is, and when it is valid. Pure: no clock, thread, socket or file.

pub mod classic;
pub mod coin;
