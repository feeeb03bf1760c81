//! The book's chain, byte-compatible with its Python nodes.
