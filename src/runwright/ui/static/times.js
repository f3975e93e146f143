// Times: in the browser's own zone where the reader wants that, and ages that grow.
const root = document.documentElement;

const sameDay = (a, b) => a.toDateString() === b.toDateString();
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });

/** @param {Date} at @param {Date} now */
function absolute(at, now) {
  if (sameDay(at, now)) return `${clock.format(at)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
  const year = at.getFullYear() === now.getFullYear() ? "" : ` ${at.getFullYear()}`;
  return `${day.format(at)}${year} ${clock.format(at)}`;
}

/** @param {Date} at @param {Date} now */
export function age(at, now) {
  const seconds = Math.floor((now.getTime() - at.getTime()) / 1000);
  const size = Math.abs(seconds);
  const [count, unit] = size >= 86_400 ? [size / 86_400, "d"] : size >= 3_600 ? [size / 3_600, "h"] : size >= 60 ? [size / 60, "m"] : [size, "s"];
  return seconds < 0 ? `in ${Math.floor(count)}${unit}` : `${Math.floor(count)}${unit} ago`;
}

/** @param {ParentNode} within */
export function showTimes(within) {
  const now = new Date();
  for (const element of within.querySelectorAll("time[data-show]")) {
    const at = new Date(element.getAttribute("datetime") ?? "");
    if (Number.isNaN(at.getTime())) continue;
    if (element.getAttribute("data-show") === "hour") {
      if (root.dataset.zone === "local") set(element, `${day.format(at)} ${clock.format(at).slice(0, 5)}`);
    } else if (element.getAttribute("data-show") === "relative") set(element, age(at, now));
    else if (root.dataset.zone === "local") set(element, absolute(at, now));
  }
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
