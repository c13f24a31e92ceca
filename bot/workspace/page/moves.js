// Where one goes, and as whom; the address, and with it Back and a reload, keeps it.

import { redraw } from "/static/draw.js";
import { directOf, here, homeOf, skin, threadOf, world } from "/static/state.js";

/** Look at a place as somebody. */
export function go(place, thread = null, me = here.me) {
  const isSame = place === here.place && thread === here.thread && me === here.me;
  Object.assign(here, { place, thread, me });
  if (!isSame) history.pushState({ me }, "", `#${place}${thread ? `/${thread}` : ""}`);
  redraw();
}

/** Go on as somebody else, in the same place if they may be there. */
export function become(user) {
  const isMember = world.places[here.place].members.includes(user);
  const place = isMember ? here.place : directOf(user)?.id ?? firstPlace();
  go(place, isMember ? here.thread : null, user);
}

/** Go where the address says, as whoever was there, or as whom the other chat sent here. */
export function follow(state) {
  const sent = new URLSearchParams(location.search).get("as");
  if (state?.me) here.me = state.me;
  here.me = world.people.find(({ real_name: name }) => name === sent)?.id ?? here.me;
  if (!world.people.some(({ id }) => id === here.me)) here.me = world.people[0].id;
  const [channel, id = channel] = location.hash.slice(1).split("/");
  const place = homeOf(channel);
  const isOpen = world.places[place]?.members.includes(here.me);
  here.place = isOpen ? place : firstPlace();
  here.thread = isOpen ? threadOf(place, id) : null;
  history.replaceState({ me: here.me }, "", location.pathname + location.hash);
  redraw();
}

/** A link to a message of this chat opens here, as the person who follows it. */
export function openHere(event) {
  const anchor = event.target.closest("a");
  const found = anchor?.origin === location.origin && skin.linked(anchor.pathname);
  if (!found) return;
  event.preventDefault();
  history.pushState({ me: here.me }, "", `#${found.place}/${found.id}`);
  follow();
}

/** The first channel of all. */
export function firstPlace() {
  return Object.keys(world.places)[0];
}
