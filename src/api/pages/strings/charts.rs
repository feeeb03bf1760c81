//! Charts.

use super::strings;

strings! {
    /// What the charts show.
    Charts {
        title: "Charts", "图表";
        stretch: "Last blocks:", "最近的区块：";
        range: "Blocks {0} to {1}.", "区块 {0} 至 {1}。";
        sampled: "Of so many blocks, some hundreds are read, evenly spread.", "区块太多，均匀抽取了其中几百个。";
        too_few: "There are not enough blocks to draw yet.", "区块还不够，暂时画不出图。";
        what: "Least {0}, greatest {1}, at the end {2}.", "最小 {0}，最大 {1}，末尾 {2}。";
        as_table: "The numbers as a table", "以表格显示数据";
        height: "Block", "区块";
        times: "Time between blocks", "出块间隔";
        times_level: "The network aims at {0} seconds.", "网络的目标是 {0} 秒。";
        seconds: "Seconds", "秒";
        counts: "Transactions a block", "每个区块的交易数";
        transactions: "Transactions", "交易";
        difficulty: "Difficulty", "难度";
        hashes: "Expected hashes for a block", "出一个区块预期的哈希次数";
        rate: "Hash rate of the network", "全网算力";
        hashes_a_second: "Hashes a second", "每秒哈希次数";
        supply: "All coins there will be", "将会有的全部币";
        supply_what: "Never more than {0} coins: the subsidy halves every {1} blocks.", "永远不超过 {0} 个币：奖励每 {1} 个区块减半。";
        supply_mark: "Now: block {0}, {1} coins.", "现在：区块 {0}，{1} 个币。";
        subsidy: "New coins a block", "每个区块的新币";
        coins_before: "Coins before it", "此前的币量";
        fees: "Waiting transactions by fee", "等待中的交易（按手续费）";
        fees_none: "No transaction waits.", "没有等待中的交易。";
        fees_what: "{0} wait. Each bar begins at the fee below it, in billions of units a gas.", "有 {0} 笔在等待。每根柱从其下方的手续费开始，单位为每 gas 十亿最小单位。";
        fee_from: "Fee from", "手续费起点";
        miners: "Who mined", "谁挖的";
        miners_what: "Receivers of the rewards in the blocks that were read, the ten most often paid.", "在所读区块中收到奖励最多的前十名。";
        miner: "Miner", "矿工";
        blocks: "Blocks", "区块数";
        share: "Share of the first", "相对第一名的比例";
    }
}
