#!/usr/bin/env bash
# Shows that each attack on a coin network works where its rule is missing, and only there.
#
#     bash tests/attacks.sh
#
# Makes a copy of the program in target/attacks whose rules have switches (tests/python/without_rules.py says which), and runs the test of every attack twice: with
# its rule switched off, when the attack must succeed, and with all rules on. Libraries that were built before are used again.
set -eu
cd "$(dirname "$0")/.."
lab=target/attacks
rm -rf $lab && mkdir -p $lab
git ls-files -z | xargs -0 cp -p --parents -t $lab
python3 tests/python/without_rules.py $lab
cd $lab
export CARGO_TARGET_DIR=$OLDPWD/target BCOIN_WITHOUT=
tested=$(cargo test --locked --test it --no-run --message-format=json 2>/dev/null |
    python3 -c 'import json,sys; print([m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable") and m["target"]["name"] == "it"][-1])')
"$tested" --quiet coin_attacks::
while read -r rule test; do
    BCOIN_WITHOUT=$rule "$tested" --quiet --exact "coin_attacks::$test" >/dev/null || { echo "FAILED: without $rule the attack $test fails too"; exit 1; }
    echo "without $rule the attack $test succeeds"
done <<'ATTACKS'
reorg_depth double_spend_by_a_deep_reorg
tx_chain_id replay_on_another_network
tx_high_s malleated_signature
tx_nonce duplicate_transaction
state_root wrong_state_root
state_root forged_reward
destroyed_tally self_destruct_that_burns
time_too_far_ahead time_warp
time_not_above_parent time_backwards
commitment false_commitment
low_work low_work_flood
counted_time a_night_without_miners
ATTACKS
