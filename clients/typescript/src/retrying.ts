/** How often a request is sent again, and the pauses before it, in milliseconds. */
export interface Retries {
  most: number;
  first: number;
  longest: number;
}

export const DEFAULT_RETRIES: Retries = { most: 4, first: 250, longest: 30_000 };

/** What is posted and has the same effect once or twice; all else that is posted may make something. */
const QUESTIONS =
  /\/(ask|answer|verify|conflicts|changes|search|rerank|retrieval|embeddings|completions|responses|tool_result|cancel|prune)$/;

/** Whether a request has the same effect once or twice. */
export function isRepeatable(request: Request): boolean {
  return request.method !== "POST" || QUESTIONS.test(new URL(request.url).pathname);
}

/**
 * The pause before a refused request is sent again; undefined if it is not.
 *
 * What was refused with 429 has had no effect. After 503 only repeatable requests are sent again. A pause that
 * the service asks for and that is longer than the longest is not waited for.
 */
export function pauseAfter(
  response: Response,
  attempt: number,
  retries: Retries,
  repeatable: boolean,
): number | undefined {
  const may = response.status === 429 || (response.status === 503 && repeatable);
  if (!may || attempt >= retries.most) return undefined;
  const wanted = response.headers.get("Retry-After") ?? "";
  if (!/^\d+$/.test(wanted)) return backOff(attempt, retries);
  const pause = Number(wanted) * 1000;
  return pause <= retries.longest ? pause : undefined;
}

/** A pause that doubles with each attempt, with a random part so that clients do not come back together. */
export function backOff(attempt: number, retries: Retries): number {
  return Math.min(retries.longest, retries.first * 2 ** attempt) * (0.5 + Math.random() / 2);
}

/** A fetch that sends requests again where that may help. */
export function retrying(send: typeof fetch, retries: Retries): (request: Request) => Promise<Response> {
  return async (request) => {
    const repeatable = isRepeatable(request);
    for (let attempt = 0; ; attempt++) {
      let pause: number | undefined;
      try {
        const response = await send(request.clone());
        pause = pauseAfter(response, attempt, retries, repeatable);
        if (pause === undefined) return response;
        await response.body?.cancel();
      } catch (error) {
        if (request.signal.aborted || !repeatable || attempt >= retries.most) throw error;
        pause = backOff(attempt, retries);
      }
      await wait(pause, request.signal);
    }
  };
}

/** Wait so many milliseconds, or until the request is aborted. */
async function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
  signal.throwIfAborted();
}
