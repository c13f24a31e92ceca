// Words: markup, rich text, dates in the reader's zone. Everything becomes text nodes, never markup.

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const INLINE = new RegExp([
  "`(?<code>[^`\\n]+)`", "<(?<reference>[^<>\\n]+)>",
  "(?<![\\w*])\\*(?<bold>[^*\\n]*[^*\\s])\\*(?![\\w*])",
  "(?<![\\w_])_(?<italic>[^_\\n]*[^_\\s])_(?![\\w_])",
  "(?<![\\w~])~(?<strike>[^~\\n]*[^~\\s])~(?![\\w~])",
].join("|"), "g");
const TAGS = { bold: "strong", italic: "em", strike: "s", code: "code" };

/** Names of people, filled in by the page. */
export const names = { user: (id) => id };

/** An element with a class and children; texts become text nodes. */
export function el(tag, className = "", ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** The box for whatever this page cannot show. */
export function unknown(type) {
  return el("span", "unknown", `⚠ This page cannot show “${type ?? "nothing"}”.`);
}

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
  const moment = target.match(/^!date\^(\d{1,12})\^([^^]+)/);
  if (moment) return date(Number(moment[1]), moment[2]);
  return /^https?:/.test(target) ? link(target, label) : unknown(`<${target}>`);
}

function mention(user) {
  return el("span", "mention", `@${names.user(user)}`);
}

function link(url, label) {
  const anchor = el("a", "", unescape(label || url));
  anchor.href = unescape(url);
  anchor.target = anchor.origin === location.origin ? "" : "_blank";
  anchor.rel = "noreferrer";
  return anchor;
}

/** A moment in the reader's zone, in the parts of Slack's formats that messages of ours use. */
function date(seconds, format) {
  const moment = new Date(seconds * 1000);
  const isToday = moment.toDateString() === new Date().toDateString();
  const day = moment.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" });
  const words = {
    date_short_pretty: isToday ? "today" : day, time: clock(moment), ago: ago(seconds),
  };
  const node = el("time", "", format.replace(/\{(\w+)\}/g, (whole, name) => words[name] ?? whole));
  node.dateTime = moment.toISOString();
  node.title = moment.toString();
  return node;
}

/** Clock time in the reader's zone. */
export function clock(moment) {
  return moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function ago(seconds) {
  const minutes = Math.round((seconds * 1000 - Date.now()) / 60000);
  const unit = Math.abs(minutes) < 60 ? "minute" : "hour";
  const amount = unit === "minute" ? minutes : Math.round(minutes / 60);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(amount, unit);
}

const RICH = { rich_text_section: "p", rich_text_quote: "blockquote" };
const LEAVES = {
  text: (leaf) => leaf.text,
  link: (leaf) => link(leaf.url, leaf.text),
  user: (leaf) => mention(leaf.user_id),
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
