//! `/replace_chain` on coin, and what peers read for it: nodes that meet again, and peers that lie, through real sockets.

mod condemned; // blocks that hold until they are executed
mod deep; // branches that leave the chain deeper than the network switches by itself
mod false_headers; // headers that do not hold, each by its rule
mod floods; // headers without end, and with too little work
mod forged; // for these: headers and blocks that nobody would mine
mod liar; // for these: peers that say what they like
mod lying; // one lie each, and what is said of it
mod meeting; // nodes that forked and meet again
mod portions; // chains that take several pulls, and pulls that are cut
mod streams; // what a node sends its peers
mod world; // for all: nodes on free ports
