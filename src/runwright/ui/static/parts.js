// Parts: the elements that some pages have, and where each is defined: a page asks only for those that are on it.
const PARTS = {
  "rw-search": "./search.js",
  "rw-choose": "./choose.js",
  "rw-copy": "./copy.js",
  "rw-follow": "./logs.js",
  "rw-graphql": "./graphql.js",
  "rw-later": "./later.js",
  "rw-matrix": "./matrix.js",
  "rw-scrubber": "./scrubber.js",
  "a.node": "./dag.js",
};

/** Start what is on the page by now. */
export function startParts() {
  const wanted = Object.entries(PARTS).filter(([element]) => document.querySelector(element));
  return Promise.all(wanted.map(([, module]) => import(module)));
}
