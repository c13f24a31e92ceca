// The page: one state, kept up to date by the server's events, drawn again after every change.

import { content, drawBlock } from "/static/blocks.js";
import { hint, newestRequest } from "/static/hint.js";
import { clock, el, names, textObject } from "/static/text.js";

const SHOP_SECONDS = 1.5;
const FAILURES = {
  operation_timeout: "Twokey did not answer within three seconds.",
  no_app: "Twokey is not connected.",
  not_in_channel: "You are not a member of this channel.",
};

const $ = (selector) => document.querySelector(selector);
const world = { people: [], channels: {}, messages: {}, views: {}, shop: {} };
const here = { me: "", place: "", thread: null, read: {}, slip: "", shown: null, ...JSON.parse(sessionStorage.here ?? "{}") };

names.user = (id) => (id === world.bot?.id ? world.bot.name
  : world.people.find((person) => person.id === id)?.real_name ?? "Slackbot");

// ── What the server tells ──

const NEWS = {
  state: (news) => {
    Object.assign(world, news, {
      channels: Object.fromEntries(news.channels.map((channel) => [channel.id, channel])),
      messages: byTs(news.messages),
    });
    for (const message of Object.values(news.ephemerals).flat()) {
      world.messages[message.channel][message.ts] = message;
    }
    follow(history.state);
  },
  channel: ({ channel }) => { world.channels[channel.id] = channel; },
  message: ({ channel, message }) => {
    const [isNew, before] = [!world.messages[channel]?.[message.ts], newestRequest(world)];
    (world.messages[channel] ??= {})[message.ts] = message;
    const after = newestRequest(world);
    const isNext = isNew && after?.thread === message.ts && before?.thread === here.thread;
    if (isNext && !$(".thread .composer").text.value) go(after.place, after.thread);
  },
  dialogs: ({ user, dialogs }) => { world.views[user] = dialogs; },
  quiet: () => {},
};

function byTs(lists) {
  return Object.fromEntries(Object.entries(lists).map(([key, list]) => (
    [key, Object.fromEntries(list.map((message) => [message.ts, message]))])));
}

function listen() {
  const stream = new EventSource("/page/events");
  stream.onmessage = ({ data }) => {
    const news = JSON.parse(data);
    NEWS[news.kind](news);
    draw();
  };
  stream.onerror = () => setGone(true);
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

// ── What people do ──

async function act(what, details) {
  const answer = await fetch(`/page/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user: here.me, ...details }),
  }).catch(() => null);
  if (!answer) {
    setGone(true, Boolean(details.text) || here.isUnsent);
    return { ok: false, isGone: true };
  }
  const outcome = await answer.json();
  if (!outcome.ok && what !== "command" && !outcome.errors) {
    toast(FAILURES[outcome.error] ?? `That did not work: ${outcome.error}`);
  }
  return outcome;
}

async function press(message, block, part, button) {
  button.setAttribute("aria-busy", "true");
  await act("click", {
    channel: here.place, ts: message.ts,
    action_id: part.action_id, block_id: block.block_id,
  });
  button.removeAttribute("aria-busy");
}

function compose(form, threadOf) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = form.text.value.trim();
    form.text.value = "";
    const thread = threadOf();
    const details = { channel: here.place, text, ...(thread ? { thread_ts: thread } : {}) };
    if (!text) return;
    here.slip = /^rollback\b/i.test(text) ? text : "";
    drawHint();
    const outcome = await act(text.startsWith("/") ? "command" : "message", details);
    if (outcome.isGone) form.text.value ||= text;
  });
}

function become(user) {
  const isMember = world.channels[here.place].members.includes(user);
  const place = isMember ? here.place : directOf(user)?.id ?? Object.keys(world.channels)[0];
  go(place, isMember ? here.thread : null, user);
}

/** Look at a place as somebody; the address, and with it Back, keeps where that is. */
function go(place, thread = null, me = here.me) {
  const isSame = place === here.place && thread === here.thread && me === here.me;
  Object.assign(here, { place, thread, me });
  if (!isSame) history.pushState({ me }, "", `#${place}${thread ? `/${thread}` : ""}`);
  draw();
}

/** Go where the address says, as whoever was there. */
function follow(state) {
  if (state?.me) here.me = state.me;
  here.me ||= world.people[0].id;
  const [place, ts] = location.hash.slice(1).split("/");
  const isOpen = world.channels[place]?.members.includes(here.me);
  const message = isOpen && world.messages[place]?.[ts];
  here.place = isOpen ? place : Object.keys(world.channels)[0];
  here.thread = message?.thread_ts ?? (message?.reply_count ? ts : null);
  history.replaceState({ me: here.me }, "");
  draw();
}

/** A link to a message of this workspace opens here, as the person who follows it. */
function openHere(event) {
  const anchor = event.target.closest("a");
  const found = anchor?.origin === location.origin && anchor.pathname.match(/^\/archives\/(\w+)\/p(\d+)(\d{6})$/);
  if (!found) return;
  event.preventDefault();
  const [, place, seconds, rest] = found;
  history.pushState({ me: here.me }, "", `#${place}/${seconds}.${rest}`);
  follow();
}

function fill(command) {
  const form = $("main .composer");
  go(world.channels[here.place].is_im ? Object.keys(world.channels)[0] : here.place);
  form.text.value = command;
  form.text.focus();
}

// ── What is seen ──

function draw() {
  cancelAnimationFrame(here.frame);
  here.frame = requestAnimationFrame(() => {
    markRead();
    drawPeople();
    drawPlaces();
    drawHint(); // first, as its height decides on the room for the messages
    drawRooms();
    drawView();
    sessionStorage.here = JSON.stringify({ me: here.me, read: here.read });
  });
}

function drawShop() {
  $(".shop").classList.toggle("gone", Boolean(world.isGone));
  keyed($(".shop"), Object.entries(world.shop), ([name]) => name + world.isGone, ([name, part]) => {
    if (world.isGone) return el("span", "part", el("span", "sign", "?"), el("strong", "", name), " not known");
    const facts = [part.healthy ? null : part.status ?? "no answer", part.version];
    const sign = el("span", "sign", part.healthy ? "✓" : "✕");
    sign.setAttribute("aria-hidden", "true");
    const node = el("a", `part ${part.healthy ? "good" : "bad"}`, sign, el("strong", "", name),
      el("span", "word", part.healthy ? " healthy" : " broken"),
      ...facts.filter(Boolean).map((fact) => el("span", "fact", ` · ${fact}`)));
    node.href = part.url;
    node.target = "_blank";
    return node;
  });
  const examples = [...Object.keys(world.shop), "status", "help"].map((word) => `/rollback ${word}`);
  keyed($("#commands"), examples, (text) => text, (text) => new Option(text, text));
}

function drawPeople() {
  const people = world.people.map((person) => ({
    ...person, isOn: person.id === here.me, news: directNews(person.id),
  }));
  keyed($(".people"), people, ({ id }) => id, (person) => {
    const parts = [face(person.id), el("span", "name", person.real_name)];
    return tab("person", parts, person, "new direct message", () => become(person.id));
  });
}

function drawPlaces() {
  const mine = Object.values(world.channels).filter(({ members }) => members.includes(here.me));
  const places = mine.map((channel) => ({
    ...channel, isOn: channel.id === here.place, news: unread(here.me, channel.id).length,
  }));
  keyed($(".places"), places, ({ id }) => id, (channel) => {
    const look = channel.is_im ? "place direct" : "place";
    return tab(look, [title(channel)], channel, "unread", () => go(channel.id));
  });
}

function tab(look, parts, { isOn, news }, whatIsNew, choose) {
  const button = el("button", look, ...parts);
  if (news) {
    const dot = el("span", "dot", "●");
    dot.title = `${news} ${whatIsNew}`;
    dot.setAttribute("role", "img");
    dot.setAttribute("aria-label", dot.title);
    button.append(dot);
  }
  button.type = "button";
  button.setAttribute("aria-current", isOn);
  button.addEventListener("click", choose);
  return button;
}

function drawRooms() {
  const place = world.channels[here.place];
  if (!place) return;
  $("h1").textContent = title(place);
  document.title = `${title(place)} · ${world.team.name}`;
  const input = $("main .composer input");
  input.setAttribute("aria-label", `Message ${title(place).replace("# ", "#")}`);
  const all = visible(here.me, here.place).sort((one, other) => one.ts - other.ts);
  const isTop = (message) => !message.thread_ts || message.thread_ts === message.ts;
  drawMessages($("main .messages"), all.filter(isTop), true);
  $(".thread").hidden = !here.thread;
  const isThread = ({ ts, thread_ts: thread }) => ts === here.thread || thread === here.thread;
  drawMessages($(".thread .messages"), here.thread ? all.filter(isThread) : [], false);
}

function drawMessages(list, messages, withThreads) {
  const where = `${here.me} ${here.place} ${withThreads || here.thread}`;
  keyed(list, messages, ({ ts }) => where + ts, (message) => drawMessage(message, withThreads));
  const answer = messages.findLast((message) => message.is_ephemeral)?.ts;
  const isOpening = list.dataset.where !== where;
  const isAnswered = !isOpening && answer && list.dataset.answer !== answer;
  Object.assign(list.dataset, { where, answer });
  const question = isOpening && !withThreads && makeRoom(list);
  if (isOpening || list.isAtEnd) list.scrollTop = list.scrollHeight;
  // A private answer was asked for just now: its first line comes into view, wherever one was.
  const start = isAnswered ? list.querySelector(`[data-key="${where + answer}"]`) : question;
  if (start) start.scrollIntoView();
  noteEnd(list);
}

function noteEnd(list) {
  list.isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
}

/** Whoever reads the end goes on reading the end when there is more, or less room for it. */
function stayAtEnd(list) {
  noteEnd(list);
  list.addEventListener("scroll", () => noteEnd(list));
  new ResizeObserver(() => { if (list.isAtEnd) list.scrollTop = list.scrollHeight; }).observe(list);
}

/** Let an opened thread start at the first line of what it asks. */
function makeRoom(list) {
  const question = [...list.querySelectorAll(".message:not(.private):has(.actions)")].at(-1);
  const newest = list.lastElementChild;
  const room = question && list.clientHeight - newest.offsetTop + question.offsetTop;
  if (question) newest.style.setProperty("--room", `${room}px`);
  return question;
}

function drawMessage(message, withThreads) {
  const author = el("strong", "", names.user(message.user));
  const said = el("time", "", clock(new Date(message.ts * 1000)));
  const head = el("div", "head", author, ...(message.bot_id ? [el("span", "badge", "APP")] : []), said);
  if (message.edited) head.append(el("span", "", "(edited)"));
  if (message.is_ephemeral) head.append(el("span", "only", "Only visible to you"));
  const body = el("div", "body", head,
    ...content(message, (block, part, button) => press(message, block, part, button)));
  if (withThreads && !message.is_ephemeral) body.append(threadButton(message));
  return el("li", message.is_ephemeral ? "message private" : "message", face(message.user), body);
}

function threadButton(message) {
  const count = message.reply_count ?? 0;
  const words = count === 1 ? "1 reply" : `${count} replies`;
  const button = el("button", count ? "replies" : "quiet reply", count ? `${words} · open thread` : "Reply in thread");
  button.type = "button";
  button.addEventListener("click", () => go(here.place, message.thread_ts ?? message.ts));
  return button;
}

function drawHint() {
  if (!world.people.length) return;
  const said = hint(world, { ...here, direct: directOf(here.me)?.id }, names.user);
  keyed($(".hint"), said.words ? [said] : [], () => "hint", ({ words, command, open }) => {
    const button = el("button", "", command ?? "Open it");
    button.type = "button";
    button.addEventListener("click", () => (command ? fill(command) : go(open.place, open.thread)));
    return el("span", "", words, ...(command || open ? [" ", button] : []));
  });
}

function drawView() {
  const dialog = $(".view");
  const view = (world.views[here.me] ?? []).at(-1);
  if (here.shown === (view && view.id + view.hash)) return;
  here.shown = view && view.id + view.hash;
  if (!view) return dialog.close();
  const heading = el("h2", "", textObject(view.title));
  heading.id = "view-title";
  const cancel = el("button", "", view.close ? textObject(view.close) : "Cancel");
  cancel.type = "button";
  const close = () => act("close", { view_id: view.id });
  cancel.addEventListener("click", close);
  dialog.oncancel = (event) => { event.preventDefault(); close(); };
  const form = el("form", "", heading, ...view.blocks.map((block) => drawBlock(block, () => {})));
  form.append(el("div", "actions",
    ...(view.submit ? [el("button", "primary", textObject(view.submit))] : []), cancel));
  form.addEventListener("submit", (event) => submitView(event, view));
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
}

async function submitView(event, view) {
  event.preventDefault();
  const values = Object.fromEntries(new FormData(event.target));
  const outcome = await act("submit", { view_id: view.id, values });
  for (const error of event.target.querySelectorAll(".error")) {
    error.textContent = outcome.errors?.[error.id.slice("error-".length)] ?? "";
  }
}

// ── Small things ──

function keyed(parent, items, key, drawItem) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    const signature = JSON.stringify(item);
    let node = old.get(name);
    old.delete(name);
    if (node?.dataset.signature !== signature) {
      const fresh = drawItem(item);
      fresh.dataset.key = name;
      fresh.dataset.signature = signature;
      if (node === next) next = node?.nextElementSibling ?? null;
      const hadFocus = node?.contains(document.activeElement);
      node?.remove();
      node = fresh;
      parent.insertBefore(node, next);
      if (hadFocus) (node.matches("button") ? node : node.querySelector("button"))?.focus();
    } else if (node === next) next = node.nextElementSibling;
    else parent.insertBefore(node, next);
  }
  for (const node of old.values()) node.remove();
}

function face(user) {
  const isBot = user === world.bot.id;
  const initials = names.user(user).replace("One", "1").replace("Two", "2").match(/\b\w/g).join("");
  const node = el("span", isBot ? "face bot" : "face", isBot ? "2K" : initials);
  node.dataset.user = user;
  node.setAttribute("aria-hidden", "true");
  return node;
}

function title(channel) {
  return channel.is_im ? world.bot.name : `# ${channel.name}`;
}

function visible(user, place) {
  return Object.values(world.messages[place] ?? {})
    .filter(({ only_for: reader }) => !reader || reader === user);
}

function directOf(user) {
  return Object.values(world.channels).find((channel) => channel.is_im && channel.user === user);
}

function directNews(user) {
  return unread(user, directOf(user)?.id).length;
}

function unread(user, place) {
  const since = here.read[user]?.[place] ?? 0;
  return visible(user, place).filter((message) => message.user !== user && message.ts > since);
}

function markRead() {
  if (here.place) (here.read[here.me] ??= {})[here.place] = Date.now() / 1000;
}

function toast(text) {
  $(".toast").textContent = text;
  clearTimeout(here.toast);
  if (text) here.toast = setTimeout(() => toast(""), 6000);
}

compose($("main .composer"), () => null);
compose($(".thread .composer"), () => here.thread);
$(".close-thread").addEventListener("click", () => go(here.place));
$(".phone-toggle").addEventListener("click", ({ target }) => {
  target.setAttribute("aria-pressed", document.body.classList.toggle("phone"));
});
document.querySelectorAll(".messages").forEach(stayAtEnd);
document.addEventListener("click", openHere);
addEventListener("popstate", ({ state }) => follow(state));
listen();
watchShop();
