/**
 * Every retry of the project: one loop, and one table with the pause and the end of each. They are in one place because
 * their times belong together: a caller must hear something within 10 s, whatever is down. Retried work may be done
 * twice, because the answer to the first try can be lost. So it must be work that has no second effect.
 */
import { sleep, within, type Clock } from './clock.ts'
import { SwitchhookError } from './errors.ts'

export interface RetryPolicy {
  /** The pause before the second try. All times here are milliseconds. */
  readonly pauseMs: number
  /** The pause doubles with each try, up to this. Default: all pauses are equal. */
  readonly longestPauseMs?: number
  /**
   * Each pause is shortened at random, by a half at most, so that nodes that lost a link together do not all return in
   * the same moment.
   */
  readonly jitter?: boolean
  /** After this time the retry ends with the last error. Default: it never ends. */
  readonly forMs?: number
  /** The limit of one try; its answer may still come later. Default: no limit. */
  readonly tryMs?: number
}

/** The retries of the project. An entry without `forMs` has no end: it is work for which nobody waits. */
export const RETRY = {
  /**
   * Redis, for a caller who waits in a queue, or an agent who has accepted. A link is back after 50 ms at the earliest.
   * The last try may take another second: the caller hears the apology within 10 s.
   */
  queueForCaller: { pauseMs: 250, forMs: 8_000 },
  /** Redis, for a queue, when nobody waits for the answer. */
  queueLater: { pauseMs: 1_000 },
  /** The owner of a call that another node served. The caller keeps the place in the queue if the store answers. */
  takeDrivenCall: { pauseMs: 100, forMs: 1_000 },
  /**
   * PostgreSQL, when a lead answers. The lead hears nothing meanwhile, and says hello, which takes 0.4 s or more. One
   * try is long enough for the pool to replace connections that died while they were idle.
   */
  leadAnswered: { pauseMs: 100, tryMs: 600, forMs: 1_500 },
  /**
   * PostgreSQL, for the outcome of an attempt or a lead, after the call. When the retry has ended, the claim expires,
   * and recovery settles the attempt from the journal.
   */
  attemptSettled: { pauseMs: 1_000, forMs: 60_000 },
  /** The roster: an agent's telephone registered, or is in use. When the retry has ended, the next dial finds out. */
  agentTelephone: { pauseMs: 1_000, forMs: 30_000 },
  /** A link to FreeSWITCH. 4 s at most: when a switch returns after an hour, its agents must be free within 5 s. */
  switchLink: { pauseMs: 200, longestPauseMs: 4_000, jitter: true },
  /**
   * The same after a wrong password or a refused address: FreeSWITCH closes the connection after one wrong password.
   */
  refusedSwitchLink: { pauseMs: 5_000 },
  /** A request to a FreeSWITCH whose links are down. */
  switchRequest: { pauseMs: 1_000 },
  /** A link to Redis: while the address resolves to a replica, not every refused write may reconnect. */
  redisLink: { pauseMs: 1_000 },
  /**
   * The lease of a node: when a silent link is noticed, after 1 to 2 s, a node has one second left of its 3 s, and the
   * new link is ready after 50 ms at the earliest.
   */
  leaseRenewal: { pauseMs: 200 },
  /** The thread that renews the lease, after it failed. */
  leaseThread: { pauseMs: 1_000 },
  /** The owners of a node's calls, when its lease is back and Redis fails again. */
  ownersOfCalls: { pauseMs: 500 },
  /**
   * The port for calls, when another process has it, or when the other nodes could not be asked whether this one may
   * close it.
   */
  listenerPort: { pauseMs: 500 },
  /**
   * The agents, after Redis was unavailable: the link for commands may return a moment later than the one for notices.
   */
  rosterRead: { pauseMs: 1_000 },
  /** The journal of a call: a talk is one long step, and entries must not wait for its end. */
  journalWrite: { pauseMs: 1_000 },
  /** A step that was told that its call has moved, while this node still owns the call. */
  stepAfterMove: { pauseMs: 1_000 },
  /**
   * The owner of a leg's parent. A parent is connected to a node within 30 ms, or within 2 s when there are hundreds.
   * When that is another node, no event tells this one.
   */
  ownerOfParent: { pauseMs: 200 },
  /** The records of calls in PostgreSQL: one statement for all that wait. */
  callRows: { pauseMs: 1_000 },
  /** A worker of BullMQ after a failed command: its own 15 s are too long for an agent who waits for a call. */
  jobWorker: { pauseMs: 1_000 },
  /**
   * A reconciliation that failed, or during which a link went down. In the second case reconcile.ts doubles the pause
   * each time, because the reconciliation may be what breaks the link.
   */
  reconciliation: { pauseMs: 5_000 },
} as const satisfies Record<string, RetryPolicy>

/** True when a store is unavailable. Any other SwitchhookError is its answer (there is no such queue). */
export const isUnavailable = (error: unknown): boolean =>
  !(error instanceof SwitchhookError) || error.code === 'SERVICE'

/** The pauses of a policy, one after the other. */
export class Pauses {
  readonly #policy: RetryPolicy
  #next: number

  constructor(policy: RetryPolicy) {
    this.#policy = policy
    this.#next = policy.pauseMs
  }

  /** Milliseconds until the next try. */
  next(): number {
    const { pauseMs, longestPauseMs = pauseMs, jitter = false } = this.#policy
    const pause = this.#next * (jitter ? 0.5 + Math.random() / 2 : 1)
    this.#next = Math.min(this.#next * 2, longestPauseMs)
    return pause
  }

  /** It succeeded: after the next failure the first pause is the shortest again. */
  reset(): void {
    this.#next = this.#policy.pauseMs
  }
}

export interface RetryOptions {
  readonly clock: Clock
  readonly policy: RetryPolicy
  /** Ends the pauses: rejects with its reason. */
  readonly signal?: AbortSignal
  /** False: the error is an answer, and is thrown at once. Default: every error is worth another try. */
  readonly isTemporary?: (error: unknown) => boolean
  /** A try has failed and another one follows. `tries` counts from 1. */
  readonly failed?: (error: Error, tries: number) => void
}

/**
 * Does `work` until it succeeds. Rejects with the last error when `policy.forMs` is over, with the first error that is
 * not temporary, and with the reason of `signal`. A try that is given up after `tryMs` counts as SwitchhookError
 * SERVICE.
 *
 *     await retry(() => store.take(uuid), { clock, policy: RETRY.takeDrivenCall })
 */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, policy, signal, isTemporary = () => true, failed } = options
  const { forMs = Infinity, tryMs = forMs } = policy
  const until = clock.monotonic() + forMs
  const pauses = new Pauses(policy)
  for (let tries = 1; ; tries++) {
    try {
      return await limited(clock, work, Math.min(tryMs, until - clock.monotonic()))
    } catch (error) {
      if (!isTemporary(error)) throw error
      signal?.throwIfAborted()
      const [left, pause] = [until - clock.monotonic(), pauses.next()]
      if (left > pause) failed?.(error as Error, tries)
      await sleep(clock, Math.max(0, Math.min(pause, left)), signal)
      // a busy machine wakes it late: the time may be over now
      if (left <= pause || clock.monotonic() >= until) throw error
    }
  }
}

async function limited<T>(clock: Clock, work: () => Promise<T>, limitMs: number): Promise<T> {
  const working = work()
  if (limitMs === Infinity || (await within(clock, limitMs, working))) return working
  throw new SwitchhookError('SERVICE', `there was no answer within ${Math.round(limitMs)} ms`)
}
