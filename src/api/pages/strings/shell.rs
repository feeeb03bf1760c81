//! What stands around every page.

use super::strings;

strings! {
    /// Navigation, choices, and the states of being live.
    Shell {
        brand: "B-Coin", "B-Coin";
        skip: "Skip to the content", "跳到正文";
        pages: "Pages", "页面";
        overview: "Overview", "总览";
        chain: "Chain", "区块链";
        waiting: "Waiting", "待打包";
        network: "Network", "网络";
        try_it: "Try it", "动手试";
        break_it: "Break it", "搞破坏";
        charts: "Charts", "图表";
        search: "Search", "搜索";
        search_what_classic: "height, hash or name", "高度、哈希或名称";
        search_what_coin: "number, hash or address", "区块号、哈希或地址";
        language: "Language", "语言";
        theme: "Theme", "主题";
        theme_system: "As the system", "跟随系统";
        theme_light: "Light", "浅色";
        theme_dark: "Dark", "深色";
        notice_classic: "The classic network is a lesson, not a currency: anyone can forge a longer chain of it in a moment, and nothing on it has value.",
            "classic 网络是一堂课，不是货币：任何人都能在片刻之间伪造出更长的链，上面的一切都没有价值。";
        notice_dev: "This network is for lessons and development: blocks cost nothing, and everybody has the keys of its first accounts. Nothing on it has value.",
            "此网络用于教学和开发：出块没有成本，最初几个账户的密钥人人都有。上面的一切都没有价值。";
        this_node: "this node", "本节点";
        node_at: "Node {0}", "节点 {0}";
        live: "Live", "实时";
        live_off: "Connection lost; trying again", "连接中断，正在重试";
        live_paused: "Paused", "已暂停";
        pause: "Pause", "暂停";
        resume: "Go on", "继续";
        no_script: "Without JavaScript this page shows how things stood when it was loaded.", "没有 JavaScript 时，本页显示的是载入时的状态。";
        changed: "The page has changed.", "页面内容已更新。";
        api: "All calls", "所有接口";
        metrics: "Metrics", "指标";
        version: "Version {0}", "版本 {0}";
        error_title: "That did not work", "没有成功";
        not_found_title: "Not here", "这里没有";
        error_tip: "The tip is block {0}", "链顶是区块 {0}";
        error_back: "Back to the overview", "回到总览";
        copied: "Copied", "已复制";
        copy: "Copy", "复制";
        loading: "Loading…", "载入中……";
    }
}
