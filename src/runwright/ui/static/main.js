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
showTimes(document);
setInterval(() => showTimes(document), 15_000);
