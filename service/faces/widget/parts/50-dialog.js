/* <loccit-dialog>: a button on the page that opens a dialog to ask in. */

/**
 * Attributes `collection`, `key`, `language`, `greeting`, `position` (`left` or `right`), `accent` (a colour), `mode`
 * and `judge`. Stores nothing and sets no cookie.
 */
class Dialog extends HTMLElement {
  #root = this.attachShadow({ mode: "open" });
  #question = document.createElement("loccit-question");
  #isDrawn = false;

  connectedCallback() {
    if (this.#isDrawn) return;
    this.#isDrawn = true;
    this.words = wordsIn(this.getAttribute("language") ?? document.documentElement.lang);
    style(this.#root);
    for (const name of ["collection", "key", "mode"]) {
      if (this.hasAttribute(name)) this.#question.setAttribute(name, this.getAttribute(name));
    }
    this.#draw();
    this.#colour();
  }

  /** Open the dialog, and put the cursor into its field. */
  open() {
    this.dialog.showModal();
    this.field.focus();
  }

  #draw() {
    const { words } = this;
    this.log = make("div", { className: "log", set: { role: "log", "aria-live": "polite", tabindex: "0", "aria-label": words.title } });
    const greeting = this.getAttribute("greeting") ?? words.greeting;
    this.log.append(make("p", { className: "greeting", dir: "auto" }, greeting));
    this.field = make("input", { type: "text", name: "question", required: true, maxLength: 2000, autocomplete: "off", set: { "aria-label": words.ask, placeholder: words.ask, enterkeyhint: "send" } });
    this.send = make("button", { type: "submit" }, words.send);
    const form = make("form", {}, this.field, this.send);
    const close = make("button", { type: "button", className: "close", set: { "aria-label": words.close } }, "×");
    const again = make("button", { type: "button", className: "again" }, words.again);
    const head = make("header", {}, make("h2", { id: "title" }, words.title), again, close);
    const foot = make("footer", {}, words.footer);
    this.dialog = make("dialog", { set: { "aria-labelledby": "title" } }, head, this.log, form, foot);
    const button = make("button", { type: "button", className: "open", set: { "aria-haspopup": "dialog" } }, words.open);
    if (this.getAttribute("position") === "left") this.#root.host.classList.add("left");
    button.addEventListener("click", () => this.open());
    close.addEventListener("click", () => this.dialog.close());
    again.addEventListener("click", () => this.#startAgain());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    form.addEventListener("submit", (event) => this.#submit(event));
    this.#root.append(button, this.dialog, this.#question);
  }

  #colour() {
    const accent = this.getAttribute("accent");
    if (accent && CSS.supports("color", accent)) this.style.setProperty("--loccit-accent", accent);
  }

  #startAgain() {
    this.#question.reset();
    this.log.replaceChildren(this.log.firstElementChild);
    this.field.focus();
  }

  async #submit(event) {
    event.preventDefault();
    const question = this.field.value.trim();
    if (!question) return;
    this.field.value = "";
    this.log.append(make("p", { className: "question", dir: "auto" }, question));
    const answer = make("div", { className: "answer", set: { "aria-busy": "true" } }, this.words.searching);
    this.log.append(answer);
    answer.scrollIntoView({ block: "nearest" });
    const stream = this.#streamInto(answer);
    try {
      const whole = await this.#question.ask(question);
      if (whole) drawAnswer(answer, whole, this.words);
      if (whole && this.hasAttribute("judge")) answer.append(this.#judging(question));
    } catch (error) {
      answer.replaceChildren(make("p", { className: "doubt", set: { role: "alert" } }, this.#refused(error)));
    } finally {
      stream.abort();
      answer.removeAttribute("aria-busy");
      answer.scrollIntoView({ block: "nearest" });
    }
  }

  /** Show the text of an answer as it comes, until the returned controller is aborted. */
  #streamInto(answer) {
    const until = new AbortController();
    let text = "";
    const add = ({ detail }) => {
      text += detail.text;
      answer.replaceChildren(make("p", { dir: "auto" }, text.replace(MARK, "")));
    };
    this.#question.addEventListener("loccit-delta", add, { signal: until.signal });
    return until;
  }

  /** Buttons that say whether an answer helps, with room for a reason. */
  #judging(question) {
    const { words } = this;
    const why = make("input", { type: "text", maxLength: 500, autocomplete: "off", set: { "aria-label": words.why, placeholder: words.why } });
    const place = make("div", { className: "judge" });
    const say = async (verdict) => {
      const [key, collection] = [this.getAttribute("key"), this.getAttribute("collection") ?? "default"];
      const body = { question, verdict, reason: why.value.trim(), collection };
      const said = await request("/v1/feedback", { key, body }).then(() => words.thanks, (error) => this.#refused(error));
      place.replaceChildren(make("p", { set: { role: "status" } }, said));
    };
    for (const [verdict, name] of [["up", words.helps], ["down", words.fails]]) {
      const button = make("button", { type: "button" }, name);
      button.addEventListener("click", () => say(verdict));
      place.append(button);
    }
    place.append(why, make("small", {}, words.kept));
    return place;
  }

  #refused(error) {
    if (error instanceof TypeError) return this.words.unreachable;
    if (error.status === 429) return this.words.busy;
    return error.status === 401 || error.status === 403 ? this.words.forbidden : error.message;
  }
}
