// Said: tells those who do not see the page what changed, not more often than they can follow.
const place = document.getElementById("said");
const APART = 10_000;
let last = 0;

/** @param {string} text */
export function say(text) {
  if (place) place.textContent = text;
}

/** @param {string} text */
export function sayNow(text) {
  if (Date.now() - last < APART) return;
  last = Date.now();
  say(text);
}
