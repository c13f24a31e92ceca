// Slack's words: its markup, rich text, dates in the reader's zone.

import { ago, clock, day, el, link, mention, placeName, time, unknown } from "/static/words.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const INLINE = new RegExp([
  "`(?<code>[^`\\n]+)`", "<(?<reference>[^<>\\n]+)>",
  "(?<![\\w*])\\*(?<bold>[^*\\n]*[^*\\s])\\*(?![\\w*])",
  "(?<![\\w_])_(?<italic>[^_\\n]*[^_\\s])_(?![\\w_])",
  "(?<![\\w~])~(?<strike>[^~\\n]*[^~\\s])~(?![\\w~])",
].join("|"), "g");
const TAGS = { bold: "strong", italic: "em", strike: "s", code: "code" };

/** A text object of Block Kit. */
export function textObject(text) {
  if (text?.type === "mrkdwn") return mrkdwn(text.text);
  if (text?.type === "plain_text") return el("span", "plain", unescape(text.text));
  return unknown(text?.type);
}

/** Slack's own markup, as far as it stands within a line. */
export function mrkdwn(source) {
  return el("div", "mrkdwn", ...inline(source));
}

function inline(source) {
  const nodes = [];
  let end = 0;
  for (const match of source.matchAll(INLINE)) {
    nodes.push(unescape(source.slice(end, match.index)));
    const [kind, value] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    if (kind === "reference") nodes.push(reference(value));
    else nodes.push(el(TAGS[kind], "", ...(kind === "code" ? [unescape(value)] : inline(value))));
    end = match.index + match[0].length;
  }
  return [...nodes, unescape(source.slice(end))];
}

function reference(inside) {
  const [target, label] = inside.split("|");
  if (target.startsWith("@")) return mention(target.slice(1));
  if (target.startsWith("#")) return placeName(target.slice(1));
  const moment = target.match(/^!date\^(\d{1,12})\^([^^]+)/);
  if (moment) return date(Number(moment[1]), moment[2]);
  return target.startsWith("!") ? unknown(`<${target}>`) : link(unescape(target), unescape(label || target));
}

/** A moment in the parts of Slack's formats that messages of ours use. */
function date(seconds, format) {
  return time(seconds, (moment) => {
    const isToday = moment.toDateString() === new Date().toDateString();
    const words = {
      date_short_pretty: isToday ? "today" : day(moment), time: clock(moment), ago: ago(moment),
    };
    return format.replace(/\{(\w+)\}/g, (whole, name) => words[name] ?? whole);
  });
}

const RICH = { rich_text_section: "p", rich_text_quote: "blockquote" };
const LEAVES = {
  text: (leaf) => leaf.text,
  link: (leaf) => link(leaf.url, leaf.text || leaf.url),
  user: (leaf) => mention(leaf.user_id),
  channel: (leaf) => placeName(leaf.channel_id),
  date: (leaf) => date(leaf.timestamp, leaf.format),
};

/** A rich_text block. */
export function richText(block) {
  return el("div", "rich", ...block.elements.map((part) => (
    RICH[part.type] ? el(RICH[part.type], "", ...part.elements.map(richLeaf)) : unknown(part.type))));
}

function richLeaf(leaf) {
  let node = LEAVES[leaf.type]?.(leaf) ?? unknown(leaf.type);
  for (const [style, isOn] of Object.entries(leaf.style ?? {})) {
    if (isOn) node = TAGS[style] ? el(TAGS[style], "", node) : unknown(style);
  }
  return node;
}

function unescape(text) {
  return text.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}
