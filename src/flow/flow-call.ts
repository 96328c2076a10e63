/**
 * The call that an author of a flow holds: the verbs of call/call.ts, and those that need queues, the journal and the
 * call's record. No logic here, as in call/call.ts. Made by run.ts.
 */
import { ms } from '../base/duration.ts'
import { Call, type DialOptions, type Party } from '../call/call.ts'
import { cancelBring } from '../call/bring-parked-leg.ts'
import type { AgentThere, CallContext } from '../call/call-context.ts'
import type { Leg } from '../call/leg.ts'
import type { Entry, Json } from '../journal/entries.ts'
import { step } from '../journal/steps.ts'
import { AFTER_GREETING, detect, type DetectOptions, type Heard } from '../call/verbs/detect.ts'
import { dialFirst } from '../call/verbs/dial-first.ts'
import { join, type TalkEnd } from '../call/verbs/join.ts'
import { forgetRecordings } from '../call/verbs/recording.ts'
import { uuidRecord } from '../esl/api.ts'
import { filePath, type Dial } from '../esl/safe-text.ts'
import { eventsIn } from '../journal/call-events.ts'
import { AgentReservation, type SavedReservation } from '../queue/agent-reservation.ts'
import type { Queues } from '../queue/queues.ts'
import { seededRandom } from '../base/seeded-random.ts'
import { once, type OnceOptions } from './once.ts'
import { operate, type Operated } from './operate.ts'
import { agentsAtTelephone } from './phone-agents.ts'
import { ringAgents } from './ring-agents.ts'
import { takeCaller, type TakeEnd, type TakeOptions } from './take-caller.ts'
import { readOptions, type Asked, type EnqueueOptions } from './enqueue-options.ts'
import {
  QueuePlace,
  queuesEnteredIn,
  refusedPlace,
  savedPlace,
  waitingCall,
  type FlowPlace,
  type SavedPlace,
} from './queue-place.ts'
import { QueueSounds } from './queue-sounds.ts'
import { AgentReservations, type Agent } from './agent-reservations.ts'
import { broughtIn, dialledIn } from '../record/record-from-journal.ts'
import { summaryOf, type CallSummary } from '../record/call-summary.ts'

/**
 * The call of a flow. A verb resolves when what it does is over. A waiting verb rejects with CallEnded when the caller
 * hangs up, and with SwitchError when FreeSWITCH, or the link to it, fails. Do not catch CallEnded: the scopes end and
 * the flow is over.
 *
 * @example
 * export default flow(async call => {
 *   await call.answer()
 *   await call.play('ivr/hello')
 * })
 */
export class FlowCall extends Call {
  /** For Switchhook, not for flows: the agents who are reserved for this call. */
  readonly reservations = new AgentReservations()
  /**
   * For Switchhook, not for flows. Resolves with true when the campaign's store has the result of the call; with false
   * when it could not be written, so the journal must stay.
   */
  settled: Promise<boolean> = Promise.resolve(true)
  /** For Switchhook, not for flows: the thresholds of detect() that its campaign sets; null: it is no campaign's. */
  ofCampaign: DetectOptions | null = null
  readonly #queues: Queues
  readonly #random: () => number
  readonly #sounds = new Set<QueueSounds>()
  /** When the person's greeting ended, milliseconds since the epoch; without detect(), when the call arrived. */
  #greetedAt: number

  /**
   * Queues in which an earlier version of the script left the caller. A caller who enters the same queue again keeps
   * the place.
   */
  #behind: readonly string[]

  constructor(leg: Leg, context: CallContext, queues: Queues, behind: readonly string[] = []) {
    super(leg, context)
    this.#queues = queues
    this.#behind = behind
    this.#random = seededRandom(leg.uuid)
    this.#greetedAt = leg.steps.journal.begin.at
  }

  /**
   * Puts the caller into a queue. Resolves with the place, which the caller keeps until its scope ends: after the
   * welcome sound, if the queue has one. When the queue does not let the caller in, agent() of the place resolves with
   * null, and `exit` says why. `options`: settings of the queue for this caller alone (docs/queues.md), and the
   * caller's priority. Rejects with NotFoundError (NOT_FOUND) when no queue has this name, with InputError for an
   * option that cannot be used, with CallEnded when the caller hangs up, and after 8 s when the queues are unavailable.
   *
   * @example await using place = await call.enqueue('support')
   * @example await using place = await call.enqueue('support', { priority: 5, maxWait: '9m', whenMaxWait: 'callback' })
   */
  async enqueue(queue: string, options: EnqueueOptions = {}): Promise<FlowPlace> {
    const place = await this.#enterQueue(queue, readOptions(options))
    const { refused, welcome } = place.saved
    if (refused) return place
    try {
      if (welcome !== undefined && options.promised !== true) await this.play(welcome, { skipMissing: true })
    } catch (error) {
      await place[Symbol.asyncDispose]()
      throw error
    }
    place.opensSounds()
    return place
  }

  #enterQueue(queue: string, { given, priority, needs, headStartMs, keptMs }: Asked): Promise<QueuePlace> {
    const { leg } = this
    const sounds = new QueueSounds(leg, this.playback, this.context.log)
    this.#sounds.add(sounds)
    const taken = (agent: AgentReservation) => this.reservations.add(agent)
    const enter = (saved: SavedPlace) =>
      this.#queues.enter(waitingCall(leg), queue, {
        ...(given && { given }),
        since: saved.joinedAt,
        headStart: `${saved.headStartMs ?? 0}ms`,
        priority: saved.priority,
        isLead: this.ofCampaign ? true : undefined,
        needs,
      })
    const keepNumber = (number: Dial) => this.#queues.keepForCallback(waitingCall(leg), queue, number)
    const parts = { leg, queue, sounds, taken, keepNumber, enter }
    return step<QueuePlace>(leg, {
      verb: 'enqueue',
      args: [queue],
      run: async () => {
        const { journal } = leg.steps
        const callMs = Math.max(keptMs, journal.clock.now() - journal.begin.at)
        const isLead = this.ofCampaign ? true : undefined
        const entering = { priority, isLead, needs, headStart: `${headStartMs + keptMs}ms` } as const
        const answer = given
          ? await this.#queues.admit(waitingCall(leg), queue, {
              ...entering,
              given,
              headStartOfCall: `${headStartMs + callMs}ms`,
            })
          : await this.#queues.enter(waitingCall(leg), queue, entering)
        await this.#leaveBehind(queue)
        if ('why' in answer) {
          journal.tell('queue.call.refused', { queue, why: answer.why })
          return new QueuePlace(parts, refusedPlace(answer, journal.clock.now(), headStartMs + keptMs))
        }
        journal.tell('queue.call.entered', { queue: answer.queue })
        return new QueuePlace(parts, savedPlace(answer), answer)
      },
      save: ({ saved }) => saved as unknown as Json,
      load: (from, replay) => {
        const saved = from as unknown as SavedPlace
        const held = new QueuePlace(parts, saved)
        if (!saved.refused)
          replay.atEnd(async () => {
            if (!held.given) held.reopened(await enter(saved))
          })
        return held
      },
    })
  }

  /**
   * Reserves this agent for the caller, without a queue: the caller asked for a person. Resolves with the agent, to be
   * dialled within 10 s; with null when the agent is not free. Rejects with NotFoundError for an unknown agent, with
   * CallEnded when the caller hangs up, and after 8 s when the agents are unavailable.
   *
   * @example
   * await using bob = await call.agent('bob')
   * if (bob) { await using party = await call.dial(bob) }
   */
  agent(name: string): Promise<Agent | null> {
    const waiting = waitingCall(this.leg)
    const taken = (agent: AgentReservation | null) => {
      if (agent) this.reservations.add(agent)
      return agent
    }
    return step<AgentReservation | null>(this.leg, {
      verb: 'named-agent',
      args: [name],
      run: async () => {
        const agent = await this.#queues.reserve(waiting, name)
        return taken(typeof agent === 'string' ? null : agent)
      },
      save: agent => agent && { ...agent.saved },
      load: (saved, replay) => {
        if (saved === null) return null
        const agent = new AgentReservation(waiting, saved as unknown as SavedReservation)
        replay.atEnd(() => this.#queues.resume(waiting, agent))
        return taken(agent)
      },
    })
  }

  /**
   * This agent, who calls, takes the caller who is next, on this very line: nothing rings. The agent's status does not
   * count, and a wrap-up ends. Resolves when the talk is over: with 'talked'; with 'nobody' when nobody waits, or there
   * is no such queue; with 'refused' when the agent has another call, or must give the disposition of the last one
   * first. Rejects with CallEnded when the agent hangs up, and after 8 s when the queues are
   * unavailable.
   *
   * @example
   * const [agent] = await call.agents()
   * if (agent && (await call.takeCaller(agent.name, { queue: 'park' })) === 'nobody') await call.play('agent/nobody')
   */
  takeCaller(agent: string, options: TakeOptions = {}): Promise<TakeEnd> {
    return takeCaller(
      { leg: this.leg, playback: this.playback, context: this.context, queues: this.#queues },
      agent,
      options,
    )
  }

  /**
   * Performs an operation, as the command line does: docs/operations.md lists them. Resolves with `output`, or with
   * `refused` and `why`. Rejects with InputError for an unknown operation and for an input that it cannot use.
   *
   * @example const { refused } = await call.operate('agent.break', { name: 'alice', reason: 'lunch' })
   */
  operate(operation: string, input: Readonly<Record<string, unknown>>): Promise<Operated> {
    return operate(this.leg, this.context, operation, input)
  }

  /**
   * Resolves with the agents at the telephone that calls: more than one when they share it, none when it is nobody's.
   * FreeSWITCH has checked the password of the telephone; without that nobody is recognised.
   *
   * @example const [agent] = await call.agents()
   */
  agents(): Promise<readonly AgentThere[]> {
    return agentsAtTelephone(this.leg, this.context)
  }

  /**
   * For Switchhook, not for flows: the script has changed. Stops what the old script plays, and hangs up the legs that
   * it dialled. Resolves with the queues that the caller is in.
   */
  async giveUp(past: readonly Entry[]): Promise<readonly string[]> {
    const { leg, context, playback } = this
    forgetRecordings(leg)
    for (const uuid of dialledIn(past)) await context.cancelDial(leg, uuid)
    for (const uuid of broughtIn(past)) await cancelBring(leg, context, uuid)
    for (const sounds of this.#sounds) await sounds.close()
    if (leg.phase === 'driven') await playback.end()
    return queuesEnteredIn(past)
  }

  /**
   * For Switchhook, not for flows: the flow was interrupted on a node that has died. Releases its agents, and stops its
   * recordings.
   */
  async letGo(): Promise<void> {
    const { leg } = this
    await this.#queues.releaseAgentsOf(waitingCall(leg))
    for (const { path } of eventsIn(leg.steps.journal.notes))
      if (path !== undefined) await leg.home?.attempt(uuidRecord(leg.uuid, 'stop', filePath(path)))
  }

  /**
   * Gives up the places that an earlier version of the script left. Otherwise the caller stays first in line there and
   * keeps agents from other callers. Never rejects: at the end of the call, reconciliation removes what is left.
   */
  async #leaveBehind(except?: string): Promise<void> {
    const left = this.#behind.filter(queue => queue !== except)
    this.#behind = []
    const log = (error: Error) =>
      this.context.log.warn(
        { uuid: this.uuid, error: error.message },
        'a place in a queue could not be given up after a script change; it stays until the call ends',
      )
    await Promise.all(left.map(queue => this.#queues.giveUp(waitingCall(this.leg), queue).catch(log)))
  }

  /** For Switchhook, not for flows: `seen` gets what a verb plays or listens to next, while it does. */
  whenNextSound(seen: (acting: Promise<unknown>) => void): void {
    this.playback.whenNext(seen)
  }

  /** For Switchhook, not for flows: what the call's record holds up to now. */
  get summary(): CallSummary {
    return summaryOf(this.leg.steps.journal.notes, this.context.clock.now())
  }

  /**
   * Dials a telephone number, an endpoint such as user/1001, or an agent who is reserved for this caller
   * (place.agent()). Several numbers, or telephones of one agent, ring at once: the first who accepts wins, and the
   * others stop. Resolves with `leg` when it was answered and `before` is through; without `leg` when it was not,
   * and `outcome` says why ('busy', 'no-answer', …). Rejects with CallEnded when the caller hangs up, and with
   * SwitchError (LINK_DOWN) when nothing can be dialled. The end of the scope hangs the leg up.
   *
   * Dialling an agent changes the agent's state. An agent who is nailed up answers at once: nothing rings, `before`
   * runs on the agent's leg, and the agent stays on the line when the scope ends. Rejects with InputError for an agent
   * whose reservation has ended, and for the endpoint of an agent who is reserved for this caller: two agents may share
   * a telephone, so dial the agent.
   *
   * @example
   * await using party = await call.dial(agent, { ringFor: '20s' })
   * if (!party.leg) return party.outcome
   * return await call.join(party.leg)
   */
  override async dial(to: string | readonly string[] | Agent, options: DialOptions = {}): Promise<Party> {
    const { leg, context, reservations } = this
    const callOf = (other: Leg) => new Call(other, context)
    if (!isTarget(to)) return ringAgents(reservations.of(to), { leg, context, reservations, options, callOf })
    const targets = [to].flat()
    targets.forEach(target => reservations.noneAt(target))
    return dialFirst(leg, context, targets, callOf, options)
  }

  /**
   * Joins the caller with another leg, so that the two talk. Resolves when the talk is over: with 'talked', or with
   * 'left' when the other leg was gone before the talk began. Rejects with CallEnded when the caller hung up.
   *
   * @example if ((await call.join(party.leg)) === 'talked') return 'talked'
   */
  override join(other: Call): Promise<TalkEnd> {
    void this.#leaveBehind()
    return join(this.leg, this.playback, this.context, other.leg, this.reservations.on(other.leg))
  }

  /**
   * Listens whether a person or a machine has answered. Resolves with 'person', 'machine' or 'silence', by default
   * after 4 s at most. Thresholds that `options` do not give are those of the campaign (docs/campaign-flows.md), else
   * the AMD_… settings. Also keeps the time at which the greeting ended: the law's two seconds (16 CFR 310.4(b)(1)(iv))
   * count from there.
   *
   * @example if ((await call.detect()) === 'machine') return 'machine'
   */
  override async detect(options?: DetectOptions): Promise<Heard> {
    const thresholds = { ...this.context.settings.detect, ...this.ofCampaign, ...options }
    const heard = await detect(this.leg, this.playback, thresholds)
    const pause = ms(thresholds.afterGreeting ?? AFTER_GREETING)
    this.#greetedAt = this.now() - (heard === 'person' ? pause : 0)
    return heard
  }

  /**
   * Milliseconds since the person's greeting ended; without detect(), since the call arrived. A replay gets another
   * value, so a flow must not branch on it.
   */
  get sinceGreeting(): number {
    return this.context.clock.now() - this.#greetedAt
  }

  /** Milliseconds since the call was answered. A replay gets another value, so a flow must not branch on it. */
  get sinceAnswer(): number {
    const { answered, arrived } = this.leg.times
    return this.context.clock.now() - (answered === -Infinity ? arrived : answered)
  }

  /**
   * Puts a value into the call's record (column `crm`). The last value of a name counts.
   *
   * @example call.tag('crmuuid', id)
   */
  tag(name: string, value: string): void {
    if (!this.leg.steps.replaying) this.leg.steps.journal.note({ kind: 'tag', name, value })
  }

  /**
   * Does something outside the call, such as a look-up, and keeps the result in the journal: a replay gets the result
   * and does not run `act` again. When the node dies during `act`, the next node runs `recover`, or `act` again.
   * Resolves with the result, rejects as `act` does, and with InputError (BAD_INPUT) when JSON cannot hold the result.
   *
   * @example const customer = await call.once('crm', () => lookUp(call.from))
   */
  once<T>(name: string, act: () => Promise<T>, options?: OnceOptions<T>): Promise<T> {
    return once(this.leg, name, act, options)
  }

  /**
   * The time of the last verb's end, milliseconds since the epoch. Use it instead of Date.now(): a replay gets the same
   * time.
   */
  now(): number {
    return this.leg.steps.journal.at
  }

  /**
   * A random number from 0 (included) to 1 (excluded). Use it instead of Math.random(): a replay gets the same number.
   */
  random(): number {
    return this.#random()
  }
}

const isTarget = (to: string | readonly string[] | Agent): to is string | readonly string[] =>
  typeof to === 'string' || Array.isArray(to)
