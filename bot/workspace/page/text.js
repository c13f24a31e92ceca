// Words: mrkdwn, rich text, dates in the reader's zone. Everything becomes text nodes, never markup.

const EMOJI = {
  rotating_light: "🚨", white_check_mark: "✅", x: "❌", warning: "⚠️", stopwatch: "⏱️",
  hourglass_flowing_sand: "⏳", arrows_counterclockwise: "🔄", red_circle: "🔴",
  large_green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠",
  large_blue_circle: "🔵", large_purple_circle: "🟣", white_circle: "⚪", pushpin: "📌",
  ballot_box_with_check: "☑️", lock: "🔒", unlock: "🔓", key: "🔑", eyes: "👀", tada: "🎉",
  no_entry: "⛔", octagonal_sign: "🛑", information_source: "ℹ️", arrow_forward: "▶️", "+1": "👍",
};
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const INLINE = new RegExp([
  "`(?<code>[^`\\n]+)`", "<(?<link>[^<>\\n]+)>", ":(?<emoji>[a-z0-9_+-]+):",
  "(?<![\\w*])\\*(?<bold>[^*\\n]*[^*\\s])\\*(?![\\w*])",
  "(?<![\\w_])_(?<italic>[^_\\n]*[^_\\s])_(?![\\w_])",
  "(?<![\\w~])~(?<strike>[^~\\n]*[^~\\s])~(?![\\w~])",
].join("|"), "g");
const TAGS = { bold: "strong", italic: "em", strike: "s", code: "code" };

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

/** Names of people and channels, filled in by the page. */
export const names = { user: (id) => id, channel: (id) => id };

/** A text object of Block Kit. */
export function textObject(text) {
  if (text?.type === "mrkdwn") return mrkdwn(text.text);
  if (text?.type === "plain_text") return el("span", "plain", withEmoji(unescape(text.text)));
  return unknown(text?.type);
}

/** Slack's own markup, as far as messages of ours use it. */
export function mrkdwn(source) {
  const whole = el("div", "mrkdwn");
  source.split("```").forEach((part, number) => {
    if (number % 2) {
      whole.append(el("pre", "", unescape(part.replace(/^\n|\n$/g, ""))));
    } else if (part) {
      for (const [run] of part.matchAll(/(?:^(?:&gt;|>).*\n?)+|(?:^(?!&gt;|>).*(?:\n|$))+/gm)) {
        const isQuote = /^(&gt;|>)/.test(run);
        const text = isQuote ? run.replace(/^(&gt;|>) ?/gm, "") : run;
        if (run) whole.append(el(isQuote ? "blockquote" : "span", "", ...inline(text)));
      }
    }
  });
  return whole;
}

function inline(source) {
  const nodes = [];
  let end = 0;
  for (const match of source.matchAll(INLINE)) {
    nodes.push(unescape(source.slice(end, match.index)));
    const [kind, value] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    if (kind === "link") nodes.push(reference(value));
    else if (kind === "emoji") nodes.push(EMOJI[value] ?? match[0]);
    else if (kind === "code") nodes.push(el("code", "", unescape(value)));
    else nodes.push(el(TAGS[kind], "", ...inline(value)));
    end = match.index + match[0].length;
  }
  return [...nodes, unescape(source.slice(end))];
}

function reference(inside) {
  const [target, label] = inside.split("|");
  if (target.startsWith("@")) return el("span", "mention", `@${names.user(target.slice(1))}`);
  if (target.startsWith("#")) return el("span", "mention", `#${names.channel(target.slice(1))}`);
  if (target.startsWith("!date^")) {
    const [, seconds, format] = target.split("^");
    return date(Number(seconds), format, label);
  }
  if (/^!(here|channel|everyone)$/.test(target)) return el("span", "mention", `@${target.slice(1)}`);
  if (/^(https?|mailto):/.test(target)) return link(target, label);
  return unknown(`<${target}>`);
}

function link(url, label) {
  const anchor = el("a", "", unescape(label || url));
  anchor.href = unescape(url);
  anchor.target = new URL(anchor.href).origin === location.origin ? "" : "_blank";
  anchor.rel = "noreferrer";
  return anchor;
}

/** A moment in the reader's zone, in one of Slack's formats. */
export function date(seconds, format, fallback) {
  if (!Number.isFinite(seconds)) return fallback ?? "";
  const moment = new Date(seconds * 1000);
  const day = (options) => moment.toLocaleDateString([], options);
  const long = day({ weekday: "long", year: "numeric", month: "long", day: "numeric" });
  const short = day({ year: "numeric", month: "short", day: "numeric" });
  const isToday = moment.toDateString() === new Date().toDateString();
  const words = {
    date_num: moment.toISOString().slice(0, 10), date_short: short, date_long: long,
    date: day({ year: "numeric", month: "long", day: "numeric" }),
    time: clock(moment), time_secs: clock(moment, { second: "2-digit" }), ago: ago(seconds),
  };
  const text = format.replace(/\{(\w+)\}/g, (whole, name) => {
    const plain = name.replace("_pretty", "");
    return plain !== name && isToday ? "today" : words[plain] ?? whole;
  });
  const node = el("time", "", text);
  node.dateTime = moment.toISOString();
  node.title = moment.toString();
  return node;
}

/** Clock time in the reader's zone. */
export function clock(moment, more = {}) {
  return moment.toLocaleTimeString([], {
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...more,
  });
}

function ago(seconds) {
  const minutes = Math.round((seconds * 1000 - Date.now()) / 60000);
  const unit = Math.abs(minutes) < 60 ? "minute" : "hour";
  const amount = unit === "minute" ? minutes : Math.round(minutes / 60);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(amount, unit);
}

const RICH = {
  rich_text_section: (part) => el("p", "", ...part.elements.map(richLeaf)),
  rich_text_quote: (part) => el("blockquote", "", ...part.elements.map(richLeaf)),
  rich_text_preformatted: (part) => el("pre", "", ...part.elements.map(richLeaf)),
  rich_text_list: (part) => {
    const items = part.elements.map((item) => el("li", "", ...item.elements.map(richLeaf)));
    const list = el(part.style === "ordered" ? "ol" : "ul", `indent-${part.indent ?? 0}`, ...items);
    if (part.style === "ordered") list.start = (part.offset ?? 0) + 1;
    return list;
  },
};
const LEAVES = {
  text: (leaf) => leaf.text,
  link: (leaf) => link(leaf.url, leaf.text),
  emoji: (leaf) => EMOJI[leaf.name] ?? `:${leaf.name}:`,
  user: (leaf) => el("span", "mention", `@${names.user(leaf.user_id)}`),
  channel: (leaf) => el("span", "mention", `#${names.channel(leaf.channel_id)}`),
  date: (leaf) => date(leaf.timestamp, leaf.format, leaf.fallback),
};

/** A rich_text block. */
export function richText(block) {
  const parts = block.elements.map((part) => RICH[part.type]?.(part) ?? unknown(part.type));
  return el("div", "rich", ...parts);
}

function richLeaf(leaf) {
  let node = LEAVES[leaf.type]?.(leaf) ?? unknown(leaf.type);
  for (const [style, isOn] of Object.entries(leaf.style ?? {})) {
    if (isOn) node = TAGS[style] ? el(TAGS[style], "", node) : unknown(style);
  }
  return node;
}

function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

function unescape(text) {
  return text.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}
