// How Discord's messages, threads, dialogs and command line look, and which act a press is.

import { complete, objection } from "/static/discord/command.js";
import { content, draw, walk } from "/static/discord/components.js";
import { plain } from "/static/discord/markdown.js";

const EPOCH = 1420070400000n; // of ids, in milliseconds

export const discord = {
  id: "discord",
  nobody: "unknown user",
  onlyYou: "Only you can see this",
  hasCommandsInThreads: true,
  opensThreads: false, // this page opens none; the app does
  tellsFailureOf: ["command", "click"],

  place({ id, name, members, is_im: isDirect, user: person, parent_id: parent, thread_metadata: thread }) {
    return { id, name, members, isDirect, person, parent, isArchived: Boolean(thread?.archived) };
  },

  message(raw, channel, { threads, places }) {
    if (raw.type === 21) return null; // repeats the message on which the thread hangs
    const [thread, onlyFor] = [threads[channel] ? channel : null, raw.only_for ?? null];
    return {
      id: raw.id, at: Number((BigInt(raw.id) >> 22n) + EPOCH) / 1000, channel, thread, author: raw.author.id,
      onlyFor, isApp: raw.author.bot, isEdited: Boolean(raw.edited_timestamp) && !onlyFor,
      isFailed: raw.failed, raw, told: told(raw, thread ? "card" : places[channel]?.isDirect ? "ask" : "notice"),
    };
  },

  content,

  dialog(view) {
    return {
      title: view.title,
      body: view.components.flatMap((part) => (part.type === 1 ? part.components : [part])).map((part) => draw(part)),
      submit: "Submit",
      close: "Cancel",
    };
  },

  click: ({ channel, id }, what) => ({ channel, message: id, ...what }),
  say: (place, thread, text) => ({ channel: thread ?? place, text }),

  /** Where a link to a message leads, by the path of its address. */
  linked(path) {
    const found = path.match(/^\/channels\/(?:\d+|@me)\/(\d+)\/(\d+)$/);
    return found && { place: found[1], id: found[2] };
  },

  complete,
  objection,
};

/** What a card tells about a request: its kind by where it stands, its id by its words or buttons. */
function told(raw, kind) {
  const parts = walk(raw);
  const texts = parts.filter(({ type }) => type === 10).map((part) => part.content);
  if (raw.only_for || !raw.author.bot || !/^#+ /.test(texts[0] ?? "")) return null;
  const [title, words] = [plain(texts[0]), plain(texts.join("\n"))];
  const buttons = parts.filter((part) => part.type === 2 && part.custom_id && !part.disabled);
  const request = [words, ...buttons.map((part) => part.custom_id)].join(" ").match(/\brb-[0-9a-z]+/)?.[0];
  if (!request) return null;
  return {
    request,
    kind: title.startsWith("Summary") ? "summary" : kind,
    target: title.split(" · ")[1] ?? "",
    count: words.match(/\d+ of \d+/)?.[0] ?? "",
    can: buttons.map((part) => part.custom_id.match(/^[a-z_]*/)[0]),
  };
}
