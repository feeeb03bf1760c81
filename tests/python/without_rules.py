"""Gives the rules of a copy of the program switches: BCOIN_WITHOUT names the rule that is missing in a run. For tests/attacks.sh alone.

    python3 tests/python/without_rules.py FOLDER
"""

import sys
import tomllib
from pathlib import Path

COIN = "src/protocol/coin"
VERSION = tomllib.loads(Path("Cargo.toml").read_text())["package"]["version"]
OFF = 'crate::lab::without("{}")'
# File, what stands there once, and what stands there instead.
SWITCHES = [
    # Another version, lest cargo take what is built here for what is built there.
    *((file, f'name = "bcoin"\nversion = "{VERSION}"', f'name = "bcoin"\nversion = "{VERSION}-lab"') for file in ("Cargo.toml", "Cargo.lock")),
    ("src/lib.rs", "pub mod limits;", "pub mod lab;\npub mod limits;"),
    (
        "src/node/coin/connect.rs",
        "let most = yardstick.parameters.reorg_depth;",
        "let most = if " + OFF.format("reorg_depth") + " { u32::MAX } else { yardstick.parameters.reorg_depth };",
    ),
    ("src/node/coin/connect.rs", "if behind > most && !", "if behind > most && !" + OFF.format("low_work") + " && !"),
    (
        f"{COIN}/transaction.rs",
        "Some(found) if found != parameters.chain_id =>",
        "Some(found) if found != parameters.chain_id && !" + OFF.format("tx_chain_id") + " =>",
    ),
    (f"{COIN}/transaction.rs", ".s() > HALF_ORDER {", ".s() > HALF_ORDER && !" + OFF.format("tx_high_s") + " {"),
    (
        f"{COIN}/execution/run.rs",
        "if transaction.nonce() != facts.nonce {",
        "if transaction.nonce() != facts.nonce && !" + OFF.format("tx_nonce") + " {",
    ),
    (
        f"{COIN}/execution/mod.rs",
        "record.state_root == executed.state_root,",
        "record.state_root == executed.state_root || " + OFF.format("state_root") + ",",
    ),
    (
        f"{COIN}/execution/settlement.rs",
        "Ok((change, destroyed))",
        "Ok((change, if " + OFF.format("destroyed_tally") + " { U256::ZERO } else { destroyed }))",
    ),
    (f"{COIN}/place.rs", "if ahead != 0 && ", "if ahead != 0 && !" + OFF.format("time_too_far_ahead") + " && "),
    (f"{COIN}/place.rs", "if found <= parent {", "if found <= parent && !" + OFF.format("time_not_above_parent") + " {"),
    (f"{COIN}/place.rs", "header.time - self.time", "header.time.saturating_sub(self.time)"),
    (f"{COIN}/block.rs", "if header.commitment != found {", "if header.commitment != found && !" + OFF.format("commitment") + " {"),
    (
        f"{COIN}/difficulty.rs",
        "gap.min(2 * u64::from(parameters.half_life))",
        "if " + OFF.format("counted_time") + " { gap } else { gap.min(2 * u64::from(parameters.half_life)) }",
    ),
]
# The EVM looks to nonce and chain once more.
EVM = [
    (
        f"{COIN}/execution/evm.rs",
        ".with_cfg(CfgEnv::new_with_spec(spec).with_chain_id(parameters.chain_id))",
        ".with_cfg({ let mut cfg = CfgEnv::new_with_spec(spec).with_chain_id(parameters.chain_id); cfg.disable_nonce_check = "
        + OFF.format("tx_nonce") + "; cfg.tx_chain_id_check = !" + OFF.format("tx_chain_id") + "; cfg })",
    ),
]
LAB = '''//! Which rule is missing in this run.

/// Whether this run lacks the rule.
pub fn without(rule: &str) -> bool {
    std::env::var("BCOIN_WITHOUT").is_ok_and(|named| named == rule)
}
'''


def main() -> int:
    folder = Path(sys.argv[1])
    texts: dict[str, str] = {}
    for file, before, after in SWITCHES + EVM:
        text = texts.get(file) or (folder / file).read_text()
        if text.count(before) != 1:
            print(f"{file} has {text.count(before)} times: {before}", file=sys.stderr)
            return 1
        texts[file] = text.replace(before, after)
    for file, text in texts.items():
        (folder / file).write_text(text)
    (folder / "src/lab.rs").write_text(LAB)
    return 0


if __name__ == "__main__":
    sys.exit(main())
