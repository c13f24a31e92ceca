// The messages of a place and of the open thread.

import { act } from "/static/acts.js";
import { $, keyed } from "/static/draw.js";
import { face } from "/static/head.js";
import { go } from "/static/moves.js";
import { here, skin, title, visible, world } from "/static/state.js";
import { button, clock, el, names } from "/static/words.js";

/** Show what is said where one is. */
export function drawRooms() {
  const place = world.places[here.place];
  if (!place) return;
  $("h1").textContent = title(place);
  document.title = `${title(place)} · ${world.team.name}`;
  $("main .composer input").setAttribute("aria-label", `Message ${title(place).replace("# ", "#")}`);
  $(".thread").hidden = !here.thread;
  $(".thread .name").textContent = world.threads[here.thread]?.name ?? "Thread";
  const all = visible(here.me, here.place);
  const counts = new Map();
  for (const { thread, onlyFor } of all) if (!onlyFor) counts.set(thread, (counts.get(thread) ?? 0) + 1);
  const tops = all.filter(({ thread }) => !thread);
  drawMessages($("main .messages"), tops, (message) => threadButton(message, counts.get(message.id) ?? 0));
  const inThread = here.thread ? all.filter(({ id, thread }) => id === here.thread || thread === here.thread) : [];
  drawMessages($(".thread .messages"), inThread, () => null);
}

function drawMessages(list, messages, footOf) {
  const isThread = list.closest(".thread");
  const where = `${here.me} ${here.place} ${isThread ? here.thread : true}`;
  const items = messages.map((message) => ({ message, foot: footOf(message) }));
  keyed(list, items, ({ message }) => where + message.id, drawMessage,
    ({ message, foot }) => message.signature + (foot?.textContent ?? ""));
  const answer = messages.findLast(({ onlyFor }) => onlyFor)?.id;
  const isOpening = list.dataset.where !== where;
  const isAnswered = !isOpening && answer && list.dataset.answer !== answer;
  Object.assign(list.dataset, { where, answer });
  const question = isOpening && isThread && makeRoom(list);
  if (isOpening || list.isAtEnd) list.scrollTop = list.scrollHeight;
  // A private answer was asked for just now: its first line comes into view, wherever one was.
  const start = isAnswered ? list.querySelector(`[data-key="${where + answer}"]`) : question;
  if (start) start.scrollIntoView();
  noteEnd(list);
}

function noteEnd(list) {
  list.beforeEnd = list.scrollHeight - list.scrollTop - list.clientHeight;
  list.isAtEnd = list.beforeEnd < 80;
}

/** Whoever reads the end goes on reading it when there is more, or less room for it. */
export function stayAtEnd(list) {
  noteEnd(list);
  list.addEventListener("scroll", () => noteEnd(list));
  new ResizeObserver(() => {
    if (list.isAtEnd) list.scrollTop = list.scrollHeight - list.clientHeight - list.beforeEnd;
  }).observe(list);
}

/** Let an opened thread start at the first line of what it asks. */
function makeRoom(list) {
  const question = [...list.querySelectorAll(".message:not(.private):has(.actions)")].at(-1);
  const newest = list.lastElementChild;
  const room = question && list.clientHeight - newest.offsetTop + question.offsetTop;
  if (question) newest.style.setProperty("--room", `${room}px`);
  return question;
}

function drawMessage({ message, foot }) {
  const author = el("strong", "", names.user(message.author));
  author.dataset.person = face(message.author).dataset.person;
  const said = el("time", "", clock(new Date(message.at * 1000)));
  const head = el("div", "head", author, ...(message.isApp ? [el("span", "badge", "APP")] : []), said);
  if (message.isEdited) head.append(el("span", "", "(edited)"));
  if (message.onlyFor) head.append(el("span", "only", skin.onlyYou));
  const body = el("div", "body", head, ...skin.content(message, (what, node) => press(message, what, node)));
  if (foot) body.append(foot);
  return el("li", message.onlyFor ? "message private" : "message", face(message.author), body);
}

async function press(message, what, node) {
  node.setAttribute("aria-busy", "true");
  await act("click", skin.click(message, what));
  node.removeAttribute("aria-busy");
}

function threadButton({ id, onlyFor }, count) {
  const name = world.threads[id]?.name;
  if (onlyFor || !(count || name || skin.opensThreads)) return null;
  const words = count === 1 ? "1 reply" : `${count} replies`;
  const open = () => go(here.place, id);
  if (name) return button("replies", open, el("strong", "", name), ` ${words} · open thread`);
  return count ? button("replies", open, `${words} · open thread`) : button("quiet reply", open, "Reply in thread");
}
