// The page: one state, kept up to date by the server's events, drawn again after every change.

import { whenGone } from "/static/acts.js";
import { compose } from "/static/composer.js";
import { drawDialog } from "/static/dialog.js";
import { $, always, keyed, redraw } from "/static/draw.js";
import { drawOther, drawPeople, drawPlaces, drawShop } from "/static/head.js";
import { hint, newestRequest } from "/static/hint.js";
import { firstPlace, follow, go, openHere } from "/static/moves.js";
import { drawRooms, stayAtEnd } from "/static/rooms.js";
import { directOf, hear, here, world } from "/static/state.js";
import { button, el, names, refreshTimes } from "/static/words.js";

const [SHOP_SECONDS, TIMES_SECONDS] = [1.5, 20];

function listen() {
  const stream = new EventSource("/page/events");
  stream.onmessage = ({ data }) => {
    const [news, before] = [JSON.parse(data), newestRequest(world, here)];
    hear(news);
    if (news.kind === "state") follow(history.state);
    else comeAlong(before);
    redraw();
  };
  stream.onerror = () => setGone(true);
}

/** Whoever looks at the newest request's thread looks at the next one's, once there is one. */
function comeAlong(before) {
  const after = newestRequest(world, here);
  const isAlong = after && before?.thread === here.thread;
  if (isAlong && !$(".thread .composer").text.value) go(after.place, after.thread);
}

function setGone(isGone, isUnsent = isGone && here.isUnsent) {
  world.isGone = isGone;
  here.isUnsent = isUnsent;
  drawShop();
  drawHint();
}

async function watchShop() {
  try {
    world.shop = await (await fetch("/page/shop")).json();
    setGone(false);
  } catch {
    setGone(true);
  }
  setTimeout(watchShop, SHOP_SECONDS * 1000);
}

function drawHint() {
  if (!world.people.length) return;
  const said = hint(world, { ...here, direct: directOf(here.me)?.id }, names.user);
  keyed($(".hint"), said.words ? [said] : [], () => "hint", ({ words, command, open }) => {
    const press = () => (command ? fill(command) : go(open.place, open.thread));
    return el("span", "", words, ...(command || open ? [" ", button("", press, command ?? "Open it")] : []));
  });
}

function fill(command) {
  const form = $("main .composer");
  go(world.places[here.place].isDirect ? firstPlace() : here.place);
  form.text.value = command;
  form.text.focus();
}

function markRead() {
  if (here.place) (here.read[here.me] ??= {})[here.place] = Date.now() / 1000;
  sessionStorage.here = JSON.stringify({ me: here.me, read: here.read });
}

// The hint comes before the rooms, as its height decides on the room for the messages.
always(markRead, drawPeople, drawOther, drawPlaces, drawHint, drawRooms, drawDialog);
whenGone.tell = (isTextLost) => setGone(true, isTextLost || here.isUnsent);
compose($("main .composer"), () => null, drawHint);
compose($(".thread .composer"), () => here.thread, drawHint);
$(".close-thread").addEventListener("click", () => go(here.place));
$(".phone-toggle").addEventListener("click", ({ currentTarget }) => {
  currentTarget.setAttribute("aria-pressed", document.body.classList.toggle("phone"));
});
document.querySelectorAll(".messages").forEach(stayAtEnd);
document.addEventListener("click", openHere);
addEventListener("popstate", ({ state }) => follow(state));
setInterval(refreshTimes, TIMES_SECONDS * 1000);
listen();
watchShop();
