/**
 * The calls of one campaign at one FreeSWITCH that may still need an agent, as its pacer sees them (pacing/pacer.ts).
 * What happens to them is taken from the events of the leg and from the notices about the lead's place in the queue. So
 * a call that another node has dialled, or whose flow another node runs, is seen like an own one. Used by
 * paced-floor.ts.
 *
 *   dialing    the command to FreeSWITCH was sent
 *   ringing    the telephone rings
 *   answered   a person or a machine has answered
 *   waiting    a person, who waits in the queue of the campaign
 *   connected  an agent is reserved for the person, or talks with them: the pacer no longer sees the call
 */
import type { SwitchEvent } from '../esl/event.ts'
import { uuid as parseUuid } from '../esl/safe-text.ts'
import type { Switch } from '../switch/switchboard.ts'
import type { CallPhase, PacedCall, PacingEvent, PacingPolicy } from './pacing/pacer.ts'

/** What a notice of the queue says about one call; null: it has left the queue. */
export interface LeadPlace {
  readonly call: string
  readonly state: 'waiting' | 'offered' | 'talking' | null
  /** The agent who is offered, or talks. */
  readonly agent: string | null
}

export interface CallUnderWay {
  readonly id: string
  readonly phase: Exclude<CallPhase, 'waiting'>
  /** Milliseconds since the epoch, both. */
  readonly dialledAt: number
  readonly phaseAt: number
  /** Chance of a person, before the dial; absent: that of an average lead. */
  readonly pAnswer?: number | undefined
}

interface Call {
  phase: CallPhase | 'connected'
  phaseAt: number
  answeredAt: number | null
  readonly dialledAt: number
  readonly pAnswer?: number | undefined
  readonly watch: Disposable
}

const RINGS = new Set(['CHANNEL_PROGRESS', 'CHANNEL_PROGRESS_MEDIA'])

export class PacedCalls implements Disposable {
  readonly #at: Switch
  readonly #now: () => number
  readonly #tell: (event: PacingEvent) => void
  readonly #calls = new Map<string, Call>()

  constructor(at: Switch, now: () => number, tell: (event: PacingEvent) => void) {
    this.#at = at
    this.#now = now
    this.#tell = tell
  }

  has(call: string): boolean {
    return this.#calls.has(call)
  }

  /** The call is made now. `pAnswer`: chance of a person; absent: that of an average lead. */
  dialled(id: string, pAnswer?: number): void {
    const now = this.#now()
    this.#follow({ id, phase: 'dialing', dialledAt: now, phaseAt: now, pAnswer })
    this.#tell({ type: 'dialled', call: id, at: now, ...(pAnswer !== undefined && { pAnswer }) })
  }

  /** An earlier owner has dialled it. The pacer is told nothing: of those calls only the ones that live are known. */
  adopt(call: CallUnderWay): void {
    if (!this.#calls.has(call.id)) this.#follow(call)
  }

  /** The call is over, or was never made. */
  over(id: string): void {
    const call = this.#calls.get(id)
    if (!call) return
    this.#forget(id, call)
    if (call.phase === 'connected') return
    this.#tell({ type: call.phase === 'waiting' ? 'abandoned' : 'ended', call: id, at: this.#now() })
  }

  /** The lead's place in the queue has changed. */
  placed({ call: id, state, agent }: LeadPlace): void {
    const call = this.#calls.get(id)
    if (!call) return
    if (state === 'waiting') this.#waits(id, call)
    else if (state !== null && call.phase !== 'connected') {
      this.#waits(id, call) // the notice of the first record may have been missed
      this.#move(call, 'connected')
      this.#tell({ type: 'connected', call: id, agent: agent!, at: this.#now() })
    } else if (state === null && call.phase === 'waiting') this.over(id)
  }

  /** Those that have no agent yet. */
  get withoutAgent(): string[] {
    return [...this.#calls].flatMap(([id, { phase }]) => (phase === 'connected' ? [] : id))
  }

  /** The same as a pacer sees them, in the order of their dials. */
  paced({ clock, connectWithinMs }: PacingPolicy): PacedCall[] {
    return [...this.#calls].flatMap(([id, { phase, phaseAt, answeredAt, dialledAt, pAnswer }]) => {
      if (phase === 'connected') return []
      const since = clock === 'answer' ? answeredAt : phaseAt
      const deadline = phase === 'waiting' ? (since ?? phaseAt) + connectWithinMs : null
      return [{ id, phase, dialledAt, phaseAt, deadline, ...(pAnswer !== undefined && { pAnswer }) }]
    })
  }

  [Symbol.dispose](): void {
    for (const [id, call] of this.#calls) this.#forget(id, call)
  }

  #heard(id: string, event: SwitchEvent): void {
    const call = this.#calls.get(id)
    if (!call) return
    if (event.name === 'CHANNEL_HANGUP') return this.over(id)
    if (RINGS.has(event.name) && call.phase === 'dialing') {
      this.#move(call, 'ringing')
      this.#tell({ type: 'ringing', call: id, at: call.phaseAt })
    } else if (event.name === 'CHANNEL_ANSWER') this.#answered(id, call)
  }

  #answered(id: string, call: Call): void {
    if (call.answeredAt !== null) return
    call.answeredAt = this.#now()
    if (call.phase !== 'dialing' && call.phase !== 'ringing') return
    this.#move(call, 'answered')
    this.#tell({ type: 'answered', call: id, at: call.phaseAt })
  }

  #follow({ id, phase, dialledAt, phaseAt, pAnswer }: CallUnderWay): void {
    const watch = this.#at.watch(
      parseUuid(id),
      event => this.#heard(id, event),
      () => this.over(id),
    )
    const answeredAt = phase === 'answered' ? phaseAt : null
    this.#calls.set(id, { phase, phaseAt, answeredAt, dialledAt, pAnswer, watch })
  }

  /** An offer may end without a talk: then the person waits again. */
  #waits(id: string, call: Call): void {
    if (call.phase === 'waiting') return
    const isNew = call.phase !== 'connected'
    this.#answered(id, call)
    this.#move(call, 'waiting')
    if (isNew) this.#tell({ type: 'human', call: id, at: call.phaseAt })
  }

  #move(call: Call, phase: Call['phase']): void {
    call.phase = phase
    call.phaseAt = this.#now()
  }

  #forget(id: string, call: Call): void {
    this.#calls.delete(id)
    call.watch[Symbol.dispose]()
  }
}
