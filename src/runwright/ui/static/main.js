// Main: starts what a page has. Pages can be read without any of it.
import "./act.js";
import "./choose.js";
import "./copy.js";
import "./dag.js";
import "./graphql.js";
import "./keys.js";
import "./later.js";
import "./live.js";
import "./logs.js";
import "./matrix.js";
import "./scrubber.js";
import "./search.js";
import { showTimes } from "./times.js";

document.documentElement.classList.add("scripted");
for (const each of document.querySelectorAll(".rail [aria-current], .tabs [aria-current], .choices [aria-current]")) {
  const line = each.closest(".rail, .tabs, .choices"); // one that is wider than the screen shows what is chosen
  if (line && each instanceof HTMLElement) line.scrollLeft = each.offsetLeft - (line.clientWidth - each.offsetWidth) / 2;
}
showTimes(document);
setInterval(() => showTimes(document), 15_000);
