// Runs against a service whose address is in LOCCIT_URL, with the documents of tests/clients/test_typescript.py.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import test from "node:test";

import { Client, LoccitError, slice } from "loccit-client";

const url = process.env.LOCCIT_URL;
const client = new Client({ url });

test("a passage is the part of its document that the citation names", async () => {
  const { passages } = await client.ask("Who lit the lamp?", { k: 1 });
  const { citation } = passages[0];
  const text = await client.text(citation.document_id, citation.version);
  assert.equal(slice(text, citation.start, citation.end), citation.quote);
  assert.match(citation.quote, /keeper/);
  // An emoji before the quote makes offsets in UTF-16 wrong.
  assert.notEqual(text.slice(citation.start, citation.end), citation.quote);
});

test("questions are asked together, and citations looked up and verified", async () => {
  const [first, second] = await client.askMany(["Who lit the lamp?", "Which moons has Mars?"]);
  assert.equal(first.question, "Who lit the lamp?");
  const { locator, quote } = second.passages[0].citation;
  assert.equal((await client.cite(locator)).quote, quote);
  const { quotes } = await client.verify({ quotes: [quote, "The lamp was never lit by anyone."] });
  assert.deepEqual(quotes.map((one) => one.status === "verified"), [true, false]);
});

test("a question is answered with sentences, whole and as they are made", async () => {
  const options = { min_answerability: 0, k: 2 };
  const whole = await client.answer("Who lit the lamp in the north tower?", options);
  const [sentence] = whole.sentences;
  assert.equal(slice(whole.answer, sentence.start, sentence.end), sentence.text);
  assert.match(sentence.citation.quote, /keeper/);
  let text = "";
  const names = [];
  for await (const event of client.streamAnswer("Who lit the lamp in the north tower?", options)) {
    names.push(event.name);
    if (event.name === "delta") text += event.text;
    if (event.name === "sentence") assert.ok(event.sentence.citation);
    if (event.name === "finished") assert.equal(event.answer.answer, text);
  }
  assert.deepEqual([names[0], names.at(-1)], ["found", "finished"]);
  assert.equal(text, whole.answer);
  const refused = client.streamAnswer("Who?", { k: 1000 });
  await assert.rejects(refused.next(), { code: "invalid_limit", status: 422 });
});

test("verdicts come as they are made", async () => {
  const request = { answer: { text: "The lamp was lit at dusk. It was not." }, quotes: ["The lamp was never lit by anyone."] };
  const events = [];
  for await (const event of client.streamVerdicts(request)) events.push(event);
  assert.deepEqual(events.map((one) => one.name), ["sentence", "sentence", "quote", "finished"]);
  assert.deepEqual(events.at(-1).result, await client.verify(request));
});

test("an error in a stream is thrown", async () => {
  const body = 'event: delta\r\ndata: {"text": "The"}\r\n\r\nevent: error\ndata: {"error": {"code": "writer_failed"}}\n\n';
  const broken = new Client({ url, fetch: async () => new Response(body) });
  const events = broken.streamAnswer("Who?");
  assert.equal((await events.next()).value.text, "The");
  await assert.rejects(events.next(), { code: "writer_failed" });
});

test("an answer that is not finished is an error", async () => {
  const cut = new Client({ url, fetch: async () => new Response('event: delta\ndata: {"text": "The"}\n\n') });
  const events = cut.streamAnswer("Who?");
  assert.equal((await events.next()).value.text, "The");
  await assert.rejects(events.next(), /not finished/);
});

test("what makes something is posted once, and a pause ends with its request", async () => {
  const seen = [];
  const refuse = async (request) => {
    seen.push(new URL(request.url).pathname);
    return Response.json({ error: { code: "not_ready", message: "No." } }, { status: 503 });
  };
  const busy = new Client({ url, fetch: refuse, retries: { most: 1, first: 0 } });
  await busy.api.POST("/v1/files", { body: {} });
  await busy.api.POST("/v1/vector_stores", { body: {} });
  await assert.rejects(busy.verify({ quotes: ["The lamp"] }), { code: "not_ready" });
  await assert.rejects(busy.followJob("../collections/default").next(), { code: "not_ready" });
  const followed = "/v1/jobs/..%2Fcollections%2Fdefault/events";
  assert.deepEqual(seen, ["/v1/files", "/v1/vector_stores", "/v1/verify", "/v1/verify", followed, followed]);
  const patient = new Client({ url, fetch: refuse, retries: { most: 1, first: 2 ** 30, longest: 2 ** 30 } });
  const stop = new AbortController();
  const events = patient.streamAnswer("Who?", {}, stop.signal).next();
  setTimeout(() => stop.abort(), 10);
  await assert.rejects(events, { name: "AbortError" });
});

test("every route is typed and reachable", async () => {
  const { data, response } = await client.api.GET("/v1/collections");
  assert.equal(response.status, 200);
  assert.equal(data.collections[0].name, "default");
  const ids = [];
  for await (const document of client.documents()) ids.push(document.document_id);
  assert.ok(ids.includes("lamps/north.md"));
});

test("files are uploaded, and the job is followed to its end", async () => {
  const files = [
    { name: "saturn.txt", content: "Saturn has rings of ice." },
    { name: "pluto.txt", content: new TextEncoder().encode("Pluto is a dwarf planet.") },
  ];
  const job = await client.ingest(files, { prefix: "node", metadata: { by: "node" } });
  const names = [];
  for await (const event of client.followJob(job.job_id)) names.push(event.name);
  assert.equal(names.at(-1), "finished");
  const done = await client.waitForJob(job.job_id);
  assert.equal(done.state, "done");
  assert.equal(done.files.added + done.files.unchanged, 2);
  const filter = { type: "eq", key: "by", value: "node" };
  const { passages } = await client.ask("rings of ice", { k: 1, filter });
  assert.equal(passages[0].citation.document_id, "node/saturn.txt");
});

test("an error has the service's code, message and request id", async () => {
  const asked = new Client({ url, collection: "nowhere" }).ask("Who?");
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof LoccitError);
    assert.deepEqual([error.code, error.status], ["collection_not_found", 404]);
    assert.ok(error.requestId);
    return true;
  });
});

test("a refused request is sent again, but not one that would be done twice", async () => {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const isFirst = seen.filter((one) => one === seen.at(-1)).length === 1;
    response.writeHead(isFirst ? 503 : 200, { "Content-Type": "application/json", "Retry-After": "0" });
    response.end(JSON.stringify(isFirst ? { error: { code: "not_ready", message: "No." } } : { passages: [] }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const busy = new Client({ url: `http://127.0.0.1:${server.address().port}` });
    assert.deepEqual((await busy.ask("Who?")).passages, []);
    assert.equal(seen.length, 2);
    await assert.rejects(busy.ingest([{ name: "a.txt", content: "A." }]), { code: "not_ready" });
    assert.equal(seen.length, 3);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("offsets count code points", () => {
  assert.equal(slice("a😀b", 2, 3), "b");
  assert.equal(slice("a😀b", 1, 2), "😀");
  assert.equal(slice("a😀b", 0, 3), "a😀b");
  assert.equal(slice("abc", 3, 3), "");
});
