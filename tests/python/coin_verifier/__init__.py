"""An independent verifier of coin chains, written from docs/coin-format.md alone.

It shares no code with the node: RLP, trie, targets and rules are its own, signatures go through coincurve, and the EVM is the
Ethereum execution specs' (EELS). What it and the node disagree on is a fault of one of them, or of the page.
"""
