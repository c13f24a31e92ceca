// Slash commands that are filled in option by option, as `name:value` or in plain words.

const SUBCOMMAND = 1;

/** What could be typed next: the commands, the options, or what the app suggests for one. */
export async function complete(text, { commands }, ask) {
  if (!text.startsWith("/")) return { choices: [] };
  const lines = commands.flatMap(spelled);
  const called = lines.find(({ line }) => text.startsWith(`${line} `));
  if (!called) {
    const fitting = lines.filter(({ line }) => line.startsWith(text));
    return { choices: fitting.map(({ line, help }) => ({ text: `${line} `, label: line, help })) };
  }
  const { values, current, isFree } = read(text.slice(called.line.length + 1), called.options);
  const whole = (name, value) => written(called.line, { ...values, [name]: value });
  if (current) {
    const option = called.options.find(({ name }) => name === current);
    const found = option.autocomplete ? await ask(text, current) : [];
    const choices = found.map(({ name, value }) => ({ text: `${whole(current, value)} `, label: name }));
    return { about: `${current}: ${option.description}`, choices };
  }
  const left = isFree ? [] : called.options.filter(({ name }) => !(name in values));
  return {
    choices: left.map(({ name, description }) => ({ text: whole(name, ""), label: `${name}:`, help: description })),
  };
}

/** Why a line can't be sent yet, if it can't. */
export function objection(text, { commands }) {
  const lines = commands.flatMap(spelled);
  const called = lines.find(({ line }) => `${text} `.startsWith(`${line} `));
  if (!called) return "";
  const { values } = read(`${text.slice(called.line.length + 1)} `, called.options);
  const missing = called.options.find(({ name, required }) => required && !values[name]);
  return missing ? `${called.line} needs ${missing.name}: ${missing.description}.` : "";
}

/** Every line that calls something, with its options. */
function spelled({ name, description, options = [] }) {
  const inner = options.filter(({ type }) => type === SUBCOMMAND);
  if (!inner.length) return [{ line: `/${name}`, help: description, options }];
  return inner.map((one) => (
    { line: `/${name} ${one.name}`, help: one.description, options: one.options ?? [] }));
}

function written(line, values) {
  return [line, ...Object.entries(values).map(([name, value]) => `${name}:${value}`)].join(" ");
}

/** The options that a text fills in, and the one at its end that is still being typed. */
function read(text, options) {
  const names = options.map(({ name }) => name);
  const marks = [...text.matchAll(new RegExp(`(?:^|\\s)(${names.join("|") || "(?!)"}):`, "g"))];
  const isPlain = !marks.length || text.slice(0, marks[0].index).trim();
  if (isPlain) return plainly(text, names);
  const values = Object.fromEntries(marks.map((mark, index) => [
    mark[1], text.slice(mark.index + mark[0].length, marks[index + 1]?.index).trim(),
  ]));
  const last = marks.at(-1)[1];
  const isDone = values[last] && text.endsWith(" ");
  return { values, current: isDone ? null : last };
}

/** In plain words the first one is the first option; the app reads what follows. */
function plainly(text, [name]) {
  const [first, ...rest] = text.trimStart().split(/\s+/);
  const values = name && first ? { [name]: first } : {};
  return { values, current: rest.length ? null : name, isFree: rest.join("").length > 0 };
}
