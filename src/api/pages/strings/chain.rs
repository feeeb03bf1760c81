//! The chain, page by page.

use super::strings;

strings! {
    /// Rows of blocks, and the ways through them.
    Chain {
        title: "Chain", "区块链";
        blocks: "{0} blocks, newest first. The tip is block {1}.", "共 {0} 个区块，最新的在前。链顶是区块 {1}。";
        shown: "Blocks {0} to {1}", "区块 {0} 至 {1}";
        jump: "Go to height", "跳到高度";
        go: "Go", "跳转";
        newest: "Newest", "最新";
        newer: "Newer", "较新";
        older: "Older", "较旧";
        oldest: "First block", "第一个区块";
        pager: "Pages of the chain", "链的分页";
        rows: "Blocks", "区块列表";
        height: "Height", "高度";
        hash: "Hash", "哈希";
        time: "Time", "时间";
        transactions: "Transactions", "交易";
        endless: "Scroll through the whole chain, or drag the scroll bar. The links below lead to the same rows.", "可以滚动浏览整条链，也可以拖动滚动条。下面的链接通向同样的行。";
        no_rows: "These rows could not be read. Scroll on, or try again.", "这些行没能读取。请继续滚动或再试一次。";
    }
}
