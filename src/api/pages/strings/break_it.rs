//! Break it: a copy of the chain to change.

use super::strings;

strings! {
    /// The copy, the verdict on it, and what mining it again takes.
    BreakIt {
        title: "Break it", "搞破坏";
        intro: "Here is a copy of real blocks. Change anything in it: the node judges the copy by the rules of its own chain, and you see which links break, and why.",
            "这里是真实区块的一份副本。随便改动其中任何内容：节点会按自己链上的规则检查这份副本，你会看到哪些链接断开，以及为什么断开。";
        safe: "The copy is in this page only. Nothing is stored, and the node's chain never changes by it.", "副本只存在于本页面。什么都不会保存，节点的链绝不会因此改变。";
        no_script: "Changing the copy needs JavaScript. Without it you can read the blocks here: each names the hash of the block before it in previous_hash, and that is the link which a change breaks.",
            "改动副本需要 JavaScript。没有它，你仍可以阅读这些区块：每个区块都在 previous_hash 中写着前一个区块的哈希，改动打断的正是这条链接。";
        stretch: "Which blocks", "哪些区块";
        older: "Earlier blocks", "更早的区块";
        newer: "Later blocks", "更晚的区块";
        too_large: "Block {0} has too much text to be changed here; the copy ends before it.", "区块 {0} 的内容太多，无法在此改动；副本在它之前结束。";
        none: "There is no block to change yet. Mine one first.", "还没有可以改动的区块。请先挖一个。";
        copy: "The copy", "副本";
        block: "Block {0}", "区块 {0}";
        holds: "holds", "成立";
        broken: "broken", "已断开";
        other: "another block", "另一个区块";
        hash_now: "Its hash", "它的哈希";
        hash_none: "none: this is no JSON", "无：这不是 JSON";
        hash_changed: "changed", "已改变";
        transactions: "Transactions", "交易";
        transactions_none: "None.", "没有。";
        transaction: "Transaction {0}", "交易 {0}";
        rest: "The other {0} transactions, as JSON", "其余 {0} 笔交易（JSON）";
        rule: "The rule, as the node says it", "节点给出的规则原文";
        reset: "Bring back the real chain", "恢复真实的链";
        mine: "Mine it again from the first broken block", "从第一个断开的区块起重新挖";
        judging: "The node judges the copy…", "节点正在检查副本……";
        failed: "The node did not answer. Is it still running?", "节点没有回答。它还在运行吗？";
        summary_real: "This is the real chain: every link holds.", "这就是真实的链：每条链接都成立。";
        summary_one: "1 block is broken: {0}", "有 1 个区块断开：{0}";
        summary_broken: "{0} blocks are broken: {1}", "有 {0} 个区块断开：{1}";
        summary_last: "No rule sees this change. It is in the last block, and no block behind it names its hash yet. That is why people wait for more blocks before they trust one.",
            "没有规则能发现这处改动。它在最后一个区块里，后面还没有区块写下它的哈希。所以人们要等后面再有几个区块才相信一个区块。";
        summary_other: "Every link holds, and yet {0} blocks are not those of the real chain. This is a forgery that breaks no rule. Nodes would take it for their chain as soon as it is longer than theirs.",
            "每条链接都成立，但有 {0} 个区块不是真实链上的。这是一份不违反任何规则的伪造品。只要它比节点自己的链更长，节点就会接受它。";
        before_unreadable: "The block before it cannot be read, so its link cannot be checked.", "前一个区块无法读取，所以无法检查它的链接。";
        why_member: "{0} is missing or has the wrong type.", "{0} 缺失，或类型不对。";
        why_json: "This is not a JSON object.", "这不是一个 JSON 对象。";
        why_index: "index must be the block's place in the chain: {0}.", "index 必须是该区块在链中的位置：{0}。";
        why_first_previous: "The first block has nothing before it: its previous_hash is 0.", "第一个区块前面没有区块：它的 previous_hash 是 0。";
        why_first_proof: "The first block's proof is 1.", "第一个区块的 proof 是 1。";
        why_first_transactions: "The first block holds no transactions.", "第一个区块不含交易。";
        why_previous: "Its previous_hash no longer names block {0}: the hash of that block is another one.", "它的 previous_hash 不再指向区块 {0}：那个区块的哈希是另一个值。";
        why_proof: "Its proof does not follow that of block {0}.", "它的 proof 接不上区块 {0} 的 proof。";
        mine_nothing: "Nothing is broken, so there is nothing to mine again. Change an earlier block first.", "没有断开的地方，不需要重新挖。请先改动一个更早的区块。";
        mine_given_up: "Given up after {0} seconds of searching.", "搜索 {0} 秒后放弃。";
        mine_cannot: "Block {0} cannot be mined as it stands: it {1}. Set that right by hand.", "区块 {0} 现在的样子无法挖出（{1}）。请先手动改正。";
        mine_took: "Block {0}: {1} tries, {2} ms", "区块 {0}：尝试 {1} 次，{2} 毫秒";
        mine_done: "Forged: {0} blocks mined again by {1} tries, in {2} ms. Real work is not like this.", "伪造完成：重新挖了 {0} 个区块，共尝试 {1} 次，用时 {2} 毫秒。真正的工作量不是这样的。";
        cost_ask: "What would mining it again take?", "重新挖要花多少？";
        cost: "{0} blocks would have to be mined again: about {1} hashes, {2} for this machine. Nothing was mined.", "需要重新挖 {0} 个区块：约 {1} 次哈希，这台机器要用 {2}。这里什么也没有挖。";
        cost_machine: "This machine tries {0} hashes a second on all its cores: {1}.", "这台机器用全部核心每秒尝试 {0} 次哈希：{1}。";
        cost_network: "All miners of the network together try about {0} a second: {1}.", "全网矿工合计每秒约尝试 {0} 次：{1}。";
        cost_network_unknown: "How much the whole network tries is not known before some blocks have been mined.", "要先挖出一些区块，才知道全网每秒尝试多少次。";
        cost_race: "Meanwhile the others mine on. A forger has to be faster than all of them together, or the forged chain never has the most work.", "与此同时其他矿工还在继续挖。伪造者必须比他们所有人加起来还快，否则伪造的链永远不会拥有最多的工作量。";
        cost_beyond: "Work mends no signature: what an account did not sign stays broken, however much is mined. And every node executes each block, so the roots in the record have to be right as well.",
            "再多的工作量也补不了签名：账户没有签过的交易，无论怎么挖都不成立。而且每个节点都会执行每个区块，所以记录中的各个根也必须正确。";
        time_moment: "less than a tenth of a second", "不到十分之一秒";
        time_seconds: "{0} seconds", "{0} 秒";
        time_minutes: "{0} minutes", "{0} 分钟";
        time_hours: "{0} hours", "{0} 小时";
        time_days: "{0} days", "{0} 天";
        time_years: "{0} years", "{0} 年";
        time_universe: "{0} times the age of the universe", "宇宙年龄的 {0} 倍";
        why_coin_previous: "Its previous hash no longer names block {0}: the hash of that block is another one.", "它的 previous 不再指向区块 {0}：那个区块的哈希是另一个值。";
        why_version: "The only version is 1.", "唯一的版本是 1。";
        why_bits: "bits say how hard the proof is, and the difficulty rule demands others here.", "bits 表示工作量证明有多难，而难度规则在这里要求的是另一个值。";
        why_work: "Its hash does not meet the target any more: the work was done for another header.", "它的哈希不再满足目标：工作量是为另一个区块头做的。";
        why_commitment: "The header commits to another record: any change in the record shows here.", "区块头承诺的是另一份记录：记录中的任何改动都会在这里暴露。";
        why_time_mismatch: "Header and record must have the same time.", "区块头和记录的时间必须相同。";
        why_time: "Its time must be above that of block {0}, and not far ahead of the clock.", "它的时间必须晚于区块 {0}，且不能比时钟超前太多。";
        why_record_parent: "Its record no longer names the record of block {0}.", "它的记录不再指向区块 {0} 的记录。";
        why_number: "The number must be the block's place in the chain: {0}.", "编号必须是该区块在链中的位置：{0}。";
        why_transactions_root: "The transactions are not those to which the record commits.", "这些交易不是记录所承诺的交易。";
        why_record: "{0} has a value that this network does not allow.", "{0} 的值不被此网络允许。";
        why_transaction: "Transaction {0} is not valid by itself.", "交易 {0} 本身无效。";
        why_signature: "The signature of transaction {0} gives no key.", "交易 {0} 的签名得不出任何公钥。";
        ring_title: "All proofs there are", "全部的 proof";
        ring_text: "On classic a proof looks at the proof before it and at nothing else in the block. So every chain that is mined as the book mines has the same proofs, and there are only 225: the first 67 lead into a loop of 158 that goes round for ever. Whoever has the list below searches for nothing: forging a chain of any length takes one hash a block.",
            "在 classic 网络上，一个 proof 只取决于前一个 proof，与区块里的其他内容无关。所以按书中方法挖出的每条链都有同样的 proof，一共只有 225 个：前 67 个通向一个由 158 个组成的环，之后永远循环。有了下面的列表就什么都不用搜索：伪造任意长度的链，每个区块只需一次哈希。";
        ring_picture: "A line of 67 dots leads to the top of a ring of 158 dots. The proofs of the blocks in the copy are marked.", "67 个点排成一条线，通向由 158 个点组成的环的顶端。副本中各区块的 proof 已标出。";
        ring_marks: "Marked: the proofs of the blocks in the copy. A proof that is not among the 225 has no mark.", "标出的是副本中各区块的 proof。不在这 225 个之中的 proof 没有标记。";
        ring_list: "The list of the 225 proofs", "225 个 proof 的列表";
        ring_list_text: "After the last one comes number {0} again.", "最后一个之后又回到第 {0} 个。";
    }
}
