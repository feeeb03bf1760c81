//! Names and accounts.

use super::strings;

strings! {
    /// A classic name, or a coin account.
    Account {
        name: "Name", "名称";
        account: "Account", "账户";
        contract: "Contract", "合约";
        not_a_text: "This is not a text but another JSON value: on classic anything may stand as sender or receiver.", "这不是文本，而是别的 JSON 值：在 classic 上，任何值都可以当作发送方或接收方。";
        by_hash: "This name is called by its hash. It has not been found yet.", "这个名称以它的哈希来称呼，尚未找到。";
        no_balance: "No balance is shown: on the classic network anyone can write down any amount for any name, and nobody checks it.", "这里不显示余额：在 classic 网络上，任何人都可以为任何名称写下任何金额，没有人检查。";
        transactions: "Transactions", "交易";
        index_begins: "The index of names is being made. Until then blocks are read one by one.", "名称索引正在建立。在此之前逐个读取区块。";
        index_reaches: "The index of names is being made: it reaches from block {0} to the tip, of {1} blocks. Older ones are read one by one.", "名称索引正在建立：目前涵盖从区块 {0} 到链顶，共 {1} 个区块。更早的区块逐个读取。";
        none: "No block names it.", "没有区块提到它。";
        none_older: "No older block names it.", "更早的区块没有提到它。";
        none_yet: "Nothing down to block {0} yet.", "到区块 {0} 为止还没有找到。";
        gave_up: "Searched down to block {0}. Go on for older ones.", "已搜索到区块 {0}。继续搜索更早的区块。";
        go_on: "Go on searching", "继续搜索";
        block: "Block and place", "区块与位置";
        role: "It", "它";
        sent: "Sent", "发送";
        received: "Received", "收到";
        to_itself: "To itself", "给自己";
        other: "Other side", "对方";
        amount: "Amount", "金额";
        time: "Time", "时间";
        pages: "Pages of the list", "列表的分页";
        newest: "Newest", "最新";
        older: "Older", "较旧";
        address: "Address", "地址";
        balance: "Balance in coins", "余额（币）";
        units: "{0} units", "{0} 个最小单位";
        nonce: "Nonce", "序号";
        nonce_what: "So many transactions of it are in the chain.", "链上有这么多笔它发出的交易。";
        next_nonce: "Next nonce", "下一个序号";
        next_nonce_what: "Those that wait here are counted.", "包括在这里等待的交易。";
        code: "Code", "代码";
        code_size: "{0} bytes.", "{0} 字节。";
        created: "Created by", "创建者";
        created_in: "in block {0}", "在区块 {0} 中";
        created_unknown: "Another contract, or the network began with it", "由另一个合约创建，或网络一开始就有它";
        source: "Source", "源代码";
        source_none: "Nobody has handed in its source here.", "还没有人在这里提交它的源代码。";
        source_checked: "Checked here:", "本节点检查过：";
        source_file: "{0}, in {1}", "{0}，文件 {1}";
        as_of: "After block {0}", "区块 {0} 之后";
        history: "History", "历史";
        history_what: "Transactions by it and to it, and rewards. Coins that a contract sent while it ran are in the balance, and not listed.", "它发出和收到的交易，以及奖励。合约运行时送出的币计入余额，但不在此列出。";
        none_coin: "Nothing in the chain concerns it.", "链上没有与它有关的内容。";
        kind: "Kind", "种类";
        reward: "Reward", "奖励";
        call: "Call", "调用";
        create: "Created a contract", "创建合约";
        was_created: "Was created", "被创建";
        fee: "Fee", "费用";
        failed: "Failed", "失败";
        waiting: "Waiting here", "在此等待";
        transaction: "Transaction", "交易";
        whole: "The same as JSON", "以 JSON 查看";
    }
}
