/** Copy citations in other formats, and links to answers. */

import { t } from "../messages.js";
import { announce } from "./announcing.js";

/** Let the links of formats, and the link to the answer, copy what they lead to. */
export function copyCitations() {
  if (!navigator.clipboard) return;
  document.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const format = event.target.closest?.("a[data-format]");
    const permanent = event.target.closest?.("a.permanent");
    if (!format && !permanent) return;
    event.preventDefault();
    if (format?.dataset.format === "link") copyLink(format);
    else if (format) copyCitation(format);
    else copy(permanent.href, t("The link is copied. It shows this answer as it stands now, and what has changed since."));
  });
}

/** A link needs no standing: its page says that. */
async function copyLink(link) {
  await copy(link.href, t("The link is copied. It leads to the words in their document, and says what they are today."));
}

async function copyCitation(link) {
  const standing = link.closest("[data-standing]")?.dataset.standing ?? "";
  try {
    const response = await fetch(link.href);
    if (!response.ok) throw new Error(response.statusText);
    const copied = withStanding(await response.text(), link.dataset.format, standing);
    const told = standing ? t("Copied as {format}. Note: {standing}", { format: link.textContent, standing }) : "";
    await copy(copied, told || t("Copied as {format}.", { format: link.textContent }));
  } catch {
    location.assign(link.href);
  }
}

/** A citation that says what its words are today, in the formats that have a place for it. */
export function withStanding(text, format, standing) {
  if (!standing) return text;
  if (format === "bibtex") return `% ${standing}\n${text}`;
  if (format === "ris") return text.replace(/^ER {2}- /m, `N1  - ${standing}\nER  - `);
  if (format === "csl_json") return JSON.stringify({ ...JSON.parse(text), note: standing }, null, 2);
  if (format === "w3c_annotation") return JSON.stringify({ ...JSON.parse(text), body: comment(standing) }, null, 2);
  return format === "plain" || format === "markdown_footnote" ? `${text} (${standing})` : text;
}

/** The body of an annotation (Web Annotation Data Model, 3.2.4). */
const comment = (value) => ({ type: "TextualBody", value, format: "text/plain", purpose: "commenting" });

async function copy(text, message) {
  await navigator.clipboard.writeText(text);
  announce(message);
}
