// Drawing: everything again after every change, and of lists only what is not there already.

const drawings = [];
let frame = 0;

export const $ = (selector) => document.querySelector(selector);

/** Draw these, in this order, whenever something has changed. */
export function always(...more) {
  drawings.push(...more);
}

/** Draw everything, once, as soon as the browser paints again. */
export function redraw() {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => drawings.forEach((draw) => draw()));
}

/** Let a node hold one child for each item, and keep those whose signature stayed. */
export function keyed(parent, items, key, drawItem, signatureOf = JSON.stringify) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const [name, signature] = [key(item), signatureOf(item)];
    let node = old.get(name);
    old.delete(name);
    if (node?.dataset.signature !== signature) {
      const fresh = drawItem(item);
      Object.assign(fresh.dataset, { key: name, signature });
      if (node === next) next = node?.nextElementSibling ?? null;
      const hadFocus = node?.contains(document.activeElement);
      node?.remove();
      node = fresh;
      parent.insertBefore(node, next);
      if (hadFocus) (node.matches("button") ? node : node.querySelector("button"))?.focus();
    } else if (node === next) next = node.nextElementSibling;
    else parent.insertBefore(node, next);
  }
  for (const node of old.values()) node.remove();
}
