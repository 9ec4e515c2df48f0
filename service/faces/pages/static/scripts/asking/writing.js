/** The answer that a language model writes, as it comes, with a verdict on each sentence. */

import { t } from "../messages.js";
import { request } from "../service.js";
import { speak } from "./announcing.js";

/** Ask for the written answer of this page, if the service has a model. */
export async function writeAnswer() {
  const target = document.querySelector(".written[data-write]");
  if (!target) return;
  target.hidden = false;
  target.textContent = t("The language model is writing …");
  let text = "";
  try {
    const response = await request("/v1/answer", { json: JSON.parse(target.dataset.write) });
    for await (const { event, data } of events(response.body)) {
      if (event === "delta") {
        text += data.text;
        target.textContent = text;
      } else if (event === "finished") {
        show(target, data);
      } else if (event === "error") {
        throw new Error(data.error.message);
      }
    }
  } catch (error) {
    const note = document.createElement("p");
    note.className = "note bad";
    note.textContent = error.message;
    target.replaceChildren(...(text ? [text] : []), note);
  }
  target.removeAttribute("aria-busy");
}

/** Server-sent events of a body: their names and their data. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    rest += piece.value;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = new Map(block.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trimStart()]));
      if (fields.has("data") && fields.get("data") !== "[DONE]") yield { event: fields.get("event"), data: JSON.parse(fields.get("data")) };
    }
  }
}

/** The finished answer: marks are links, and what the documents do not confirm is marked. */
function show(target, answer) {
  if (answer.declined) {
    target.hidden = true;
    speak(t("The documents do not say."));
    return;
  }
  const letters = Array.from(answer.answer); // offsets are in code points
  const nodes = [];
  let at = 0;
  for (const one of answer.sentences) {
    nodes.push(...marked(letters.slice(at, one.start).join(""), answer.sources));
    const claim = document.createElement("span");
    claim.className = `claim ${one.status}`;
    claim.append(...marked(letters.slice(one.start, one.end).join(""), answer.sources));
    if (["contradicted", "unsupported"].includes(one.status)) {
      claim.title = one.reason;
      const badge = document.createElement("span");
      badge.className = "badge bad";
      badge.textContent = t("not confirmed by the documents");
      claim.append(" ", badge);
    }
    nodes.push(claim);
    at = one.end;
  }
  nodes.push(...marked(letters.slice(at).join(""), answer.sources));
  target.replaceChildren(...nodes);
  speak(t("The answer is written."));
}

/** A text whose marks are links to the sources on this page that they name. */
function* marked(text, sources) {
  let at = 0;
  for (const match of text.matchAll(/\[(\d{1,3})\]/g)) {
    const locator = sources[Number(match[1]) - 1]?.locator;
    const source = locator && document.querySelector(`.sources li[data-locator="${CSS.escape(locator)}"]`);
    if (!source) continue;
    yield text.slice(at, match.index);
    const link = document.createElement("a");
    link.className = "mark";
    link.href = source.querySelector(".chip").href;
    link.dataset.number = source.dataset.number;
    link.textContent = match[0];
    yield link;
    at = match.index + match[0].length;
  }
  yield text.slice(at);
}
