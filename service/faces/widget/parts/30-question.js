/* <loccit-question>: asks and tells by events, and shows nothing. For pages that draw the answer themselves. */

const EVENTS = ["found", "delta", "sentence", "finished"];

/** The collections that an attribute names: one, several with commas between them, or all by `*`. */
function collectionsIn(named) {
  const names = named.split(",").map((name) => name.trim());
  if (names.length > 1) return { collections: names };
  return named === "*" ? { collections: named } : { collection: named };
}

/**
 * Attributes `collection` and `key`. Events `loccit-found`, `loccit-delta`, `loccit-sentence`, `loccit-finished`
 * and `loccit-error` carry in `detail` what POST /v1/answer streams.
 */
class Question extends HTMLElement {
  #turns = [];
  #asking = null;

  /** Ask a question; earlier questions of this element are the conversation. Returns the whole answer. */
  async ask(question) {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const body = {
      question,
      stream: true,
      mode: this.getAttribute("mode") ?? "extractive",
      ...collectionsIn(this.getAttribute("collection") ?? "default"),
      turns: this.#turns.slice(-MOST_TURNS),
    };
    try {
      const key = this.getAttribute("key");
      const response = await request("/v1/answer", { key, body, signal: asking.signal });
      return await this.#read(question, eventsOf(response));
    } catch (error) {
      if (asking.signal.aborted) return null;
      this.#tell("error", { message: error.message, code: error.code ?? "", status: error.status ?? 0 });
      throw error;
    }
  }

  /** Stop what is asked, and forget the conversation. */
  reset() {
    this.#asking?.abort();
    this.#turns = [];
  }

  disconnectedCallback() {
    this.#asking?.abort();
  }

  async #read(question, events) {
    for await (const [name, data] of events) {
      if (name === "error") throw new Refusal(0, data.error?.code, data.error?.message);
      if (!EVENTS.includes(name)) continue;
      this.#tell(name, data);
      if (name !== "finished") continue;
      this.#turns.push({ role: "user", text: question }, { role: "assistant", text: data.answer });
      return data;
    }
    throw new Refusal(0, "stream_ended", "The answer broke off. Ask again.");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`loccit-${name}`, { detail, bubbles: true, composed: true }));
  }
}
