// Blocks of messages and dialogs. What is not in these tables is shown as a red box.

import { el, mrkdwn, richText, textObject, unknown } from "/static/text.js";

const BLOCKS = {
  header: (block) => el("h3", "", textObject(block.text)),
  divider: () => el("hr"),
  section: (block, press) => {
    const fields = (block.fields ?? []).map((field) => el("div", "field", textObject(field)));
    const body = el("div", "section-body", ...(block.text ? [textObject(block.text)] : []));
    if (fields.length) body.append(el("div", "fields", ...fields));
    return el("div", "section", body, ...(block.accessory ? [element(block, block.accessory, press)] : []));
  },
  context: (block, press) => el("div", "context", ...block.elements.map((part) => (
    part.type === "image" ? element(block, part, press) : textObject(part)))),
  actions: (block, press) => el("div", "actions",
    ...block.elements.map((part) => element(block, part, press))),
  image: (block) => el("figure", "", picture(block),
    ...(block.title ? [el("figcaption", "", textObject(block.title))] : [])),
  rich_text: richText,
  input: (block) => {
    const draw = INPUTS[block.element.type];
    if (!draw) return unknown(block.element.type);
    const field = draw(block.element);
    const more = block.optional ? " (optional)" : "";
    const label = el("label", "input", textObject(block.label), more, field);
    if (block.hint) label.append(el("small", "", textObject(block.hint)));
    field.required = !block.optional;
    const error = el("span", "error");
    error.id = `error-${block.block_id}`;
    field.setAttribute("aria-describedby", error.id);
    return el("div", "", label, error);
  },
};
const INPUTS = {
  plain_text_input: (part) => {
    const field = document.createElement(part.multiline ? "textarea" : "input");
    field.name = part.action_id;
    field.value = part.initial_value ?? "";
    field.placeholder = part.placeholder?.text ?? "";
    if (part.max_length) field.maxLength = part.max_length;
    if (part.min_length) field.minLength = part.min_length;
    return field;
  },
};
const ELEMENTS = {
  image: (_, part) => picture(part),
  button: (block, part, press) => {
    const button = el("button", part.style ?? "", textObject(part.text));
    button.type = "button";
    button.dataset.action = part.action_id;
    if (part.accessibility_label) button.setAttribute("aria-label", part.accessibility_label);
    button.addEventListener("click", () => press(block, part, button));
    return button;
  },
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

function element(block, part, press) {
  return ELEMENTS[part.type]?.(block, part, press) ?? unknown(part.type);
}

function picture(part) {
  const image = el("img");
  image.alt = part.alt_text;
  image.src = part.image_url ?? "";
  return image;
}
