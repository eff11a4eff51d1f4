/* The page /verify/: takes a file, has log_proof.js check it, and says in the reader's words what was found. */

import { check } from "./log_proof.js";

const page = JSON.parse(document.getElementById("log").textContent);
const spoken = document.documentElement.lang;
const language = [spoken === "en" ? "en-GB" : spoken, "de"]; // browsers lack Luxembourgish
const dates = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "medium", timeZone: page.zone });
const numbers = new Intl.NumberFormat(language);
const result = document.getElementById("result");

function copyOf(template) {
  return document.getElementById(template).content.firstElementChild.cloneNode(true);
}

function filled(text, head) {
  return (text ?? "")
    .replace("{size}", () => numbers.format(head.size))
    .replace("{date}", () => dates.format(new Date(head.at)));
}

/* Of a part that has a form for each verdict, only the one that applies is left. */
function decided(part, verdict) {
  for (const form of part.querySelectorAll("[data-verdict]")) {
    if (form.dataset.verdict !== String(verdict)) form.remove();
  }
}

function outcome(found, verdicts) {
  if (verdicts.includes(false)) return say(false, "broken");
  if (found.steps.signature === null) return say(null, "unsigned");
  return say(true, found.kind === "inclusion" && !found.event ? "withheld" : found.kind);
}

function say(verdict, word) {
  const said = copyOf("outcome");
  decided(said, verdict);
  said.querySelector("p").textContent = page.words[word];
  return said;
}

function row(step, verdict, head) {
  const line = copyOf("step");
  line.dataset.step = step;
  line.querySelector(".row__title").textContent = page.words[step];
  line.querySelector(".row__detail").textContent = filled(page.words[`${step}-${verdict}`], head);
  decided(line, verdict);
  return line;
}

function fact(name, value) {
  const [term, description] = [document.createElement("dt"), document.createElement("dd")];
  term.textContent = page.fields[name];
  description.textContent = value;
  const pair = document.createElement("div");
  pair.append(term, description);
  return pair;
}

function inWords(name, value) {
  if (value instanceof Date) return dates.format(value);
  if (value === true) return page.yes;
  return page[name]?.[value] ?? String(value);
}

function eventOf(fields) {
  const card = copyOf("event");
  const told = Object.keys(page.fields).filter((name) => fields[name] !== null && fields[name] !== false);
  card.querySelector("dl").append(...told.map((name) => fact(name, inWords(name, fields[name]))));
  return card;
}

/* Whether the log that the page was served with holds that of the head. It asks the site for what joins the two,
   and tells it nothing but their sizes. */
async function continued(head) {
  const [first, second] = head.size < page.head.size ? [head, page.head] : [page.head, head];
  const answer = await fetch(`${first.size}-${second.size}.json`);
  if (!answer.ok && answer.status !== 404) throw new Error(answer.statusText);
  if (answer.status === 404) return false; // the agency has signed no log of this size
  const { steps, heads } = await check(await answer.json(), page.keys);
  const ours = heads[0].root === first.root && heads[1].root === second.root;
  return ours && !Object.values(steps).includes(false);
}

function show(found, verdicts) {
  const newest = found.heads.at(-1);
  const steps = copyOf("steps");
  for (const [step, verdict] of Object.entries(verdicts)) {
    steps.append(row(step, verdict, step === "today" ? page.head : newest));
  }
  if (verdicts.today === null) steps.lastElementChild.append(comparing(found, verdicts, steps.lastElementChild));
  result.replaceChildren(outcome(found, Object.values(verdicts)), steps, ...(found.event ? [eventOf(found.event)] : []));
}

function comparing(found, verdicts, line) {
  const button = copyOf("compare");
  button.addEventListener("click", async () => {
    try {
      show(found, { ...verdicts, today: await continued(found.heads.at(-1)) });
      result.focus();
    } catch {
      line.querySelector(".row__detail").textContent = page.words.away;
    }
  });
  return button;
}

async function examine(text) {
  try {
    const found = await check(JSON.parse(text), page.keys);
    const verdicts = { ...found.steps };
    const newest = found.heads.at(-1);
    if (page.head && !Object.values(verdicts).includes(false)) {
      verdicts.today = newest.size === page.head.size ? newest.root === page.head.root : null;
    }
    show(found, verdicts);
  } catch {
    result.replaceChildren(say(false, "unreadable"));
  }
  result.scrollIntoView({ block: "nearest" });
}

document.getElementById("unscripted").hidden = true;
const secure = Boolean(globalThis.crypto?.subtle);
document.getElementById("tool").hidden = !secure;
document.getElementById("insecure").hidden = secure;

const zone = document.getElementById("drop");
const chosen = document.getElementById("file");
chosen.addEventListener("change", async () => {
  if (chosen.files.length) await examine(await chosen.files[0].text());
  chosen.value = ""; // so that the same file can be chosen again
});
document.getElementById("check").addEventListener("click", () => examine(document.getElementById("pasted").value));
zone.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("drop-zone--over");
});
zone.addEventListener("dragleave", () => zone.classList.remove("drop-zone--over"));
zone.addEventListener("drop", async (event) => {
  event.preventDefault();
  zone.classList.remove("drop-zone--over");
  if (event.dataTransfer.files.length) await examine(await event.dataTransfer.files[0].text());
});
