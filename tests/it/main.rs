//! The integration tests, one binary. Each module drives the library or the program from outside.

mod book; // the six calls to the letter, asked of real nodes
mod chains; // chains made for a test, without a search
mod cli; // the program `bcoin`: help, exit codes, settings, files, answers of nodes as people read them
mod coin_attacks; // attacks on a coin network, each met by a rule that has a name
mod coin_book; // the six calls on real coins, asked of real nodes
mod coin_crash_model; // the coin store against a naive model, over a disk whose power goes
mod coin_damage; // rows of a coin store that are lost or stand under another key are missed
mod coin_dev; // what the network dev does for tests of contracts: a clock that moves, and mining on demand
mod coin_missing; // the audit misses every node and every row of the state that is gone
mod coin_network; // whole coin nodes on free ports, and wallets that pay
mod coin_peers; // replace_chain on coin: nodes that meet again, and peers that lie
mod coin_rpc; // the JSON-RPC: who may call, what calls are told, and that what is foretold happens
mod coin_scenarios; // three coin nodes, competing branches, and what must hold when they meet
mod coin_v1; // the routes under /v1 of a coin node, and those around them
mod coin_vectors; // the coin protocol against published vectors, and against an implementation in Python
mod coin_world; // coin nodes in memory
mod crash_model; // the writer and its store against a naive model, over a disk whose power goes
mod disk; // for both crash models: a simulated disk that loses, tears and reorders what was not synced
mod documents; // pages that are made from the code say what the code says
mod following; // nodes that follow each other, and what they say of it
mod fuzz; // fuzz targets for whatever reads what others wrote, with their oracles
mod http_limits; // limits of number and size: N is taken, N+1 is not; who goes when there are too many
mod http_time; // limits of time: who is slow is cut, who is not lives; the server's own end
mod http_world; // for those two: a guarded server over a small router, and raw sockets
mod layering; // the direction of imports in src/
mod lying_peer; // a peer that speaks canned HTTP
mod network; // whole nodes on free ports, and a client that asks them
mod network_watch; // other nodes' trees of blocks, looked at for the network page: honest ones, and lies
mod pages; // the explorer's pages of the ledger, asked of real nodes without a browser
mod pages_break; // Break it and Charts: altered copies of blocks, judged; pictures of the chain
mod pages_try; // the chapter and the console as pages: whole without a script, and nothing acts by itself
mod peers; // what a node makes of its peers' answers, honest and lying ones
mod plain_peers; // nodes without sessions: followed by plain HTTP, and nudged
mod queue_limits; // how many transactions may wait: N are taken, N+1 is not
mod rpc_dev; // what tests of contracts ask at /rpc: snapshots, the clock, mining, sending in the name of others
mod session_frames; // links over memory: what their frames may be, how they end, what they hold
mod session_links; // sessions over sockets: the upgrade, who is refused, how many, and the server's end
mod session_local; // nodes that find each other by multicast DNS, where it works
mod simulation; // whole networks of nodes in one process, from a seed
mod travelling; // transactions that nodes pass on: each is mined exactly once
mod v1; // the routes under /v1 and those around them
