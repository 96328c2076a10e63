/** Requests of a page to the HTTP API, with the cookie of the person who is logged in. */

/** A failure in the words of the API. */
export class Failure extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}

const LIMIT_MS = 10_000

/** The server's time minus the browser's, in milliseconds, to the second. */
let ahead = 0

/** The time of the server, milliseconds since the epoch. */
export const serverNow = (): number => Date.now() + ahead

/** Resolves with the answer; `{ data, next }` of a list as its data. Rejects with Failure. */
export async function ask<T>(what: string, body?: unknown): Promise<T> {
  const [method = 'GET', path = ''] = what.split(' ')
  const response = await fetch(path, {
    method,
    headers: { 'x-switchhook': 'page', ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(LIMIT_MS),
  })
  const date = response.headers.get('date')
  if (date !== null) ahead = Date.parse(date) + 500 - Date.now()
  const text = await response.text()
  const said = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  if (!response.ok) throw new Failure(response.status, String(said['code']), String(said['detail']))
  return (Array.isArray(said['data']) ? said['data'] : said) as T
}
