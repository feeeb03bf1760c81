// Keeps the network page fresh where no event would: other nodes are asked while somebody looks.

import { refresh } from "./live.js";

const LOOK_EVERY = 2000;
const ANSWER_SOON = 400;

function state() {
  return document.getElementById("network-state");
}

/** Answers that are under way are there in a moment. */
function soon() {
  if (state() && "asking" in state().dataset) setTimeout(refresh, ANSWER_SOON);
}

setInterval(() => {
  if (!document.hidden && state()) refresh();
}, LOOK_EVERY);
document.addEventListener("bcoin:renewed", soon);
soon();
