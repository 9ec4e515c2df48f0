/** Client of the HTTP API of Loccit. Its types are made from the service's OpenAPI document. */

import createFetchClient, { type Client as FetchClient } from "openapi-fetch";

import { errorFrom, errorOf } from "./errors.js";
import { eventsOf } from "./events.js";
import { DEFAULT_RETRIES, type Retries, retrying } from "./retrying.js";
import type { components, paths } from "./schema.js";

export { LoccitError } from "./errors.js";
export { type Retries } from "./retrying.js";
export { type ServerEvent } from "./events.js";
export { slice } from "./text.js";
export type { components, paths } from "./schema.js";

type Schemas = components["schemas"];
export type AskResult = Schemas["AskResponse"];
export type Answer = Schemas["AnswerResponse"];
export type AnsweredSentence = Schemas["AnsweredSentence"];
export type Passage = Schemas["Passage"];
export type Citation = Schemas["Citation"];
export type ResolvedCitation = Schemas["CitationResponse"];
export type VerifyResult = Schemas["VerifyResponse"];
export type Verdict = Schemas["Verdict"];
export type JudgedSentence = Schemas["AnswerSentence"] & { quotes: Schemas["QuoteVerdict"][] };
export type Document = Schemas["Document"];
export type Job = Schemas["JobResponse"];

type JsonBody<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  requestBody?: { content: { "application/json": infer Body } };
}
  ? NonNullable<Body>
  : never;
export type AskOptions = Omit<JsonBody<"/v1/ask", "post">, "question" | "questions" | "collection">;
export type AnswerOptions = Omit<JsonBody<"/v1/answer", "post">, "question" | "stream" | "collection">;
export type VerifyRequest = Omit<JsonBody<"/v1/verify", "post">, "collection" | "stream">;

/** What happens while an answer is made. A `sentence` comes when it has ended, with its citation or verdict. */
export type AnswerEvent =
  | { name: "found"; found: Partial<Answer> }
  | { name: "delta"; text: string }
  | { name: "sentence"; sentence: AnsweredSentence }
  | { name: "finished"; answer: Answer };

/** A verdict as it is made: that on a sentence comes with those on its quotes. */
export type VerifyEvent =
  | { name: "sentence"; sentence: JudgedSentence }
  | { name: "citation" | "quote"; verdict: Verdict }
  | { name: "finished"; result: VerifyResult };

/** A job as it is after a change; `finished` is the last. */
export interface JobEvent {
  name: "progress" | "finished" | string;
  job: Job;
}

/** A file to upload, with the name that becomes the id of its document. */
export interface NamedFile {
  name: string;
  content: string | Uint8Array | Blob;
}

export interface Options {
  /** Address of the service. */
  url?: string;
  /** API key, if the service needs one. */
  key?: string;
  /** The collection that is meant; "default" by default. */
  collection?: string;
  /** Narrows the key to these groups. */
  onBehalfOf?: readonly string[];
  retries?: Partial<Retries>;
  /** Replaces the global fetch. */
  fetch?: typeof fetch;
}

const FINISHED: readonly string[] = ["done", "cancelled", "failed"];

/** A client of a Loccit service. `api` has every route; the methods are those that most programs need. */
export class Client {
  /** Every route of the service, typed by its OpenAPI document: `client.api.GET("/v1/documents")`. */
  readonly api: FetchClient<paths>;
  readonly url: string;
  readonly #send: (request: Request) => Promise<Response>;
  readonly #headers: Record<string, string>;
  readonly #query: { collection?: string };

  constructor(options: Options = {}) {
    this.url = (options.url ?? "http://127.0.0.1:8000").replace(/\/+$/, "");
    this.#headers = {
      ...(options.key === undefined ? {} : { Authorization: `Bearer ${options.key}` }),
      ...(options.onBehalfOf === undefined ? {} : { "X-On-Behalf-Of": options.onBehalfOf.join(",") }),
    };
    this.#query = options.collection === undefined ? {} : { collection: options.collection };
    this.#send = retrying(options.fetch ?? fetch, { ...DEFAULT_RETRIES, ...options.retries });
    this.api = createFetchClient<paths>({ baseUrl: this.url, headers: this.#headers, fetch: this.#send });
  }

  /** The passages that best answer a question. */
  async ask(question: string, options: AskOptions = {}): Promise<AskResult> {
    const params = { query: this.#query };
    return taken<AskResult>(await this.api.POST("/v1/ask", { params, body: { ...options, question } }));
  }

  /** The passages that answer each of several questions, in one request. */
  async askMany(questions: string[], options: AskOptions = {}): Promise<AskResult[]> {
    const params = { query: this.#query };
    const reply = await this.api.POST("/v1/ask", { params, body: { ...options, questions } });
    return taken<Schemas["BatchResponse"]>(reply).results;
  }

  /** The sentences that answer a question, each with its citation. */
  async answer(question: string, options: AnswerOptions = {}): Promise<Answer> {
    const params = { query: this.#query };
    return taken<Answer>(await this.api.POST("/v1/answer", { params, body: { ...options, question } }));
  }

  /** The answer to a question as it is made. Throws {@link LoccitError} if it cannot be finished. */
  async *streamAnswer(
    question: string,
    options: AnswerOptions = {},
    signal?: AbortSignal,
  ): AsyncGenerator<AnswerEvent> {
    for await (const { name, value } of this.#stream("/v1/answer", { ...options, question }, signal)) {
      if (name === "found") yield { name, found: value as Partial<Answer> };
      if (name === "delta") yield { name, text: (value as { text: string }).text };
      if (name === "sentence") yield { name, sentence: value as AnsweredSentence };
      if (name === "finished") yield { name, answer: value as Answer };
    }
  }

  /** The quote that a locator names, the text around it, and its status in the newest version. */
  async cite(locator: string, options: { around?: number; proof?: string } = {}): Promise<ResolvedCitation> {
    const params = { path: { locator }, query: { ...this.#query, ...options } };
    return taken<ResolvedCitation>(await this.api.GET("/v1/citations/{locator}", { params }));
  }

  /** Whether citations, quotes, and what an answer says are in the stored texts. */
  async verify(request: VerifyRequest): Promise<VerifyResult> {
    const params = { query: this.#query };
    return taken<VerifyResult>(await this.api.POST("/v1/verify", { params, body: request }));
  }

  /** The verdicts of {@link verify} as they are made. Throws {@link LoccitError} if it cannot be finished. */
  async *streamVerdicts(request: VerifyRequest, signal?: AbortSignal): AsyncGenerator<VerifyEvent> {
    for await (const { name, value } of this.#stream("/v1/verify", request, signal)) {
      if (name === "sentence") yield { name, sentence: value as JudgedSentence };
      if (name === "citation" || name === "quote") yield { name, verdict: value as Verdict };
      if (name === "finished") yield { name, result: value as VerifyResult };
    }
  }

  /** The text to which all offsets refer; {@link slice} cuts quotes out of it. */
  async text(documentId: string, version?: number): Promise<string> {
    const query = { ...this.#query, ...(version === undefined ? {} : { version }) };
    const params = { path: { document_id: documentId }, query };
    return taken<string>(
      await this.api.GET("/v1/documents/{document_id}/text", { params, parseAs: "text" }),
    );
  }

  /** All documents by id, read page by page. */
  async *documents(prefix = ""): AsyncGenerator<Document> {
    for (let after = ""; ; ) {
      const params = { query: { ...this.#query, prefix, after } };
      const page = taken<Schemas["DocumentList"]>(await this.api.GET("/v1/documents", { params }));
      yield* page.documents;
      if (page.next === null) return;
      after = page.next;
    }
  }

  /** Upload files; the job ingests them in the background. */
  async ingest(
    files: readonly NamedFile[],
    options: { prefix?: string; metadata?: Record<string, unknown>; password?: string } = {},
  ): Promise<Job> {
    const form = new FormData();
    if (options.metadata !== undefined) form.set("metadata", JSON.stringify(options.metadata));
    if (options.password !== undefined) form.set("password", options.password);
    for (const file of files) {
      const content = file.content instanceof Blob ? file.content : new Blob([file.content as BlobPart]);
      form.append("files", content, file.name);
    }
    const query = { ...this.#query, ...(options.prefix === undefined ? {} : { prefix: options.prefix }) };
    const response = await this.#fetch(`/v1/ingest?${new URLSearchParams(query)}`, { method: "POST", body: form });
    return (await response.json()) as Job;
  }

  /** The job after each change, until it is finished. */
  async *followJob(jobId: string, signal?: AbortSignal): AsyncGenerator<JobEvent> {
    const response = await this.#fetch(`/v1/jobs/${encodeURIComponent(jobId)}/events`, signal === undefined ? {} : { signal });
    for await (const event of eventsOf(response)) {
      yield { name: event.name, job: JSON.parse(event.data) as Job };
    }
  }

  /** Wait until a job is finished; its `state` says how. */
  async waitForJob(jobId: string, onProgress: (job: Job) => void = () => undefined): Promise<Job> {
    for await (const { job } of this.followJob(jobId)) {
      onProgress(job);
      if (FINISHED.includes(job.state)) return job;
    }
    throw new Error(`The service ended the events of the job ${jobId} before it was finished. Wait again.`);
  }

  /** The whole address of a link in a reply, such as that of a citation's page. */
  urlOf(link: string): string {
    return this.url + link;
  }

  /** The events of a stream, up to the one named `finished`. */
  async *#stream(path: string, body: object, signal?: AbortSignal): AsyncGenerator<{ name: string; value: unknown }> {
    const response = await this.#fetch(`${path}?${new URLSearchParams(this.#query)}`, {
      method: "POST",
      body: JSON.stringify({ ...body, stream: true }),
      headers: { "Content-Type": "application/json" },
      ...(signal === undefined ? {} : { signal }),
    });
    for await (const { name, data } of eventsOf(response)) {
      const value: unknown = JSON.parse(data);
      if (name === "error") throw errorFrom(value, response);
      yield { name, value };
      if (name === "finished") return;
    }
    throw new Error("The service ended a stream that was not finished. Send the request again.");
  }

  async #fetch(path: string, init: RequestInit & { headers?: Record<string, string> }): Promise<Response> {
    const request = new Request(this.url + path, { ...init, headers: { ...init.headers, ...this.#headers } });
    const response = await this.#send(request);
    if (!response.ok) throw await errorOf(response);
    return response;
  }
}

/** The value of a reply. Throws {@link LoccitError} for an error. */
function taken<Value>(reply: { data?: unknown; error?: unknown; response: Response }): Value {
  if (!reply.response.ok) throw errorFrom(reply.error, reply.response);
  return reply.data as Value;
}
