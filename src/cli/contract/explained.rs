//! What slither's findings mean, in plain words: what is there, why it matters, what to do.

/// A kind of finding.
pub struct Explained {
    pub what: &'static str,
    pub why: &'static str,
    pub remedy: &'static str,
}

/// The kind that slither calls `check`; nothing for those that this table does not have.
pub fn explained(check: &str) -> Option<Explained> {
    let mut rows = TABLE.iter();
    let (_, [what, why, remedy]) = rows.find(|(names, _)| names.contains(&check))?;
    Some(Explained { what, why, remedy })
}

type Row = (&'static [&'static str], [&'static str; 3]);

const TABLE: [Row; 24] = [
    (
        &["reentrancy-eth"],
        [
            "It pays out before it writes down that it has paid",
            "The receiver may be a contract whose code runs while it is paid. It can call this function again, which still sees the old state and pays a second time, until nothing is left.",
            "First write down what changes, then pay: set the balance to zero before the call. Or keep others out meanwhile, by a lock (`@nonreentrant` in Vyper).",
        ],
    ),
    (
        &[
            "reentrancy-no-eth",
            "reentrancy-benign",
            "reentrancy-balance",
        ],
        [
            "It calls another contract before it has written down what changes",
            "While the other contract runs it can call this one again, which is half changed then.",
            "Write first and call afterwards, or keep others out by a lock (`@nonreentrant` in Vyper).",
        ],
    ),
    (
        &["reentrancy-events", "reentrancy-unlimited-gas"],
        [
            "It calls another contract before it tells what happened",
            "If the other contract calls back, events come in another order than things happened, and who watches them is misled.",
            "Emit the event before the call.",
        ],
    ),
    (
        &["arbitrary-send-eth"],
        [
            "Anybody who may call this chooses who gets the coins",
            "If the check on who may call can be got around, all coins of the contract go to a stranger.",
            "Send to an address that the contract knows, or only what is owed to the caller, and check `msg.sender`.",
        ],
    ),
    (
        &["arbitrary-send-erc20", "arbitrary-send-erc20-permit"],
        [
            "It takes tokens from an address that the caller names",
            "Whoever has approved this contract once can be robbed by a stranger who names them as the payer.",
            "Take from `msg.sender` alone.",
        ],
    ),
    (
        &["tx-origin"],
        [
            "It asks who sent the transaction, not who calls",
            "`tx.origin` stays the owner's while the owner uses some other contract; that contract can then call this one in the owner's name.",
            "Compare `msg.sender`, which is whoever calls this contract.",
        ],
    ),
    (
        &["unchecked-send"],
        [
            "It does not look whether a payment arrived",
            "`send` answers false where the receiver refuses; the contract goes on as if it had paid, and the coins are still here, owed to nobody.",
            "Check the answer (`require(to.send(…))`), or let the receiver fetch its coins itself.",
        ],
    ),
    (
        &["unchecked-lowlevel", "return-bomb"],
        [
            "It does not look whether a call of another contract went well",
            "The call answers false where it fails; what should have happened did not, and nobody notices.",
            "Check the answer and give up where it is false.",
        ],
    ),
    (
        &["unchecked-transfer", "unused-return"],
        [
            "It ignores what another contract answers",
            "Some tokens answer false instead of refusing; the contract then takes a transfer for done that was not.",
            "Check the answer.",
        ],
    ),
    (
        &["suicidal"],
        [
            "Anybody can destroy the contract",
            "Its coins are sent away, and whoever relies on it is left with nothing.",
            "Let nobody call that but the owner, or leave it out.",
        ],
    ),
    (
        &["controlled-delegatecall", "delegatecall-loop"],
        [
            "It runs code of others as its own",
            "That code can write whatever it likes into this contract, and send away its coins.",
            "Run only code whose address nobody can change.",
        ],
    ),
    (
        &[
            "uninitialized-state",
            "uninitialized-storage",
            "uninitialized-local",
        ],
        [
            "A variable is used that nobody has set",
            "It is zero: an owner who is nobody, a price of nothing.",
            "Set it in the constructor, or where it is declared.",
        ],
    ),
    (
        &["locked-ether"],
        [
            "It takes coins and never gives any away",
            "Whatever is sent here is lost.",
            "Add a way to withdraw, or do not take coins.",
        ],
    ),
    (
        &["weak-prng"],
        [
            "It draws lots by what miners choose",
            "Time and hashes of blocks are a miner's to choose, within limits: it can try until it wins.",
            "Let the players commit to secrets first and reveal them later.",
        ],
    ),
    (
        &["timestamp"],
        [
            "It decides by the time of the block",
            "The miner sets that time and may be off by some time; whoever mines can pick the side of a deadline that suits it when the deadline is near.",
            "Fine for deadlines of hours and days. Do not decide by seconds, and draw no lots by it.",
        ],
    ),
    (
        &["incorrect-equality"],
        [
            "It compares a balance or a time for being exactly equal",
            "Anybody can send a unit more, and then it never is equal; what hangs on it is stuck.",
            "Compare with `<=` or `>=`. Where it only asks for zero, nothing is wrong.",
        ],
    ),
    (
        &["divide-before-multiply"],
        [
            "It divides before it multiplies",
            "Whole numbers lose what is behind the point in the division; the product multiplies the loss.",
            "Multiply first, then divide.",
        ],
    ),
    (
        &["calls-loop", "costly-loop", "cache-array-length"],
        [
            "It does costly things in a loop",
            "With enough entries the loop needs more gas than a block has, and the function never works again; and one receiver who refuses can stop all others.",
            "Let each receiver fetch what is owed to it, and bound the loop.",
        ],
    ),
    (
        &["missing-zero-check"],
        [
            "It takes the zero address where that is nobody's",
            "Coins or rights that go there by a mistake in the call are lost.",
            "Refuse the zero address.",
        ],
    ),
    (
        &["events-access", "events-maths"],
        [
            "It changes something that matters and tells nobody",
            "Who watches the contract cannot see that its owner or its prices changed.",
            "Emit an event.",
        ],
    ),
    (
        &[
            "shadowing-state",
            "shadowing-local",
            "shadowing-abstract",
            "shadowing-builtin",
        ],
        [
            "A name stands for two things",
            "Readers, and sometimes writers, take the one for the other.",
            "Rename one of them.",
        ],
    ),
    (
        &["low-level-calls", "assembly"],
        [
            "It goes below the language: a call or code without its checks",
            "The compiler does not look whether anybody is there, whether it went well, or what comes back.",
            "Needed to send coins to contracts; then check the answer. Elsewhere call by an interface.",
        ],
    ),
    (
        &["solc-version", "pragma"],
        [
            "The compiler's version is old, too new, or left open",
            "Another version gives other code, and known faults are in some.",
            "Name one version that was tested.",
        ],
    ),
    (
        &[
            "immutable-states",
            "constable-states",
            "external-function",
            "unused-state",
            "dead-code",
            "naming-convention",
            "too-many-digits",
            "similar-names",
            "redundant-statements",
        ],
        [
            "It could be cheaper or plainer",
            "Nothing is in danger; it costs gas, or readers' time.",
            "Do as slither says if it makes the source plainer: a variable that only the constructor sets can be `immutable`.",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_explained_once_and_in_whole_sentences() {
        let mut seen = std::collections::HashSet::new();
        for (names, [what, why, remedy]) in TABLE {
            for name in names {
                assert!(seen.insert(name), "{name}");
            }
            assert!(!what.ends_with('.'), "{what}");
            assert!(why.ends_with('.') && remedy.ends_with('.'), "{what}");
        }
    }
}
