// Morph: makes one piece of a page like another and keeps every element that stays, with its focus, scroll and selection.
const isSame = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id ?? "") === (b.id ?? "");

/** @param {Element} from @param {Element} to */
function morphAttributes(from, to) {
  for (const { name, value } of [...to.attributes]) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
}

/** Make `from` like `to`. @param {Element} from @param {Element} to */
export function morph(from, to) {
  if (from.hasAttribute("data-keep") || from.isEqualNode(to)) return;
  morphAttributes(from, to);
  if (from.localName === "input" || from.localName.startsWith("rw-")) return;
  morphChildren(from, [...to.childNodes]);
}

/** @param {Element} from @param {ChildNode[]} wanted */
export function morphChildren(from, wanted) {
  const byId = new Map([...from.children].filter((each) => each.id).map((each) => [each.id, each]));
  let place = from.firstChild;
  for (const next of wanted) {
    const known = next instanceof Element && next.id ? byId.get(next.id) : undefined;
    if (known) {
      if (known !== place) from.insertBefore(known, place);
      else place = place.nextSibling;
      morph(known, /** @type {Element} */ (next));
    } else if (place && isSame(place, next)) {
      const after = place.nextSibling;
      if (next instanceof Element) morph(/** @type {Element} */ (place), next);
      else if (place.nodeValue !== next.nodeValue) place.nodeValue = next.nodeValue;
      place = after;
    } else {
      from.insertBefore(document.importNode(next, true), place);
    }
  }
  while (place) {
    const after = place.nextSibling;
    place.remove();
    place = after;
  }
}
