/**
 * An agent who has dialled in takes a caller who waits, on that very leg, whatever the strategy of the queue says: who
 * waits in the agent's own queues, or in a queue that has no agents at all, where callers are parked. The agent is
 * reserved for the caller as the matcher does it, so the caller's flow goes on as with any other agent. Used by
 * flow/take-caller.ts, through Queues.
 */
import type { Agent } from '../agent/agent.ts'
import type { DialledIn } from '../agent/reservation.ts'
import { byScore, type Member } from './member.ts'
import { HOLD_MS } from './place.ts'
import type { PlaceContext, WaitingCall } from './place-context.ts'
import type { QueueNotice } from './queue-table.ts'
import { settingOf } from './settings.ts'

/** Each rejects with the reason of the call's signal, and with the store's error when it is unavailable for 8 s. */
export interface CallerTaking {
  /**
   * The agent takes a caller on this leg; `missed`: the last one left before the talk. Null when the agent has another
   * call, or must give a disposition first, and without such an agent.
   */
  dialIn(call: WaitingCall, agent: string, line: DialledIn, missed?: string): Promise<Agent | null>
  /** That leg has ended. Does not wait, and never rejects. */
  dialOut(agent: string, leg: string): void
  agent(call: WaitingCall, name: string): Promise<Agent | null>
  /**
   * The caller who is next in this queue, null: in all queues that the agent serves. `without`: not these calls. Null:
   * nobody waits, or there is no such queue.
   */
  first(
    call: WaitingCall,
    agent: Agent,
    queue: string | null,
    without: (call: string) => boolean,
  ): Promise<Member | null>
  /** Reserves the agent for this caller. False when one of the two has changed meanwhile. */
  take(call: WaitingCall, agent: Agent, caller: Member): Promise<boolean>
  /** Calls `changed` after every change of this agent, and of a caller in this queue, null: in any queue. */
  onChange(agent: string, queue: string | null, changed: () => void): Disposable
}

export const callerTaking = (context: PlaceContext): CallerTaking => ({
  dialIn: ({ signal }, agent, line, missed) =>
    context.requests.forCaller('taking a caller failed', signal, () =>
      context.roster.dialIn(agent, line, context.clock.now(), missed),
    ),

  dialOut: (agent, leg) =>
    void context.requests.inBackground('dialling an agent out failed', async () => {
      await context.roster.dialOut(agent, leg, context.clock.now())
    }),

  agent: ({ signal }, name) =>
    context.requests.forCaller('taking a caller failed', signal, () => context.roster.get(name, context.clock.now())),

  first: ({ signal }, agent, queue, without) =>
    context.requests.forCaller('taking a caller failed', signal, async () => {
      const known = await context.store.queues()
      const serves = queue === null ? agent.queues.map(tier => tier.queue) : [queue]
      const own = known.filter(({ name }) => serves.includes(name))
      const waiting = (await Promise.all(own.map(({ name }) => context.store.members(name)))).flat()
      const weight = new Map(own.map(one => [one.name, settingOf(one, 'weight')]))
      const now = context.clock.now()
      const [first] = waiting
        .filter(one => one.state === 'waiting' && !one.callback && one.passedUntil <= now && !without(one.call))
        .sort((a, b) => weight.get(b.queue)! - weight.get(a.queue)! || byScore(a, b))
      return first ?? null
    }),

  take: ({ uuid, signal }, agent, member) =>
    context.requests.forCaller('taking a caller failed', signal, async () => {
      const now = context.clock.now()
      const { queue, call, joinedAt } = member
      const record = {
        ...{ at: now, queue, call, agent: agent.name, strategy: 'taken', waitedMs: now - joinedAt },
        ...{ ahead: [], candidates: [{ agent: agent.name, key: ['dialled in'] }], skipped: [] },
      }
      return (await context.store.assign({ member, agent, onLeg: uuid, record }, context.node, HOLD_MS, now)) !== null
    }),

  onChange(name, queue, changed) {
    const isHere = (notice: QueueNotice) =>
      notice.what === 'resync' || (notice.what === 'member' && (queue === null || notice.queue === queue))
    const listening = [
      context.roster.onChange(notice => (notice.what === 'resync' || notice.name === name) && changed()),
      context.store.onChange(notice => isHere(notice) && changed()),
    ]
    return { [Symbol.dispose]: () => listening.forEach(one => one[Symbol.dispose]()) }
  },
})
