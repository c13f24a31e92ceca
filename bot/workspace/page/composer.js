// Where people write, and what could be typed next: a list above the box, by arrow keys or by touch.

import { act, suggestions, toast } from "/static/acts.js";
import { keyed } from "/static/draw.js";
import { here, skin, world } from "/static/state.js";
import { el } from "/static/words.js";

const TYPING = 120; // milliseconds of silence, after which the app is asked
let count = 0;

/** Make a form send what is written, into the thread that `threadOf` tells. */
export function compose(form, threadOf, onSent) {
  const choices = offer(form, threadOf);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    choices.close();
    const text = form.text.value.trim();
    const isCommand = text.startsWith("/");
    const objection = isCommand && skin.objection(text, world);
    if (objection) toast(objection);
    if (!text || objection) return;
    form.text.value = "";
    here.slip = /^rollback\b/i.test(text) ? text : "";
    onSent();
    const outcome = await act(isCommand ? "command" : "message", skin.say(here.place, threadOf(), text));
    if (outcome.isGone) form.text.value ||= text;
  });
}

/** Offer what could be typed next; nothing is chosen unless somebody chooses it. */
function offer(form, threadOf) {
  const { text: box } = form;
  const list = el("ul", "choices");
  Object.assign(list, { id: `choices-${count += 1}`, role: "listbox", ariaLabel: "What could be typed" });
  const about = el("p", "about");
  const next = el("div", "next", about, list);
  next.hidden = true;
  form.prepend(next);
  Object.assign(box, { role: "combobox", ariaAutoComplete: "list", ariaExpanded: "false" });
  box.setAttribute("aria-controls", list.id);
  let [asked, active] = [0, -1];

  function show(found) {
    const items = (found.choices ?? []).map((choice, index) => ({ ...choice, index }));
    keyed(list, items, ({ index }) => index, ({ label, help, text }) => {
      const item = el("li", "", el("strong", "", label), ...(help ? [el("span", "", help)] : []));
      item.role = "option";
      item.addEventListener("click", () => choose(text));
      return item;
    });
    [...list.children].forEach((item, index) => { item.id = `${list.id}-${index}`; });
    next.hidden = !items.length && !found.about;
    about.hidden = !found.about;
    about.textContent = found.about ?? "";
    box.ariaExpanded = String(items.length > 0);
    mark(-1);
  }

  function mark(index) {
    active = index;
    [...list.children].forEach((item, at) => { item.ariaSelected = String(at === active); });
    const item = list.children[active];
    box.toggleAttribute("aria-activedescendant", Boolean(item));
    if (item) box.setAttribute("aria-activedescendant", item.id);
    item?.scrollIntoView({ block: "nearest" });
  }

  function choose(text) {
    box.value = text;
    box.focus();
    look();
  }

  function close() {
    asked += 1;
    show({});
  }

  async function look() {
    const turn = asked += 1;
    const inThread = threadOf();
    if (inThread && !skin.hasCommandsInThreads) return;
    const ask = async (text, option) => {
      await new Promise((resolve) => { setTimeout(resolve, TYPING); });
      return turn === asked ? suggestions(inThread ?? here.place, text, option) : [];
    };
    const found = await skin.complete(box.value, world, ask);
    if (turn === asked) show(found);
  }

  box.addEventListener("input", look);
  box.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box stays the focus
  box.addEventListener("keydown", (event) => {
    const { length } = list.children;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const isChoice = active >= 0 && ["Enter", "Tab"].includes(event.key);
    const isEscape = event.key === "Escape" && !next.hidden;
    if (!isEscape && !(length && (step || isChoice))) return;
    event.preventDefault();
    if (isEscape) close();
    else if (isChoice) list.children[active].click();
    else mark(active < 0 && step < 0 ? length - 1 : (active + step + length) % length);
  });
  return { close };
}
