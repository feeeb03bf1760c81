// Break it: puts the form together as the altered copy, has the node judge it, and shows what the node says. No rule is known here.

const PAUSE = 250;
const form = document.getElementById("break");
let timer = 0;
let asking = null;

/** What stands next below, groups and fields alike. */
function parts(group) {
  return [...group.querySelectorAll("[data-part]")].filter((part) => part.parentElement.closest("[data-group]") === group);
}

/** The JSON of a field or a group; what was typed as JSON goes as it was typed, right or wrong. */
function json(part) {
  if (!part.dataset.group) return part.dataset.kind === "text" ? JSON.stringify(part.value) : part.value;
  if (part.dataset.group === "list") return `[${parts(part).map(json).filter((text) => text.trim()).join(", ")}]`;
  return `{${parts(part).map((member) => `${member.dataset.member}: ${json(member)}`).join(", ")}}`;
}

const blocks = () => [...form.querySelectorAll("[data-block]")];

function copy() {
  const sent = blocks().map((block) => JSON.stringify({ text: json(block), was: block.dataset.was }));
  return `{"parent": ${form.dataset.parent}, "blocks": [${sent.join(", ")}]}`;
}

async function ask(path) {
  asking?.abort();
  asking = new AbortController();
  const answer = await fetch(path, { method: "POST", body: copy(), headers: { "Content-Type": "application/json" }, signal: asking.signal });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail);
  return said;
}

function summary(text, state, language) {
  const line = document.getElementById("verdict");
  if (line.textContent !== text) line.textContent = text;
  line.dataset.state = state;
  line.lang = language ?? document.documentElement.lang;
}

function failed(error) {
  if (error.name === "AbortError") return;
  // What the node says of a copy that it does not take is in English.
  const isNodes = error instanceof Error && !(error instanceof TypeError) && !(error instanceof SyntaxError);
  summary(isNodes ? error.message : form.dataset.failed, "failed", isNodes ? "en" : undefined);
}

async function judge() {
  timer = 0;
  try {
    show(await ask("/break/judge"));
  } catch (error) {
    failed(error);
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(judge, PAUSE);
}

function show(verdict) {
  const said = new Map(verdict.blocks.map((block) => [String(block.height), block]));
  for (const block of blocks()) one(block, said.get(block.dataset.height));
  summary(verdict.summary, verdict.state);
}

function element(name, text, lang) {
  const made = document.createElement(name);
  made.textContent = text;
  if (lang) made.lang = lang;
  return made;
}

function one(block, said) {
  if (!said) return;
  const state = said.broken.length ? "broken" : said.changed ? "other" : "holds";
  block.dataset.state = state;
  const badge = block.querySelector("[data-badge]");
  badge.textContent = form.dataset[state];
  badge.className = `badge ${{ broken: "bad", other: "warn", holds: "good" }[state]}`;
  block.querySelector("[data-hash]").textContent = said.hash ?? form.dataset.none;
  block.querySelector("[data-changed]").hidden = !said.changed;
  const faults = block.querySelector("[data-faults]");
  const lines = said.broken.map((fault) => {
    const line = element("li", `✗ ${fault.why}`);
    const rule = document.createElement("details");
    rule.append(element("summary", form.dataset.rule), element("code", fault.rule, "en"));
    line.append(rule);
    return line;
  });
  if (said.note) lines.push(element("li", `? ${said.note}`));
  faults.replaceChildren(...lines);
  faults.hidden = !lines.length;
  for (const input of block.querySelectorAll("input, textarea")) {
    const is = (fault) => fault.member && (input.name === fault.member || input.name.startsWith(`${fault.member}.`));
    if (said.broken.some(is)) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    input.classList.toggle("typed-in", input.value !== input.defaultValue);
  }
  const mark = document.querySelector(`[data-mark="${said.height}"]`);
  if (!mark) return;
  mark.setAttribute("visibility", said.point ? "visible" : "hidden");
  if (said.point) mark.setAttribute("transform", `translate(${said.point.x} ${said.point.y})`);
}

/** Shows what mining came to, and puts the blocks that were mined into the form. */
async function mine() {
  const box = document.getElementById("mined");
  try {
    const mined = await ask("/break/mine");
    for (const block of mined.blocks ?? []) {
      const shown = form.querySelector(`[data-height="${block.height}"]`);
      for (const name of ["index", "proof", "previous_hash"]) {
        const input = parts(shown).find((part) => part.name === name);
        // A member that is not shown as text takes JSON.
        if (input) input.value = name === "previous_hash" && input.dataset.kind !== "text" ? JSON.stringify(block[name]) : block[name];
      }
    }
    box.querySelector("[data-summary]").textContent = mined.summary;
    box.querySelector("[data-list]").replaceChildren(...(mined.lines ?? mined.blocks.map((block) => block.took)).map((text) => element("li", text)));
    box.hidden = false;
    if (mined.blocks) await judge();
  } catch (error) {
    failed(error);
  }
}

if (form) {
  for (const input of form.querySelectorAll("[readonly]")) input.readOnly = false;
  form.querySelector(".buttons").hidden = false;
  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    document.getElementById("mined").hidden = true;
    // The fields have their first values once this event is over.
    setTimeout(judge);
  });
  document.getElementById("mine")?.addEventListener("click", mine);
}
