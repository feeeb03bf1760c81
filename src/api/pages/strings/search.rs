//! Where a search leads.

use super::strings;

strings! {
    /// What was found, and what can be searched for.
    Search {
        title: "Search", "搜索";
        query: "You searched for", "你搜索的是";
        several: "This may be:", "这可能是：";
        nothing: "Nothing here is called that.", "这里没有叫这个的东西。";
        what: "What can be searched for", "可以搜索什么";
        what_height: "A block by its height: 1234, #1234 or 1,234", "按高度搜索区块：1234、#1234 或 1,234";
        what_number: "A block by its number: 1234, #1234 or 1,234", "按编号搜索区块：1234、#1234 或 1,234";
        what_hash_classic: "A block by its hash, 64 hexadecimal digits, also one that was displaced", "按哈希搜索区块（64 个十六进制数字），包括被取代的区块";
        what_hash_coin: "A block or a transaction by its hash, 64 hexadecimal digits, with or without 0x", "按哈希搜索区块或交易（64 个十六进制数字），带不带 0x 都可以";
        what_name: "A name that stands as sender or receiver, letter by letter", "发送方或接收方的名称，须逐字相同";
        what_transaction: "A transaction by its block and place: 7-0", "按区块和位置搜索交易：7-0";
        what_address: "An account by its address, 40 hexadecimal digits", "按地址搜索账户（40 个十六进制数字）";
        checksum: "It looks like an address, but its capitals do not fit: one character may be wrong.", "这看起来是地址，但大小写不符：可能有一个字符写错了。";
        block: "Block", "区块";
        displaced_block: "Displaced block", "被取代的区块";
        block_beside: "Block beside the chain", "链外的区块";
        record: "Block with this record hash", "具有此记录哈希的区块";
        transaction: "Transaction", "交易";
        account: "Account", "账户";
        name: "Name", "名称";
        again: "Search again", "重新搜索";
    }
}
