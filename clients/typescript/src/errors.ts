/** An error reply of the service. Test `code`; the wording of `message` may change. */
export class LoccitError extends Error {
  override readonly name = "LoccitError";

  constructor(
    message: string,
    readonly code: string,
    readonly status: number,
    /** Finds the request in the service's log. */
    readonly requestId: string,
  ) {
    super(message);
  }
}

/** The error that a response with a status of 400 or more is. */
export async function errorOf(response: Response): Promise<LoccitError> {
  return errorFrom(await response.text(), response);
}

/** The error of a reply whose body was read. */
export function errorFrom(body: unknown, response: Response): LoccitError {
  const detail = detailOf(body);
  return new LoccitError(
    detail.message ?? `${response.status} ${response.statusText}, without a reason.`,
    detail.code ?? `http_${response.status}`,
    response.status,
    detail.request_id ?? response.headers.get("X-Request-ID") ?? "",
  );
}

interface Detail {
  code?: string;
  message?: string;
  request_id?: string;
}

function detailOf(body: unknown): Detail {
  try {
    const value: unknown = typeof body === "string" ? JSON.parse(body) : body;
    return (value as { error?: Detail } | null)?.error ?? {};
  } catch {
    return {}; // the page of a proxy
  }
}
