// The hint: what to do next, from the state of the newest request and from who is acting.

/** The newest request as its messages tell it; where it is shown twice, the one where one is. */
export function newestRequest({ messages, places }, here) {
  const posts = Object.entries(messages).flatMap(([place, list]) => Object.values(list)
    .filter(({ told }) => told)
    .map(({ told, id, at }) => ({ ...told, place, id, at, user: places[place].person })));
  const notices = posts.filter(({ kind }) => kind === "notice").sort((one, other) => one.at - other.at);
  const newest = notices.at(-1);
  if (!newest) return null;
  const own = posts.filter(({ request }) => request === newest.request);
  const notice = own.find(({ kind, place }) => kind === "notice" && place === here.place) ?? newest;
  const able = (action, kind) => own.filter((one) => one.can.includes(action) && (!kind || one.kind === kind));
  return {
    place: notice.place,
    thread: notice.id,
    target: newest.target,
    count: own.find(({ kind }) => kind === "card")?.count ?? "",
    waiting: able("approve", "ask").map(({ user }) => user).sort(),
    state: able("again").length ? "unchanged"
      : able("resolve").length || able("resolve_confirm").length ? "unresolved"
      : own.some(({ kind }) => kind === "summary") ? "over"
      : able("reject").length ? "pending"
      : able("settle_yes").length ? "doubt"
      : able("details").length ? "approved"
      : own.some(({ kind }) => kind === "card") ? "running" : "planning",
  };
}

/** The hint as words, and what can be tapped: a command to fill in, or the request to open. */
export function hint(world, here, nameOf) {
  if (world.isGone) {
    const lost = here.isUnsent ? " Your text was not sent." : "";
    return { words: `The demo is not running. Start it again with make demo.${lost}` };
  }
  if (here.slip) return { words: "Start with /:", command: `/${here.slip}` };
  const request = newestRequest(world, here);
  if (!request) return atRest(world, "", "Start");
  const Target = request.target.replace(/^./, (letter) => letter.toUpperCase());
  switch (request.state) {
    case "planning": return { words: `${Target}: the plan is being made.` };
    case "pending": return toApprove(request, here, nameOf);
    case "approved": return { words: "Approved. It starts in a few seconds. Stop is on the card." };
    case "running": return { words: `${Target} is being rolled back.` };
    case "doubt": return { words: "An answer was lost. Say on the card whether it happened.", ...shown(request, here) };
    case "unresolved": return { words: "It needs a person: press Resolve… on the card.", ...shown(request, here) };
    case "unchanged": return atRest(world, "Nothing was changed.", "Go on");
    default: return atRest(world, "Done.", "Go on");
  }
}

function toApprove(request, here, nameOf) {
  if (request.waiting.includes(here.me)) {
    const isHere = here.thread === request.thread || here.place === here.direct;
    return isHere ? { words: `You are ${nameOf(here.me)}: press Approve below.` }
      : { words: `You are ${nameOf(here.me)}: press Approve in the thread.`, ...shown(request, here) };
  }
  const who = request.waiting.map(nameOf).join(request.count.startsWith("0") ? " and as " : " or as ");
  return { words: `${request.count}.${who && ` Now approve as ${who}.`}` };
}

function shown({ place, thread }, here) {
  return here.thread === thread ? {} : { open: { place, thread } };
}

function atRest({ shop }, before, verb) {
  const broken = Object.keys(shop).filter((part) => !shop[part].healthy).sort();
  if (!broken.length) {
    const words = before ? `${before} Read the summary in the thread, or try` : "The whole shop is healthy. Try";
    return Object.keys(shop).length ? { words, command: "/rollback help" } : { words: "" };
  }
  const how = broken.length > 1 ? `Two parts are broken. ${verb} with the ${broken[0]}` : `The ${broken[0]} is broken`;
  return { words: `${before} ${how}: type`.trim(), command: `/rollback ${broken[0]}` };
}
