/** The call that an author holds: the verbs of the call and what the rest of the house adds to them. As thin as call/call.ts. */
import { Call } from '../call/call.ts'
import type { CallHouse } from '../call/house.ts'
import { step } from '../call/journal.ts'
import type { Leg } from '../call/leg.ts'
import { ms } from '../base/duration.ts'
import { AFTER_GREETING, type DetectOptions, type Heard } from '../call/verbs/detect.ts'
import type { DialOptions, Party } from '../call/verbs/dial.ts'
import type { Recording } from '../call/verbs/recording.ts'
import type { TalkEnd } from '../call/verbs/join.ts'
import type { Queues } from '../queue/queue.ts'
import { flowPlace, Promised, RESTS, waitingCall, type FlowPlace } from './place.ts'

/** One moment of a call's way through the queues, for its record. */
export interface QueueMoment {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly event: 'entered' | 'promised' | 'talking' | 'talked'
  readonly queue?: string
  readonly agent?: string
}

export class FlowCall extends Call {
  /** What the call record will say beside the times: ids of a CRM, as they were given. */
  readonly tags = new Map<string, string>()
  /** Who this call was promised to, and who it talked with last. */
  readonly promised = new Promised()
  lastAgent: string | null = null
  /** The way through the queues, in order. */
  readonly timeline: QueueMoment[] = []
  /** Where the last recording is, on the switch's machine. */
  recordingPath: string | null = null
  readonly #queues: Queues
  #greeted: number

  constructor(leg: Leg, house: CallHouse, queues: Queues) {
    super(leg, house)
    this.#queues = queues
    this.#greeted = house.clock.monotonic()
  }

  /** A place in a queue, until its scope ends: `await using place = await call.enqueue('support')`. NotFoundError without such a queue. */
  enqueue(queue: string): Promise<FlowPlace> {
    return step(this.leg, { verb: 'enqueue', run: () => this.#enter(queue) })
  }

  async #enter(queue: string): Promise<FlowPlace> {
    const place = await this.#queues.enter(waitingCall(this.leg), queue)
    this.note({ event: 'entered', queue })
    return flowPlace(this.leg, place, agent => {
      this.note({ event: 'promised', queue, agent: agent.name })
      return this.promised.add(agent)
    })
  }

  note(moment: Omit<QueueMoment, 'at'>): void {
    this.timeline.push({ at: this.now(), ...moment })
  }

  override async recording(): Promise<Recording> {
    const recording = await super.recording()
    this.recordingPath = recording.path
    return recording
  }

  /** As Call.dial. When the endpoint is that of an agent who is promised to this caller, the agent's state follows. */
  override async dial(endpoint: string, options: DialOptions = {}): Promise<Party> {
    const agent = this.promised.at(endpoint)
    if (!agent) return super.dial(endpoint, options)
    if (!(await agent.ringing())) return { outcome: 'refused', async [Symbol.asyncDispose]() {} } // the promise has lapsed: the agent may be somebody else's
    const party = await super.dial(endpoint, { ringFor: `${agent.ringForMs}ms`, ...options })
    if (party.leg) this.promised.reached(agent, party.leg)
    else await agent.finished(RESTS[party.outcome])
    return party
  }

  override async join(other: Call): Promise<TalkEnd> {
    const agent = this.promised.on(other.leg)
    if (!agent) return super.join(other)
    if (!(await agent.talking())) return 'left'
    using _begins = this.leg.on('phase', phase => {
      if (phase !== 'talking') return
      this.lastAgent = agent.name
      this.note({ event: 'talking', agent: agent.name })
    })
    // the agent's talk is over with the agent's leg, also when the caller comes back to another node and this flow never goes on
    void other.leg.ended.then(() => agent.finished('talked'))
    try {
      return await super.join(other)
    } finally {
      this.note({ event: 'talked', agent: agent.name })
      await agent.finished('talked')
    }
  }

  /** As Call.detect, and remembers when the greeting was over: the law counts from there. */
  override async detect(options?: DetectOptions): Promise<Heard> {
    const heard = await super.detect(options)
    const pause = ms(options?.afterGreeting ?? this.house.settings.detect.afterGreeting ?? AFTER_GREETING)
    this.#greeted = this.house.clock.monotonic() - (heard === 'person' ? pause : 0)
    return heard
  }

  /** Milliseconds since the person's greeting ended; since the call arrived when nobody listened for it. */
  get sinceGreeting(): number {
    return this.house.clock.monotonic() - this.#greeted
  }

  /** Carried into the call's record: `call.tag('crmuuid', id)`. */
  tag(name: string, value: string): void {
    this.tags.set(name, value)
  }

  /** Does something outside the call, such as a look-up, once. */
  once<T>(name: string, act: () => Promise<T>): Promise<T> {
    return step(this.leg, { verb: `once ${name}`, run: act })
  }

  /** Milliseconds since the epoch: what a flow uses instead of Date.now(). */
  now(): number {
    return this.house.clock.now()
  }

  /** From 0 to 1: what a flow uses instead of Math.random(). */
  random(): number {
    return Math.random()
  }
}
