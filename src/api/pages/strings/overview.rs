//! The first page.

use super::strings;

strings! {
    /// How the node is, and what happened last.
    Overview {
        title: "Overview", "总览";
        tip: "Tip", "链顶";
        tip_height: "Block {0}", "区块 {0}";
        waiting: "Waiting transactions", "等待中的交易";
        waiting_none: "None: the next block will hold its reward alone.", "没有：下一个区块只会包含奖励。";
        peers: "Peers", "对等节点";
        peers_manual: "Known; the chains meet when you say so.", "已知；由你决定何时同步各链。";
        peers_auto: "Connected of {0} known", "已连接，共知 {0} 个";
        rate: "Blocks a minute", "每分钟出块";
        rate_none: "Not known before two blocks", "至少两个区块后才知道";
        rate_over: "Over the last {0} blocks", "按最近 {0} 个区块计";
        health: "Health", "健康";
        health_ready: "Ready", "就绪";
        health_not_ready: "Not ready", "未就绪";
        up_since: "Up since {0}", "启动于 {0}";
        miner: "Miner", "矿工";
        miner_none: "Nobody: this node was not told whom to pay", "无：此节点未被告知付给谁";
        last_blocks: "Last blocks", "最近的区块";
        all_blocks: "The whole chain", "整条链";
        height: "Height", "高度";
        hash: "Hash", "哈希";
        time: "Time", "时间";
        transactions: "Transactions", "交易";
        difficulty: "Difficulty", "难度";
        difficulty_unit: "Expected hashes for a block", "出一个区块预期的哈希次数";
        hash_rate: "Hash rate", "算力";
        hash_rate_unit: "Hashes a second, by the last blocks", "每秒哈希次数，按最近的区块估计";
        supply: "Coins", "币量";
        supply_next: "Next halving at block {0}", "下次减半在区块 {0}";
        begin: "Begin here", "从这里开始";
        begin_text: "Mine a block, hand in a transaction, let nodes meet: the chapter, step by step.", "挖一个区块、提交一笔交易、让节点相遇：一步一步走完这一章。";
    }
}
