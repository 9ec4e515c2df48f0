/** Requests to the service that served this page. */

const prefix = document.documentElement.dataset.prefix ?? "";

/** An error that the service answered with: its code, and what to do next. */
export class ServiceError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The address of a path of this service. */
export const at = (path) => (path.startsWith("/") ? prefix + path : path);

/**
 * Sends a request; the response, if it succeeded. Throws a ServiceError otherwise.
 * @param {string} path
 * @param {RequestInit & {json?: unknown}} [options]
 */
export async function request(path, { json, ...options } = {}) {
  if (json !== undefined) {
    options = {
      method: "POST",
      ...options,
      body: JSON.stringify(json),
      headers: { ...options.headers, "content-type": "application/json" },
    };
  }
  const response = await fetch(at(path), options);
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  throw new ServiceError(response.status, body.error?.code ?? "", body.error?.message ?? response.statusText);
}

/** The JSON that the service answers with. */
export const requestJson = async (path, options) => (await request(path, options)).json();
