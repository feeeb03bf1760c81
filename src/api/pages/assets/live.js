// Keeps a page as it would be if it were loaded now: follows /v1/events, and takes the parts marked data-live from the page made anew.

const SHORTEST_PAUSE = 500;
const ANNOUNCE_EVERY = 5000;
const EVENTS = ["block", "reorg", "transaction", "dropped", "peer", "peer_joined", "peer_left", "peer_blamed", "sync", "split", "healed", "reset"];

const bar = document.getElementById("live");
const state = document.getElementById("live-state");
const button = document.getElementById("live-pause");
const said = document.getElementById("said");

let source = null;
let paused = false;
let stale = false;
let running = false;
let timer = 0;
let pause = SHORTEST_PAUSE;
let announced = 0;
let retry = 1000;
let retryTimer = 0;

/** Says something to those who listen to the page. */
export function say(text) {
  if (said) said.textContent = text;
}

function show(name) {
  if (!bar) return;
  bar.dataset.state = name;
  const text = bar.dataset[{ on: "liveOn", off: "liveOff", paused: "livePaused" }[name]];
  if (state.textContent !== text) state.textContent = text;
}

/** Asks for the page again soon; many wishes within a pause are one. */
export function refresh() {
  stale = true;
  if (!timer && !running && !paused) timer = setTimeout(renew, pause);
}

async function renew() {
  timer = 0;
  if (paused || document.hidden) return;
  running = true;
  stale = false;
  const began = performance.now();
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (answer.ok) take(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The stream of events says that the node is gone, and when it is back.
  }
  // A page that takes long is asked for less often.
  pause = Math.max(SHORTEST_PAUSE, 4 * (performance.now() - began));
  running = false;
  if (stale) refresh();
}

/** Puts the parts of another rendering of this page where they stand here. */
export function take(page) {
  let changed = false;
  for (const now of document.querySelectorAll("[data-live]")) {
    const next = page.getElementById(now.id);
    if (!next || next.isEqualNode(withoutTraces(now)) || isInUse(now)) continue;
    replace(now, next);
    changed = true;
  }
  if (changed) document.dispatchEvent(new CustomEvent("bcoin:renewed"));
  if (changed && performance.now() - announced > ANNOUNCE_EVERY) {
    announced = performance.now();
    say(bar?.dataset.changed ?? "");
  }
}

/** A part as the node made it, without what its visitor opened or scripts marked. */
function withoutTraces(part) {
  const copy = part.cloneNode(true);
  for (const open of copy.querySelectorAll("details[open]:not([data-open])")) open.removeAttribute("open");
  for (const came of copy.querySelectorAll(".came")) {
    came.classList.remove("came");
    if (!came.classList.length) came.removeAttribute("class");
  }
  return copy;
}

/** Whether somebody selects or types in it just now. */
function isInUse(part) {
  const focus = document.activeElement;
  if (part.contains(focus) && focus.matches("input, textarea, select")) return true;
  const selection = getSelection();
  return selection && !selection.isCollapsed && part.contains(selection.anchorNode);
}

function replace(now, next) {
  const open = new Set([...now.querySelectorAll("details[open][id]")].map((element) => element.id));
  const focus = now.contains(document.activeElement) ? document.activeElement : null;
  const known = new Set([...now.querySelectorAll("[data-key]")].map((element) => element.dataset.key));
  const fresh = document.importNode(next, true);
  for (const element of fresh.querySelectorAll("details[id]")) if (open.has(element.id)) element.open = true;
  if (known.size) {
    for (const element of fresh.querySelectorAll("[data-key]")) if (!known.has(element.dataset.key)) element.classList.add("came");
  }
  const left = now.scrollLeft;
  const top = now.scrollTop;
  now.replaceWith(fresh);
  fresh.scrollLeft = left;
  fresh.scrollTop = top;
  if (focus) again(fresh, focus)?.focus({ preventScroll: true });
}

/** What stands for an element that had the focus. */
function again(part, old) {
  if (old.id) return part.querySelector(`#${CSS.escape(old.id)}`);
  const href = old.getAttribute("href");
  return href && part.querySelector(`a[href="${CSS.escape(href)}"]`);
}

function follow() {
  clearTimeout(retryTimer);
  source?.close();
  source = new EventSource("/v1/events");
  source.onopen = () => {
    retry = 1000;
    show("on");
  };
  source.onerror = () => {
    show("off");
    // A refused stream is not tried again by the browser itself.
    if (source.readyState !== EventSource.CLOSED) return;
    retryTimer = setTimeout(follow, retry);
    retry = Math.min(2 * retry, 30000);
  };
  for (const name of EVENTS) {
    source.addEventListener(name, (event) => {
      document.dispatchEvent(new CustomEvent("bcoin:event", { detail: { name, data: event.data } }));
      refresh();
    });
  }
}

function leave() {
  clearTimeout(retryTimer);
  clearTimeout(timer);
  timer = 0;
  source?.close();
  source = null;
}

function begin() {
  if (paused || document.hidden || source) return;
  follow();
  refresh();
}

if (document.querySelector("[data-live]") && bar) {
  bar.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? bar.dataset.resume : bar.dataset.pause;
    if (paused) {
      leave();
      show("paused");
    } else {
      begin();
    }
  });
  // A page that nobody sees takes no place among the streams.
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : begin()));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", begin);
  begin();
}
