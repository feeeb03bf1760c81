//! The nodes, the tree of their blocks, and what happened to it.

use super::strings;

strings! {
    /// Nodes, tips and forks.
    Network {
        title: "Network", "网络";
        alone: "This node knows no other. Name one, and it appears here.", "本节点还不认识其他节点。告诉它一个地址，那个节点就会出现在这里。";
        alone_how: "Let nodes meet", "让节点相遇";
        sees_none: "Other nodes are known, but where they stand is not: see why below.", "已知有其他节点，但还不知道它们停在哪个区块：原因见下。";
        all_on_one: "All {0} nodes that can be seen stand on the same block.", "看得到的 {0} 个节点全都停在同一个区块上。";
        on_several: "{0} nodes stand on {1} different blocks.", "{0} 个节点停在 {1} 个不同的区块上。";
        by_hand: "Chains meet by hand here: a node takes a longer chain only when it is told to. Until then chains may lie side by side.", "这里的链要手动会合：只有收到指令，节点才会换成更长的链。在那之前，几条链可以并排存在。";
        by_itself: "This node follows the others by itself.", "本节点会自动跟随其他节点。";
        asking: "Asking the other nodes…", "正在询问其他节点……";
        nodes: "Nodes", "节点";
        graph: "This node, and the nodes that it knows", "本节点，以及它认识的节点";
        graph_more: "{0} more nodes are in the table.", "另有 {0} 个节点列在表中。";
        letter: "Letter", "代号";
        address: "Address", "地址";
        stands_on: "Stands on", "停在";
        state: "Compared with this node", "与本节点相比";
        connection: "Connection", "连接";
        round_trip: "Round trip {0}", "往返 {0}";
        block_at: "Block {0}", "区块 {0}";
        outbound: "opened by this node", "由本节点发起";
        inbound: "opened by the other", "由对方发起";
        known_only: "known by its address", "只知道地址";
        is_itself: "this node", "本节点";
        is_same: "on the same block", "在同一个区块";
        is_behind: "same chain, {0} behind", "同一条链，落后 {0} 块";
        is_ahead: "same chain, {0} ahead", "同一条链，领先 {0} 块";
        is_beside: "on a block displaced here", "停在本节点已舍弃的区块上";
        is_parted: "on a branch from block {0} on", "在区块 {0} 之后分叉";
        is_apart: "on another chain", "在另一条链上";
        is_unknown: "on a block unknown here", "停在本节点不认识的区块上";
        is_unreachable: "does not answer", "没有应答";
        is_not_called: "may not be called", "不允许呼叫";
        is_plain: "cannot be looked into", "看不到里面";
        is_odd: "answers something else", "应答不对";
        is_asking: "not asked yet", "尚未询问";
        plain_why: "It answers the book's six calls only. Its blocks would be seen with get_chain, which sends the whole chain; this page does not ask for that.", "它只懂书中的六个接口。要看它的区块得用 get_chain，而那会传来整条链；本页不会这样做。";
        program: "Program: {0}", "程序：{0}";
        tree: "The tree of recent blocks", "最近区块的树";
        tree_text: "Newest on top; a line leads from each block to the one before it. The first column is this node's chain. A letter marks who stands on a block.", "最新的在上面；每个区块有一条线连向它的前一个区块。第一列是本节点的链。字母标出谁停在哪个区块上。";
        tree_region: "The tree of recent blocks; scroll to see all of it", "最近区块的树；可滚动查看全部";
        on_chain: "on this node's chain", "在本节点的链上";
        displaced: "displaced, or beside this node's chain", "已被替换，或在本节点的链之外";
        elsewhere: "on another node's chain, unchecked by this node", "在其他节点的链上，本节点未检验";
        displaced_elsewhere: "displaced on another node, unchecked by this node", "在其他节点上已被替换，本节点未检验";
        folded: "{0} blocks", "{0} 个区块";
        gap: "{0} missing", "缺 {0} 个";
        unfold: "Show every block", "显示每个区块";
        fold: "Shorten straight stretches", "缩短没有分叉的部分";
        more_blocks: "Show {0} blocks", "显示 {0} 个区块";
        not_drawn: "{0} blocks found no room in the picture; the table has them.", "有 {0} 个区块画不下，请看表格。";
        left_out: "{0} more blocks of other nodes are not shown.", "其他节点另有 {0} 个区块未显示。";
        as_table: "The tree as a table", "以表格显示这棵树";
        height: "Height", "高度";
        block: "Block", "区块";
        parent: "The one before", "前一个";
        what: "What it is", "是什么";
        transactions: "Transactions", "交易";
        who: "Who stands here", "谁停在这里";
        nobody: "nobody", "无";
    }
}
