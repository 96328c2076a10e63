/** A webhook over a real PostgreSQL, in virtual time, and its receiver, which answers as a test wants. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { happening } from '../../src/events/happening.ts'
import { deliverTurn, type DeliverParts } from '../../src/outbox/deliver.ts'
import { newSecret } from '../../src/outbox/signature.ts'
import { addTarget, dueTargets } from '../../src/store/event-targets.ts'
import { appendEvents } from '../../src/store/events.ts'
import type { Sql } from '../../src/store/sql.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { openDatabase } from '../open-services.ts'

export const MINUTE = 60_000

interface Delivered {
  readonly id: string
  readonly subject: string
  readonly n: number
}
type Answer = number | null

export class WebhookRig {
  readonly clock = new VirtualClock()
  readonly secret = newSecret()
  readonly taken: Delivered[] = []
  /** What the receiver answers; null: nothing. */
  answer: (delivered: Delivered) => Answer = () => 200
  asked = 0
  retryAfterMs: number | null = null
  readonly headers: Record<string, string>[] = []
  readonly bodies: string[] = []
  readonly sql: Sql
  #told = 0

  private constructor(sql: Sql) {
    this.sql = sql
  }

  static async open(t: TestContext): Promise<WebhookRig> {
    const { sql } = await openDatabase(t)
    const rig = new WebhookRig(sql)
    const target = { name: 'crm', url: 'https://crm.example.com/hook', types: [], seesNumbers: false, createdBy: 'ann' }
    await addTarget(sql, { ...target, secret: rig.secret, now: rig.clock.now() })
    return rig
  }

  get parts(): DeliverParts {
    return {
      ...{ sql: this.sql, source: '/switchhook', clock: this.clock, log: silentLog },
      post: async (_url, headers, body) => {
        this.asked++
        this.headers.push(headers)
        this.bodies.push(body)
        const { id, subject, data } = JSON.parse(body) as { id: string; subject: string; data: { leg: string } }
        const delivered = { id, subject, n: Number(data.leg) }
        const status = this.answer(delivered)
        if (status !== null && status < 300) this.taken.push(delivered)
        const error = status !== null && status < 300 ? null : `the receiver answered ${status}`
        return { status, error, retryAfterMs: this.retryAfterMs }
      },
    }
  }

  /** Tells so many events about each of these calls, in turn. */
  async tells(calls: readonly string[], each: number): Promise<void> {
    const rows = Array.from({ length: each }, () => {
      const leg = String(this.#told++)
      return calls.map(uuid => happening('call.bridged', { uuid, leg }, this.clock.now()).row)
    }).flat()
    for (let at = 0; at < rows.length; at += 500)
      await appendEvents(this.sql, rows.slice(at, at + 500), { node: 'a', now: this.clock.now() })
  }

  /** Delivers what is due, until nothing is, for so long of virtual time. */
  async runs(ms: number): Promise<void> {
    for (const end = this.clock.now() + ms; ; await this.clock.advance(500)) {
      while ((await dueTargets(this.sql, this.clock.now())).length > 0 && (await deliverTurn('crm', this.parts)));
      if (this.clock.now() >= end) return
    }
  }

  /** Of each call the numbers that arrived, each at its first arrival, are in their order. */
  inOrder(calls: readonly string[], each: number): void {
    for (const uuid of calls) {
      const numbers = [...new Set(this.taken.filter(({ subject }) => subject === uuid).map(({ n }) => n))]
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
        uuid,
      )
      assert.equal(numbers.length, each, uuid)
    }
  }
}

export const callsNamed = (count: number) => Array.from({ length: count }, (_, n) => `call-${n}`)
