//! The chapter as forms: what stands around its steps, and what answers mean.

use super::strings;

strings! {
    /// The frame of the steps.
    TryIt {
        title: "Try it", "动手试";
        lead: "The chapter from top to bottom, on three nodes: each step is a call that you send from this page, or type as the curl line that it shows. The page looks at the answer and says whether the step is done.",
            "在三个节点上从头到尾走完这一章：每一步是一次调用，可以从本页发送，也可以照它显示的 curl 命令自己输入。页面会看回答，并告诉你这一步是否完成。";
        start_classic: "Begin with a fresh network: bcoin up --fresh", "从一个全新的网络开始：bcoin up --fresh";
        start_coin: "Begin with a fresh network: bcoin up --network dev --fresh", "从一个全新的网络开始：bcoin up --network dev --fresh";
        auto_note: "The nodes of this network follow each other by themselves. For the steps in which two miners work on chains of their own, start it with --sync manual.",
            "这个网络的节点会自己互相跟随。想看两个矿工各挖各的链，请用 --sync manual 启动。";
        console_link: "Or send any call that this node knows", "或者发送本节点支持的任何调用";
        begin: "Begin", "开始";
        go_on: "Go on: {0}", "继续：{0}";
        reset: "Forget what is done", "忘掉已完成的步骤";
        reset_done: "All steps are open again. What the nodes have stored stays.", "所有步骤又都未完成了。节点里存的东西不变。";
        finished: "The chapter is done. What you have seen is how a blockchain works; what it lacks to be a currency stands at the chapter's end.", "这一章走完了。你看到了区块链是怎样工作的；它离货币还缺什么，见这一章的结尾。";
        steps: "Steps", "步骤";
        step_of: "Step {0} of {1}", "第 {0} 步，共 {1} 步";
        step_done: "done", "已完成";
        step_open: "open", "未完成";
        on_node: "on node {0}", "在节点 {0} 上";
        on_nodes: "on nodes {0}", "在节点 {0} 上";
        you_are: "You are on node {0}, {1}.", "你在节点 {0}，{1}。";
        done_on: "This step is done on node {0}, {1}. A page acts on its own node only, so go there.", "这一步要在节点 {0}（{1}）上做。页面只操作自己的节点，所以请过去。";
        go_there: "This step on node {0}", "到节点 {0} 做这一步";
        not_known: "This node knows no such node: the address is a guess. Is a network of three running? bcoin up starts one.", "本节点不认识这样的节点，地址是猜的。三个节点的网络在运行吗？bcoin up 会启动一个。";
        task: "What to do", "要做什么";
        curl_there: "The same by hand", "自己动手输入";
        check: "Check", "检查";
        not_yet: "Not done yet.", "还没有完成。";
        previous: "Back", "上一步";
        next: "Next", "下一步";
        nodes: "The three nodes", "三个节点";
        nodes_note: "Others as this browser saw them last.", "其他节点是本浏览器上次看到的样子。";
        node: "Node", "节点";
        blocks: "Blocks", "区块数";
        last_hash: "Last hash", "最后的哈希";
        guess: "a guess", "猜测";
        stand: "This node now: {0} in the chain, {1} waiting", "本节点现在：链上 {0} 个区块，{1} 笔交易等待中";
        sender: "Sender", "付款人（sender）";
        receiver: "Receiver", "收款人（receiver）";
        amount: "Amount", "金额（amount）";
        amount_hint: "A number, or any other JSON: the node takes it as it is.", "一个数，或任何 JSON：节点照单全收。";
        raw: "Signed transaction", "签好的交易（raw）";
        raw_hint: "Change a single digit and send it: the signature fits no longer.", "改一个字符再发送：签名就对不上了。";
        raw_none: "On this network nobody's keys are public: sign in your own wallet. `bcoin wallet send` does, and hands the transaction in.", "在这个网络上没有公开的密钥：请在自己的钱包里签名。`bcoin wallet send` 会签名并提交。";
        sign: "Sign it", "签名";
        sign_title: "What to sign", "要签什么";
        sign_note: "Signed with the key of test account {0}, which everybody has, as its transaction number {1}.", "用测试账户 {0} 的密钥（人人都有）签名，这是它的第 {1} 号交易。";
        amount_coins: "Amount in coins", "金额（币）";
        block: "Block", "区块";
        nodes_label: "Addresses, one a line", "地址，每行一个";
        do_chain: "Ask for the chain", "要整条链";
        do_transaction: "Hand it in", "提交";
        do_mine: "Mine a block", "挖一个区块";
        do_text: "Ask for its text", "要它的文本";
        do_block: "Ask for the block", "要这个区块";
        do_connect: "Name them", "告诉节点";
        do_replace: "Replace the chain", "替换链";
        do_waiting: "Look what waits", "看看什么在等待";
        do_valid: "Ask", "问一问";
        wrong_receiver: "A transaction without a receiver", "没有收款人的交易";
        wrong_json: "A body that is no JSON", "正文不是 JSON";
        wrong_nodes: "Name nobody", "一个节点也没告诉";
        wrong_address: "An address that is none", "不是地址的地址";
        wrong_method: "POST to a call that reads", "用 POST 调用只读接口";
        wrong_path: "A path that is not here", "不存在的路径";
        wrong_unsigned: "A transaction that nobody signed", "没有人签名的交易";
        wrong_raw: "A signed transaction with a byte too few", "少了一个字节的签名交易";
    }
}

strings! {
    /// A call, its answer, and what answers mean.
    Calls {
        form: "The call", "调用";
        changes: "changes the node", "会改变节点";
        reads: "reads only", "只读";
        send: "Send", "发送";
        cancel: "Cancel", "取消";
        curl: "As a curl line", "用 curl";
        needs_script: "Sending from this page needs JavaScript; the curl lines work without.", "从本页发送需要 JavaScript；没有它也可以用 curl 命令。";
        request: "The request as it was sent", "实际发出的请求";
        answer: "The answer", "回答";
        none_yet: "Nothing has been sent yet.", "还没有发送任何请求。";
        waits: "Sent. Waiting for the answer…", "已发送，等待回答……";
        seconds: "{0} s", "{0} 秒";
        took: "{0} {1}, after {2} ms", "{0} {1}，用时 {2} 毫秒";
        headers: "Headers of the answer", "回答的头部";
        empty: "The answer has no body.", "回答没有正文。";
        cut: "The first {0} characters; the rest is left out here.", "这里只显示前 {0} 个字符，其余省略。";
        meanings: "What each status means", "各状态码的含义";
        token_title: "This node wants a token", "本节点需要令牌";
        token_text: "You came over the network, not over loopback. Calls that change the node need its token, which stands in the file `token` in the node's folder. The page sends it as a header only with such calls, and never puts it into an address.",
            "你是通过网络而不是本机回环访问的。改变节点的调用需要它的令牌，令牌在节点文件夹里的 `token` 文件中。页面只在这类调用中把它作为头部发送，绝不会放进网址。";
        token: "Token", "令牌";
        token_keep: "Keep it in this tab until it is closed", "在关闭此标签页之前记住它";
        in_header: "header", "头部";
        in_query: "query", "查询参数";
        in_path: "path", "路径";
        body: "Body", "正文";
        required: "required", "必填";
        not_by_page: "Browsers set this header themselves: the page cannot send it, and curl can.", "这个头部由浏览器自己设置：页面不能发送，curl 可以。";
        stream_note: "This answer has no end: it is shown as it comes, until you cancel.", "这个回答没有尽头：来多少显示多少，直到你取消。";
        s200: "It worked, and the body is what was asked for.", "成功，正文就是所要的内容。";
        s201: "It worked: something was added, and it is on the disk.", "成功：已添加，并已写入磁盘。";
        s202: "The node goes on working; the answer says where to ask how it stands.", "节点还在继续工作；回答里说明了到哪里查询进展。";
        s400: "The request cannot be read, or something is missing in it; detail says what. Nothing was changed.", "请求无法读懂，或缺了什么；detail 里说明了。什么都没有改变。";
        s401: "The call changes the node and came over the network without the right token. It stands in the file `token` in the node's folder.", "这个调用会改变节点，却是通过网络来的，没有正确的令牌。令牌在节点文件夹里的 `token` 文件中。";
        s403: "The node does not do this for you: it does not hold the sender's key, or the browser asks for another site's page.", "节点不为你做这件事：它没有付款人的密钥，或者浏览器是替别的网站的页面来问的。";
        s404: "There is nothing at this address: no such call, block or transaction.", "这个地址没有东西：没有这样的接口、区块或交易。";
        s405: "The address is right and the method is not; allowed says which ones work.", "地址对，方法不对；allowed 里列出了可用的方法。";
        s408: "The body did not arrive in time.", "正文没有及时到达。";
        s409: "The call is well formed, but it does not fit how things stand; detail says why.", "调用的形式没错，但与现状不符；detail 里说明了原因。";
        s413: "The body is larger than this call takes.", "正文超过了这个调用允许的大小。";
        s421: "The node does not answer to this host name: a foreign page could have pointed it here.", "节点不认这个主机名：可能是别的网页把它指到了这里。";
        s422: "It breaks a rule of the network; rule and detail say which.", "它违反了网络的规则；rule 和 detail 里说明了是哪一条。";
        s426: "This address speaks WebSocket only: it is where nodes meet.", "这个地址只接受 WebSocket：它是节点之间会面的地方。";
        s431: "Request line and headers are too long, in a browser mostly because of cookies.", "请求行和头部太长，在浏览器里多半是因为 Cookie。";
        s500: "The node made a mistake, or its store is damaged; its log says more.", "节点出了错，或存储已损坏；详情见日志。";
        s503: "The node has its hands full, or is about to stop. Ask again in a moment.", "节点忙不过来，或即将停止。请稍后再试。";
        s507: "The disk takes no writes, or there is no room. Nothing was changed.", "磁盘无法写入，或没有空间。什么都没有改变。";
        s000: "No answer: the node is gone, or the connection broke. Is it still running?", "没有回答：节点不在了，或连接断了。它还在运行吗？";
        s001: "You cancelled. The node stops a search when its caller goes away.", "你取消了。调用者一离开，节点就停止搜索。";
        s002: "No answer within a minute, so the page stopped waiting.", "一分钟内没有回答，页面不再等待。";
        s999: "An answer that this page has no explanation for; its body says more.", "本页没有对这个回答的说明；请看正文。";
    }
}
