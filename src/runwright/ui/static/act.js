// Act: a form that stands before something is done comes up in a dialog, and focus goes back where it was.
// Without this, links lead to the same form as a page of its own.
import { refresh } from "./live.js";
import { say } from "./said.js";

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("asking"));
const GONE = "The server does not answer. It is not known whether this was done: send it again when the server is back, it is not asked for twice.";
const WAITING = "The server has not answered yet: it or its record is busy. What you asked for is done when it is free, and once.";
const PATIENCE = 2_000;
let opener;

/** Show the form of a page, or go to the page where it has none. @param {Response} answer @returns {Promise<boolean>} */
async function show(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = page.getElementById("act");
  if (!form) return false;
  dialog.replaceChildren(document.importNode(form, true));
  comeUp();
  const first = dialog.querySelector("[aria-invalid], [autofocus], button");
  if (first instanceof HTMLElement) first.focus();
  return true;
}

/** @param {HTMLAnchorElement} link */
async function open(link) {
  opener = link;
  try {
    if (!(await show(await fetch(link.href)))) location.href = link.href;
  } catch {
    gone();
  }
}

/** Come up over what was pressed: the browser gives focus back to it at once when the dialog closes. */
function comeUp() {
  if (dialog.open) return;
  if (opener instanceof HTMLElement) opener.focus();
  dialog.showModal();
}

function gone() {
  dialog.replaceChildren(alert("The server does not answer: nothing can be done now. Try again when it is back."), closing());
  comeUp();
}

function note(text, role, look) {
  const told = document.createElement("p");
  told.className = look;
  told.setAttribute("role", role);
  told.textContent = text;
  return told;
}

const alert = (text) => note(text, "alert", "wrong");

function closing() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.dataset.close = "";
  button.textContent = "Close";
  return button;
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} button */
async function send(form, button) {
  button?.setAttribute("disabled", "");
  form.querySelector("[role=alert]")?.remove();
  const waiting = setTimeout(() => form.prepend(note(WAITING, "status", "past")), PATIENCE);
  const body = form.enctype === "multipart/form-data" ? new FormData(form) : new URLSearchParams(/** @type {any} */ (new FormData(form)));
  try {
    const answer = await fetch(form.getAttribute("action") ?? "", { method: "POST", body });
    if (answer.redirected) arrive(answer);
    else if (!(await show(answer))) form.prepend(alert("The server could not do this."));
  } catch {
    form.prepend(alert(GONE));
  }
  clearTimeout(waiting);
  form.querySelector("[role=status]")?.remove();
  button?.removeAttribute("disabled");
}

/** Stay on the page that was left, read again; or go where the answer leads. @param {Response} answer */
async function arrive(answer) {
  const text = await answer.text();
  const isElsewhere = new URL(location.href).pathname !== new URL(answer.url).pathname;
  if (isElsewhere && !opener?.hasAttribute("data-stay")) {
    location.href = answer.url;
    return;
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  dialog.close();
  say(page.querySelector(".done")?.textContent ?? "Done");
  await refresh();
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target.closest("a, button") : null;
  if (!(target instanceof HTMLElement)) return;
  if (dialog.contains(target) && target.hasAttribute("data-close")) {
    event.preventDefault();
    dialog.close();
  } else if (target instanceof HTMLAnchorElement && target.dataset.act && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    open(target);
  } else if (target.dataset.act && target.getAttribute("aria-disabled") === "true") {
    target.focus();
    say(document.getElementById(target.getAttribute("aria-describedby") ?? "")?.textContent ?? "");
  }
});
dialog.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-act-form")) return;
  event.preventDefault();
  send(form, event.submitter);
});
// Fields named `id` and `action` stand before the form's own properties of those names: its attributes are asked instead.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.getAttribute("id") !== "bulk" || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  opener = event.submitter;
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form, event.submitter)));
  try {
    await show(await fetch(form.getAttribute("action") ?? "", { method: "POST", body }));
  } catch {
    gone();
  }
});
dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  if (document.activeElement && document.activeElement !== document.body) return; // the browser gave it back, and it may have moved on
  const back = opener?.isConnected ? opener : document.querySelector(`[data-act="${opener?.dataset.act}"]`);
  if (back instanceof HTMLElement) back.focus();
});
