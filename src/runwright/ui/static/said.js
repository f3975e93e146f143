// Said: tells those who do not see the page what changed, not more often than they can follow.
const place = document.getElementById("said");
const APART = 10_000;
let last = 0;

/** Tell what somebody waits to hear; what comes by itself is quiet for a while then. @param {string} text */
export function say(text) {
  last = Date.now();
  if (place) place.textContent = text;
}

/** @param {string} text */
export function sayNow(text) {
  if (Date.now() - last < APART) return;
  say(text);
}
