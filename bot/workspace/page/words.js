// Words and small elements that every platform draws alike. All of it is text nodes, never markup.

/** Names of people and places, filled in by the page. */
export const names = { user: (id) => id, place: (id) => id };

/** An element with a class and children; texts become text nodes. */
export function el(tag, className = "", ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** A button that does something. */
export function button(className, act, ...children) {
  const node = el("button", className, ...children);
  node.type = "button";
  node.addEventListener("click", () => act(node));
  return node;
}

/** The box for whatever this page cannot show. */
export function unknown(type) {
  return el("span", "unknown", `⚠ This page cannot show “${type ?? "nothing"}”.`);
}

/** Somebody who is called by name. */
export function mention(user) {
  return el("span", "mention", `@${names.user(user)}`);
}

/** A place that is called by name. */
export function placeName(id) {
  return el("span", "mention", names.place(id));
}

/** A link; one to another site opens beside this page, and what is no address of a site is none. */
export function link(url, ...label) {
  if (!/^https?:/.test(url)) return unknown(url);
  const anchor = el("a", "", ...label);
  anchor.href = url;
  anchor.target = anchor.origin === location.origin ? "" : "_blank";
  anchor.rel = "noreferrer";
  return anchor;
}

/** A moment in words, which stay true for as long as they are shown. */
export function time(seconds, wordsOf) {
  const moment = new Date(seconds * 1000);
  if (Number.isNaN(moment.getTime())) return unknown(seconds);
  const node = el("time", "", wordsOf(moment));
  node.dateTime = moment.toISOString();
  node.title = moment.toString();
  node.refresh = () => {
    const words = wordsOf(moment);
    if (node.textContent !== words) node.textContent = words;
  };
  return node;
}

/** Let all moments on the page say what is true now. */
export function refreshTimes() {
  for (const node of document.querySelectorAll("time")) node.refresh?.();
}

/** Clock time in the reader's zone. */
export function clock(moment) {
  return moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** The day in the reader's zone. */
export function day(moment) {
  return moment.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" });
}

/** How far a moment is from now. */
export function ago(moment) {
  const minutes = Math.round((moment - Date.now()) / 60000);
  const unit = Math.abs(minutes) < 60 ? "minute" : "hour";
  const amount = unit === "minute" ? minutes : Math.round(minutes / 60);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(amount, unit);
}

/** A field of a dialog with its label, and room for what is wrong with it. */
export function field(label, input, errorOf) {
  const error = el("span", "error");
  error.id = `error-${errorOf}`;
  input.setAttribute("aria-describedby", error.id);
  return el("div", "", el("label", "input", label, input), error);
}
