/**
 * The signature of a delivery, as https://github.com/standard-webhooks/standard-webhooks describes it: libraries in
 * many languages verify it. HMAC-SHA256 over the id, the time and the body.
 */
import { createHmac, randomBytes } from 'node:crypto'

const PREFIX = 'whsec_'

/** A new secret, 256 bits. */
export const newSecret = (): string => PREFIX + randomBytes(32).toString('base64')

interface Signed {
  /** Of the event. */
  readonly id: string
  /** Milliseconds since the epoch. A receiver refuses what is older than five minutes: each try has its own. */
  readonly at: number
  readonly body: string
}

/** The headers of a delivery. `secrets`: one, or two while a secret is replaced. */
export function signedHeaders({ id, at, body }: Signed, secrets: readonly string[]): Record<string, string> {
  const seconds = Math.floor(at / 1_000)
  const signatures = secrets.map(secret => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': signatures.join(' ') }
}
