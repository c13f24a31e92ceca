// Around the messages: the shop, the people as whom one can act, the places, the other chat.

import { $, keyed } from "/static/draw.js";
import { become, firstPlace, go } from "/static/moves.js";
import { directOf, here, title, unread, world } from "/static/state.js";
import { button, el, names } from "/static/words.js";

const CHATS = { slack: "Slack", discord: "Discord" };

/** Show how the shop is. */
export function drawShop() {
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
}

/** Show everybody as whom one can act. */
export function drawPeople() {
  const people = world.people.map(({ id, real_name: name }) => ({
    id, name, isOn: id === here.me, news: unread(id, directOf(id)?.id).length,
  }));
  keyed($(".people"), people, ({ id }) => id, (person) => {
    const parts = [face(person.id), el("span", "name", person.name)];
    return tab("person", parts, person, "new direct message", () => become(person.id));
  });
}

/** Show the way to the other chat, where one is the same person. */
export function drawOther() {
  const { platform, url } = world.other ?? {};
  const isSafe = CHATS[platform] && /^http:\/\/(127\.0\.0\.1|localhost):\d+\/?$/.test(url);
  const others = isSafe ? [{ platform, url, name: names.user(here.me) }] : [];
  keyed($(".other"), others, () => "other", ({ name }) => {
    const arrows = el("span", "", " ⇄");
    arrows.setAttribute("aria-hidden", "true");
    const node = el("a", "", CHATS[platform], arrows);
    node.href = `${url.replace(/\/$/, "")}/?as=${encodeURIComponent(name)}`;
    node.title = `The same shop on ${CHATS[platform]}, as ${name}`;
    return node;
  });
}

/** Show where one can go: channels with their open threads, and one's direct messages. */
export function drawPlaces() {
  const mine = Object.values(world.places).filter(({ members }) => members.includes(here.me));
  const places = mine.map((place) => ({
    id: place.id, name: title(place), look: place.isDirect ? "place direct" : "place",
    isOn: place.id === here.place, news: unread(here.me, place.id).length,
  }));
  const channels = places.filter(({ look }) => look === "place");
  keyed($(".places"), [...channels, ...places.filter((place) => !channels.includes(place))], ({ id }) => id,
    (place) => tab(place.look, [el("span", "name", place.name)], place, "unread", () => go(place.id)));
  $(".places").dataset.server = world.team.name;
  drawServers(channels.some(({ isOn }) => isOn));
}

/** Show the bar of servers, which only Discord has: one's direct messages, and the one server. */
function drawServers(isInServer) {
  const direct = directOf(here.me);
  const servers = [
    { id: "direct", words: "Direct messages", sign: "✉", isOn: !isInServer, place: direct?.id },
    { id: "server", words: "Channels", sign: initials(world.team.name), isOn: isInServer, place: firstPlace() },
  ].filter(({ place }) => place);
  keyed($(".servers"), servers, ({ id }) => id, ({ words, sign, isOn, place }) => {
    const node = tab("server", [sign], { isOn }, "", () => go(place));
    node.title = words;
    node.setAttribute("aria-label", words);
    return node;
  });
}

function tab(look, parts, { isOn, news }, whatIsNew, choose) {
  const node = button(look, choose, ...parts);
  if (news) {
    const dot = el("span", "dot", "●");
    dot.title = `${news} ${whatIsNew}`;
    dot.setAttribute("role", "img");
    dot.setAttribute("aria-label", dot.title);
    node.append(dot);
  }
  node.setAttribute("aria-current", isOn);
  return node;
}

/** The small picture of somebody: their initials on a colour of their own. */
export function face(user) {
  const isApp = user === world.bot.id;
  const node = el("span", isApp ? "face app-face" : "face", isApp ? "2K" : initials(names.user(user)));
  node.dataset.person = isApp ? "app" : world.people.findIndex(({ id }) => id === user);
  node.setAttribute("aria-hidden", "true");
  return node;
}

function initials(name) {
  return name.replace(/\bOne\b/, "1").replace(/\bTwo\b/, "2").match(/\b\w/g).join("").slice(0, 2).toUpperCase();
}
