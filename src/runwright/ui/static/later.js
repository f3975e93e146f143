// Later: a part of a page that takes long is fetched when the page is there. Without this, a link stands in its place.
class Later extends HTMLElement {
  async connectedCallback() {
    const from = this.dataset.from;
    if (!from || this.dataset.is) return;
    this.dataset.is = "loading";
    try {
      const answer = await fetch(from);
      if (!answer.ok) return;
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      this.replaceChildren(...parsed.body.childNodes);
      this.dataset.is = "there";
    } catch {
      this.dataset.is = "lost";
    }
  }
}

customElements.define("rw-later", Later);
