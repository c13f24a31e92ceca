// Discord's Markdown. Where Discord would give characters a meaning they get it here, or a red box.

import { ago, clock, day, el, link, mention, placeName, time, unknown } from "/static/words.js";

// What stands within a line; where several begin at the same place, the first one counts.
const INLINE = new RegExp([
  "\\\\(?<escape>[^\\w\\s])",
  "(?<ticks>`+)(?<code>[\\s\\S]*?[^`])\\k<ticks>(?!`)",
  "<t:(?<seconds>-?\\d{1,13})(?::(?<style>[tTdDfFR]))?>",
  "<@!?(?<user>\\d{1,21})>",
  "<#(?<place>\\d{1,21})>",
  "(?<call>@(?:everyone|here)\\b)",
  "\\[(?<label>(?:\\\\.|[^\\[\\]\\\\\\n])+)\\]\\(<?(?<target>https?:/{2}[^\\s<>()]+)>?\\)",
  "<?(?<url>https?:/{2}[^\\s<>]*[^\\s<>.,:;\"')\\]])>?",
  "(?<strange><(?:(?:@&|a?:\\w+:|/[\\w -]+:)\\d+|id:\\w+)>)",
  "\\|\\|(?<spoiler>[\\s\\S]+?)\\|\\|",
  "\\*\\*(?<bold>(?:\\\\[\\s\\S]|[^\\\\])+?)\\*\\*(?!\\*)",
  "__(?<underline>(?:\\\\[\\s\\S]|[^\\\\])+?)__(?!_)",
  "~~(?<strike>[\\s\\S]+?)~~(?!_)",
  "(?<!\\w)_(?<italic>(?:__|\\\\[\\s\\S]|[^\\\\_])+?)_(?!\\w)",
  "\\*(?=\\S)(?<slanted>(?:\\*\\*|\\\\[\\s\\S]|[^\\\\*])+?)(?<!\\s)\\*(?!\\*)",
].join("|"), "g");
const AROUND = { bold: "strong", underline: "u", strike: "s", italic: "em", slanted: "em", spoiler: "mark" };
const ONE = {
  escape: ({ escape }) => escape,
  code: ({ code: words }) => el("code", "", words.replace(/^ ([\s\S]*`[\s\S]*) $/, "$1")),
  seconds: ({ seconds, style }) => time(Number(seconds), MOMENTS[style ?? "f"]),
  user: ({ user }) => mention(user),
  place: ({ place }) => placeName(place),
  call: ({ call }) => el("span", "mention", call),
  target: ({ label, target }) => link(target, ...inline(label)),
  url: ({ url }) => link(url, url),
  strange: ({ strange }) => unknown(strange),
};
const MOMENTS = {
  t: clock, T: (moment) => moment.toLocaleTimeString(), d: (moment) => moment.toLocaleDateString(), D: day,
  f: (moment) => `${day(moment)} ${clock(moment)}`, F: (moment) => moment.toLocaleString(), R: ago,
};

// What the beginning of a line decides. Neighbouring lines of one kind are drawn together.
const LINES = [
  ["heading", /^ *#{1,3} +(?=\S)/, (lines) => lines.map((line) => el("h3", "", ...inline(line)))],
  ["small", /^ *-# +(?=\S)/, (lines) => lines.map((line) => el("div", "context", ...inline(line)))],
  ["quote", /^ *> /, (lines) => [el("blockquote", "", ...inline(lines.join("\n")))]],
  ["list", /^ *[-+*] +(?=\S)/, (lines) => [items("ul", lines)]],
  ["numbers", /^ *\d+[.)] +(?=\S)/, (lines) => [items("ol", lines)]],
  ["words", /^/, (lines) => [el("div", "words", ...inline(lines.join("\n")))]],
];

/** A text as Discord draws it. */
export function markdown(source) {
  const parts = source.split(/```(?:\w*\n)?([\s\S]+?)```/); // words and blocks of code, in turn
  return el("div", "markdown", ...parts.flatMap((part, index) => (
    index % 2 ? el("pre", "", part) : lines(part))));
}

function lines(source) {
  const groups = [];
  for (const line of source ? source.split("\n") : []) {
    const [kind, mark, draw] = LINES.find(([, start]) => start.test(line));
    if (groups.at(-1)?.kind !== kind) groups.push({ kind, draw, lines: [] });
    groups.at(-1).lines.push(line.replace(mark, ""));
  }
  return groups.flatMap((group) => group.draw(group.lines));
}

function items(tag, lines) {
  return el(tag, "", ...lines.map((line) => el("li", "", ...inline(line))));
}

function inline(source) {
  const nodes = [];
  let end = 0;
  for (const match of source.matchAll(INLINE)) {
    nodes.push(source.slice(end, match.index));
    const found = match.groups;
    const one = Object.keys(ONE).find((kind) => found[kind] !== undefined);
    const around = Object.keys(AROUND).find((kind) => found[kind] !== undefined);
    nodes.push(one ? ONE[one](found) : el(AROUND[around], "", ...inline(found[around])));
    end = match.index + match[0].length;
  }
  return [...nodes, source.slice(end)];
}

/** The words alone, line by line, without marks and without what nobody sees. */
export function plain(source) {
  const words = [...markdown(source).children].map((node) => node.textContent).join("\n");
  return words.replace(/[\u2060\u2068\u2069]/g, "");
}
