/** The call that an author holds: the verbs of the call and what the rest of the house adds to them. As thin as call/call.ts. */
import { ms } from '../base/duration.ts'
import { Call } from '../call/call.ts'
import type { CallContext } from '../call/call-context.ts'
import type { Leg } from '../call/leg.ts'
import type { Entry } from '../journal/entries.ts'
import { step } from '../journal/steps.ts'
import { AFTER_GREETING, type DetectOptions, type Heard } from '../call/verbs/detect.ts'
import { dial, type DialOptions, type Party } from '../call/verbs/dial.ts'
import { join, type TalkEnd } from '../call/verbs/join.ts'
import { forgetRecordings, type Recording } from '../call/verbs/recording.ts'
import type { Queues } from '../queue/queue.ts'
import { seededRandom } from './seeded-random.ts'
import { once, type OnceOptions } from './once.ts'
import { takeNailedAgent } from './nailed-agent-leg.ts'
import { QueuePlace, queuesEnteredIn, waitingCall, type FlowPlace, type SavedPlace } from './queue-place.ts'
import { AgentReservations } from './agent-reservation.ts'
import { dialledIn } from '../record/record-from-journal.ts'
import { summaryOf, type CallSummary } from '../record/call-summary.ts'

export class FlowCall extends Call {
  /** Who this call was promised to. */
  readonly reservations = new AgentReservations()
  /** Resolves when whoever made the call knows what came of it; false: they could not be told, so its journal must stay. */
  settled: Promise<boolean> = Promise.resolve(true)
  readonly #queues: Queues
  readonly #random: () => number
  /** Milliseconds since the epoch at which the person's greeting ended; that of their arrival when nobody listened for it. */
  #greetedAt: number

  /** Queues in which an earlier script left the caller standing. Who is put into the same one again keeps the place. */
  #behind: readonly string[]

  constructor(leg: Leg, context: CallContext, queues: Queues, behind: readonly string[] = []) {
    super(leg, context)
    this.#queues = queues
    this.#behind = behind
    this.#random = seededRandom(leg.uuid)
    this.#greetedAt = leg.steps.journal.begin.at
  }

  /** A place in a queue, until its scope ends: `await using place = await call.enqueue('support')`. NotFoundError without such a queue. */
  enqueue(queue: string): Promise<FlowPlace> {
    const taken: ConstructorParameters<typeof QueuePlace>[3] = agent => this.reservations.add(agent)
    const again = (since: number) => () => this.#queues.enter(waitingCall(this.leg), queue, { since })
    return step<QueuePlace>(this.leg, {
      verb: `enqueue ${queue}`,
      run: async () => {
        const place = await this.#queues.enter(waitingCall(this.leg), queue)
        this.leg.steps.journal.note({ event: 'entered', queue })
        await this.#leaveBehind(queue)
        return new QueuePlace(this.leg, queue, place, taken, again(place.joinedAt))
      },
      save: ({ joinedAt, position }) => ({ joinedAt, position }),
      load: (saved, replay) => {
        const from = saved as unknown as SavedPlace
        const held = new QueuePlace(this.leg, queue, from, taken, again(from.joinedAt))
        replay.atEnd(async () => {
          if (!held.given) held.reopened(await again(from.joinedAt)())
        })
        return held
      },
    })
  }

  /** The script has changed: what the old one plays falls silent, and whom it has dialled is let go. Gives the queues that the caller stands in. */
  async giveUp(past: readonly Entry[]): Promise<readonly string[]> {
    const { leg, context, playback } = this
    forgetRecordings(leg)
    for (const uuid of dialledIn(past)) await context.cancelDial(leg, uuid)
    if (leg.phase === 'driven') await playback.end()
    return queuesEnteredIn(past)
  }

  /** Else they would be first in line there for ever, and keep agents from others. Never rejects: at the end of the call it is looked for what is left. */
  async #leaveBehind(except?: string): Promise<void> {
    const left = this.#behind.filter(queue => queue !== except)
    this.#behind = []
    const leave = async (queue: string) =>
      (await this.#queues.enter(waitingCall(this.leg), queue))[Symbol.asyncDispose]()
    const log = (error: Error) =>
      this.context.log.warn(
        { uuid: this.uuid, error: error.message },
        'a caller stands in a queue that their flow has left',
      )
    await Promise.all(left.map(queue => leave(queue).catch(log)))
  }

  /** What the record of the call says up to now, beside its times. */
  get summary(): CallSummary {
    return summaryOf(this.leg.steps.journal.notes, this.context.clock.now())
  }

  override async recording(): Promise<Recording> {
    const recording = await super.recording()
    if (!this.leg.steps.replaying) this.leg.steps.journal.note({ recording: recording.path })
    return recording
  }

  /**
   * As Call.dial. When the endpoint is that of an agent who is promised to this caller, the agent's state follows. Who is on the line for a
   * campaign is there at once: nothing rings, `before` is not run, and when the party is disposed they stay on the line.
   */
  override async dial(endpoint: string, options: DialOptions = {}): Promise<Party> {
    const agent = this.reservations.at(endpoint)
    const party = await (agent && agent.saved.leg !== null
      ? takeNailedAgent(this.leg, this.context, agent)
      : dial(this.leg, this.context, endpoint, options, agent))
    if (agent && party.leg) this.reservations.reached(agent, party.leg)
    return party
  }

  override join(other: Call): Promise<TalkEnd> {
    void this.#leaveBehind()
    return join(this.leg, this.playback, this.context, other, this.reservations.on(other.leg))
  }

  /** As Call.detect, and remembers when the greeting was over: the law counts from there. */
  override async detect(options?: DetectOptions): Promise<Heard> {
    const heard = await super.detect(options)
    const pause = ms(options?.afterGreeting ?? this.context.settings.detect.afterGreeting ?? AFTER_GREETING)
    this.#greetedAt = this.now() - (heard === 'person' ? pause : 0)
    return heard
  }

  /** Milliseconds since the person's greeting ended; since the call arrived when nobody listened for it. */
  get sinceGreeting(): number {
    return this.context.clock.now() - this.#greetedAt
  }

  /** Carried into the call's record: `call.tag('crmuuid', id)`. */
  tag(name: string, value: string): void {
    if (!this.leg.steps.replaying) this.leg.steps.journal.note({ tag: [name, value] })
  }

  /**
   * Does something outside the call, such as a look-up, and remembers what came of it: `call.once('crm', () => lookUp(call.from))`. The
   * result must be what JSON can hold. When the node dies in it, `act` is run again by the next one, or `recover` if there is one.
   */
  once<T>(name: string, act: () => Promise<T>, options?: OnceOptions<T>): Promise<T> {
    return once(this.leg, name, act, options)
  }

  /** Milliseconds since the epoch, as of the last verb: what a flow uses instead of Date.now(). */
  now(): number {
    return this.leg.steps.journal.at
  }

  /** From 0 to 1: what a flow uses instead of Math.random(). */
  random(): number {
    return this.#random()
  }
}
