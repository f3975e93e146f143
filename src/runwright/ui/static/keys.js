// Keys: the keyboard map. Every key does what a link or button on the page does too.
const sheet = /** @type {HTMLDialogElement} */ (document.getElementById("keys"));
let isGoing = false;

const rows = () => [...document.querySelectorAll("[data-row]")].filter((each) => each.getClientRects().length);

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((each) => each === document.activeElement || each.closest("tr, li")?.contains(document.activeElement));
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function press(selector) {
  const found = document.querySelector(selector);
  if (found instanceof HTMLElement) found.click();
  return Boolean(found);
}

const actions = {
  "?": () => sheet.showModal(),
  "/": () => document.getElementById("q")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  l: () => press("[data-key=logs]"),
  "[": () => press("[data-key=before]"),
  "]": () => press("[data-key=next]"),
  ".": () => press("rw-live button"),
  x: () => {
    const box = document.activeElement?.closest("tr")?.querySelector("[form=bulk]");
    if (box instanceof HTMLInputElement) box.click();
  },
  c: () => {
    const menu = document.querySelector("[data-copies]");
    if (menu instanceof HTMLDetailsElement) {
      menu.open = !menu.open;
      menu.querySelector("summary")?.focus();
    }
  },
  g: () => {
    isGoing = true;
    setTimeout(() => (isGoing = false), 1_500);
  },
};

/** Do to the chosen rows of a list what a key does to one run; with none chosen, to the row that has the focus. @param {string} key */
function actOnChosen(key) {
  const form = document.getElementById("bulk");
  const option = form?.querySelector(`option[data-key="${CSS.escape(key)}"]`);
  if (!(option instanceof HTMLOptionElement)) return false;
  if (!document.querySelector("[form=bulk]:checked")) actions.x();
  option.selected = true;
  form?.querySelector("button")?.click();
  return true;
}

function isWriting(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "checkbox");
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (isWriting(event.target)) event.target.blur();
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target) || document.querySelector("dialog[open]")) return;
  if (isGoing) {
    isGoing = false;
    if (press(`[data-go="${CSS.escape(event.key)}"]`)) event.preventDefault();
    return;
  }
  if (press(`[data-act-key="${CSS.escape(event.key)}"]`) || actOnChosen(event.key)) {
    event.preventDefault();
    return;
  }
  const action = actions[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});

document.querySelector("[data-keys]")?.addEventListener("click", () => sheet.showModal());
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  }
});
