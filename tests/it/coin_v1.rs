//! `/v1` of a coin node and the routes around it, asked of real nodes.
