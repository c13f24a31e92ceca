// How Slack's messages, threads, dialogs and command line look, and which act a press is.

import { content, drawBlock } from "/static/slack/blocks.js";
import { textObject } from "/static/slack/mrkdwn.js";

export const slack = {
  id: "slack",
  nobody: "Slackbot", // whoever has no name
  onlyYou: "Only visible to you",
  hasCommandsInThreads: false,
  opensThreads: true, // anybody, on any message
  tellsFailureOf: ["command"], // and the page need not

  place({ id, name, members, is_im: isDirect, user: person }) {
    return { id, name, members, isDirect, person };
  },

  message(raw, channel) {
    const thread = raw.thread_ts === raw.ts ? null : raw.thread_ts ?? null;
    return {
      id: raw.ts, at: Number(raw.ts), channel, thread, author: raw.user, onlyFor: raw.only_for ?? null,
      isApp: Boolean(raw.bot_id), isEdited: Boolean(raw.edited), raw, told: told(raw),
    };
  },

  content,

  dialog(view) {
    return {
      title: textObject(view.title),
      body: view.blocks.map((block) => drawBlock(block, () => {})),
      submit: view.submit && textObject(view.submit),
      close: view.close ? textObject(view.close) : "Cancel",
    };
  },

  click: ({ channel, id }, what) => ({ channel, ts: id, ...what }),
  say: (place, thread, text) => ({ channel: place, text, ...(thread ? { thread_ts: thread } : {}) }),

  /** Where a link to a message leads, by the path of its address. */
  linked(path) {
    const found = path.match(/^\/archives\/(\w+)\/p(\d+)(\d{6})$/);
    return found && { place: found[1], id: `${found[2]}.${found[3]}` };
  },

  /** What could be typed next. */
  async complete(text, { shop }) {
    const words = [...Object.keys(shop), "status", "help"].map((word) => `/rollback ${word}`);
    const fitting = words.filter((line) => line.startsWith(text) && line !== text);
    return { choices: text.startsWith("/") ? fitting.map((line) => ({ text: line, label: line })) : [] };
  },

  objection: () => "",
};

/** What a message tells about a request, by the key that the app gave it and by its buttons. */
function told({ metadata, text, blocks = [], only_for: reader }) {
  const [request, kind] = metadata?.event_payload.key?.split(":") ?? [];
  if (!request || reader) return null;
  const rows = blocks.filter(({ type }) => type === "actions");
  return {
    request, kind,
    target: text.match(/^[^\s:]*/)[0],
    count: text.match(/\d+ of \d+/)?.[0] ?? "",
    can: rows.flatMap(({ elements }) => elements.map((part) => part.action_id)),
  };
}
