//! The coin protocol's chain as the network sees it.
