//! The classic protocol's chain as the network sees it.
