//! The console: every call in a sentence.

use super::strings;

strings! {
    /// What stands around the calls, and what each does. One that has no line here says it in English.
    Console {
        title: "Console", "控制台";
        lead: "Every call that this node knows, from its own description. Choose one, fill it in, and see what goes over the wire.", "本节点支持的所有调用，来自它自己的接口描述。选一个，填好，看看网络上到底发了什么。";
        calls: "Calls", "调用";
        tag_book: "The book's six calls", "书里的六个调用";
        tag_v1: "For programs", "给程序用的";
        tag_peers: "Between nodes", "节点之间";
        tag_health: "How the node is", "节点的状况";
        own_words: "In the node's own words", "节点自己的说明（英文）";
        unknown: "This node has no such call. Choose one of these.", "本节点没有这个调用。请从下面选一个。";
        get_chain: "The whole chain, first block first.", "整条链，从第一个区块开始。";
        mine_block: "Mines a block with what waits, and pays this node's miner. The book uses GET; POST does the same.", "把等待中的交易挖进一个区块，并付给本节点的矿工。书里用 GET，POST 的效果一样。";
        is_valid: "Reads the stored chain again and holds it against every rule.", "重新读取存储的链，逐条规则检查。";
        add_transaction: "Hands in a transaction, which waits until somebody mines.", "提交一笔交易，它会等到有人挖矿。";
        connect_node: "Names other nodes that this one asks or follows.", "告诉本节点有哪些其他节点，它会去询问或跟随它们。";
        replace_chain: "Asks every known node for its chain, and takes the best one if it is better than its own. The book uses GET; POST does the same.", "向每个已知节点要链，如果最好的一条比自己的好就采用它。书里用 GET，POST 的效果一样。";
        audit: "Reads every stored byte again and says whether anything is wrong.", "重新读取存储的每个字节，看有没有问题。";
        blocks: "The chain, page by page.", "分页查看链。";
        block: "One block by its height or hash, or the last one as tip.", "按高度或哈希查看一个区块，tip 表示最后一个。";
        block_text: "A block's text: its SHA-256 is the block's hash.", "区块的文本：它的 SHA-256 就是区块的哈希。";
        block_raw: "A block's bytes as the network has them.", "区块在网络上的字节形式。";
        displaced: "Blocks that a longer chain displaced.", "被更长的链替换下来的区块。";
        events: "What happens, as it happens; it never ends.", "正在发生的事，实时推送，没有尽头。";
        network: "The tree of recent blocks, and which node stands on which.", "最近区块的树，以及哪个节点停在哪个区块上。";
        node: "Who this node is, and where its chain ends.", "本节点是谁，它的链到哪里为止。";
        peers: "The nodes that this one knows, and how they are.", "本节点认识的节点，以及它们的状况。";
        session: "Where nodes meet over WebSocket; not for pages.", "节点之间通过 WebSocket 会面的地方，不给页面用。";
        waiting: "Transactions that wait for a block.", "等待进入区块的交易。";
        account: "What an account has: balance and nonces.", "一个账户有什么：余额和交易计数。";
        history: "What an account sent, received and earned, newest first.", "一个账户付出、收到和挖到的，最新的在前。";
        contract: "What is at an address: code, who made it, and its source.", "一个地址上有什么：代码、创建者和源代码。";
        source: "Hands in a contract's source, which the node holds against its code.", "提交合约的源代码，节点会与链上代码核对。";
        difficulty: "How hard blocks are to find, now and over the last ones.", "现在和最近的区块有多难挖。";
        fees: "Fees that the next blocks should take.", "接下来的区块应该会接受的手续费。";
        mempool: "Transactions that wait for a block, in the order in which they came.", "等待进入区块的交易，按到达顺序排列。";
        mining_blocks: "Hands in a block that was mined elsewhere.", "提交在别处挖出的区块。";
        searches: "How a search for a proof stands that takes longer.", "一次耗时较长的挖矿搜索进展如何。";
        template: "A block to mine on, for miners outside of the node.", "供节点外的矿工使用的待挖区块。";
        account_proof: "Proves what an account has, to whoever trusts the header.", "向信任区块头的人证明一个账户有什么。";
        transaction_proof: "Proves that a transaction is in its block.", "证明一笔交易确实在它的区块里。";
        supply: "How many coins there are, and how many will come.", "现在有多少币，将来还会有多少。";
        transaction: "A transaction: what it did, or what it waits for.", "一笔交易：它做了什么，或者它在等什么。";
        chain_blocks: "Blocks as bytes, for another node.", "字节形式的区块，给其他节点用。";
        chain_headers: "Headers as bytes, for another node.", "字节形式的区块头，给其他节点用。";
        livez: "Whether the process answers at all.", "进程是否还有响应。";
        readyz: "Whether the node can do its work.", "节点能否正常工作。";
        metrics: "Counters for Prometheus.", "给 Prometheus 的计数器。";
        index: "Where to go from here.", "从这里可以去哪里。";
    }
}
