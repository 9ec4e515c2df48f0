/* An answer on the page: its sentences with numbered citations, and the sources under them. */

const MARK = /\s?\[(\d+)\]/g;

/** A link to the page of a source, or its name where there is no such page. */
function sourceLink(source, text, label) {
  const href = source?.links?.view ? address(source.links.view) : "";
  const name = `${label}: ${source?.title ?? ""}`;
  if (!href) return make("span", { className: "mark" }, text);
  const set = { "aria-label": name };
  return make("a", { className: "mark", href, target: "_blank", rel: "noopener", title: source.title, set }, text);
}

/** Text with its marks turned into links to the sources. */
function withLinks(text, sources, words) {
  const parts = [];
  let at = 0;
  for (const mark of text.matchAll(MARK)) {
    parts.push(text.slice(at, mark.index));
    parts.push(sourceLink(sources[mark[1] - 1], mark[1], `${words.source} ${mark[1]}`));
    at = mark.index + mark[0].length;
  }
  return [...parts, text.slice(at)];
}

/** The verdicts on sentences of a model that do not hold; none for words of the documents. */
function doubts(sentences, words) {
  const shown = sentences.filter((one) => words[one.status]);
  return shown.map((one) =>
    make("p", { className: "doubt" }, make("strong", {}, words[one.status]), " ", make("q", {}, one.text)),
  );
}

/** The list of sources, each with its quote. */
function sourceList(sources, words) {
  const entries = sources.map((source, at) => {
    const on = source.printed_pages ?? source.pages;
    const pages = on ? ` · ${words.page} ${on[0]}` : "";
    const title = make("bdi", {}, source.title);
    const link = sourceLink(source, `${at + 1}`, `${words.source} ${at + 1}`);
    const quote = make("blockquote", { dir: "auto" }, source.quote);
    return make("li", {}, make("p", {}, link, " ", title, pages), quote);
  });
  return make("details", {}, make("summary", {}, words.sources), make("ol", {}, ...entries));
}

/** The value that was computed of a table, with the cells that were read; nothing without one. */
function computedValue(computed, words) {
  if (!computed?.value) return [];
  const cells = computed.cells.map((cell) => make("li", { dir: "auto" }, `${cell.row}: ${cell.text}`));
  return [
    make("p", { dir: "auto" }, `${words.computed} (${computed.of}) `, make("strong", {}, computed.value)),
    make("details", {}, make("summary", {}, words.cells), make("ul", {}, ...cells)),
  ];
}

/** Draw a finished answer into an element. */
function drawAnswer(into, answer, words) {
  const text = answer.declined ? words.declined : answer.answer;
  const sources = answer.declined ? answer.passages.map((one) => one.citation) : answer.sources;
  const paragraphs = text.split(/\n+/).filter((one) => one.trim());
  into.replaceChildren(
    ...paragraphs.map((one) => make("p", { dir: "auto" }, ...withLinks(one, sources, words))),
    ...computedValue(answer.computed, words),
    ...doubts(answer.sentences, words),
    ...(sources.length ? [sourceList(sources, answer.declined ? { ...words, sources: words.near } : words)] : []),
  );
}
