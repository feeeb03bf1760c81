// Keeps the network page fresh where no event would, and turns the slider of the replay into steps.

import { refresh, take } from "./live.js";

const LOOK_EVERY = 2000;
const ANSWER_SOON = 400;

function state() {
  return document.getElementById("network-state");
}

/** Other nodes are asked while somebody looks; answers that are under way are there in a moment. */
function soon() {
  if (state() && "asking" in state().dataset) setTimeout(refresh, ANSWER_SOON);
}

setInterval(() => {
  if (!document.hidden && state() && "watch" in state().dataset) refresh();
}, LOOK_EVERY);
document.addEventListener("bcoin:renewed", soon);
soon();

let step = null;

/** Shows the reorganisation that the slider stands on, and names it in the address, so that the page stays there. */
async function show(slider) {
  const number = slider.dataset.steps.split(" ")[slider.value - 1];
  const wanted = new URL(location.href);
  wanted.searchParams.set("reorg", number);
  wanted.hash = "";
  history.replaceState(null, "", wanted);
  step?.abort();
  step = new AbortController();
  try {
    const answer = await fetch(wanted, { headers: { Accept: "text/html" }, cache: "no-store", signal: step.signal });
    if (answer.ok) take(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // A later step took its place, or the node is gone, which the stream of events says.
  }
}

document.addEventListener("input", (event) => {
  if (event.target.id === "replay-slider") show(event.target);
});
