/* <loccit-citation>: a quote from a document, and whether the document still says it. */

/** Attributes `href` (the `citation` link of an answer), `key`, `language`. */
class Citation extends HTMLElement {
  #root = this.attachShadow({ mode: "open" });
  #isDrawn = false;

  async connectedCallback() {
    if (this.#isDrawn) return;
    this.#isDrawn = true;
    style(this.#root);
    const words = wordsIn(this.getAttribute("language") ?? document.documentElement.lang);
    // What the page's author wrote between the tags stays if the service cannot be reached.
    this.#root.append(document.createElement("slot"));
    try {
      const response = await request(this.getAttribute("href") ?? "", { key: this.getAttribute("key") });
      this.#draw(await response.json(), words);
    } catch (error) {
      this.dispatchEvent(new CustomEvent("loccit-error", { detail: { message: error.message }, bubbles: true }));
    }
  }

  #draw(found, words) {
    const { status, since } = found.standing;
    const name = since ? "gone" : status;
    const day = since ? new Date(since).toLocaleDateString(words.tag) : "";
    const standing = make("span", { className: `standing ${name}` }, words.standing[name], day && ` ${day}`);
    const caption = make("figcaption", {}, sourceLink(found, found.title, words.source), " · ", standing);
    const quote = make("blockquote", { dir: "auto" }, found.quote);
    const figure = make("figure", {}, quote, caption);
    if (name === "changed") figure.append(difference(found.standing.diff, words));
    this.#root.replaceChildren(figure);
    this.dispatchEvent(new CustomEvent("loccit-citation", { detail: found, bubbles: true }));
  }
}

/** The words before and after. */
function difference(edits, words) {
  const names = { delete: "del", insert: "ins" };
  const parts = edits.map((one) => (names[one.kind] ? make(names[one.kind], {}, one.text) : one.text));
  return make("p", { className: "difference", dir: "auto" }, make("strong", {}, words.now), " ", ...parts);
}
