// Blocks of messages and dialogs. What is not in these tables is shown as a red box.

import { el, mrkdwn, richText, textObject, unknown } from "/static/text.js";

const BLOCKS = {
  header: (block) => el("h3", "", textObject(block.text)),
  context: (block) => el("div", "context", ...block.elements.map(textObject)),
  actions: (block, press) => el("div", "actions", ...block.elements.map((part) => (
    isPlain(part) ? button(block, part, press) : unknown(part.type)))),
  rich_text: richText,
  input: (block) => (block.element.type === "plain_text_input"
    ? input(block, block.element) : unknown(block.element.type)),
};

/** What a message says: its blocks, or its text where it has none. */
export function content(message, press) {
  if (!message.blocks?.length) return [mrkdwn(message.text)];
  return message.blocks.map((block) => drawBlock(block, press));
}

/** One block. */
export function drawBlock(block, press) {
  return BLOCKS[block.type]?.(block, press) ?? unknown(block.type);
}

function isPlain(part) {
  return part.type === "button" && !part.confirm && !part.url;
}

function button(block, part, press) {
  const node = el("button", part.style ?? "", textObject(part.text));
  node.type = "button";
  node.addEventListener("click", () => press(block, part, node));
  return node;
}

function input(block, part) {
  const field = el(part.multiline ? "textarea" : "input");
  field.name = part.action_id;
  field.placeholder = part.placeholder?.text ?? "";
  if (part.max_length) field.maxLength = part.max_length;
  field.required = !block.optional;
  const error = el("span", "error");
  error.id = `error-${block.block_id}`;
  field.setAttribute("aria-describedby", error.id);
  return el("div", "", el("label", "input", textObject(block.label), field), error);
}
