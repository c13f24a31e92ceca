// The dialog in front of whoever one is.

import { act } from "/static/acts.js";
import { $ } from "/static/draw.js";
import { here, skin, world } from "/static/state.js";
import { button, el } from "/static/words.js";

let shown = null;

/** Show the topmost dialog, or none. */
export function drawDialog() {
  const view = (world.views[here.me] ?? []).at(-1);
  const wanted = view ? view.id + view.hash : null;
  if (shown === wanted) return;
  shown = wanted;
  const dialog = $(".view");
  if (!view) {
    dialog.close();
    return;
  }
  const close = () => act("close", { view_id: view.id });
  dialog.oncancel = (event) => { event.preventDefault(); close(); };
  dialog.replaceChildren(form(view, skin.dialog(view), close));
  if (!dialog.open) dialog.showModal();
}

function form(view, { title, body, submit, close: word }, close) {
  const heading = el("h2", "", title);
  heading.id = "view-title";
  const send = submit ? [el("button", "primary", submit)] : [];
  const node = el("form", "", heading, ...body, el("div", "actions", ...send, button("", close, word)));
  node.addEventListener("submit", (event) => sendOff(event, view));
  return node;
}

async function sendOff(event, view) {
  event.preventDefault();
  const values = Object.fromEntries(new FormData(event.target));
  const outcome = await act("submit", { view_id: view.id, values });
  for (const error of event.target.querySelectorAll(".error")) {
    error.textContent = outcome.errors?.[error.id.slice("error-".length)] ?? "";
  }
}
