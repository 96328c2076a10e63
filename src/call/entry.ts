/**
 * Door, the entry of every leg into this node: the first time, and after each talk, takeover or restart. FreeSWITCH
 * decides which node drives a call by connecting it: the node that it connects to takes the call, and the node that
 * had it before no longer owns it.
 *
 * The watchdog of the dialplan is cancelled as soon as a connection is accepted: else it transfers callers to the
 * fallback when hundreds of them arrive at once. Created by node/listening.ts, which passes every connection of the
 * listener to accept().
 */
import type { Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
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
import { arrivedAt } from './leg-times.ts'
import { ParkedLeg } from './parked-leg.ts'
import { beginOf } from '../journal/entries.ts'
import { isSame, isStill, type CallStore, type Taken } from '../journal/call-store.ts'
import { UnclaimedLegs, type PeerAddresses } from './unclaimed-legs.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import { isDriven, ownerIfKnown, takeCall } from './take-call.ts'
import { UnknownSwitch } from './unknown-switch.ts'

export interface DoorOptions {
  clock: Clock
  log: Log
  switchboard: Switchboard
  /** The value that every connection must carry in the variable switchhook_key; undefined: any. */
  key?: string | undefined
  /** The owners of calls; absent where there is no other node. */
  calls?: CallStore | undefined
  /** This node's name among its peers. */
  node?: string | undefined
  peers?: PeerAddresses | undefined
  /** False: this node is at its limit, and a new call is sent to the overflow. */
  admits?: (() => boolean) | undefined
  /** Called for each call that was sent to the overflow. */
  shed?: ((arrival: Arrival) => void) | undefined
  /**
   * Called for a call that is new to this process: its flow begins, or continues from what `taken` holds. Null: the
   * owner is not known now.
   */
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

  /** The legs that this node has now. */
  get legs(): ReadonlyMap<Uuid, Leg> {
    return this.#legs
  }

  /** The number of calls that were not served because FREESWITCH does not name their FreeSWITCH. */
  get callsOfUnknownSwitches(): number {
    return this.#unknown.calls
  }

  /** True while this process may send commands for its legs. */
  readonly holds = (): boolean => this.#options.peers?.holds() ?? true

  /** The same for one leg: FreeSWITCH may have connected it to this node since the node lost its lease. */
  mayDrive(uuid: Uuid): boolean {
    return this.#lapsedLease.mayDrive(uuid)
  }

  /** True while calls of a dead node are taken over. */
  get takesOver(): boolean {
    return this.#acceptBurst.takesOver
  }

  /** This process was suspended and runs again: connections that arrive now may be old ones. */
  stoodStill(): void {
    this.#stale.begin()
  }

  /**
   * The node has been without a lease for seconds: FreeSWITCH offers its calls to the other nodes. Returns the number
   * of calls.
   */
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

  /** Announces a leg that is about to be dialled. Once the result is disposed, a leg that still arrives is hung up. */
  expect(uuid: Uuid): Expectation {
    const arrived = new Promise<Leg>(resolve => {
      const early = this.#unclaimed.claim(uuid)
      if (early) resolve(early)
      else this.#expected.set(uuid, resolve)
    })
    return { arrived, [Symbol.dispose]: () => void this.#expected.delete(uuid) }
  }

  /** A leg of a call that this node drives from now on: it is here, it arrives within moments, or it is fetched. */
  claim(uuid: Uuid, home: Switch | null): Leg {
    const here = this.#unclaimed.claim(uuid) ?? this.#legs.get(uuid)
    return here && here.phase !== 'moved' ? here : this.#leg(arrivalOfLeg(uuid, home?.facts.core ?? ''), home, 'adrift')
  }

  /**
   * The leg of a nailed-up agent who is reserved for a call of this node. 'adrift': it is to come here. 'talking': it
   * is joined wherever it is.
   */
  claimParked(uuid: Uuid, home: Switch | null, phase: 'adrift' | 'talking'): Leg {
    const here = this.#unclaimed.claim(uuid) ?? this.#legs.get(uuid)
    if (here && here.phase !== 'moved' && here.phase !== 'talking') return here
    here?.giveAway('taken') // it had a talk of another call, which is over
    return this.#leg({ ...arrivalOfLeg(uuid, home?.facts.core ?? ''), isNailedUp: true }, home, phase)
  }

  /** Fetches a leg to this node, from the node that it is connected to or out of the park. */
  fetch(leg: Leg): void {
    this.#unclaimed.fetch(leg)
  }

  /**
   * After a time in which this process could not be sure of its calls: gives up those that other nodes own, and
   * resumes the others. `sure` is called when the owners are known.
   */
  async revalidate(sure: () => void = () => {}): Promise<void> {
    const { calls, log } = this.#options
    if (!calls) return
    const legs = [...this.#legs.values()].filter(leg => leg.phase !== 'ended' && leg.phase !== 'moved')
    const owners = await calls.ownersOf(legs.map(leg => leg.steps.journal.uuid))
    sure() // from this turn on this process may send commands again
    this.#lapsedLease.end()
    let lost = 0
    legs.forEach((leg, at) => {
      // no owner: not the leg of a call; or the store has lost the entry, and no other node has taken the call
      const owner = owners[at]
      if (!owner || isStill(owner, leg.steps.journal.owner)) return leg.resume()
      lost++
      leg.giveAway('taken')
    })
    if (this.#stale.any) this.#stale.begin()
    log.info({ kept: legs.length - lost, lost }, 'ownership of calls was checked after a lapse of the lease')
  }

  /** Takes a connection in. Never throws: a fault is logged and the connection closed, and the dialplan goes on. */
  async accept(wire: Wire): Promise<void> {
    const { clock, log } = this.#options
    const conversation = new Conversation(wire, clock, text => {
      // a leg that is hung up in the moment in which it ends by itself is no fault
      log[text.startsWith('-ERR No such channel') ? 'debug' : 'warn']({ error: text }, 'FreeSWITCH refused a command')
    })
    try {
      const asked = clock.now()
      const data = await conversation.greet()
      const answered = clock.now()
      const driven = wasDriven(data)
      using _served = driven ? this.#acceptBurst.drivenCall() : null
      if (!driven) await this.#acceptBurst.drivenFirst()
      const arrival = readArrival(data)
      const { core, toldAt } = arrival
      if (toldAt !== undefined) this.#options.switchboard.runs(core)?.compareClock({ asked, answered, told: toldAt })
      // before the check of its key, which the node that has the call has unset. Neither taken nor closed
      if (this.#stale.any && (await this.#stale.isStale(arrival))) return conversation.retire()
      const fault = faultOf(arrival, data, (await this.#lostItsKey(arrival)) ? undefined : this.#options.key)
      if (fault) {
        log.error({ peer: wire.peer, uuid: arrival.uuid }, fault)
        return conversation.destroy()
      }
      if (arrival.deadMansSwitch !== undefined) conversation.post(api(build.schedDelete(arrival.deadMansSwitch)))
      // a leg that returns from a talk that never began still has socket_resume=false: the next death of a node would
      // lose it
      if (!arrival.socketResume)
        conversation.post(api(build.uuidSetvar(arrival.uuid, 'socket_resume' as Ident, 'true' as VarValue)))
      if (!(await this.#unknown.serves(arrival.core)))
        return this.#unknown.turnAway(arrival, conversation, data, wire.peer)
      // dialled by a flow of this node: no other node waits for it
      if (this.#expected.has(arrival.uuid)) this.#lapsedLease.offered(arrival.uuid)
      if (this.#lapsedLease.offers(arrival.uuid)) return conversation.close()
      conversation.subscribe(arrival.uuid)
      if (arrival.path === LEG_PATH) this.#admitLeg(arrival, conversation)
      else await this.#admit(arrival, conversation, driven)
    } catch (error) {
      conversation.destroy() // a fault on one connection must not stop the node
      if (error instanceof SwitchhookError)
        return log.warn({ peer: wire.peer, error: error.message }, 'connection closed before it identified a call')
      log.error(
        { peer: wire.peer, error: error instanceof Error ? error.stack : String(error) },
        'a fault in this node closed a connection; its call goes to the next node of the dialplan',
      )
    }
  }

  /**
   * A node unsets the key of a call that it accepted. On a busy machine FreeSWITCH may do that late, when the dialplan
   * has set the key for the next connection already: a call that this node drives, or that is some node's, may come
   * without one.
   */
  async #lostItsKey({ key, uuid }: Arrival): Promise<boolean> {
    if (this.#options.key === undefined || key !== '') return false
    if (this.#living(uuid)) return true
    return (await ownerIfKnown(this.#options, uuid)) !== null
  }

  async #admit(arrival: Arrival, conversation: Conversation, driven: boolean): Promise<void> {
    const { admits } = this.#options
    const { uuid } = arrival
    const here = this.#living(uuid)
    if (admits && !here && !admits() && !(await isDriven(this.#options, uuid))) return this.#shed(arrival, conversation)
    const home = this.#options.switchboard.of(arrival.core)
    if (!here && (await this.#isOver(arrival, home))) return conversation.close()
    const at = arrivedAt(arrival, home, this.#options.clock)
    const taken = await takeCall({ ...this.#options, node: this.#node }, beginOf(at, arrival), driven)
    this.#unsetKey(arrival, conversation)
    const known = this.#living(uuid) ?? here
    if (known && known.phase !== 'moved') {
      const { journal } = known.steps
      if (!taken || isSame(taken.before, journal.owner)) {
        if (taken) journal.owner = { node: this.#node, epoch: taken.epoch }
        return known.bind(conversation, arrival)
      }
      if (known.phase === 'ended' && (taken.before?.node ?? this.#node) === this.#node) {
        conversation.close()
        return this.#tookEnded(known, taken)
      }
      known.giveAway('taken') // another node had it in between: the state here is outdated
    }
    const leg = this.#leg(arrival, home, 'driven')
    leg.bind(conversation)
    this.#options.start(leg, taken)
  }

  /** The leg was hung up while the call was taken: the flow of the call ends on this node, or has ended before that. */
  async #tookEnded({ uuid, steps: { journal } }: Leg, { before, epoch }: Taken): Promise<void> {
    journal.owner = { node: this.#node, epoch }
    if (before !== null) return
    try {
      await this.#options.calls!.end(uuid, journal.owner)
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      this.#options.log.warn(
        { uuid, error: error.message },
        'the journal of a leg that was gone already could not be deleted; reconciliation deletes it',
      )
    }
  }

  /**
   * The leg came back from a talk, and its hang-up was faster than its connection: the flow of its call ends on this
   * node, or has ended (of a node that was started again, reconciliation closes the call). A second flow would write
   * the record of the call anew, without the talk.
   */
  async #isOver({ uuid, lastTalk }: Arrival, home: Switch | null): Promise<boolean> {
    if (lastTalk === undefined || !home?.ended(uuid)) return false
    const owner = await ownerIfKnown(this.#options, uuid)
    return owner === null || owner.node === this.#node
  }

  #admitLeg(arrival: Arrival, conversation: Conversation): void {
    this.#unsetKey(arrival, conversation)
    // the dialplan limits the length of each call; the shift of an agent is no call
    if (arrival.isNailedUp) conversation.post(api(build.schedDeleteOf(arrival.uuid)))
    const known = this.#living(arrival.uuid)
    if (known) return known.bind(conversation, arrival)
    const leg = this.#leg(arrival, this.#options.switchboard.of(arrival.core), 'driven')
    leg.bind(conversation)
    const awaiting = this.#expected.get(arrival.uuid)
    if (awaiting) awaiting(leg)
    else this.#unclaimed.arrived(leg)
  }

  /** Removes the secret, so that no call record holds it: every `socket` line of the dialplan sets it again. */
  #unsetKey({ uuid }: Arrival, conversation: Conversation): void {
    if (this.#options.key !== undefined) conversation.post(api(build.uuidUnset(uuid, 'switchhook_key' as Ident)))
  }

  #living(uuid: Uuid): Leg | undefined {
    const known = this.#legs.get(uuid)
    return known && known.phase !== 'ended' && known.phase !== 'moved' ? known : undefined
  }

  #leg(arrival: Arrival, home: Switch | null, phase: 'driven' | 'adrift' | 'talking'): Leg {
    const { clock, log } = this.#options
    const leg = new (arrival.isNailedUp ? ParkedLeg : Leg)({
      arrival,
      home,
      clock,
      log,
      holds: this.mayDrive.bind(this, arrival.uuid),
      phase,
    })
    this.#legs.set(arrival.uuid, leg)
    void leg.ended.then(() => this.#forget(leg))
    void leg.moved.then(() => this.#forget(leg))
    return leg
  }

  /**
   * The node is at its limit: the caller goes to the overflow at once, so that the calls that are here keep good
   * service.
   */
  #shed(arrival: Arrival, conversation: Conversation): void {
    this.#options.log.info({ uuid: arrival.uuid, from: arrival.from }, 'call sent to the overflow: this node is full')
    sendToFallback(arrival.uuid, conversation)
    this.#options.shed?.(arrival)
  }

  #forget(leg: Leg): void {
    if (this.#legs.get(leg.uuid) === leg) this.#legs.delete(leg.uuid)
  }
}
