// Main: starts what every page has, and what this page has besides. Pages can be read without any of it.
import "./act.js";
import "./keys.js";
import "./live.js";
import { startParts } from "./parts.js";
import { showTimes } from "./times.js";

showTimes(document);
setInterval(() => showTimes(document), 15_000);
for (const each of document.querySelectorAll(".rail [aria-current], .tabs [aria-current], .choices [aria-current]")) {
  const line = each.closest(".rail, .tabs, .choices"); // one that is wider than the screen shows what is chosen
  if (line && each instanceof HTMLElement) line.scrollLeft = each.offsetLeft - (line.clientWidth - each.offsetWidth) / 2;
}
await startParts();
document.documentElement.classList.add("scripted");
