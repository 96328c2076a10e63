/**
 * A node asks another one to do something with a call that the other one drives, over a channel of Redis, and waits for
 * the answer. Redis drops a message that has no subscriber: a node that is gone, or cannot be reached, answers nothing,
 * and the request ends after ANSWER_MS.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { RedisNotices } from '../agent/redis-notices.ts'
import type { RedisHome } from '../agent/redis-roster.ts'
import type { Clock } from '../base/clock.ts'
import { ERROR_CODES, SwitchhookError } from '../base/errors.ts'
import { CallAct } from '../operations/call-act.ts'
import { channelOf } from '../store/redis.ts'

const Message = z.discriminatedUnion('what', [
  z.looseObject({
    v: z.literal(1),
    what: z.literal('ask'),
    id: z.string(),
    to: z.string(),
    from: z.string(),
    request: CallAct,
  }),
  z.looseObject({
    v: z.literal(1),
    what: z.literal('answer'),
    id: z.string(),
    to: z.string(),
    /** Absent: it is done. */
    fault: z.object({ code: z.string(), message: z.string() }).optional(),
  }),
])

/** FreeSWITCH answers within milliseconds; a busy node needs a second or two. */
const ANSWER_MS = 8_000

export interface NodeRequestsOptions {
  readonly home: RedisHome
  /** The name of this node. */
  readonly node: string
  readonly clock: Clock
  /** Does what another node asks; rejects with SwitchhookError. */
  act(request: CallAct): Promise<void>
}

export class NodeRequests implements Disposable {
  readonly #options: NodeRequestsOptions
  readonly #channel: string
  readonly #listening: Disposable
  readonly #waiting = new Map<string, (fault: SwitchhookError | null) => void>()

  constructor(options: NodeRequestsOptions) {
    const { home } = options
    this.#options = options
    this.#channel = channelOf(home.commands, 'sh:node-requests')
    const notices = new RedisNotices(home.subscriber, this.#channel, message => Message.safeParse(message).data ?? null)
    this.#listening = notices.on(message => {
      if (message.what === 'resync' || message.to !== options.node) return
      if (message.what === 'ask') void this.#answer(message.id, message.from, message.request)
      else this.#waiting.get(message.id)?.(faultOf(message.fault))
    })
  }

  /** Resolves when `node` has done it. Rejects with its error, and with SERVICE when it does not answer in time. */
  async ask(node: string, request: CallAct): Promise<void> {
    const id = randomUUID()
    const answered = new Promise<void>((resolve, reject) => {
      const late = this.#options.clock.after(ANSWER_MS, () =>
        this.#waiting.get(id)?.(
          new SwitchhookError('SERVICE', `the node ${node} did not answer within ${ANSWER_MS / 1_000} s`),
        ),
      )
      this.#waiting.set(id, fault => {
        late.cancel()
        this.#waiting.delete(id)
        if (fault) reject(fault)
        else resolve()
      })
    })
    answered.catch(() => {}) // awaited below, unless the request cannot be sent
    try {
      await this.#send({ v: 1, what: 'ask', id, to: node, from: this.#options.node, request })
    } catch (error) {
      this.#waiting.get(id)?.(null)
      throw error
    }
    return answered
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
    for (const end of [...this.#waiting.values()]) end(new SwitchhookError('SERVICE', 'this node is shutting down'))
  }

  async #answer(id: string, to: string, request: CallAct): Promise<void> {
    const fault = await this.#options.act(request).then(
      () => undefined,
      (error: Error) => ({ code: error instanceof SwitchhookError ? error.code : 'SERVICE', message: error.message }),
    )
    // Redis is down: the other node's request ends by itself
    await this.#send({ v: 1, what: 'answer', id, to, ...(fault && { fault }) }).catch(() => {})
  }

  async #send(message: z.input<typeof Message>): Promise<void> {
    await this.#options.home.commands.publish(this.#channel, JSON.stringify(message))
  }
}

function faultOf(fault: { readonly code: string; readonly message: string } | undefined): SwitchhookError | null {
  if (!fault) return null
  return new SwitchhookError(ERROR_CODES.find(code => code === fault.code) ?? 'SERVICE', fault.message)
}
