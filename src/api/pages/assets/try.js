// The chapter: whether a step is done, which ones are, and where each node stood when this browser saw it last.

import { ask, begin, fill } from "./call.js";

const lesson = document.getElementById("lesson");
const check = document.getElementById("check");
const { network, node, step } = lesson.dataset;
const isCoin = "coin" in lesson.dataset;
const isAuto = "auto" in lesson.dataset;
const MONTH = 30 * 24 * 60 * 60;
const VALID = "Everything is fine. The Blockchain is correct.";

// Cookies know no ports: what one node's page keeps, those of the others on this host find.
const COOKIE = `bcoin_try_${network.replace(/[^A-Za-z0-9_-]/g, "_")}`;

/** What this browser remembers: the steps that are done, and tips by node. */
function recall() {
  const pair = document.cookie.split(/;\s*/).find((one) => one.startsWith(`${COOKIE}=`));
  const [done = "", tips = ""] = (pair?.slice(COOKIE.length + 1) ?? "").split("!");
  const read = tips.split(".").map((tip) => tip.split("-")).filter((tip) => tip.length === 3);
  return {
    done: new Set(done.split(".").filter(Boolean)),
    tips: new Map(read.map(([number, blocks, hash]) => [number, { blocks: Number(blocks), hash }])),
  };
}

function keep({ done, tips }) {
  const stored = [...tips].map(([number, tip]) => `${number}-${tip.blocks}-${tip.hash}`);
  document.cookie = `${COOKIE}=${[...done].join(".")}!${stored.join(".")}; Path=/; Max-Age=${MONTH}; SameSite=Lax`;
}

const short = (hash) => hash.slice(0, 10);

/** Where this node stands, as its page says. */
function ownTip() {
  const { blocks, hash, waiting } = document.getElementById("stand").dataset;
  return { blocks: Number(blocks), hash: hash.slice(0, 16), waiting: Number(waiting) };
}

/** The same, asked of the node now. */
async function tipNow() {
  const now = await ask("/v1/node");
  if (!now) return ownTip();
  return { blocks: isCoin ? now.tip.number + 1 : now.tip.height, hash: now.tip.hash.slice(0, 16), waiting: now.waiting };
}

function remember(tip) {
  const memory = recall();
  memory.tips.set(node, { blocks: tip.blocks, hash: tip.hash });
  keep(memory);
}

// -- what each step wants -------------------------------------------------------

const worked = ({ found }) => found.status >= 200 && found.status < 300;
const counted = (answer) => answer.json?.transactions?.length ?? 0;

/** An answer: whether the step is done, and what its sentence is filled with. */
const CHECKS = {
  chain: (answer) => [worked(answer), answer.tip.blocks, short(answer.tip.hash)],
  transaction: added,
  mine: mined,
  hash: (answer) => (isCoin ? linked(answer) : hashed(answer)),
  mine_again: mined,
  connect: ({ found, json }) => {
    const known = json?.total_nodes ?? [];
    return [found.status === 201 && known.length >= 2, known.length, known.join(", ")];
  },
  other: (answer) => {
    const first = answer.memory.tips.get("1");
    const isSame = first?.hash === answer.tip.hash;
    return [worked(answer) && first !== undefined && isSame === isAuto, answer.tip.blocks, first?.blocks ?? "?"];
  },
  replace: (answer) => [worked(answer) && isTipOf(answer, "1"), answer.tip.blocks, short(answer.tip.hash)],
  keep: (answer) => [worked(answer) && answer.json?.replaced === false, answer.tip.blocks, answer.json?.peers?.length ?? 0],
  rival: added,
  rival_mine: mined,
  give_way: (answer) => [worked(answer) && answer.json?.replaced === true, answer.tip.blocks, short(answer.tip.hash)],
  returned: ({ json }) => {
    const waiting = (isCoin ? json?.waiting : json?.transactions) ?? [];
    const back = waiting.filter((one) => isCoin || one.returned);
    return [back.length > 0, waiting.length, back.length];
  },
  mine_returned: mined,
  agree: (answer) => [worked(answer) && isTipOf(answer, "3"), answer.tip.blocks, short(answer.tip.hash)],
  valid: ({ json, tip }) => [json?.message === VALID, tip.blocks],
  errors: ({ found, json }) => [found.status >= 400 && found.type.startsWith("application/problem+json"), found.status, json?.title ?? ""],
};

function isTipOf(answer, number) {
  return answer.memory.tips.get(number)?.hash === answer.tip.hash;
}

function added(answer) {
  const block = /Block (\d+)/.exec(answer.json?.message ?? "")?.[1];
  return [answer.found.status === 201 && block !== undefined, block ?? "?", answer.tip.waiting];
}

function mined(answer) {
  return [answer.found.status === 200 && answer.json?.index > 1, answer.json?.index ?? "?", counted(answer)];
}

/** Classic: the text's hash is computed here where the browser lets pages do that, and taken from the node otherwise. */
async function hashed({ found, request }) {
  if (found.status !== 200) return [false, "–"];
  const entry = await ask(request.target.replace(/\/text$/, ""));
  if (!entry) return [false, "–"];
  const next = await ask(`/v1/blocks/${entry.height + 1}`);
  let hash = entry.hash;
  if (crypto.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(found.text)));
    hash = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return [next?.block.previous_hash === hash, short(hash), entry.height + 1];
}

/** Coin: the block before has the hash that this one names. */
async function linked({ json }) {
  const block = json?.block;
  if (!block?.number) return [false, "–", "–"];
  const before = await ask(`/v1/blocks/${block.number - 1}`);
  return [before?.block.hash === block.previous_hash, short(block.previous_hash), block.number];
}

async function judge({ form, request, found }) {
  if (!check || found.status < 3) return;
  const tip = await tipNow();
  let json = null;
  try {
    json = JSON.parse(found.text);
  } catch {
    // A text, or one that is cut.
  }
  const [isDone, ...values] = await CHECKS[step]({ form, request, found, json, tip, memory: recall() });
  remember(tip);
  if (isDone) {
    const memory = recall();
    memory.done.add(`${step}-${node}`);
    keep(memory);
  }
  check.dataset.state = isDone ? "done" : "open";
  const verdict = document.getElementById("verdict");
  verdict.textContent = fill(isDone ? check.dataset.done : check.dataset.otherwise, ...values);
  document.getElementById("next")?.classList.toggle("main", isDone);
  mark();
}

// -- what is shown of it --------------------------------------------------------

function mark() {
  const { done, tips } = recall();
  const list = document.getElementById("steps");
  let next = null;
  let count = 0;
  for (const item of list.children) {
    const keys = item.dataset.keys.split(" ");
    const isDone = keys.every((key) => done.has(key));
    count += keys.filter((key) => done.has(key)).length;
    item.classList.toggle("is-done", isDone);
    item.querySelector(".mark").textContent = isDone ? `✓ ${list.dataset.done}` : "";
    if (!isDone) next ??= item;
  }
  const reset = document.getElementById("reset");
  reset.hidden = count === 0;
  for (const row of document.querySelectorAll("#nodes [data-node]")) {
    const tip = tips.get(row.dataset.node);
    if (!tip) continue;
    row.querySelector("[data-blocks]").textContent = tip.blocks;
    row.querySelector("[data-hash]").textContent = `${tip.hash.slice(0, 8)}…`;
    row.classList.toggle("is-like", tip.hash === ownTip().hash);
  }
  const start = document.getElementById("begin");
  if (!start) return;
  if (next && count) {
    const link = next.querySelector("a");
    start.href = link.href;
    start.textContent = fill(start.dataset.goOn, link.textContent);
  }
  document.getElementById("finished").textContent = next ? "" : start.dataset.finished;
}

document.getElementById("reset").addEventListener("click", (event) => {
  document.cookie = `${COOKIE}=; Path=/; Max-Age=0; SameSite=Lax`;
  const said = document.getElementById("said");
  said.textContent = event.currentTarget.dataset.done;
  location.reload();
});

function renewed() {
  remember(ownTip());
  mark();
}

document.addEventListener("bcoin:renewed", renewed);
// Another node's page may have gone on in the meantime.
addEventListener("pageshow", mark);
renewed();
begin(judge);
