/**
 * One POST to a receiver of events: within 10 s, without redirects, to an allowed address only (allowed-target.ts).
 * Nobody needs what the receiver says in its body: it is read and dropped.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent, request } from 'node:https'
import { within, type Clock } from '../base/clock.ts'
import { InputError } from '../base/errors.ts'
import type { AllowedTargets } from './allowed-target.ts'

const LIMIT_MS = 10_000
/** Octets of an answer, after which the connection is closed. */
const LARGEST_ANSWER = 65_536
/** Connections to one receiver. */
const MOST_CONNECTIONS = 16

export interface Posted {
  /** Of the answer; null: there was none. */
  readonly status: number | null
  /** Null: the receiver has it. */
  readonly error: string | null
  /** The receiver asks to wait so long, milliseconds; null: it does not. */
  readonly retryAfterMs: number | null
}

export class Poster implements Disposable {
  readonly #allowed: AllowedTargets
  readonly #clock: Clock
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: MOST_CONNECTIONS })
  readonly #https = new Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS })

  constructor(allowed: AllowedTargets, clock: Clock) {
    this.#allowed = allowed
    this.#clock = clock
  }

  /** Never rejects. */
  async post(to: string, headers: Readonly<Record<string, string>>, body: string): Promise<Posted> {
    const stop = new AbortController()
    try {
      const url = this.#allowed.read(to)
      const answer = this.#send(url, headers, body, stop.signal)
      if (await within(this.#clock, LIMIT_MS, answer)) return await answer
      answer.catch(() => {})
      return { status: null, error: `no answer within ${LIMIT_MS / 1_000} s`, retryAfterMs: null }
    } catch (error) {
      const said = error instanceof InputError ? error.message : `no answer: ${(error as Error).message}`
      return { status: null, error: said, retryAfterMs: null }
    } finally {
      stop.abort()
    }
  }

  [Symbol.dispose](): void {
    this.#http.destroy()
    this.#https.destroy()
  }

  #send(url: URL, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<Posted> {
    const isTls = url.protocol === 'https:'
    const options = {
      method: 'POST',
      agent: isTls ? this.#https : this.#http,
      lookup: this.#allowed.lookup,
      signal,
      headers: { ...headers, 'content-length': Buffer.byteLength(body), 'user-agent': 'Switchhook' },
    }
    return new Promise((resolve, reject) => {
      const sent = (isTls ? request : httpRequest)(url, options, answer => {
        let octets = 0
        answer.on('data', (chunk: Buffer) => {
          octets += chunk.length
          if (octets > LARGEST_ANSWER) answer.destroy()
        })
        answer.on('error', () => {})
        answer.on('close', () => {
          const { statusCode: status = 0, headers: said } = answer
          const isTaken = status >= 200 && status < 300
          resolve({
            status,
            error: isTaken ? null : `the receiver answered ${status}`,
            retryAfterMs: retryAfter(said['retry-after']),
          })
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
}

/** Seconds; a date is not read, for its clock may be wrong. */
function retryAfter(said: string | undefined): number | null {
  return said !== undefined && /^\d{1,6}$/.test(said) ? Number(said) * 1_000 : null
}
