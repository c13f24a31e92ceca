// What people do, as the server wants to hear it, and what is said when it fails.

import { $ } from "/static/draw.js";
import { here, skin } from "/static/state.js";

const FAILURES = {
  operation_timeout: "Twokey did not answer within three seconds.",
  no_app: "Twokey is not connected.",
  not_in_channel: "You are not a member of this channel.",
};
let passing = 0;

/** Hears that the demo has gone, and whether a text got lost with it. */
export const whenGone = { tell: () => {} };

/** Do something as whoever one is. */
export async function act(what, details) {
  const answer = await post(what, details);
  if (!answer) {
    whenGone.tell(Boolean(details.text));
    return { ok: false, isGone: true };
  }
  if (!answer.ok && !skin.tellsFailureOf.includes(what) && !answer.errors) {
    toast(FAILURES[answer.error] ?? `That did not work: ${answer.error}`);
  }
  return answer;
}

/** What the app says could be typed for one option of a command. */
export async function suggestions(channel, text, option) {
  return (await post("suggest", { channel, text, option }))?.choices ?? [];
}

async function post(what, details) {
  const answer = await fetch(`/page/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user: here.me, ...details }),
  }).catch(() => null);
  return answer?.json();
}

/** Say something for a few seconds. */
export function toast(text) {
  $(".toast").textContent = text;
  clearTimeout(passing);
  if (text) passing = setTimeout(() => toast(""), 6000);
}
