/**
 * The door: every leg enters the house here, the first time and after every talk, takeover or restart.
 * First of all the dead man's switch of the dialplan is cancelled: when hundreds arrive at once nobody may fall into the fallback.
 * FreeSWITCH says who drives a call by bringing it: whoever is brought one takes it, and the node that had it before has it no more.
 */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import * as build from '../esl/api.ts'
import { api } from '../esl/command.ts'
import type { Wire } from '../esl/wire.ts'
import type { Ident, Uuid, VarValue } from '../esl/safe-text.ts'
import { arrivalOfLeg, LEG_PATH, readArrival, wasDriven } from './arrival.ts'
import type { Arrival } from '../journal/arrival.ts'
import { AcceptBurst } from './accept-burst.ts'
import { Conversation } from './conversation.ts'
import { faultOf } from './door-key.ts'
import { StaleConnections } from './stale-connections.ts'
import { sendToFallback } from './fallback.ts'
import { LapsedLease } from './lapsed-lease.ts'
import { Leg } from './leg.ts'
import { isSame, isStill, type CallStore, type Taken } from '../journal/call-store.ts'
import { UnclaimedLegs, type PeerAddresses } from './unclaimed-legs.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import { isDriven, takeCall } from './take-call.ts'
import { UnknownSwitch } from './unknown-switch.ts'

export interface DoorOptions {
  clock: Clock
  log: Log
  switchboard: Switchboard
  /** What every connection must carry as variable switchhook_key; undefined: any. */
  key?: string | undefined
  /** Who drives which call; absent where there is no other node that could. */
  calls?: CallStore | undefined
  /** This node's name among its peers. */
  node?: string | undefined
  peers?: PeerAddresses | undefined
  /** False: this node has too much to do, and a call that is new goes to the overflow. */
  admits?: (() => boolean) | undefined
  /** Such a call went to the overflow. */
  shed?: ((arrival: Arrival) => void) | undefined
  /** A call that is new to this process: its flow begins, or goes on where `taken` says that it is. Null: who drives what cannot be known now. */
  start(leg: Leg, taken: Taken | null): void
}

export interface Expectation extends Disposable {
  readonly arrived: Promise<Leg>
}

export class Door {
  readonly #options: DoorOptions
  readonly #node: string
  readonly #legs = new Map<Uuid, Leg>()
  readonly #expected = new Map<Uuid, (leg: Leg) => void>()
  readonly #unclaimed: UnclaimedLegs
  readonly #stale: StaleConnections
  readonly #acceptBurst: AcceptBurst
  readonly #lapsedLease: LapsedLease
  readonly #unknown: UnknownSwitch

  constructor(options: DoorOptions) {
    this.#options = options
    this.#node = options.node ?? ''
    this.#unclaimed = new UnclaimedLegs({ ...options, node: this.#node })
    this.#acceptBurst = new AcceptBurst(options.clock)
    this.#unknown = new UnknownSwitch(options)
    this.#stale = new StaleConnections({ ...options, node: this.#node })
    this.#lapsedLease = new LapsedLease(() => this.holds())
  }

  /** Legs that live here now. */
  get legs(): ReadonlyMap<Uuid, Leg> {
    return this.#legs
  }

  /** Calls of a switch that FREESWITCH does not name, which were not served. */
  get callsOfUnknownSwitches(): number {
    return this.#unknown.calls
  }

  /** May this process speak for its legs in this moment? */
  readonly holds = (): boolean => this.#options.peers?.holds() ?? true

  /** May it for this one? FreeSWITCH may have brought it here since the node lost its lease. */
  mayDrive(uuid: Uuid): boolean {
    return this.#lapsedLease.mayDrive(uuid)
  }

  /** Are calls of a dead node being taken over? */
  get takesOver(): boolean {
    return this.#acceptBurst.takesOver
  }

  /** This process stood still, and moves again: connections that come now may be old ones. */
  stoodStill(): void {
    this.#stale.begin()
  }

  /** The node has been without a lease for seconds: FreeSWITCH is to say who drives its calls. Gives how many calls it is asked for. */
  offerAll(): number {
    const driven = [...this.#legs.values()].filter(
      ({ phase, uuid }) => (phase === 'driven' || phase === 'adrift') && !this.#lapsedLease.mayDrive(uuid),
    )
    for (const leg of driven) {
      this.#lapsedLease.offered(leg.uuid)
      leg.offer()
    }
    return driven.length
  }

  /** Announces a leg that we are about to originate. Once disposed, a leg that still comes is hung up. */
  expect(uuid: Uuid): Expectation {
    const arrived = new Promise<Leg>(resolve => {
      const early = this.#unclaimed.claim(uuid)
      if (early) resolve(early)
      else this.#expected.set(uuid, resolve)
    })
    return { arrived, [Symbol.dispose]: () => void this.#expected.delete(uuid) }
  }

  /** A leg of a call that is driven here from now on: it is here, or it comes within moments, or it is fetched. */
  claim(uuid: Uuid, home: Switch | null): Leg {
    const here = this.#unclaimed.claim(uuid) ?? this.#legs.get(uuid)
    return here && here.phase !== 'moved' ? here : this.#leg(arrivalOfLeg(uuid, home?.facts.core ?? ''), home, 'adrift')
  }

  /** Brings a leg of ours here from wherever it is. */
  fetch(leg: Leg): void {
    this.#unclaimed.fetch(leg)
  }

  /** After a time in which this process could not be sure of its calls: it drops those that others have taken, and goes on with the others. */
  async revalidate(sure: () => void = () => {}): Promise<void> {
    const { calls, log } = this.#options
    if (!calls) return
    const legs = [...this.#legs.values()].filter(leg => leg.phase !== 'ended' && leg.phase !== 'moved')
    const owners = await calls.ownersOf(legs.map(leg => leg.steps.journal.uuid))
    sure() // from this turn on this process may speak again
    this.#lapsedLease.end()
    let lost = 0
    legs.forEach((leg, at) => {
      const owner = owners[at] // none: a leg that is nobody's call; or the store has forgotten it, and nobody else has taken it
      if (!owner || isStill(owner, leg.steps.journal.owner)) return leg.resume()
      lost++
      leg.giveAway('taken')
    })
    if (this.#stale.any) this.#stale.begin()
    log.info({ kept: legs.length - lost, lost }, 'this node is among its peers again')
  }

  /** Takes a connection in. Never throws: what is wrong with it is logged and the connection closed, and the dialplan goes on. */
  async accept(wire: Wire): Promise<void> {
    const { clock, log } = this.#options
    const conversation = new Conversation(wire, clock, text => {
      // a leg that is hung up in the moment in which it ends by itself is no news
      log[text.startsWith('-ERR No such channel') ? 'debug' : 'warn']({ error: text }, 'the switch refused a command')
    })
    try {
      const data = await conversation.greet()
      const driven = wasDriven(data)
      using _served = driven ? this.#acceptBurst.drivenCall() : null
      if (!driven) await this.#acceptBurst.drivenFirst()
      const arrival = readArrival(data)
      // before its key is looked at: whoever has the call has unset that
      if (this.#stale.any && (await this.#stale.isStale(arrival))) return conversation.retire() // neither taken nor closed
      const fault = faultOf(arrival, data, this.#options.key)
      if (fault) {
        log.error({ peer: wire.peer, uuid: arrival.uuid }, fault)
        return conversation.destroy()
      }
      if (arrival.deadMansSwitch !== undefined) conversation.post(api(build.schedDelete(arrival.deadMansSwitch)))
      // a leg that comes back from a talk that never began is still marked as talking: its next death would lose it
      if (!arrival.socketResume)
        conversation.post(api(build.uuidSetvar(arrival.uuid, 'socket_resume' as Ident, 'true' as VarValue)))
      if (!(await this.#unknown.serves(arrival.core)))
        return this.#unknown.turnAway(arrival, conversation, data, wire.peer)
      if (this.#expected.has(arrival.uuid)) this.#lapsedLease.offered(arrival.uuid) // dialled by a flow of this node: no other one waits for it
      if (this.#lapsedLease.offers(arrival.uuid)) return conversation.close()
      conversation.subscribe(arrival.uuid)
      if (arrival.path === LEG_PATH) this.#admitLeg(arrival, conversation)
      else await this.#admit(arrival, conversation, driven)
    } catch (error) {
      // whatever a stranger does to this port, the house stands
      log.warn(
        { peer: wire.peer, error: error instanceof Error ? error.message : String(error) },
        'a connection brought no call',
      )
      conversation.destroy()
    }
  }

  async #admit(arrival: Arrival, conversation: Conversation, driven: boolean): Promise<void> {
    const { admits } = this.#options
    if (admits && !this.#living(arrival.uuid) && !admits() && !(await isDriven(this.#options, arrival.uuid)))
      return this.#shed(arrival, conversation)
    const taken = await takeCall({ ...this.#options, node: this.#node }, arrival, driven)
    this.#unsetKey(arrival, conversation)
    const known = this.#living(arrival.uuid)
    if (known) {
      const { journal } = known.steps
      if (!taken || isSame(taken.before, journal.owner)) {
        if (taken) journal.owner = { node: this.#node, epoch: taken.epoch }
        return known.bind(conversation, arrival)
      }
      known.giveAway('taken') // it was elsewhere in between: what is known of it here is not the latest
    }
    const leg = this.#leg(arrival, this.#options.switchboard.of(arrival.core), 'driven')
    leg.bind(conversation)
    this.#options.start(leg, taken)
  }

  #admitLeg(arrival: Arrival, conversation: Conversation): void {
    this.#unsetKey(arrival, conversation)
    const known = this.#living(arrival.uuid)
    if (known) return known.bind(conversation, arrival)
    const leg = this.#leg(arrival, this.#options.switchboard.of(arrival.core), 'driven')
    leg.bind(conversation)
    const awaiting = this.#expected.get(arrival.uuid)
    if (awaiting) awaiting(leg)
    else this.#unclaimed.arrived(leg)
  }

  /** A secret is not for call records: every `socket` line of the dialplan sets it anew. */
  #unsetKey({ uuid }: Arrival, conversation: Conversation): void {
    if (this.#options.key !== undefined) conversation.post(api(build.uuidUnset(uuid, 'switchhook_key' as Ident)))
  }

  #living(uuid: Uuid): Leg | undefined {
    const known = this.#legs.get(uuid)
    return known && known.phase !== 'ended' && known.phase !== 'moved' ? known : undefined
  }

  #leg(arrival: Arrival, home: Switch | null, phase: 'driven' | 'adrift'): Leg {
    const { clock, log } = this.#options
    const leg = new Leg({ arrival, home, clock, log, holds: this.mayDrive.bind(this, arrival.uuid), phase })
    this.#legs.set(arrival.uuid, leg)
    void leg.ended.then(() => this.#forget(leg))
    void leg.moved.then(() => this.#forget(leg))
    return leg
  }

  /** Too much to do: the caller hears so at once, instead of bad service for everybody. */
  #shed(arrival: Arrival, conversation: Conversation): void {
    this.#options.log.info({ uuid: arrival.uuid, from: arrival.from }, 'too much to do: a call goes to the overflow')
    sendToFallback(arrival.uuid, conversation)
    this.#options.shed?.(arrival)
  }

  #forget(leg: Leg): void {
    if (this.#legs.get(leg.uuid) === leg) this.#legs.delete(leg.uuid)
  }
}
