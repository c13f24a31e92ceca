// Blocks of messages and dialogs. What is not in these tables is shown as a red box.

import { button, el, field, unknown } from "/static/words.js";
import { mrkdwn, richText, textObject } from "/static/slack/mrkdwn.js";

const BLOCKS = {
  header: (block) => el("h3", "", textObject(block.text)),
  context: (block) => el("div", "context", ...block.elements.map(textObject)),
  actions: (block, press) => el("div", "actions", ...block.elements.map((part) => (
    isPlain(part) ? pressable(block, part, press) : unknown(part.type)))),
  rich_text: richText,
  input: (block) => (block.element.type === "plain_text_input"
    ? input(block, block.element) : unknown(block.element.type)),
};

/** What a message says: its blocks, or its text where it has none. */
export function content({ raw }, press) {
  if (!raw.blocks?.length) return [mrkdwn(raw.text)];
  return raw.blocks.map((block) => drawBlock(block, press));
}

/** One block. */
export function drawBlock(block, press) {
  return BLOCKS[block.type]?.(block, press) ?? unknown(block.type);
}

function isPlain(part) {
  return part.type === "button" && !part.confirm && !part.url;
}

function pressable(block, part, press) {
  const what = { action_id: part.action_id, block_id: block.block_id };
  return button(part.style ?? "", (node) => press(what, node), textObject(part.text));
}

function input(block, part) {
  const node = el(part.multiline ? "textarea" : "input");
  node.name = part.action_id;
  node.placeholder = part.placeholder?.text ?? "";
  if (part.max_length) node.maxLength = part.max_length;
  node.required = !block.optional;
  return field(textObject(block.label), node, block.block_id);
}
