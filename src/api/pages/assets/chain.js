// Scrolls through the whole chain: rows come as they are looked at, from the same pages that are there without scripts.

import { refresh } from "./live.js";

/** Browsers cap the height of an element near 16 million pixels; a longer chain is scaled. */
const TALLEST = 8000000;
const PAGE = 50;
const CACHED_PAGES = 40;
const ROWS_BEYOND = 8;
const SETTLED = 150;
const LEAP_PAUSE = 60;

const form = document.getElementById("jump");
const template = document.getElementById("endless");
const part = template.content.cloneNode(true);
const [how, box, problem, pager] = part.children;
const space = box.firstElementChild;
const table = space.firstElementChild;
const body = table.tBodies[0];
const pages = new Map();
const asked = new Map();

let first = 1;
let tip = 1;
let row = 40;
/** The row at the upper edge, counted from the newest, with its fraction. */
let top = 0;
let placed = 0;
let settling = 0;
let drawing = 0;
let asking = 0;
let pauseBeforeAsking = 0;

/** Where the chain begins and ends now. */
function readState() {
  const state = document.getElementById("chain-state").dataset;
  first = Number(state.first);
  tip = Number(state.tip);
}

const count = () => tip - first + 1;
const headHeight = () => table.tHead.offsetHeight;
const visible = () => Math.max(1, (box.clientHeight - headHeight()) / row);
const deepest = () => Math.max(0, count() - visible());
const range = () => Math.max(1, space.offsetHeight - box.clientHeight);

/** Puts the scroll bar where the row at the top has it. */
function place() {
  placed = deepest() ? Math.round((top / deepest()) * range()) : 0;
  box.scrollTop = placed;
  placed = box.scrollTop;
}

function resize() {
  space.style.height = `${Math.min(TALLEST, Math.ceil(count() * row + headHeight()))}px`;
  table.setAttribute("aria-rowcount", String(count() + 1));
}

/** The number of the page that holds a height: pages are counted from the chain's beginning, so that they stay what they are. */
const pageOf = (height) => Math.floor((height - first) / PAGE);
const newestOf = (page) => first + page * PAGE + PAGE - 1;

async function ask(page) {
  if (asked.has(page)) return;
  const stop = new AbortController();
  asked.set(page, stop);
  try {
    const answer = await fetch(`/chain?from=${Math.min(newestOf(page), tip)}`, { headers: { Accept: "text/html" }, signal: stop.signal });
    if (!answer.ok) throw new Error(answer.statusText);
    const rows = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("rows").rows;
    keep(page, [...rows].filter((found) => pageOf(Number(found.dataset.height)) === page));
    problem.hidden = true;
  } catch (error) {
    if (error.name !== "AbortError") problem.hidden = false;
  } finally {
    asked.delete(page);
  }
}

function keep(page, rows) {
  pages.delete(page);
  pages.set(page, new Map(rows.map((found) => [Number(found.dataset.height), document.importNode(found, true)])));
  forgetOldest();
  draw();
}

function forgetOldest() {
  while (pages.size > CACHED_PAGES) pages.delete(pages.keys().next().value);
}

/** A row whose block is still on its way. */
function placeholder(height) {
  const made = document.createElement("tr");
  made.dataset.height = String(height);
  for (let cell = 0; cell < table.tHead.rows[0].cells.length; cell++) {
    const text = made.insertCell();
    text.textContent = cell ? "…" : height.toLocaleString("en");
    if (!cell) text.className = "number";
  }
  return made;
}

function draw() {
  if (!drawing) drawing = requestAnimationFrame(drawNow);
}

function drawNow() {
  drawing = 0;
  const from = Math.max(0, Math.floor(top) - ROWS_BEYOND);
  const to = Math.min(count(), Math.ceil(top + visible()) + ROWS_BEYOND);
  const rows = [];
  const wanted = new Set();
  for (let at = from; at < to; at++) {
    const height = tip - at;
    const page = pageOf(height);
    const known = pages.get(page)?.get(height);
    if (!known) wanted.add(page);
    const shown = known ?? placeholder(height);
    shown.setAttribute("aria-rowindex", String(at + 2));
    rows.push(shown);
  }
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  body.replaceChildren(...rows);
  if (focused?.isConnected) focused.focus({ preventScroll: true });
  table.style.transform = `translateY(${box.scrollTop - (top - from) * row}px)`;
  table.tHead.style.transform = `translateY(${(top - from) * row}px)`;
  for (const [page, stop] of asked) if (!wanted.has(page)) stop.abort();
  // Rows that are only flown over need not be asked for.
  clearTimeout(asking);
  asking = setTimeout(() => wanted.forEach(ask), pauseBeforeAsking);
  pauseBeforeAsking = 0;
}

/** A small step is a step of rows; a leap, as by dragging the bar, goes to that part of the chain. */
function scrolled() {
  const moved = box.scrollTop - placed;
  if (!moved) return;
  const isLeap = Math.abs(moved) > 3 * box.clientHeight || box.scrollTop <= 0 || box.scrollTop >= range();
  top = isLeap ? (box.scrollTop / range()) * deepest() : top + moved / row;
  top = Math.min(deepest(), Math.max(0, top));
  if (isLeap) pauseBeforeAsking = LEAP_PAUSE;
  placed = box.scrollTop;
  draw();
  clearTimeout(settling);
  settling = setTimeout(() => {
    place();
    draw();
  }, SETTLED);
}

/** Goes to a height, and says so in the address. */
function go(height) {
  top = Math.min(deepest(), Math.max(0, tip - height));
  place();
  draw();
  const newest = height >= tip;
  history.replaceState(null, "", newest ? "/chain" : `/chain?from=${height}`);
  if (newest) refresh();
}

/** The page was made anew: the chain may be longer, or another one. */
function renewed() {
  const [before, began] = [tip, top];
  readState();
  const isNewest = document.getElementById("blocks")?.hasAttribute("data-live");
  if (isNewest) takeNewest([...document.getElementById("rows").rows]);
  else pages.delete(pageOf(before));
  if (tip !== before) {
    resize();
    // Whoever looks at older blocks goes on looking at them.
    top = began < 1 ? 0 : Math.min(deepest(), Math.max(0, began + tip - before));
    place();
  }
  draw();
}

function takeNewest(rows) {
  const known = (fresh) => pages.get(pageOf(Number(fresh.dataset.height)))?.get(Number(fresh.dataset.height));
  if (rows.some((fresh) => (known(fresh) ?? fresh).dataset.key !== fresh.dataset.key)) pages.clear();
  for (const fresh of rows) {
    const height = Number(fresh.dataset.height);
    if (known(fresh)) continue;
    const page = pageOf(height);
    if (!pages.has(page)) pages.set(page, new Map());
    pages.get(page).set(height, document.importNode(fresh, true));
  }
  forgetOldest();
}

/** In a reorganisation every page may be another. */
function forget(event) {
  if (event.detail.name === "reorg" || event.detail.name === "reset") pages.clear();
}

/** The links of the pager move the rows that are there. */
function page(event) {
  const link = event.target.closest("[data-go]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const height = tip - Math.round(top);
  const rows = Math.max(1, Math.floor(visible()));
  const to = { newest: tip, newer: height + rows, older: height - rows, oldest: first + rows - 1 }[link.dataset.go];
  go(Math.min(tip, Math.max(first, to)));
}

function jump(event) {
  event.preventDefault();
  const wanted = form.elements.from.value.replace(/\D/g, "");
  if (!wanted) return;
  go(Math.min(tip, Math.max(first, Number(wanted))));
  box.focus({ preventScroll: true });
}

function begin() {
  readState();
  document.getElementById("blocks").before(how, box, problem, pager);
  document.documentElement.classList.add("endless-on");
  takeNewest([...document.getElementById("rows").rows]);
  resize();
  body.append(placeholder(tip));
  row = body.rows[0].offsetHeight || row;
  resize();
  top = Math.min(deepest(), Math.max(0, tip - Number(template.dataset.newest)));
  place();
  drawNow();
  box.addEventListener("scroll", scrolled, { passive: true });
  new ResizeObserver(draw).observe(box);
  form.addEventListener("submit", jump);
  pager.addEventListener("click", page);
  document.addEventListener("bcoin:renewed", renewed);
  document.addEventListener("bcoin:event", forget);
}

begin();
