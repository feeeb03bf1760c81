//! The steps of the chapter: what each shows, wants, and says when it is done.

use super::step_words;

step_words! {
    /// As they are on a classic network that moves by hand.
    Steps {
        chain {
            title: "A chain begins with a block", "链从一个区块开始";
            text: "Every node keeps a chain of blocks. The first block has nothing before it: its previous_hash is \"0\", and its proof is 1 by agreement. Each node made its own first block when it started. So three nodes that have just begun hold three different chains.",
                "每个节点都保存一条由区块组成的链。第一个区块前面什么也没有：它的 previous_hash 是 \"0\"，proof 约定为 1。每个节点启动时都造了自己的第一个区块，所以三个刚启动的节点有三条不同的链。";
            task: "Ask node 1 for its chain.", "向节点 1 要它的链。";
            done: "That is this node's chain: {0} blocks long. The hash of its last block begins with {1}.", "这就是本节点的链：共 {0} 个区块，最后一个区块的哈希以 {1} 开头。";
            otherwise: "That was not the chain. The answer says why.", "这不是链。回答里说明了原因。";
        }
        transaction {
            title: "A transaction is a wish", "交易是一个愿望";
            text: "A transaction waits until somebody mines. The node checks that sender, receiver and amount are there, and nothing more: no balance, no signature. Whether alice has 5 of anything, nobody asks.",
                "交易会一直等待，直到有人挖矿。节点只检查 sender、receiver 和 amount 三项是否齐全，别的都不管：没有余额，没有签名。没有人问 alice 到底有没有 5 个币。";
            task: "Hand in a transaction. Change the names and the amount if you like.", "提交一笔交易。名字和金额可以随意改。";
            done: "It waits now, and block {0} will hold it. Transactions that wait on this node: {1}.", "它在等待，将进入区块 {0}。本节点等待中的交易：{1} 笔。";
            otherwise: "The node did not take it. The answer says why.", "节点没有接受它。回答里说明了原因。";
        }
        mine {
            title: "Mining puts it into a block", "挖矿把它放进区块";
            text: "Mining searches a proof: the smallest number p for which the SHA-256 of p² − previous², written in decimal digits, begins with four zeros. The waiting transactions move into the new block, and behind them comes the reward for the node's miner. The block names its parent by hash. That makes a chain of it.",
                "挖矿就是寻找一个证明：最小的数 p，使得 p² − 前一个证明² 的十进制写法的 SHA-256 以四个零开头。等待中的交易进入新区块，后面是给矿工的奖励。新区块用哈希指明它的父区块，这样就连成了链。";
            task: "Mine a block on node 1.", "在节点 1 上挖一个区块。";
            done: "You have mined block {0}, and it holds {1} transactions. The last of them is the reward.", "你挖出了区块 {0}，里面有 {1} 笔交易，最后一笔是奖励。";
            otherwise: "There is no new block yet. The answer says why, or where to ask again.", "还没有新区块。回答里说明了原因，或该到哪里再问。";
        }
        hash {
            title: "A hash pins everything before it", "哈希钉住它之前的一切";
            text: "The hash of a block is the SHA-256 of its text. Block 2 holds the hash of block 1: change one character of block 1, and block 2 names a parent that does not exist. This page computes the hash of the text that comes back, and looks whether the next block names it.",
                "区块的哈希就是它的文本的 SHA-256。区块 2 里存着区块 1 的哈希：把区块 1 改动一个字符，区块 2 指的父区块就不存在了。本页会计算收到的文本的哈希，再看下一个区块是否指的就是它。";
            task: "Ask for the text of block 1. Then try block 2.", "先要区块 1 的文本，再试试区块 2。";
            done: "The SHA-256 of this text begins with {0}, and block {1} names just that hash as its parent's.", "这段文本的 SHA-256 以 {0} 开头，区块 {1} 写的父区块哈希正是它。";
            otherwise: "The SHA-256 of this text begins with {0}. No block stands on top that would name it.", "这段文本的 SHA-256 以 {0} 开头。它上面还没有区块来指明它。";
        }
        mine_again {
            title: "A block on top", "再压上一个区块";
            text: "Nothing pins down the last block of a chain: whoever changes it breaks no other block. A block on top does, and each further one makes it harder. That is why people wait for a few blocks on top of theirs.",
                "链的最后一个区块没有什么钉住它：改动它不会弄坏别的区块。上面再压一个区块就钉住了，压得越多越牢。所以人们会等自己的区块上面再多几个区块。";
            task: "Mine one more block on node 1.", "在节点 1 上再挖一个区块。";
            done: "Block {0} stands on top, with {1} transactions in it. Your transaction is pinned down.", "区块 {0} 压在了上面，里面有 {1} 笔交易。你的交易被钉住了。";
            otherwise: "There is no new block yet. The answer says why, or where to ask again.", "还没有新区块。回答里说明了原因，或该到哪里再问。";
        }
        connect {
            title: "Nodes get to know each other", "节点互相认识";
            text: "A node asks only those that it knows. You name it the others, and it leaves itself out of the list. To know each other changes no chain: this network exchanges nothing by itself. `bcoin up` has told the nodes already, and to tell them twice does no harm.",
                "节点只会问它认识的节点。你把其他节点告诉它，它会自动略去自己。互相认识不会改变任何链：这个网络不会自己交换任何东西。`bcoin up` 已经告诉过它们了，再说一遍也没有坏处。";
            task: "Name the others to each of the three nodes.", "把其他节点告诉三个节点中的每一个。";
            done: "This node knows {0} others: {1}.", "本节点认识另外 {0} 个节点：{1}。";
            otherwise: "This node knows fewer than two others. Name it both.", "本节点认识的其他节点不到两个。请把两个都告诉它。";
        }
        other {
            title: "Another node, another chain", "另一个节点，另一条链";
            text: "Node 2 has heard nothing of your blocks. It still has its own first block and nothing else. That block has another timestamp, and so another hash. Both chains hold every rule.",
                "节点 2 对你的区块一无所知。它仍然只有自己的第一个区块。那个区块的时间戳不同，哈希也就不同。两条链都符合所有规则。";
            task: "Ask node 2 for its chain, and compare it with node 1's.", "向节点 2 要它的链，和节点 1 的比一比。";
            done: "It is another chain: {0} blocks here, {1} on node 1.", "这是另一条链：这里有 {0} 个区块，节点 1 有 {1} 个。";
            otherwise: "This node has node 1's chain already. To see two chains begin anew: bcoin up --fresh", "本节点已经是节点 1 的链了。想看到两条链，就重新开始：bcoin up --fresh";
        }
        replace {
            title: "The longest chain wins", "最长的链获胜";
            text: "Node 2 asks every node that it knows for its chain, holds each block against the rules, and takes the longest valid chain that is longer than its own. Its own first block is gone from the chain, though not from the disk: /v1/displaced still has it.",
                "节点 2 向它认识的每个节点要链，逐个区块按规则检查，然后采用比自己更长的有效链中最长的一条。它自己的第一个区块从链上消失了，但还在磁盘上：/v1/displaced 里仍能看到。";
            task: "Tell node 2 to replace its chain.", "让节点 2 替换它的链。";
            done: "Node 2 has taken the longer chain: {0} blocks, and the last hash begins with {1}.", "节点 2 采用了更长的链：{0} 个区块，最后的哈希以 {1} 开头。";
            otherwise: "This node kept its {0} blocks: nobody that it knows has a longer chain. Mine on node 1 first.", "本节点保留了自己的 {0} 个区块：它认识的节点都没有更长的链。请先在节点 1 上挖矿。";
        }
        keep {
            title: "The other direction", "反过来问";
            text: "Now node 1 asks. Nobody has a longer chain than its own, and a chain that is just as long is not longer. So it keeps what it has, and says what it heard from each of the others.",
                "现在由节点 1 来问。没有谁的链比它的长，一样长不算更长。所以它保留自己的链，并说出从其他每个节点听到了什么。";
            task: "Tell node 1 to replace its chain.", "让节点 1 替换它的链。";
            done: "Node 1 kept its chain of {0} blocks. Nodes that it asked: {1}.", "节点 1 保留了自己 {0} 个区块的链。它问过的节点：{1} 个。";
            otherwise: "This node took another chain, of {0} blocks: somebody was ahead of it.", "本节点采用了另一条 {0} 个区块的链：有节点走在它前面。";
        }
        rival {
            title: "Two miners at once", "两个矿工同时挖";
            text: "Node 3 has not asked anybody. Let it work on its own chain, with a transaction in it: carol pays dave 7. The other nodes hear nothing of it.",
                "节点 3 还没有问过任何人。让它在自己的链上干活，里面放一笔交易：carol 付给 dave 7。其他节点对此一无所知。";
            task: "Hand in a transaction on node 3.", "在节点 3 上提交一笔交易。";
            done: "It waits on node 3, whose block {0} will hold it. Transactions that wait there: {1}.", "它在节点 3 上等待，将进入那里的区块 {0}。那里等待中的交易：{1} 笔。";
            otherwise: "The node did not take it. The answer says why.", "节点没有接受它。回答里说明了原因。";
        }
        rival_mine {
            title: "Two chains grow", "两条链都在长";
            text: "Node 3 mines a block 2 of its own. Now there are two chains with different blocks at the same height, and both are valid. Which of them stays is decided by their length alone.",
                "节点 3 挖出它自己的区块 2。现在有两条链，同一高度上是不同的区块，而且两条都有效。留下哪一条，只看长度。";
            task: "Mine a block on node 3.", "在节点 3 上挖一个区块。";
            done: "Node 3 has mined its block {0}, with {1} transactions in it.", "节点 3 挖出了它的区块 {0}，里面有 {1} 笔交易。";
            otherwise: "There is no new block yet. The answer says why, or where to ask again.", "还没有新区块。回答里说明了原因，或该到哪里再问。";
        }
        give_way {
            title: "One chain gives way", "一条链让位";
            text: "Node 1's chain has three blocks and node 3's has two. When node 3 asks, its chain gives way, and with it the block that held carol's transaction. In the book's node the transaction is lost at this point.",
                "节点 1 的链有三个区块，节点 3 的只有两个。节点 3 一问，它的链就让位了，连同装着 carol 那笔交易的区块。在书里的节点上，这笔交易到这里就丢了。";
            task: "Tell node 3 to replace its chain.", "让节点 3 替换它的链。";
            done: "Node 3 has taken the longer chain: {0} blocks, and the last hash begins with {1}. Its own blocks are displaced.", "节点 3 采用了更长的链：{0} 个区块，最后的哈希以 {1} 开头。它自己的区块被替换下来了。";
            otherwise: "Node 3 kept its {0} blocks: no other chain is longer. Mine on node 1, then ask again.", "节点 3 保留了自己的 {0} 个区块：没有更长的链。请在节点 1 上挖矿后再问。";
        }
        returned {
            title: "The transaction comes back", "交易回来了";
            text: "On this node the transaction is not lost: the new chain does not hold it, so it waits again. The member returned says that it came out of a displaced block.",
                "在这个节点上交易不会丢：新链里没有它，所以它重新等待。returned 这一项说明它来自被替换的区块。";
            task: "Look what waits on node 3.", "看看节点 3 上有什么在等待。";
            done: "Transactions that wait on node 3: {0}. Out of displaced blocks: {1}.", "节点 3 上等待中的交易：{0} 笔，其中来自被替换区块的：{1} 笔。";
            otherwise: "Nothing came back here. Hand in a transaction on node 3, mine it there, then have its chain give way.", "这里没有回来的交易。请在节点 3 上提交一笔交易并挖矿，再让它的链让位。";
        }
        mine_returned {
            title: "Into the chain after all", "终究进了链";
            text: "Mined again, the transaction stands in a block on top of the chain that the others have. Now node 3's chain is the longest of all.",
                "再挖一次，交易就进了一个新区块，压在其他节点共有的链上面。现在节点 3 的链是最长的。";
            task: "Mine a block on node 3.", "在节点 3 上挖一个区块。";
            done: "Node 3 has mined block {0}, with {1} transactions in it. The others do not know it yet.", "节点 3 挖出了区块 {0}，里面有 {1} 笔交易。其他节点还不知道。";
            otherwise: "There is no new block yet. The answer says why, or where to ask again.", "还没有新区块。回答里说明了原因，或该到哪里再问。";
        }
        agree {
            title: "Everyone agrees", "大家一致了";
            text: "Nodes 1 and 2 ask once more and take the longer chain. Then all three hold one chain, to the last character, with every transaction in it.",
                "节点 1 和节点 2 再问一次，采用更长的链。于是三个节点的链完全相同，一个字符都不差，每笔交易都在里面。";
            task: "Tell node 1 to replace its chain, then node 2.", "先让节点 1 替换它的链，再让节点 2 替换。";
            done: "This node has node 3's chain: {0} blocks, and the last hash begins with {1}.", "本节点有了节点 3 的链：{0} 个区块，最后的哈希以 {1} 开头。";
            otherwise: "This node's chain is not node 3's. The answer says what each node had.", "本节点的链不是节点 3 的。回答里说明了每个节点有什么。";
        }
        valid {
            title: "Is it valid?", "它有效吗？";
            text: "The node reads its stored chain again, hashes it again and holds it against every rule. A yes says that the blocks fit together. It does not say that anybody ever had the coins, or that no longer chain is somewhere else.",
                "节点重新读取存储的链，重新计算哈希，逐条规则检查。回答“是”只说明区块前后吻合，并不说明谁真的有过这些币，也不说明别处没有更长的链。";
            task: "Ask node 1 whether its chain is valid.", "问节点 1 它的链是否有效。";
            done: "The chain of {0} blocks holds every rule.", "{0} 个区块的链符合所有规则。";
            otherwise: "Something is wrong with the stored chain. The answer says what.", "存储的链有问题。回答里说明了是什么问题。";
        }
        errors {
            title: "What errors look like", "错误是什么样子";
            text: "An error has a status: 4xx where the request was wrong, 5xx where the node has trouble. Its body says what kind of problem it is, what happened this time, and what to do about it. A call that is refused changes nothing.",
                "错误有状态码：4xx 表示请求有误，5xx 表示节点有麻烦。正文说明这是哪类问题、这次发生了什么、该怎么办。被拒绝的调用不会改变任何东西。";
            task: "Send some wrong calls, and read what the node says.", "发几个错误的调用，读一读节点怎么说。";
            done: "The node refused it with status {0}: {1}", "节点以状态码 {0} 拒绝了它：{1}";
            otherwise: "The node took that: it was no error.", "节点接受了它：这不是错误。";
        }
    }
}
