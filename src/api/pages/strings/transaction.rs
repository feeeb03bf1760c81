//! One transaction.

use super::strings;

strings! {
    /// What it says, where it stands, and what became of it.
    Transaction {
        title: "Transaction", "交易";
        in_block: "In the chain", "在链上";
        done: "Done", "成功";
        failed: "Failed", "失败";
        waiting: "Waiting", "等待中";
        displaced: "In a displaced block", "在被取代的区块里";
        displaced_text: "A longer chain displaced its block, so it does not count there. It may stand in another block, or wait again.", "一条更长的链取代了它所在的区块，所以它在那里不算数。它可能在另一个区块里，也可能重新等待。";
        confirmations: "Confirmations: {0}", "确认数：{0}";
        reward: "Reward", "奖励";
        reward_text: "This is the reward: the miner of the block wrote it down for itself, with the node's id as sender.", "这是奖励：出块的矿工为自己写下它，发送方是节点的编号。";
        previous: "Previous in the block", "区块中上一笔";
        next: "Next in the block", "区块中下一笔";
        hash: "Hash", "哈希";
        sender: "Sender", "发送方";
        receiver: "Receiver", "接收方";
        amount: "Amount", "金额";
        amount_coins: "Amount in coins", "金额（币）";
        amount_is_text: "A text, not a number: classic takes any JSON value.", "这是文本，不是数字：classic 接受任何 JSON 值。";
        not_a_text: "Not a text but another JSON value.", "不是文本，而是别的 JSON 值。";
        more_members: "{0} more members; the block's text has them all.", "还有 {0} 个成员；区块文本里全都有。";
        block: "Block", "区块";
        place: "Place in the block, from 0", "在区块中的位置（从 0 数起）";
        time: "Time of the block", "区块时间";
        text: "Its canonical text", "它的规范文本";
        text_what: "So it stands in the block, and so it is hashed with it. Nobody signed it: the block's hash is all that protects it.", "它就这样写在区块里，和区块一起求哈希。没有人为它签名：保护它的只有区块的哈希。";
        whole_text: "The whole block's text", "整个区块的文本";
        bytes: "{0} bytes.", "{0} 字节。";
        waits_for: "It waits for {0}.", "它在等待：{0}。";
        since: "Here since {0} UTC.", "自 {0}（UTC）起在此等待。";
        failed_text: "It did not do what it was to do. No coins moved but the fee.", "它没有完成要做的事。除了费用，没有币被转移。";
        makes_contract: "It makes a contract.", "它创建一个合约。";
        nonce: "Nonce", "序号";
        nonce_what: "Its sender's count of transactions before it.", "发送方在它之前的交易数。";
        kind: "Type (EIP-2718)", "类型（EIP-2718）";
        receipt: "What became of it", "结果";
        fee: "Fee in coins", "费用（币）";
        fee_how: "{0} gas used, at {1} units a gas", "使用 {0} gas，每 gas {1} 个最小单位";
        offer: "What it offered", "它的出价";
        gas_limit: "Gas limit", "gas 上限";
        greatest_fee: "Greatest fee, in units a gas", "最高费用（每 gas 最小单位）";
        priority_fee: "Priority fee, in units a gas", "优先费（每 gas 最小单位）";
        input: "Input", "输入";
        input_none: "No input: it moves coins and nothing else.", "没有输入：它只转移币。";
        logs: "Logs", "日志";
        logs_none: "No contract wrote anything down.", "没有合约写下任何日志。";
        logs_what: "What contracts wrote down while it ran: the contract, its topics, and the bytes.", "合约在运行时写下的内容：合约、主题和字节。";
        more_logs: "{0} more; the JSON has them all.", "还有 {0} 条；JSON 里全都有。";
        as_json: "The same as JSON", "以 JSON 查看";
    }
}
