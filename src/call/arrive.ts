/**
 * The door: every leg enters the house here, the first time and after every talk, takeover or restart.
 * First of all the dead man's switch of the dialplan is cancelled: when hundreds arrive at once nobody may fall into the fallback.
 * FreeSWITCH says who drives a call by bringing it: whoever is brought one takes it, and the node that had it before has it no more.
 */
import { timingSafeEqual, createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import * as say from '../esl/api.ts'
import { api } from '../esl/command.ts'
import type { Wire } from '../esl/wire.ts'
import type { Ident, Uuid, VarValue } from '../esl/words.ts'
import { readArrival, type Arrival } from './arrival.ts'
import { Burst } from './burst.ts'
import { Conversation } from './conversation.ts'
import { Doubts } from './doubts.ts'
import { lineOf } from './entries.ts'
import { Leg } from './leg.ts'
import { isSame, isStill, type CallStore, type Taken } from './ownership.ts'
import { Strays, type Peers } from './strays.ts'
import type { Switch, Switchboard } from './switchboard.ts'

/** The path of legs that we originate and that wait for the flow that asked for them. */
export const LEG_PATH = 'leg'
/** Extension of the dialplan that says sorry and tries the overflow number. */
export const FALLBACK = 'switchhook-sorry'

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
  peers?: Peers | undefined
  /** False: this node has too much to do, and a call that is new goes to the overflow. */
  admits?: (() => boolean) | undefined
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
  readonly #strays: Strays
  readonly #doubts: Doubts
  readonly #burst: Burst

  constructor(options: DoorOptions) {
    this.#options = options
    this.#node = options.node ?? ''
    this.#strays = new Strays({ ...options, node: this.#node })
    this.#burst = new Burst(options.clock)
    this.#doubts = new Doubts({ ...options, node: this.#node })
  }

  /** Legs that live here now. */
  get legs(): ReadonlyMap<Uuid, Leg> {
    return this.#legs
  }

  /** May this process speak for its legs in this moment? */
  readonly holds = (): boolean => this.#options.peers?.holds() ?? true

  /** Announces a leg that we are about to originate. Once disposed, a leg that still comes is hung up. */
  expect(uuid: Uuid): Expectation {
    const arrived = new Promise<Leg>(resolve => {
      const early = this.#strays.claim(uuid)
      if (early) resolve(early)
      else this.#expected.set(uuid, resolve)
    })
    return { arrived, [Symbol.dispose]: () => void this.#expected.delete(uuid) }
  }

  /** A leg of a call that is driven here from now on: it is here, or it comes within moments, or it is fetched. */
  claim(uuid: Uuid, home: Switch | null): Leg {
    const here = this.#strays.claim(uuid) ?? this.#legs.get(uuid)
    return here && here.phase !== 'moved' ? here : this.#leg(arrivalOfLeg(uuid, home?.facts.core ?? ''), home, 'adrift')
  }

  /** Brings a leg of ours here from wherever it is. */
  fetch(leg: Leg): void {
    this.#strays.fetch(leg)
  }

  /** After a time in which this process could not be sure of its calls: it drops those that others have taken, and goes on with the others. */
  async revalidate(sure: () => void = () => {}): Promise<void> {
    const { calls, log } = this.#options
    if (!calls) return
    const legs = [...this.#legs.values()].filter(leg => leg.phase !== 'ended' && leg.phase !== 'moved')
    const owners = await calls.ownersOf(legs.map(leg => leg.steps.journal.uuid))
    sure() // from this turn on this process may speak again
    let lost = 0
    legs.forEach((leg, at) => {
      const owner = owners[at] // none: a leg that is nobody's call; or the store has forgotten it, and nobody else has taken it
      if (!owner || isStill(owner, leg.steps.journal.owner)) return leg.resume()
      lost++
      leg.giveAway('taken')
    })
    this.#doubts.begin()
    log.info({ kept: legs.length - lost, lost }, 'this node is among its peers again')
  }

  /** Takes a connection in. Never throws: what is wrong with it is logged and the connection closed, and the dialplan goes on. */
  async knock(wire: Wire): Promise<void> {
    const { clock, log } = this.#options
    const conversation = new Conversation(wire, clock, text => {
      // a leg that is hung up in the moment in which it ends by itself is no news
      log[text.startsWith('-ERR No such channel') ? 'debug' : 'warn']({ error: text }, 'the switch refused a command')
    })
    try {
      this.#burst.add()
      const data = await conversation.greet()
      await this.#burst.over()
      const arrival = readArrival(data)
      // before its key is looked at: whoever has the call has unset that
      if (this.#doubts.any && (await this.#doubts.isStale(arrival))) return conversation.retire() // neither taken nor closed
      const fault = this.#fault(arrival, data.get('Socket-Mode'), data.get('Control'))
      if (fault) {
        log.error({ peer: wire.peer, uuid: arrival.uuid }, fault)
        return conversation.destroy()
      }
      if (arrival.deadMansSwitch !== undefined) conversation.tell(api(say.schedDelete(arrival.deadMansSwitch)))
      // a leg that comes back from a talk that never began is still marked as talking: its next death would lose it
      if (!arrival.socketResume) conversation.tell(api(say.uuidSetvar(arrival.uuid, 'socket_resume' as Ident, 'true' as VarValue)))
      if (arrival.path === LEG_PATH) this.#admitLeg(arrival, conversation)
      else await this.#admit(arrival, conversation)
    } catch (error) {
      // whatever a stranger does to this port, the house stands
      log.warn({ peer: wire.peer, error: error instanceof Error ? error.message : String(error) }, 'a connection brought no call')
      conversation.destroy()
    }
  }

  #fault(arrival: Arrival, mode: string | undefined, control: string | undefined): string | null {
    if (mode !== 'async' || control !== 'full') return `the dialplan's socket line must end in 'async full' (it says ${mode}, ${control}): see dialplan/`
    const { key } = this.#options
    if (key !== undefined && !same(key, arrival.key)) return 'a connection did not carry the right switchhook_key: set it in dialplan/switchhook_vars.xml to DOOR_KEY'
    return null
  }

  async #admit(arrival: Arrival, conversation: Conversation): Promise<void> {
    const { admits } = this.#options
    if (admits && !this.#living(arrival.uuid) && !admits() && !(await this.#isDriven(arrival.uuid))) return this.#shed(arrival, conversation)
    const taken = await this.#take(arrival)
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
    else this.#strays.arrived(leg)
  }

  /** A secret is not for call records: every `socket` line of the dialplan sets it anew. */
  #unsetKey({ uuid }: Arrival, conversation: Conversation): void {
    if (this.#options.key !== undefined) conversation.tell(api(say.uuidUnset(uuid, 'switchhook_key' as Ident)))
  }

  #living(uuid: Uuid): Leg | undefined {
    const known = this.#legs.get(uuid)
    return known && known.phase !== 'ended' && known.phase !== 'moved' ? known : undefined
  }

  #leg(arrival: Arrival, home: Switch | null, phase: 'driven' | 'adrift'): Leg {
    const { clock, log } = this.#options
    const leg = new Leg({ arrival, home, clock, log, holds: this.holds, phase })
    this.#legs.set(arrival.uuid, leg)
    void leg.ended.then(() => this.#forget(leg))
    void leg.moved.then(() => this.#forget(leg))
    return leg
  }

  /** Null when it is not, or cannot be, written down who drives what: the call is served all the same. */
  async #take(arrival: Arrival): Promise<Taken | null> {
    const { calls, clock, log } = this.#options
    if (!calls) return null
    const begin = { k: 'begin', at: clock.now(), arrival: { ...arrival, key: '' } } as const
    try {
      return await calls.take(arrival.uuid, this.#node, lineOf(begin))
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      log.warn({ uuid: arrival.uuid, error: error.message }, 'a call is served though nobody can be told that this node drives it')
      return null
    }
  }

  async #isDriven(uuid: Uuid): Promise<boolean> {
    try {
      return ((await this.#options.calls?.owner(uuid)) ?? null) !== null
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      return true
    }
  }

  /** Too much to do: the caller hears so at once, instead of bad service for everybody. Closed while socket_resume is false, or it would come back. */
  #shed(arrival: Arrival, conversation: Conversation): void {
    this.#options.log.info({ uuid: arrival.uuid, from: arrival.from }, 'too much to do: a call goes to the overflow')
    conversation.tell(
      api(say.uuidSetvar(arrival.uuid, 'socket_resume' as Ident, 'false' as VarValue)),
      api(say.uuidTransferTo(arrival.uuid, FALLBACK as Ident, say.CONTEXT as Ident)),
    )
    conversation.close()
  }

  #forget(leg: Leg): void {
    if (this.#legs.get(leg.uuid) === leg) this.#legs.delete(leg.uuid)
  }
}

/** What is known of a leg of ours before it comes. */
const arrivalOfLeg = (uuid: Uuid, core: string): Arrival => ({ uuid, path: LEG_PATH, from: '', fromName: '', to: '', direction: 'out', answered: true, core, socketResume: true, key: '' })

/** Compares secrets in a time that tells nothing of them. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
