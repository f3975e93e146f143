// Live: when the log has grown the page is read again and the parts marked `data-morph` are made like the new ones.
// Rows that are new wait behind a pill, so that nothing moves under the pointer.
import { morph } from "./morph.js";
import { startParts } from "./parts.js";
import { say, sayNow } from "./said.js";
import { showTimes } from "./times.js";

const body = document.body;
let isPaused = sessionStorage.getItem("runwright-paused") === "yes";
let isAsking = false;
let isStale = false;
const GONE = "The server does not answer. What you see is what it said last; the page goes on by itself when it is back.";
let source;
let isTroubled = false;
let cursor = body.dataset.cursor;

/** Read the page again, and show what has changed. */
export async function refresh() {
  if (isAsking || isPaused || document.hidden) {
    isStale = true;
    return;
  }
  isAsking = true;
  isStale = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok) show(fresh);
    else tell(["main h1", "main .empty p"].map((each) => fresh.querySelector(each)?.textContent.trim()).filter(Boolean).join(". "));
  } catch {
    indicate("lost");
  } finally {
    isAsking = false;
    if (isStale) setTimeout(refresh, 500);
  }
}

/** Show another address in the parts that change; says whether it was there. @param {string} address @returns {Promise<boolean>} */
export async function showPage(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok) return false;
    history.replaceState(null, "", address);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    return true;
  } catch {
    indicate("lost");
    return false;
  }
}

/** Say above what is shown why it is shown no newer; nothing takes that away. @param {string} trouble */
function tell(trouble) {
  isTroubled = Boolean(trouble);
  document.documentElement.classList.toggle("stale", isTroubled);
  const known = document.getElementById("trouble");
  if (!trouble) known?.remove();
  if (!trouble || known?.textContent === trouble) return;
  const note = known ?? document.createElement("p");
  note.id = "trouble";
  note.className = "past";
  note.setAttribute("role", "alert");
  note.textContent = trouble;
  if (!known) document.getElementById("main")?.prepend(note);
}

function show(fresh) {
  tell("");
  for (const part of document.querySelectorAll("[data-morph]")) {
    const next = fresh.getElementById(part.id);
    if (!next) continue;
    if (part.dataset.insert === "pill") holdBack(part, next, fresh);
    else morph(part, next);
  }
  startParts();
  showTimes(document);
  const counts = [...document.querySelectorAll("#summary .counts li, #counts li")].map((each) => each.textContent.trim().replace(/\s+/g, " "));
  if (counts.length) sayNow(counts.join(", "));
}

/** Update the rows that are there and count those that are not. */
function holdBack(part, next, fresh) {
  const known = new Set([...part.children].map((row) => row.id));
  const rows = [...next.children];
  const added = rows.filter((row) => !known.has(row.id)).length;
  for (const row of rows) {
    const here = known.has(row.id) && document.getElementById(row.id);
    if (here) morph(here, row);
  }
  document.querySelector(".pill")?.remove();
  if (!added) return;
  const pill = document.createElement("button");
  pill.type = "button";
  pill.className = "pill";
  pill.textContent = added === rows.length ? `${added} or more new` : `${added} new`;
  pill.addEventListener("click", () => {
    pill.remove();
    const target = fresh.getElementById(part.id);
    for (const row of target.children) if (!known.has(row.id)) row.classList.add("fresh");
    morph(part, target);
    showTimes(part);
    part.querySelector("[data-row]")?.focus();
  });
  part.closest(".scroll")?.before(pill);
}

class Live extends HTMLElement {
  connectedCallback() {
    if (!body.hasAttribute("data-live") || !document.querySelector("[data-morph]:not(#gone)")) return;
    this.hidden = false;
    this.innerHTML = '<button type="button"><i></i><span></span></button>';
    this.firstElementChild?.addEventListener("click", () => {
      isPaused = !isPaused;
      sessionStorage.setItem("runwright-paused", isPaused ? "yes" : "no");
      indicate(isPaused ? "paused" : "live");
      say(isPaused ? "Live updates are paused" : "Live updates go on");
      if (!isPaused) refresh();
    });
    indicate(isPaused ? "paused" : "live");
    connect();
  }
}

function indicate(how) {
  const element = document.querySelector("rw-live");
  if (!element || element.dataset.is === how) return;
  element.dataset.is = how;
  const words = { live: "Live", paused: "Paused", lost: "No answer" };
  const label = element.querySelector("span");
  if (label) label.textContent = words[how];
  if (how === "lost") tell(GONE);
}

/** Follow the log from where it was last heard of. */
function connect() {
  source = new EventSource(`${body.dataset.base}live?after=${cursor}`);
  source.onmessage = (event) => {
    cursor = event.data;
    refresh();
  };
  source.onopen = () => {
    indicate(isPaused ? "paused" : "live");
    if (isTroubled) tell(""), refresh();
  };
  source.onerror = () => indicate("lost");
}

// A browser has six connections to a server for all of its tabs: one that nobody looks at holds none, or a seventh would wait for ever.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) source?.close();
  else if (source) connect();
  if (!document.hidden && isStale) refresh();
});
addEventListener("pagehide", () => source?.close());

customElements.define("rw-live", Live);
