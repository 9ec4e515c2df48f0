/* Requests to the service, with the key of the page. */

/** What the service refused, with what to do next. */
class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function request(path, { key, body, signal }) {
  const headers = key ? { "X-API-Key": key } : {};
  const options = { headers, signal, credentials: "omit", referrerPolicy: "strict-origin-when-cross-origin" };
  if (body) {
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
    headers["Content-Type"] = "application/json";
  }
  const response = await fetch(address(path), options);
  if (response.ok) return response;
  const { error = {} } = await response.json().catch(() => ({}));
  throw new Refusal(response.status, error.code ?? "", error.message ?? response.statusText);
}

/** The server-sent events of a response, as [name, data]. */
async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    rest += value ?? "";
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = block.split(/\r?\n/).map((line) => line.match(/^(\w+): ?(.*)$/)).filter(Boolean);
      const named = (name) => fields.filter((field) => field[1] === name).map((field) => field[2]).join("\n");
      if (named("data")) yield [named("event"), JSON.parse(named("data"))];
    }
    if (done) return;
  }
}
