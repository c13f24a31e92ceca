// What the server told, in one form for both platforms, and where on the page one is.

import { discord } from "/static/discord/skin.js";
import { slack } from "/static/slack/skin.js";
import { names } from "/static/words.js";

const SKINS = { slack, discord };

export const world = {
  team: {}, bot: {}, people: [], places: {}, threads: {}, messages: {}, views: {}, shop: {}, commands: [], other: null,
};
export const here = { me: "", place: "", thread: null, read: {}, slip: "", ...JSON.parse(sessionStorage.here ?? "{}") };

/** How the platform looks, known once the server has told which one it is. */
export let skin = slack;

names.user = (id) => (id === world.bot.id ? world.bot.name
  : world.people.find((person) => person.id === id)?.real_name ?? skin.nobody);
names.place = (id) => (world.places[id] ? title(world.places[id]).replace("# ", "#") : "#unknown");

const NEWS = {
  state({ platform = "slack", channels, messages, ephemerals, views, team, bot, people, commands = [], other }) {
    skin = SKINS[platform];
    document.documentElement.dataset.platform = platform;
    Object.assign(world, { team, bot, people, views, commands, other, places: {}, threads: {}, messages: {} });
    channels.forEach(know);
    Object.entries(messages).forEach(([channel, list]) => list.forEach((one) => keep(one, channel)));
    Object.values(ephemerals).flat().forEach((one) => keep(one, one.channel ?? one.channel_id));
  },
  channel: ({ channel }) => know(channel),
  message: ({ channel, message }) => keep(message, channel),
  gone: ({ channel, id }) => { delete world.messages[homeOf(channel)][id]; },
  dialogs: ({ user, dialogs }) => { world.views[user] = dialogs; },
  commands: ({ commands }) => { world.commands = commands; },
  quiet: () => {},
};

/** Take in what the server tells. */
export function hear(news) {
  NEWS[news.kind](news);
}

function know(channel) {
  const place = skin.place(channel);
  world[place.parent ? "threads" : "places"][place.id] = place;
}

function keep(raw, channel) {
  const message = skin.message(raw, channel, world);
  if (message) (world.messages[homeOf(channel)] ??= {})[message.id] = { ...message, signature: JSON.stringify(raw) };
}

/** The place in whose list something stands: a thread's messages are among its place's. */
export function homeOf(channel) {
  return world.threads[channel]?.parent ?? channel;
}

/** What somebody sees in a place and its threads, oldest first. */
export function visible(user, place) {
  return Object.values(world.messages[place] ?? {})
    .filter(({ onlyFor }) => !onlyFor || onlyFor === user)
    .sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
}

/** Where somebody and the app write to each other. */
export function directOf(user) {
  return Object.values(world.places).find(({ isDirect, person }) => isDirect && person === user);
}

/** What others wrote there since somebody looked. */
export function unread(user, place) {
  const since = here.read[user]?.[place] ?? 0;
  return visible(user, place).filter(({ author, at }) => author !== user && at > since);
}

/** The thread that a message opens, if there is one. */
export function threadOf(place, id) {
  const message = world.messages[place]?.[id];
  if (!message || message.thread) return message?.thread ?? null;
  const isOpen = world.threads[id] || Object.values(world.messages[place]).some(({ thread }) => thread === id);
  return isOpen ? id : null;
}

/** The name that a place has. */
export function title({ isDirect, name }) {
  return isDirect ? world.bot.name : `# ${name}`;
}
