/**
 * Calls customers back, each attempt once. The row of PostgreSQL is claimed before the command to FreeSWITCH, and the
 * attempt's id is the uuid of the leg, so no second node and no second try dials the same attempt. An answered leg
 * enters the flow `callback` on any node, which ends the attempt. All other outcomes are settled here: by the node that
 * dialled, or, when it has died, by any node that finds the leg gone. A call to a customer waits for its start under
 * the limit of calls per second; when that takes too long, the place waits on.
 *
 *   agent first     the queue has reserved an agent for the place of the callback: the agent's telephone rings, and the
 *                   flow on the agent's leg calls the customer.
 *   customer first  the turn is near: the customer's telephone rings, and the flow on the customer's leg enters the
 *                   queue at the kept place. An agent who is nailed up is reserved meanwhile, for nothing rings there.
 */
import type { Agent } from '../../agent/agent.ts'
import { warnOnceUnreachable } from '../../agent/rest.ts'
import { telephonesOf } from '../../agent/settings.ts'
import type { RosterMirror } from '../../agent/roster-mirror.ts'
import type { Roster } from '../../agent/roster.ts'
import { retry, RETRY } from '../../base/retry.ts'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/clock.ts'
import { SwitchError } from '../../base/errors.ts'
import { AGENT_OUTCOME } from '../../call/agent-outcome.ts'
import type { Events } from '../../events/events.ts'
import {
  dial,
  endpoint,
  uuid as parseUuid,
  varValue,
  type Endpoint,
  type Ident,
  type VarValue,
} from '../../esl/safe-text.ts'
import { notesIn, saidIn } from '../../journal/said.ts'
import type { CallStore } from '../../journal/call-store.ts'
import { outcomeOf } from '../../switch/hangup-cause.ts'
import { lineFor, NO_LINE } from '../../switch/gateway-lines.ts'
import { originate, type Origination } from '../../switch/originate.ts'
import type { Switch, Switchboard } from '../../switch/switchboard.ts'
import { delayed, underWay, waitsOn, type Member } from '../member.ts'
import type { QueueStore } from '../store.ts'
import { isCallbackEnd, type CallbackEnd } from './callback-ends.ts'
import { opening, type Callbacks } from './callbacks.ts'
import type { Callback } from './callback.ts'
import { mayStart, type CallStarts } from './call-starts.ts'

export interface CallbackAttemptsParts {
  readonly callbacks: Callbacks
  readonly queueStore: QueueStore
  readonly roster: Roster
  /** This node's copy of that roster. */
  readonly mirror: RosterMirror
  readonly switchboard: Switchboard
  /** The limit of calls to customers. */
  readonly starts: CallStarts
  /** The journals of calls. */
  readonly calls: Pick<CallStore, 'read'>
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
  readonly node: string
  /** The gateway for telephone numbers, and the number that customers see (settings GATEWAY, CALLER_ID). */
  readonly gateway: Ident
  readonly callerId?: string | undefined
  /** False: this node sends nothing now, because it may not own its calls or closes. */
  may(): boolean
}

interface DialledWith {
  /** The number that the telephone shows. */
  readonly shown: string | undefined
  readonly variables?: Readonly<Record<string, string>>
  /** The FreeSWITCH of a nailed-up agent's leg. */
  readonly core?: string | undefined
  /** Aborts when the telephone is to stop. */
  readonly signal?: AbortSignal
}

const FLOW = 'callback' as Ident
/** A customer's telephone rings so long at most; 5 s more for the way to the first ring. */
const CUSTOMER_RINGS_MS = 35_000
/** After the latest possible end of the ringing, when no outcome is known, other nodes check the attempt. */
const SILENT_MS = 30_000
/** A call that exists is asked for again after this time; one that was not found, a second time after the other. */
const LIVES_MS = 60_000
const AGAIN_MS = 15_000

export class CallbackAttempts {
  readonly #parts: CallbackAttemptsParts
  /** Attempts that this node works on, by uuid. */
  readonly #underWay = new Set<string>()
  /** Attempts whose call was not found once. */
  readonly #missed = new Set<string>()

  constructor(parts: CallbackAttemptsParts) {
    this.#parts = parts
  }

  /** The queue has reserved this agent for the place of a callback. */
  agentReserved(member: Member, agent: Agent): void {
    this.#once(member, () => (agent.nailed ? this.#callCustomer(member, agent) : this.#callAgent(member, agent)))
  }

  /** The turn of a customer is near, who is called before there is an agent. */
  turnIsNear(member: Member): void {
    this.#once(member, () => this.#callCustomer(member, null))
  }

  /** Settles the attempts of nodes that have died. One that cannot be settled delays no other one. */
  async settleOverdue(now: number): Promise<void> {
    const { table } = this.#parts.callbacks
    for (const callback of await table.overdue(now)) {
      try {
        await this.#look(callback, now)
      } catch (error) {
        this.#failed(callback.attempt, callback.queue, error as Error)
        await table.prolong(callback.attempt, now + LIVES_MS)
      }
    }
  }

  /**
   * The call of this attempt is gone, and its flow did not settle it: the flow's last word is in its journal. `talk`:
   * the record of the call shows that there was one. Has no effect for a call that is no attempt. Rejects when a store
   * is unavailable.
   */
  async presume(
    attempt: string,
    cause: string | null,
    talk: { readonly agent: string | null } | null = null,
  ): Promise<void> {
    const { callbacks, calls } = this.#parts
    const callback = await callbacks.table.ofAttempt(attempt)
    if (callback?.state !== 'calling') return
    const said = talk ? { end: 'talked' as const, ...talk } : saidIn(notesIn(await calls.read(attempt)), isCallbackEnd)
    await callbacks.settle(attempt, said.end ?? endOf(callback, cause), said.agent)
  }

  #once({ call, queue }: Member, act: () => Promise<void>): void {
    if (this.#underWay.has(call)) return
    this.#underWay.add(call)
    act()
      .catch((error: Error) => this.#failed(call, queue, error))
      .finally(() => this.#underWay.delete(call))
  }

  #failed(uuid: string, queue: string, { message }: Error): void {
    this.#parts.log.error(
      { uuid, queue, error: message },
      'a callback could not be dialled or settled; it is looked at again later',
    )
  }

  async #callAgent(member: Member, agent: Agent): Promise<void> {
    const { roster, mirror, clock, log } = this.#parts
    const { epoch } = member.offer!
    const callback = await this.#claim(member, 'agent', agent.ringForMs, agent)
    if (!callback) return
    const release = async (outcome: Parameters<Roster['release']>[2]) => {
      const released = await roster.release(agent.name, epoch, outcome, clock.now())
      if (released && outcome === 'unreachable') warnOnceUnreachable(log, released)
    }
    if (!(await roster.advance(agent.name, epoch, 'ringing', clock.now()))) {
      await this.#settle(callback, 'not-taken')
      return
    }
    const variables = { switchhook_agent: agent.name, switchhook_customer: callback.number }
    using away = mirror.untilAway(agent.name, epoch)
    // at the first of several telephones: with two legs it would be open which of them may call the customer
    const { outcome } = await this.#dial(callback, endpoint(telephonesOf(agent)[0]!), agent.ringForMs, {
      ...{ shown: callback.number, variables, signal: away.signal },
    })
    if (outcome === 'answered') return // the flow on the agent's leg goes on
    // the row first: an agent who is free may get the next call, and this place must be ready for another agent
    await this.#settle(callback, outcome === 'refused' ? 'refused' : 'not-taken')
    await release(AGENT_OUTCOME[outcome])
  }

  /** `agent`: is nailed up, and reserved for the customer who is called. */
  async #callCustomer(member: Member, agent: Agent | null): Promise<void> {
    const { roster, clock, gateway, callerId } = this.#parts
    const callback = await this.#claim(member, 'customer', CUSTOMER_RINGS_MS, agent)
    if (!callback) return
    if (agent) await roster.hold(agent.name, member.offer!.epoch, clock.now(), CUSTOMER_RINGS_MS + SILENT_MS)
    const to = endpoint(`sofia/gateway/${gateway}/${callback.number}`)
    const { outcome } = await this.#dial(callback, to, CUSTOMER_RINGS_MS, {
      shown: callerId,
      core: agent?.nailed?.core,
    })
    if (outcome === 'answered') return // the flow on the customer's leg goes on
    await this.#settle(callback, outcome)
    if (agent) await roster.release(agent.name, member.offer!.epoch, 'caller-left', clock.now())
  }

  /** Null, and the agent is free again, when this callback is not to be called now, or not by this node. */
  async #claim(
    member: Member,
    whom: 'agent' | 'customer',
    ringForMs: number,
    agent: Agent | null,
  ): Promise<Callback | null> {
    const { callbacks, switchboard, clock, node, log } = this.#parts
    const now = clock.now()
    const opens = opening(await callbacks.queueOf(member), now)
    if (opens <= now && (whom === 'agent' || (await this.#mayStart(member, agent)))) {
      const core = switchboard.switches.find(one => one.up)?.facts.core ?? null
      const claim = { called: whom, node, core, checkedAt: now + ringForMs + SILENT_MS }
      const claimed = await callbacks.table.claim(member.call, claim, now).catch(logged(log, member))
      if (claimed) {
        await this.#mark(member).catch(logged(log, member))
        return claimed
      }
      if ((await callbacks.table.ofAttempt(member.call).catch(logged(log, member)))?.state === 'calling')
        return this.#mark(member)
    }
    await this.#giveBack(member, Math.max(opens, now + AGAIN_MS), agent)
    return null
  }

  /** False also when the limit cannot be read. */
  async #mayStart(member: Member, agent: Agent | null): Promise<boolean> {
    const { starts, clock, log } = this.#parts
    const at = this.#homeOf(agent?.nailed?.core)
    if (!at) return true // nothing can be sent, which is an outcome of its own
    return (await mayStart(starts, at.name, clock).catch(logged(log, member))) ?? false
  }

  /** The FreeSWITCH at which a call starts: that of a nailed-up agent, or any that is up. Null: none is up. */
  #homeOf(core: string | undefined): Switch | null {
    const { switchboard } = this.#parts
    return (core === undefined ? null : switchboard.of(core)) ?? switchboard.switches.find(one => one.up) ?? null
  }

  /** Its call is under way, by this node or another one. */
  async #mark({ queue, call }: Member): Promise<null> {
    const { queueStore, clock } = this.#parts
    await queueStore.change(queue, call, known => underWay(known, clock.now()))
    return null
  }

  /** The place waits on until `until`, and the agent is for others. */
  async #giveBack({ queue, call, offer }: Member, until: number, agent: Agent | null): Promise<void> {
    const { queueStore, roster, clock } = this.#parts
    const now = clock.now()
    await queueStore.change(queue, call, known => {
      const waits = offer && known.callback ? waitsOn(known, offer, until, now) : null
      return waits ?? delayed(known, until, now)
    })
    if (agent && offer) await roster.release(agent.name, offer.epoch, 'caller-left', now)
  }

  /** Sends the command, once. Every end of it is an outcome. */
  async #dial(
    { attempt, queue, id }: Callback,
    to: Endpoint,
    ringForMs: number,
    { shown, variables: named = {}, core, signal }: DialledWith,
  ): Promise<Origination> {
    const { switchboard, clock, log, events, may } = this.#parts
    const uuid = parseUuid(attempt)
    const variables = new Map(
      Object.entries(named).map(([name, value]) => [name as Ident, varValue(value)] as [Ident, VarValue]),
    )
    try {
      const at = this.#homeOf(core) ?? switchboard.any()
      const line = await lineFor(switchboard, at, to, uuid)
      if (!line) return { outcome: 'refused', cause: NO_LINE }
      if (!may()) {
        line.over()
        return { outcome: 'refused', cause: 'NOT_SENT' }
      }
      events.tell('callback.attempted', { callback: id, queue, uuid, to })
      const callerId = shown === undefined ? undefined : dial(shown)
      const about = { uuid, endpoint: to, flow: FLOW, ringForMs, callerId, variables, signal, clock, log }
      const placed = await originate(at, about)
      if (placed.outcome !== 'answered') line.over()
      log.info({ uuid, queue, ...placed }, 'a callback: the ringing has ended')
      return placed
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      return { outcome: 'refused', cause: error.message }
    }
  }

  async #settle({ attempt }: Callback, end: CallbackEnd): Promise<void> {
    const { callbacks, clock } = this.#parts
    await retry(() => callbacks.settle(attempt, end), { clock, policy: RETRY.attemptSettled })
  }

  /** FreeSWITCH is asked twice before an attempt counts as over: nobody is called again on a guess. */
  async #look({ attempt, node, core, called }: Callback, now: number): Promise<void> {
    const { callbacks, switchboard, log } = this.#parts
    if (this.#underWay.has(attempt)) return void (await callbacks.table.prolong(attempt, now + AGAIN_MS))
    const uuid = parseUuid(attempt)
    const lives = await Promise.all(switchboard.switches.map(one => one.lives(uuid)))
    if (lives.some(life => life !== 'no') || (await switchboard.isElsewhere(core ?? undefined))) {
      this.#missed.delete(attempt)
      return void (await callbacks.table.prolong(attempt, now + LIVES_MS))
    }
    if (!this.#missed.delete(attempt)) {
      this.#missed.add(attempt)
      return void (await callbacks.table.prolong(attempt, now + AGAIN_MS))
    }
    const end = switchboard.switches.map(one => one.ended(uuid)).find(one => one !== null)
    log.warn(
      { uuid: attempt, node, called, cause: end?.cause },
      'the call of a callback is gone; its attempt is settled from what is known',
    )
    await this.presume(attempt, end?.cause ?? null)
  }
}

/** The end of an attempt whose flow said nothing. */
function endOf({ called }: Callback, cause: string | null): CallbackEnd {
  if (called === 'agent') return 'not-taken' // the flow says it when it has called the customer
  const outcome = outcomeOf(cause ?? 'LOST')
  return outcome === 'failed' && cause === 'NORMAL_CLEARING' ? 'hung-up' : outcome
}

const logged =
  (log: Log, { call, queue }: Member) =>
  (error: Error) => {
    log.warn({ uuid: call, queue, error: error.message }, 'a callback was not dialled: a store was not available')
    return null
  }
