//! What waits for a block.

use super::strings;

strings! {
    /// The queue of a classic node and the mempool of a coin node.
    Waiting {
        title: "Waiting transactions", "等待中的交易";
        total: "{0} transactions wait for a block.", "{0} 笔交易在等待打包。";
        total_one: "One transaction waits for a block.", "1 笔交易在等待打包。";
        order_classic: "The next block takes them in this order.", "下一个区块按此顺序收入它们。";
        order_coin: "The best paying stand first, as miners take them.", "出价最高的排在最前，矿工也按此顺序收入。";
        none_classic: "Nothing waits. The next block will hold its miner's reward alone.", "没有等待的交易。下一个区块只会包含矿工的奖励。";
        none_behind: "Nothing more waits behind these.", "后面没有更多等待的交易。";
        none_coin: "Nothing waits. The next block will hold no transactions.", "没有等待的交易。下一个区块不会包含交易。";
        ready: "{0} could be in the next blocks at once. All have {1} bytes.", "其中 {0} 笔可以立即进入后面的区块。总共 {1} 字节。";
        place: "Place", "位置";
        transaction: "Transaction", "交易";
        sender: "Sender", "发送方";
        receiver: "Receiver", "接收方";
        amount: "Amount", "金额";
        nonce: "Nonce", "序号";
        fee: "Fee a gas", "每 gas 费用";
        fee_what: "The fee is in units a gas; a coin has 10^18 units.", "费用以每 gas 的最小单位计；一个币有 10^18 个单位。";
        waits_for: "Waits for", "等待";
        since: "Since (UTC)", "开始于（UTC）";
        note: "Note", "备注";
        new_contract: "New contract", "新合约";
        returned: "Returned", "已退回";
        returned_what: "Returned: it stood in a block that was displaced, and waits again, before all others.", "已退回：它曾在一个被取代的区块里，现在重新等待，排在其他交易之前。";
        for_next_block: "the next block", "下一个区块";
        for_block: "a block; {0} in front", "打包；前面还有 {0} 笔";
        for_nonce: "nonce {0} of its sender, which is not here", "发送方序号为 {0} 的交易，它不在这里";
        for_coins: "coins: the sender has {0}, what it sent may cost {1}", "余额：发送方有 {0}，它发出的交易可能要花费 {1}";
        pages: "Pages of the list", "列表的分页";
        first: "From the first", "从头开始";
        previous: "Previous", "上一页";
        next: "Next", "下一页";
        as_json: "The same as JSON", "以 JSON 查看";
    }
}
