//! The steps of the chapter where a network is another: with coins that somebody signed for, or with nodes that follow each other.

use super::step_words;

step_words! {
    /// With coins. Steps that are not here say the same as on classic.
    CoinSteps {
        coin_chain {
            title: "A chain begins with a block", "链从一个区块开始";
            text: "Every node keeps a chain of blocks. On this network the first block is part of the rules: every node has the same one, and it gives the test accounts their first coins. Each block shows the book's five members beside the real ones, such as its target and the state of all accounts.",
                "每个节点都保存一条由区块组成的链。在这个网络上，第一个区块是规则的一部分：每个节点都一样，它给测试账户发了最初的币。每个区块除了书里的五项，还有真正的各项，例如目标值和所有账户的状态。";
            task: "Ask node 1 for its chain.", "向节点 1 要它的链。";
            done: "That is this node's chain: {0} blocks long. The hash of its last block begins with {1}.", "这就是本节点的链：共 {0} 个区块，最后一个区块的哈希以 {1} 开头。";
            otherwise: "That was not the chain. The answer says why.", "这不是链。回答里说明了原因。";
        }
        coin_transaction {
            title: "A transaction is signed", "交易要签名";
            text: "Nobody can spend another's coins: the sender signs. A node holds no keys unless it is told to (--unlock), so a wallet signs and the node gets the signed bytes as raw. For this lesson the page has signed a transfer with a test account whose key everybody knows.",
                "谁也不能花别人的币：付款人要签名。除非另有吩咐（--unlock），节点不保管密钥，所以由钱包签名，节点收到的是签好的字节，放在 raw 里。为了这堂课，本页用一个密钥人人都知道的测试账户签了一笔转账。";
            task: "Choose an amount and have it signed. Then hand the transaction in.", "选一个金额并签名，然后提交这笔交易。";
            done: "It waits now, and block {0} will hold it. Transactions that wait on this node: {1}.", "它在等待，将进入区块 {0}。本节点等待中的交易：{1} 笔。";
            otherwise: "The node did not take it, or knew it already. The answer says which.", "节点没有接受它，或者早已知道它。回答里说明了是哪一种。";
        }
        coin_mine {
            title: "Mining puts it into a block", "挖矿把它放进区块";
            text: "Mining searches a nonce with which the hash of the block's own header is below a target. Here every second try fits, so it takes no time. The waiting transactions move into the block, best fee first, and the node's miner earns 50 new coins and the fees. The book counts blocks from 1 and the network from 0: the book's block 2 is number 1.",
                "挖矿就是寻找一个随机数，使区块自己的区块头哈希低于目标值。在这里每试两次就有一次成功，所以瞬间完成。等待中的交易按手续费从高到低进入区块，节点的矿工得到 50 个新币和手续费。书里从 1 数区块，网络从 0 数：书里的区块 2 就是 1 号。";
            task: "Mine a block on node 1.", "在节点 1 上挖一个区块。";
            done: "You have mined block {0}, and it holds {1} transactions.", "你挖出了区块 {0}，里面有 {1} 笔交易。";
            otherwise: "There is no new block yet. The answer says why, or where to ask again.", "还没有新区块。回答里说明了原因，或该到哪里再问。";
        }
        coin_hash {
            title: "A hash pins everything before it", "哈希钉住它之前的一切";
            text: "A block is known by the hash of its header, 80 bytes. The header holds the hash of the header before it, so a change in any block changes every hash after it. This page also asks for the block before, and compares.",
                "区块以它 80 字节的区块头的哈希为名。区块头里存着前一个区块头的哈希，所以任何区块一改，后面所有的哈希都变。本页还会去要前一个区块，并作比较。";
            task: "Ask for the last block.", "要最后一个区块。";
            done: "Its previous_hash begins with {0}, and that is the hash of block {1}.", "它的 previous_hash 以 {0} 开头，这正是区块 {1} 的哈希。";
            otherwise: "This block has none before it. Mine one first.", "这个区块前面没有别的区块。请先挖一个。";
        }
        coin_other {
            title: "Another node, another chain", "另一个节点，另一条链";
            text: "Node 2 has heard nothing of your blocks. It has the first block, which all nodes share, and nothing else. Both chains hold every rule.",
                "节点 2 对你的区块一无所知。它只有大家共有的第一个区块。两条链都符合所有规则。";
            task: "Ask node 2 for its chain, and compare it with node 1's.", "向节点 2 要它的链，和节点 1 的比一比。";
            done: "It is another chain: {0} blocks here, {1} on node 1.", "这是另一条链：这里有 {0} 个区块，节点 1 有 {1} 个。";
            otherwise: "This node has node 1's chain already. To see two chains begin anew: bcoin up --network dev --sync manual --fresh", "本节点已经是节点 1 的链了。想看到两条链，就重新开始：bcoin up --network dev --sync manual --fresh";
        }
        coin_replace {
            title: "The chain with the most work wins", "工作量最大的链获胜";
            text: "Node 2 asks every node that it knows for its headers first, and takes the chain with the most work, if that is more than its own has. Before it believes a block it checks every signature and executes every transaction.",
                "节点 2 先向它认识的每个节点要区块头，如果工作量最大的那条链比自己的大，就采用它。在相信一个区块之前，它会检查每个签名，执行每笔交易。";
            task: "Tell node 2 to replace its chain.", "让节点 2 替换它的链。";
            done: "Node 2 has taken the chain with more work: {0} blocks, and the last hash begins with {1}.", "节点 2 采用了工作量更大的链：{0} 个区块，最后的哈希以 {1} 开头。";
            otherwise: "This node kept its {0} blocks: nobody that it knows has more work. Mine on node 1 first.", "本节点保留了自己的 {0} 个区块：它认识的节点都没有更大的工作量。请先在节点 1 上挖矿。";
        }
        coin_keep {
            title: "The other direction", "反过来问";
            text: "Now node 1 asks. Nobody has a chain with more work than its own, and as much is not more. So it keeps what it has, and says what it heard from each of the others.",
                "现在由节点 1 来问。没有谁的链工作量比它的大，一样大不算更大。所以它保留自己的链，并说出从其他每个节点听到了什么。";
            task: "Tell node 1 to replace its chain.", "让节点 1 替换它的链。";
            done: "Node 1 kept its chain of {0} blocks. Nodes that it asked: {1}.", "节点 1 保留了自己 {0} 个区块的链。它问过的节点：{1} 个。";
            otherwise: "This node took another chain, of {0} blocks: somebody was ahead of it.", "本节点采用了另一条 {0} 个区块的链：有节点走在它前面。";
        }
        coin_rival {
            title: "Two miners at once", "两个矿工同时挖";
            text: "Node 3 has not asked anybody. Let it work on its own chain, with a transaction in it that another test account has signed. The other nodes hear nothing of it.",
                "节点 3 还没有问过任何人。让它在自己的链上干活，里面放一笔由另一个测试账户签名的交易。其他节点对此一无所知。";
            task: "Hand in the signed transaction on node 3.", "在节点 3 上提交签好的交易。";
            done: "It waits on node 3, whose block {0} will hold it. Transactions that wait there: {1}.", "它在节点 3 上等待，将进入那里的区块 {0}。那里等待中的交易：{1} 笔。";
            otherwise: "The node did not take it, or knew it already. The answer says which.", "节点没有接受它，或者早已知道它。回答里说明了是哪一种。";
        }
        coin_rival_mine {
            title: "Two chains grow", "两条链都在长";
            text: "Node 3 mines a block of its own. Now there are two chains with different blocks at the same height, and both are valid. Which of them stays is decided by their work alone.",
                "节点 3 挖出它自己的区块。现在有两条链，同一高度上是不同的区块，而且两条都有效。留下哪一条，只看工作量。";
            task: "Mine a block on node 3.", "在节点 3 上挖一个区块。";
            done: "Node 3 has mined its block {0}, with {1} transactions in it.", "节点 3 挖出了它的区块 {0}，里面有 {1} 笔交易。";
            otherwise: "There is no new block yet. The answer says why, or where to ask again.", "还没有新区块。回答里说明了原因，或该到哪里再问。";
        }
        coin_give_way {
            title: "One chain gives way", "一条链让位";
            text: "Node 1's chain has two blocks of work and node 3's has one. When node 3 asks, its chain gives way, and with it the block that held the transaction. The coins that were paid go back with it, as if nothing had happened.",
                "节点 1 的链有两个区块的工作量，节点 3 的只有一个。节点 3 一问，它的链就让位了，连同装着那笔交易的区块。付出的币也随之退回，就像什么都没发生过。";
            task: "Tell node 3 to replace its chain.", "让节点 3 替换它的链。";
            done: "Node 3 has taken the chain with more work: {0} blocks, and the last hash begins with {1}. Its own blocks are displaced.", "节点 3 采用了工作量更大的链：{0} 个区块，最后的哈希以 {1} 开头。它自己的区块被替换下来了。";
            otherwise: "Node 3 kept its {0} blocks: no other chain has more work. Mine on node 1, then ask again.", "节点 3 保留了自己的 {0} 个区块：没有工作量更大的链。请在节点 1 上挖矿后再问。";
        }
        coin_returned {
            title: "The transaction comes back", "交易回来了";
            text: "The transaction is not lost: the new chain does not hold it, and its signature is still good, so it waits again in the mempool of node 3.",
                "交易没有丢：新链里没有它，签名仍然有效，所以它又回到节点 3 的交易池里等待。";
            task: "Look what waits on node 3.", "看看节点 3 上有什么在等待。";
            done: "Transactions that wait on node 3 again: {0}.", "节点 3 上重新等待的交易：{0} 笔。";
            otherwise: "Nothing waits here. Hand in a transaction on node 3, mine it there, then have its chain give way.", "这里没有等待的交易。请在节点 3 上提交一笔交易并挖矿，再让它的链让位。";
        }
        coin_valid {
            title: "Is it valid?", "它有效吗？";
            text: "The node checks its stored chain again from the first block on: every proof, every signature, every rule, and every state by executing the blocks. A yes says that every coin that was spent was there. It does not say that no chain with more work is somewhere else.",
                "节点从第一个区块开始重新检查存储的链：每个证明、每个签名、每条规则，并执行各区块来核对每个状态。回答“是”说明花掉的每个币都真的存在，但不说明别处没有工作量更大的链。";
            task: "Ask node 1 whether its chain is valid.", "问节点 1 它的链是否有效。";
            done: "The chain of {0} blocks holds every rule.", "{0} 个区块的链符合所有规则。";
            otherwise: "Something is wrong with the stored chain. The answer says what.", "存储的链有问题。回答里说明了是什么问题。";
        }
    }
}

step_words! {
    /// Where nodes follow each other by themselves.
    AutoSteps {
        auto_connect {
            title: "Nodes get to know each other", "节点互相认识";
            text: "A node follows those that it knows. You name it the others, and it calls them at once; from then on they tell each other of every block and every transaction. `bcoin up` has told the nodes already, and to tell them twice does no harm.",
                "节点会跟随它认识的节点。你把其他节点告诉它，它马上去联系；从此它们互相通知每个区块和每笔交易。`bcoin up` 已经告诉过它们了，再说一遍也没有坏处。";
            task: "Name the others to each of the three nodes.", "把其他节点告诉三个节点中的每一个。";
            done: "This node knows {0} others: {1}.", "本节点认识另外 {0} 个节点：{1}。";
            otherwise: "This node knows fewer than two others. Name it both.", "本节点认识的其他节点不到两个。请把两个都告诉它。";
        }
        auto_other {
            title: "Another node, the same chain", "另一个节点，同一条链";
            text: "On this network the nodes follow each other by themselves. Node 1 told the others of each block as it was mined. Node 2 checked it and put it on its own chain, and nobody had to ask.",
                "在这个网络上，节点会自己互相跟随。节点 1 每挖出一个区块就通知其他节点。节点 2 检查后接到自己的链上，不需要谁去问。";
            task: "Ask node 2 for its chain, and compare it with node 1's.", "向节点 2 要它的链，和节点 1 的比一比。";
            done: "It is the same chain: {0} blocks here, {1} on node 1.", "这是同一条链：这里有 {0} 个区块，节点 1 有 {1} 个。";
            otherwise: "It is not node 1's chain yet: {0} blocks here, {1} on node 1. Look at the network page whether the nodes are connected.", "它还不是节点 1 的链：这里有 {0} 个区块，节点 1 有 {1} 个。请到网络页面看看节点是否已连接。";
        }
        auto_replace {
            title: "Nothing left to replace", "没什么可替换的了";
            text: "You can still tell a node to ask all that it knows. Node 2 has the best chain already, so it keeps it, and says what it heard from each of the others.",
                "你仍然可以让节点去问它认识的所有节点。节点 2 已经有最好的链，所以保留它，并说出从其他每个节点听到了什么。";
            task: "Tell node 2 to replace its chain.", "让节点 2 替换它的链。";
            done: "Node 2 has node 1's chain: {0} blocks, and the last hash begins with {1}.", "节点 2 有节点 1 的链：{0} 个区块，最后的哈希以 {1} 开头。";
            otherwise: "Node 2 has {0} blocks, and not the chain that node 1 had. Look at node 1's chain again.", "节点 2 有 {0} 个区块，但不是节点 1 原来的链。请再看看节点 1 的链。";
        }
    }
}
