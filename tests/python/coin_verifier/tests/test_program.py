"""The program as others run it."""

import json
import os
import subprocess
import sys

from .builder import parameters
from .mutants import mutants
from .python_chain import VECTORS, People

GENESIS, CHAIN = VECTORS / "python_chain.genesis.json", VECTORS / "python_chain.bin"


def run(*arguments, given: str = "") -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "coin_verifier", *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, env=os.environ)


def test_a_valid_chain():
    ran = run(GENESIS, CHAIN, "--each")
    assert ran.returncode == 0 and ran.stderr == ""
    assert json.loads(ran.stdout) == json.loads((VECTORS / "python_chain.report.json").read_text())


def test_a_genesis_file_alone():
    report = json.loads(run(GENESIS).stdout)
    assert (report["valid"], report["blocks"], report["height"]) == (True, 0, 0)


def test_a_broken_chain(tmp_path):
    encoded = CHAIN.read_bytes()
    (tmp_path / "broken").write_bytes(encoded[:-1] + bytes([encoded[-1] ^ 1]))
    ran = run(GENESIS, tmp_path / "broken")
    assert ran.returncode == 1
    report = json.loads(ran.stdout)
    assert (report["fault"]["index"], report["fault"]["rule"], report["height"]) == (12, "transactions_root", 11)
    (tmp_path / "cut").write_bytes(encoded[:-1])
    assert run(GENESIS, tmp_path / "cut").returncode == 2
    (tmp_path / "genesis").write_text(parameters().to_json())
    ran = run(tmp_path / "genesis", CHAIN)
    assert ran.returncode == 1 and json.loads(ran.stdout)["fault"]["rule"] == "genesis"
    assert run(CHAIN).returncode == 2


def test_blocks_one_by_one():
    cases = json.loads((VECTORS / "broken_blocks.json").read_text())
    lines = [json.dumps({"block": case["block"]}) for case in cases] + ["nonsense", json.dumps({"block": "0x0"})]
    for jobs in (1, 2):
        ran = run(GENESIS, CHAIN, "--single", "--jobs", jobs, given="\n".join(lines) + "\n")
        answers = [json.loads(line) for line in ran.stdout.splitlines()]
        assert len(answers) == len(lines) and ran.returncode == 0
        for case, answer in zip(cases, answers):
            assert answer.get("rule") == case["rule"] and ("valid" in answer) == (case["rule"] is None), (case["name"], answer)
        assert all("error" in answer for answer in answers[-2:])


def test_an_answer_comes_before_the_next_question():
    block = json.loads((VECTORS / "broken_blocks.json").read_text())[0]["block"]
    for jobs in ("1", "2"):
        command = [sys.executable, "-m", "coin_verifier", str(GENESIS), str(CHAIN), "--single", "--jobs", jobs]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asked:
            for _ in range(3):
                asked.stdin.write(json.dumps({"block": block}) + "\n")
                asked.stdin.flush()
                assert json.loads(asked.stdout.readline())["valid"]
            asked.stdin.close()
            assert asked.wait(60) == 0


def test_mutants_break_many_rules_and_are_the_same_again():
    def some(seed: int) -> list[dict]:
        told = mutants(GENESIS.read_bytes(), CHAIN.read_bytes(), list(vars(People()).values()), seed)
        return [next(told) for _ in range(400)]

    first = some(3)
    assert all("valid" in mutant or "rule" in mutant for mutant in first)
    assert sum("valid" in mutant for mutant in first) > 10
    assert len({mutant.get("rule") for mutant in first}) > 20
    assert first == some(3) != some(4)
