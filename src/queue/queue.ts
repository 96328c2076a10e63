/**
 * The queues on one node: callers enter, and after every change the matcher runs and assigns agents to callers.
 *
 * Every node runs the matcher on its own copy of the records. The store accepts one node's assignment, and the other
 * nodes match again. One timer is set to the next moment at which time alone changes a record (a reservation expires, a
 * wrap-up or a rest ends) or at which a strategy decides again. Nothing polls.
 */
import { holds } from '../agent/agent.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Roster } from '../agent/roster.ts'
import { sleep, type Clock, type Timer } from '../base/clock.ts'
import { RETRY } from '../base/retry.ts'
import { ms } from '../base/duration.ts'
import { CallMoved, SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Dial } from '../esl/safe-text.ts'
import { Outage } from '../base/outage.ts'
import { check } from './invariants.ts'
import { FloorIndex, type Changes } from './floor-index.ts'
import { matchChanges, type Snapshot } from './match.ts'
import { waitsOn, type Joining, type Member, type Offer } from './member.ts'
import type { CallbackCaller } from './callbacks/callback-caller.ts'
import { nearCallbacks } from './callbacks/near.ts'
import { admitted, type Refused } from './admission.ts'
import { HeldPlaces } from './held-places.ts'
import { restoreLostPlace } from './lost-place.ts'
import { releaseAgentsOf, reserveNamed, resumeNamed } from './named-agent.ts'
import { callerTaking } from './taking.ts'
import type { AgentReservation } from './agent-reservation.ts'
import { QueueMirror } from './queue-mirror.ts'
import type { Admitting, Entering, QueueParts, Queues } from './queues.ts'
import { HOLD_MS, type Place } from './place.ts'
import { WaitingPlace } from './waiting-place.ts'
import type { PlaceContext, WaitingCall } from './place-context.ts'
import { isInUse, type QueueSettings } from './settings.ts'
import { StoreRequests } from './store-requests.ts'
import type { QueueStore } from './store.ts'
import type { Assignment } from './queue-table.ts'
import { STRATEGY_BY_NAME } from './strategies.ts'
import type { Strategy } from './strategy.ts'
import { StrategyFaults } from './strategy-faults.ts'
import { WaitingFacts } from './waiting-facts.ts'
import type { WaitingGiven } from './waiting-settings.ts'

/** What one run mends may bring more to mend: a settled agent, an offer of that agent. */
const MOST_MENDINGS = 10

/** Disposing stops the matcher. The places stay in the store, and another node can take them over. */
export function openQueues(parts: QueueParts): Queues {
  return new OpenQueues(parts)
}

class OpenQueues implements Queues, PlaceContext {
  readonly store: QueueStore
  readonly roster: Roster
  readonly clock: Clock
  readonly node: string
  readonly requests: StoreRequests
  readonly log: Log
  readonly facts: WaitingFacts
  readonly #outage: Outage
  readonly agents: RosterMirror
  readonly #floor = new FloorIndex()
  readonly #mirror: QueueMirror
  readonly #listening: Disposable
  readonly #strategies: ReadonlyMap<string, Strategy>
  readonly #callbacks: CallbackCaller | undefined
  readonly #places = new HeldPlaces(name => this.#mirror.inUseFor(name))
  readonly #faults: StrategyFaults
  readonly #closing = new AbortController()
  #timer: Timer | null = null
  #looking: Promise<void> | null = null
  #again = false

  constructor({ store, roster, mirror, clock, log, node, strategies = STRATEGY_BY_NAME, callbacks }: QueueParts) {
    this.store = store
    this.roster = roster
    this.clock = clock
    this.node = node
    this.requests = new StoreRequests(clock, log, this.#closing.signal)
    this.log = log
    this.#strategies = strategies
    this.#faults = new StrategyFaults(log)
    this.#callbacks = callbacks
    this.facts = new WaitingFacts({
      store,
      settings: queue => this.#mirror.queues.get(queue) ?? {},
      staff: queue => this.#floor.staff(queue),
      position: (queue, call) => this.position(queue, call),
      now: () => clock.now(),
    })
    this.#outage = new Outage({ what: 'the store of queues', fields: { node }, clock, log })
    const events = {
      changed: () => this.#wake(),
      member: (queue: string, call: string, member: Member | null) => this.#places.find(queue, call)?.take(member),
      settings: (queue: string) => {
        for (const place of this.#places) if (place.queue === queue) place.settingsChanged()
      },
      loaded: () => this.#loaded(),
      failed: (error: unknown) => {
        this.#outage.away((error as Error).message)
        void this.#reload()
      },
    }
    // the notice of a reservation comes before that of its offer (assign.lua), and both copies apply a notice at once:
    // so the matcher sees no offer before its reservation
    this.agents = mirror
    this.#listening = mirror.on('written', ({ name, agent }) => {
      this.#floor.setAgent(name, agent, clock.now())
      this.facts.staffChanged()
      this.#wake()
    })
    for (const agent of mirror.records) this.#floor.setAgent(agent.name, agent, clock.now())
    this.#mirror = new QueueMirror(store, this.#floor, events)
  }

  /** Reads everything again after a pause; not once this node closes. */
  async #reload(): Promise<void> {
    const closes = this.#closing.signal
    await sleep(this.clock, RETRY.queueLater.pauseMs, closes).catch(() => {})
    if (!closes.aborted) await this.#mirror.load()
  }

  async enter(call: WaitingCall, queue: string, options: Entering = {}): Promise<Place> {
    const member = await this.#entering(call, queue, options, joining =>
      this.store.enter(queue, joining, this.clock.now()),
    )
    return this.#opened(call, member, options.given)
  }

  async admit(call: WaitingCall, queue: string, options: Admitting): Promise<Place | Refused> {
    const answer = await this.#entering(call, queue, options, joining => this.#admit(queue, joining, options))
    return 'why' in answer ? answer : this.#opened(call, answer, options.given)
  }

  /** For a node that has just started. */
  async #load(): Promise<void> {
    if (!this.#mirror.loaded) await this.#mirror.load()
  }

  async #admit(queue: string, joining: Joining, { given, headStartOfCall }: Admitting): Promise<Member | Refused> {
    await this.#load()
    const inUse = this.#mirror.inUseFor(queue)
    const { store, facts } = this
    return admitted({
      store,
      facts,
      queue: inUse,
      joining,
      headStartOfCallMs: ms(headStartOfCall),
      given,
      length: this.#floor.line(inUse).length,
      now: this.clock.now(),
    })
  }

  async #entering<T>(
    call: WaitingCall,
    queue: string,
    { headStart = '0s', priority, isLead, needs, onLine, since, within }: Entering,
    ask: (joining: Joining) => Promise<T>,
  ): Promise<T> {
    call.signal.throwIfAborted()
    const joining = {
      call: call.uuid,
      from: call.from,
      node: this.node,
      joinedAt: since ?? this.clock.now(),
      headStartMs: ms(headStart),
      ...(priority !== undefined && { priority }),
      ...(isLead && { isLead }),
      ...(needs !== undefined && { needs }),
      ...(onLine !== undefined && { onLine }),
    }
    return this.requests
      .forCaller('entering a queue failed', call.signal, () => ask(joining), { within })
      .catch((error: unknown) => {
        if (!(error instanceof CallMoved)) this.#neverCame(call, queue)
        throw error
      })
  }

  #opened(call: WaitingCall, member: Member, given?: WaitingGiven): Place {
    this.#places.find(member.queue, call.uuid)?.moved()
    const place = new WaitingPlace(this, call, member, given)
    call.signal.throwIfAborted()
    this.#places.add(place)
    this.#wrote(place, member)
    return place
  }

  async keepForCallback(call: WaitingCall, queue: string, number: Dial): Promise<void> {
    const request = { queue: this.#mirror.inUseFor(queue), call: call.uuid, number }
    const keep = () => this.store.keepForCallback(request, this.clock.now())
    await this.requests.forCaller('storing a callback failed', call.signal, keep)
    this.callbackRequested()
  }

  async callbackPlaces(): Promise<readonly Member[]> {
    await this.#load()
    if (!this.#mirror.loaded) throw new SwitchhookError('SERVICE', 'the queues could not be read')
    return this.#floor.allMembers().filter(member => member.callback !== undefined)
  }

  async giveUp(call: WaitingCall, queue: string): Promise<void> {
    if (this.#places.find(this.#mirror.inUseFor(queue), call.uuid)) return
    await (await this.enter(call, queue))[Symbol.asyncDispose]()
  }

  readonly reserve = (call: WaitingCall, agent: string) => reserveNamed(this, call, agent)
  readonly resume = (call: WaitingCall, reservation: AgentReservation) => resumeNamed(this, call, reservation)
  readonly releaseAgentsOf = (call: WaitingCall) => releaseAgentsOf(this, call)
  readonly taking = callerTaking(this)

  async check(): Promise<string[]> {
    return check(await this.#stored())
  }

  settingsOf(queue: string): QueueSettings | undefined {
    return this.#mirror.queues.get(queue)
  }

  /** 1 until this node has read the queues. */
  position(queue: string, call: string): number {
    return this.#mirror.loaded ? this.#mirror.position(queue, call) : 1
  }

  addsAgents(queue: string): boolean {
    return this.#strategies.get(this.#mirror.queues.get(queue)?.strategy ?? '')?.addsAgents === true
  }

  async rewrite(queue: string, call: string, decide: (member: Member) => Member | null): Promise<void> {
    await this.#mirror.rewrite(queue, call, decide)
    this.#wake()
  }

  lost(place: WaitingPlace): void {
    restoreLostPlace(this, this.#places, place, member => this.#wrote(place, member))
  }

  over(place: WaitingPlace): void {
    this.#places.delete(place)
  }

  callbackRequested(): void {
    this.#callbacks?.requested()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#listening[Symbol.dispose]()
    this.#mirror[Symbol.dispose]()
    this.#timer?.cancel()
    await this.#looking
  }

  /**
   * Only the store's answer may have been lost. Without the removal agents would be reserved for a caller who is not
   * there.
   */
  #neverCame(call: WaitingCall, queue: string): void {
    void this.requests.inBackground('removing a caller from the queue failed', async () => {
      if (this.#places.find(this.#mirror.inUseFor(queue), call.uuid)) return
      await this.store.leave(queue, call.uuid, call.signal.aborted ? 'abandoned' : 'left')
    })
  }

  /**
   * Applies a record of this place that was just written, so that the matcher need not wait for the notice. A notice of
   * a later write may have been faster.
   */
  #wrote(place: WaitingPlace, member: Member): void {
    this.#mirror.take(member)
    place.take(this.#mirror.member(member.queue, member.call) ?? member)
    this.#wake()
  }

  #loaded(): void {
    for (const place of this.#places) if (!this.#mirror.member(place.queue, place.call.uuid)) this.lost(place)
  }

  /**
   * One run of the matcher at a time; a change during a run starts another right after it. Begins a turn later: changes
   * come in pairs.
   */
  #wake(): void {
    this.#again = true
    this.#looking ??= this.#lookUntilQuiet()
  }

  async #lookUntilQuiet(): Promise<void> {
    await Promise.resolve()
    try {
      while (this.#again && this.#mirror.loaded && this.agents.loaded && !this.#closing.signal.aborted) {
        this.#again = false
        await this.#look(this.clock.now())
        this.#outage.end()
      }
    } catch (error) {
      this.#outage.away((error as Error).message)
      this.#arm(this.clock.now() + RETRY.queueLater.pauseMs)
    } finally {
      this.#looking = null // in the same turn as the last read of #again, so that no change is missed
    }
  }

  async #look(now: number): Promise<void> {
    const changes = this.#floor.takeChanges(now)
    try {
      for (let turn = 0; turn < MOST_MENDINGS && (await this.#mend(changes, now)); turn++)
        this.#floor.addChanges(changes, now)
      const { assignments, later, failures } = matchChanges(this.#floor, changes, now, this.#strategies)
      for (const { member, at } of later) this.#floor.decideLater(member, at)
      for (const [queue, error] of failures) this.#faults.tell(this.#mirror.queues.get(queue)!, error)
      await Promise.all(assignments.map(assignment => this.#assign(assignment, now)))
      for (const member of nearCallbacks(this.#floor, now)) this.#callbacks?.turnIsNear(member)
    } catch (error) {
      this.#floor.giveBack(changes)
      throw error
    }
    this.#arm(this.#floor.nextLook)
  }

  /** Writes what time has changed, and what must not wait for the matcher. False when there was nothing to do. */
  async #mend(changes: Changes, now: number): Promise<boolean> {
    const overdue = this.#floor.overdue(changes, now)
    if (overdue.length > 0) await Promise.all(overdue.map(agent => this.agents.settle(agent.name, now)))
    const unfounded = this.#floor.unfounded(changes, now)
    if (unfounded.length > 0)
      await Promise.all(unfounded.map(({ member, offer }) => this.#putAside(member, offer, now)))
    const stray = this.#ofRemovedQueues(changes)
    if (stray.length > 0) await Promise.all(stray.map(member => this.#move(member, now)))
    return overdue.length + unfounded.length + stray.length > 0
  }

  /**
   * The caller did not come for the agent. Reads the agent first: this node's copies of agent and caller may be of
   * different times.
   */
  async #putAside({ queue, call }: Member, offer: Offer, now: number): Promise<void> {
    const agent = await this.agents.refresh(offer.agent)
    if (agent && holds(agent, offer.epoch, now)) return
    await this.#mirror.rewrite(queue, call, known => waitsOn(known, offer, now + HOLD_MS, now))
  }

  /**
   * The callers of this node who wait in a removed queue whose name leads to another one. Each node moves its own: an
   * older version of this program would take a place that another node moves for lost. A callback is no node's.
   */
  #ofRemovedQueues({ queues, members }: Changes): readonly Member[] {
    if (this.#floor.queues.size === this.#mirror.queues.size) return [] // the usual case
    const asked = new Set([...members, ...[...queues].flatMap(queue => [...this.#floor.members(queue)])])
    return [...asked].filter(
      ({ queue, node, state, callback }) =>
        state === 'waiting' && (node === this.node || callback) && this.#mirror.inUseFor(queue) !== queue,
    )
  }

  async #move(member: Member, now: number): Promise<void> {
    const { queue, call } = member
    const to = this.#mirror.inUseFor(queue)
    if (await this.store.move(member, to, now)) this.log.info({ queue, call, to }, 'caller moved to another queue')
    else await this.#mirror.refreshMember(queue, call)
  }

  async #assign(assignment: Assignment, now: number): Promise<void> {
    const { member, agent, others = [], sharing = [] } = assignment
    const done = await this.store.assign(assignment, this.node, HOLD_MS, now)
    if (done) {
      for (const one of [done.agent, ...done.others]) this.agents.take(one)
      this.#mirror.take(done.member)
      if (done.member.callback) this.#callbacks?.agentReserved(done.member, done.agent)
      return
    }
    const names = [agent, ...others, ...sharing].map(one => one.name)
    await Promise.all([
      ...names.map(name => this.agents.refresh(name)),
      this.#mirror.refreshMember(member.queue, member.call),
    ])
    this.#floor.lookAgain(member.queue, member.call, names)
    this.#again = true
  }

  #arm(at: number | null): void {
    this.#timer?.cancel()
    if (at === null || this.#closing.signal.aborted) return
    this.#timer = this.clock.after(Math.max(0, at - this.clock.now()), () => this.#wake())
  }

  async #stored(): Promise<Snapshot> {
    const now = this.clock.now()
    const queues = await this.store.everyQueue()
    const members = (await Promise.all(queues.map(queue => this.store.members(queue.name)))).flat()
    return { queues: queues.filter(isInUse), members, agents: await this.roster.list(now), now }
  }
}
