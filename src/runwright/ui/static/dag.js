// Dag: arrow keys walk along the arrows of a graph, and say where they lead.
import { say } from "./said.js";

document.addEventListener("keydown", (event) => {
  const node = event.target instanceof Element ? event.target.closest("a.node") : null;
  if (!node || !/^Arrow/.test(event.key)) return;
  event.preventDefault();
  const slug = node.getAttribute("data-slug") ?? "";
  if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(slug, event.key === "ArrowDown");
  else beside(node, event.key === "ArrowRight" ? 1 : -1);
});

function walk(slug, isDown) {
  const [mine, other] = isDown ? ["data-from", "data-to"] : ["data-to", "data-from"];
  const ends = [...document.querySelectorAll(`path.edge[${mine}="${CSS.escape(slug)}"]`)].map((edge) => edge.getAttribute(other));
  const word = isDown ? "downstream" : "upstream";
  if (!ends.length) return say(`nothing ${word}`);
  find(ends[0])?.focus();
  say(`${word} 1 of ${ends.length}: ${ends[0]}`);
}

function beside(node, step) {
  const box = (each) => each.querySelector(".box").getBBox();
  const row = [...document.querySelectorAll("a.node")].filter((each) => Math.abs(box(each).y - box(node).y) < 4).sort((a, b) => box(a).x - box(b).x);
  row[row.indexOf(node) + step]?.focus();
}

const find = (slug) => [...document.querySelectorAll("a.node")].find((each) => each.getAttribute("data-slug") === slug);
