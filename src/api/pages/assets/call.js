// A call as a form: the curl line while somebody types, the request, and its answer. The page sends to its own node only.

const LONGEST_READ = 4 << 20;
const LONGEST_SHOWN = 60000;
const PATIENCE = 60000;
/** Headers that a page may not set. */
const BROWSERS_OWN = /^(sec-|proxy-|host$|connection$|cookie$|origin$)/i;
const KEPT = "bcoin_token";

const token = document.getElementById("token");
const keep = document.getElementById("token-keep");

/** Puts values where {0} and {1} stand; what is put in is not looked at again. */
export function fill(text, ...values) {
  return text.replace(/\{(\d)\}/g, (whole, at) => (at < values.length ? String(values[at]) : whole));
}

/** A text as one word of a POSIX shell. */
export function quoted(text) {
  return /^[A-Za-z0-9_+=.,:/@%-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function json(text) {
  try {
    JSON.parse(text);
    return text.trim();
  } catch {
    return JSON.stringify(text);
  }
}

const READ = {
  text: JSON.stringify,
  long: JSON.stringify,
  json,
  lines: (text) => `[${text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean).map((line) => JSON.stringify(line)).join(", ")}]`,
};

/** What a form sends, as it is filled in now. */
export function requestOf(form) {
  let path = form.dataset.path;
  const query = [];
  const headers = [];
  const members = [];
  let body = null;
  for (const field of form.querySelectorAll("[data-goes]")) {
    const { name, goes, as } = field.dataset;
    const value = field.value;
    if (goes === "path") path = path.replace(`{${name}}`, () => encodeURIComponent(value));
    else if (goes === "member") members.push(`${JSON.stringify(name)}: ${READ[as](value)}`);
    else if (goes === "body") body = value;
    else if (goes === "query") for (const one of as === "lines" ? value.split(/\s+/) : [value]) if (one) query.push(`${encodeURIComponent(name)}=${encodeURIComponent(one)}`);
    if (goes === "header" && value) headers.push([name, value]);
  }
  if (members.length) body = `{${members.join(", ")}}`;
  const target = query.length ? `${path}?${query.join("&")}` : path;
  return { method: form.dataset.method, target, headers, body, stream: "stream" in form.dataset, secret: "token" in form.dataset };
}

/** The same as a line for the shell; the token stands in it as a word alone. */
export function curlLine(request, origin, piped = "") {
  const line = ["curl"];
  if (piped) line.push("-s");
  if (request.stream) line.push("-N");
  if (request.method !== (request.body === null ? "GET" : "POST")) line.push("-X", request.method);
  if (request.secret) line.push("-H", quoted("Authorization: Bearer TOKEN"));
  for (const [name, value] of request.headers) line.push("-H", quoted(`${name}: ${value}`));
  if (request.body !== null) line.push(request.body.startsWith("@") ? "--data-raw" : "-d", quoted(request.body));
  line.push(quoted(origin + request.target));
  if (piped) line.push(piped);
  return line.join(" ");
}

/** JSON with a member a line, each number and text as it came; other text as it is. */
export function pretty(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  let out = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, 40))}`;
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]\s*[\]}]|[[\]{},:]|[^\s"[\]{},:]+/gs)) {
    if (/^[[{]\s*[\]}]$/.test(part)) out += part[0] + part.at(-1);
    else if (part === "{" || part === "[") {
      depth += 1;
      out += part + line();
    } else if (part === "}" || part === "]") {
      depth = Math.max(0, depth - 1);
      out += line() + part;
    } else if (part === ",") out += part + line();
    else out += part === ":" ? ": " : part;
    if (out.length > 2 * LONGEST_SHOWN) break;
  }
  return out;
}

function hex(bytes) {
  return [...bytes.subarray(0, LONGEST_SHOWN / 3)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** The body as far as it is read; `came` is told of each piece of one that has no end. */
async function read(answer, came) {
  const isBytes = (answer.headers.get("content-type") ?? "").startsWith("application/octet-stream");
  const decoder = new TextDecoder();
  const pieces = [];
  let text = "";
  let length = 0;
  const reader = answer.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (isBytes) pieces.push(value);
    else text += decoder.decode(value, { stream: true });
    came?.(text);
    if (length > LONGEST_READ) {
      await reader.cancel();
      break;
    }
  }
  if (isBytes) text = hex(new Uint8Array(await new Blob(pieces).arrayBuffer()));
  return { text, isCut: length > LONGEST_READ || text.length > LONGEST_SHOWN };
}

/** Sends, and says how it ended: a status, or 0 without answer, 1 if cancelled, 2 if it took too long. Never throws. */
async function send(request, cancel, came) {
  const headers = new Headers();
  if (request.body !== null) headers.set("Content-Type", "application/json");
  for (const [name, value] of request.headers) {
    try {
      if (!BROWSERS_OWN.test(name)) headers.set(name, value);
    } catch {
      // No header of HTTP: the node could not say more of it than the meaning of 400 does.
    }
  }
  if (request.secret && token?.value) {
    try {
      headers.set("Authorization", `Bearer ${token.value.trim()}`);
    } catch {
      // No text for a header is no token either.
    }
  }
  const began = performance.now();
  const isSlow = request.stream || request.target === "/mine_block" || request.target === "/replace_chain" || request.target === "/is_valid";
  const signal = isSlow ? cancel : (AbortSignal.any?.([cancel, AbortSignal.timeout(PATIENCE)]) ?? cancel);
  const sent = [...headers].map(([name, value]) => [name, name === "authorization" ? "Bearer TOKEN" : value]);
  const found = { status: 0, reason: "", text: "", headers: [], sent, isCut: false };
  try {
    const answer = await fetch(request.target, { method: request.method, headers, body: request.body, signal, cache: "no-store", credentials: "omit" });
    found.status = answer.status;
    found.reason = answer.statusText;
    found.headers = [...answer.headers];
    found.type = answer.headers.get("content-type") ?? "";
    Object.assign(found, await read(answer, came && ((text) => came(found, text))));
  } catch (error) {
    if (error.name === "TimeoutError") found.status = 2;
    else if (cancel.aborted) found.status = found.status || 1;
    else found.status = 0;
  }
  found.milliseconds = Math.round(performance.now() - began);
  return found;
}

/** What the node says to a question of the page itself, or null. */
export async function ask(path) {
  try {
    const answer = await fetch(path, { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

const area = document.getElementById("answer");
const part = (id) => document.getElementById(id);

function write(id, text) {
  const element = part(id);
  if (element.textContent !== text) element.textContent = text;
}

function shown(text) {
  return text.length > LONGEST_SHOWN ? text.slice(0, LONGEST_SHOWN) : text;
}

function meaning(status) {
  const listed = document.querySelector(`[data-status="${String(status).padStart(3, "0")}"]`) ?? document.querySelector('[data-status="999"]');
  return listed?.textContent ?? "";
}

/** The request line and its headers, as text. */
function asText(request, sent) {
  const lines = [`${request.method} ${request.target} HTTP/1.1`, ...sent.map(([name, value]) => `${name}: ${value}`)];
  return request.body === null ? lines.join("\n") : `${lines.join("\n")}\n\n${request.body}`;
}

function show(request, found) {
  const { status } = found;
  part("answered").hidden = false;
  area.dataset.kind = status >= 200 && status < 300 ? "good" : "bad";
  const words = area.dataset;
  write("status", status > 2 ? fill(words.took, status, found.reason, found.milliseconds) : meaning(status));
  write("meaning", status > 2 ? meaning(status) : "");
  const text = pretty(found.text);
  write("body", shown(text) || (status > 2 ? words.empty : "–"));
  const isCut = found.isCut || text.length > LONGEST_SHOWN;
  part("cut").hidden = !isCut;
  write("cut", isCut ? fill(words.cut, LONGEST_SHOWN) : "");
  write("sent", asText(request, found.sent));
  write("received", found.headers.map(([name, value]) => `${name}: ${value}`).join("\n") || "–");
  if (status === 401) token?.setAttribute("aria-invalid", "true");
  else if (request.secret) token?.removeAttribute("aria-invalid");
}

/** Brings the forms of the page to life; `after` is told of each answer. */
export function begin(after) {
  let running = null;
  for (const form of document.querySelectorAll("form.sends")) {
    const line = form.querySelector("[data-curl]");
    const button = form.querySelector("[data-send]");
    const cancel = form.querySelector("[data-cancel]");
    const renew = () => {
      const text = curlLine(requestOf(form), form.dataset.origin, form.dataset.piped);
      if (line.textContent !== text) line.textContent = text;
    };
    form.addEventListener("input", renew);
    renew();
    offerCopy(form, line);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      // A second click while one is on its way is the same wish.
      if (!button || running) return;
      running = new AbortController();
      const request = requestOf(form);
      button.disabled = true;
      cancel.hidden = false;
      // Where a page has several forms, the answer stands under the one that was sent.
      form.after(...[part("check"), area].filter(Boolean));
      area.setAttribute("aria-busy", "true");
      write("status", area.dataset.waits);
      const began = performance.now();
      const tick = () => write("seconds", fill(area.dataset.seconds, Math.floor((performance.now() - began) / 1000)));
      const ticking = setInterval(tick, 500);
      const found = await send(request, running.signal, request.stream ? (so, text) => show(request, { ...so, text, milliseconds: Math.round(performance.now() - began) }) : null);
      clearInterval(ticking);
      write("seconds", "");
      show(request, found);
      area.removeAttribute("aria-busy");
      // The verdict comes before another call can be sent.
      await after?.({ form, request, found });
      running = null;
      cancel.hidden = true;
      button.disabled = false;
    });
    cancel?.addEventListener("click", () => running?.abort());
    if (button) button.disabled = false;
  }
}

function offerCopy(form, line) {
  const button = form.querySelector("[data-copy]");
  // Browsers let pages copy only where nobody listens in between: on loopback, and over https.
  if (!button || !navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const before = button.textContent;
    await navigator.clipboard.writeText(line.textContent).catch(() => null);
    button.textContent = button.dataset.copy;
    setTimeout(() => (button.textContent = before), 1500);
  });
}

if (token && keep) {
  const stored = sessionStorage.getItem(KEPT);
  if (stored) {
    token.value = stored;
    keep.checked = true;
  }
  const store = () => (keep.checked && token.value ? sessionStorage.setItem(KEPT, token.value) : sessionStorage.removeItem(KEPT));
  token.addEventListener("input", store);
  keep.addEventListener("change", store);
}
