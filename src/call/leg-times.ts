/**
 * When it happened to a leg, by the clock that the nodes share (switch/switch-time.ts). FreeSWITCH says it; a node that
 * is busy hears it later. -Infinity: it has not happened, or no node heard of it. Used by Leg.
 */
import type { Clock } from '../base/clock.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { Arrival } from '../journal/arrival.ts'
import type { Switch } from '../switch/switchboard.ts'

export class LegTimes {
  /** FreeSWITCH connected it to this node. */
  arrived: number
  /** It was answered. */
  answered = -Infinity
  /** It was joined with another leg last. */
  bridged = -Infinity
  /** After that, the two were separated first. */
  separated = -Infinity
  /** It hung up. */
  ended = -Infinity
  readonly #home: Switch | null
  readonly #clock: Clock

  constructor(home: Switch | null, clock: Clock, arrival: Arrival) {
    this.#home = home
    this.#clock = clock
    this.arrived = arrivedAt(arrival, home, clock)
    this.#wasAnswered(arrival)
  }

  of(event: SwitchEvent): number {
    return this.#home?.timeOf(event) ?? this.#clock.now()
  }

  hears(event: SwitchEvent): void {
    if (event.name === 'CHANNEL_BRIDGE') this.bridged = Math.max(this.bridged, this.of(event))
    else if (event.name === 'CHANNEL_UNBRIDGE') this.#separates(this.of(event))
    else if (event.name === 'CHANNEL_HANGUP') this.ended = this.of(event)
  }

  /** The application answer is done. */
  answers(event: SwitchEvent): void {
    if (this.#home) this.answered = this.#home.timeOf(event, 'Caller-Channel-Answered-Time')
  }

  /** The leg is connected to this node again. A leg whose talk is over gets a new profile in that moment (measured). */
  comes(arrival: Arrival): void {
    this.arrived = arrivedAt(arrival, this.#home, this.#clock)
    this.#wasAnswered(arrival)
    if (arrival.sentFor !== undefined) this.#separates(this.arrived - arrival.sentFor)
  }

  #wasAnswered({ answeredFor }: Arrival): void {
    if (answeredFor !== undefined && this.answered === -Infinity) this.answered = this.arrived - answeredFor
  }

  #separates(at: number): void {
    if (this.separated <= this.bridged) this.separated = at
  }
}

/** When FreeSWITCH told this arrival; now: it is not known which FreeSWITCH it was. */
export const arrivedAt = ({ toldAt }: Arrival, home: Switch | null, clock: Clock): number =>
  toldAt === undefined || !home ? clock.now() : home.sharedTime(toldAt)
