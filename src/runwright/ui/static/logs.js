// Logs: keeps the end in sight while lines come, where the reader wants that.
class Follow extends HTMLElement {
  connectedCallback() {
    if (this.firstChild || !document.body.hasAttribute("data-live")) return;
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    label.append(box, " Follow");
    this.append(label);
    const lines = document.getElementById("lines");
    if (!lines) return;
    const follow = () => box.checked && lines.lastElementChild?.scrollIntoView({ block: "end" });
    box.addEventListener("change", follow);
    new MutationObserver(follow).observe(lines, { childList: true });
  }
}

customElements.define("rw-follow", Follow);
