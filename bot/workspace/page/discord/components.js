// Components of messages and dialogs, by Discord's numbers. What is not in these tables is a red box.

import { button, el, field, link, unknown } from "/static/words.js";
import { markdown } from "/static/discord/markdown.js";

const [THINKING, LINK_BUTTON] = [1 << 7, 5];
const STYLES = { 1: "main", 3: "primary", 4: "danger" };
const COMPONENTS = {
  1: (row, press) => el("div", "actions", ...inside(row, press)),
  2: (part, press) => (part.style === LINK_BUTTON ? link(part.url, part.label) : pressable(part, press)),
  4: (input) => (input.label ? labelled(input.label, input) : unknown("input without a label")),
  9: (section, press) => el("div", "section", el("div", "", ...inside(section, press)),
    draw(section.accessory, press)),
  10: ({ content: words }) => markdown(words),
  14: ({ divider }) => (divider ? el("hr") : el("div", "gap")),
  17: container,
  18: (label) => (label.component?.type === 4
    ? labelled(label.label, label.component) : unknown(`component ${label.component?.type}`)),
};

/** What a message says: its text, then its components. */
export function content({ raw, isFailed }, press) {
  if (raw.flags & THINKING) return [el("div", "context", "Twokey is thinking …")];
  if (isFailed) return [el("div", "failed", raw.content)];
  const used = raw.interaction && el("div", "context", `Answers /${raw.interaction.name}`);
  return [
    ...(used ? [used] : []),
    ...(raw.content ? [markdown(raw.content)] : []),
    ...[...raw.embeds, ...raw.attachments].map(() => unknown("embed")),
    ...inside(raw, press),
  ];
}

/** One component. */
export function draw(part, press) {
  return COMPONENTS[part?.type]?.(part, press) ?? unknown(`component ${part?.type}`);
}

/** All components within something, each before those within it. */
export function walk({ components = [] }) {
  return components.flatMap((part) => [part, ...walk(part), ...(part.accessory ? [part.accessory] : [])]);
}

function inside({ components = [] }, press) {
  return components.map((part) => draw(part, press));
}

function container(part, press) {
  const node = el("div", "container", ...inside(part, press));
  if (part.accent_color) node.style.borderLeftColor = `#${part.accent_color.toString(16).padStart(6, "0")}`;
  return node;
}

function pressable(part, press) {
  const node = button(STYLES[part.style] ?? "", () => press({ custom_id: part.custom_id }, node), part.label);
  node.disabled = Boolean(part.disabled);
  return node;
}

function labelled(words, part) {
  const node = el(part.style === 2 ? "textarea" : "input");
  node.name = part.custom_id;
  node.placeholder = part.placeholder ?? "";
  node.value = part.value ?? "";
  if (part.max_length) node.maxLength = part.max_length;
  node.required = part.required ?? true;
  return field(words, node, part.custom_id);
}
