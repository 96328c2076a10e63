/**
 * Unclaimed legs: legs that arrive before, or at another node than, the call that dialled them. Their node has died,
 * and FreeSWITCH connects both to nodes that live. Such a leg waits here for its parent's flow, is sent to the node
 * that drives the parent, or is hung up when no call claims it; the leg of a nailed-up agent is parked. Used by Door
 * (call/entry.ts).
 */
import { sleep, type Clock } from '../base/clock.ts'
import { SwitchError, SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { RETRY } from '../base/retry.ts'
import * as build from '../esl/api.ts'
import { api } from '../esl/command.ts'
import { varValue, type Ident, type Uuid, type VarValue } from '../esl/safe-text.ts'
import type { Leg } from './leg.ts'
import { ParkedLeg } from './parked-leg.ts'
import type { CallStore, Owner } from '../journal/call-store.ts'

/** What a node knows of its own lease and of the other nodes. */
export interface PeerAddresses {
  /** True while this node may send commands for its calls. */
  holds(): boolean
  /** The address ('host:port') at which FreeSWITCH reaches a node that lives, or null. */
  addressOf(node: string): string | null
}

export interface UnclaimedLegsOptions {
  clock: Clock
  log: Log
  node: string
  calls?: CallStore | undefined
  peers?: PeerAddresses | undefined
}

/**
 * A parent that has not arrived by then never will: a person who has answered must not hear silence longer than this.
 */
const WAITS_MS = 10_000

export class UnclaimedLegs {
  readonly #options: UnclaimedLegsOptions
  readonly #waiting = new Map<Uuid, Leg>()
  /** When a leg was sent to its node for the first time. */
  readonly #sentHome = new Map<Uuid, number>()

  constructor(options: UnclaimedLegsOptions) {
    this.#options = options
  }

  /** The flow of the parent continues here and claims its leg. */
  claim(uuid: Uuid): Leg | undefined {
    const leg = this.#waiting.get(uuid)
    this.#waiting.delete(uuid)
    return leg
  }

  arrived(leg: Leg): void {
    const { parent } = leg.arrival
    if (!this.#options.calls || parent === undefined) return this.#unwanted(leg)
    this.#waiting.set(leg.uuid, leg)
    this.#lookFor(leg, parent, this.#options.calls).catch((error: unknown) => {
      if (!(error instanceof SwitchhookError)) throw error
      this.#options.log.warn(
        { uuid: leg.uuid, error: error.message },
        'owner of an unclaimed leg could not be read; the leg is hung up',
      )
      this.#unwanted(leg)
    })
  }

  /** Fetches a leg from the node that it is connected to. */
  fetch(leg: Leg): void {
    const address = this.#options.peers?.addressOf(this.#options.node) ?? null
    this.#options.log.info({ uuid: leg.uuid }, 'leg is fetched to this node')
    void this.#send(leg, address)
  }

  async #lookFor(leg: Leg, parent: string, calls: CallStore): Promise<void> {
    const { clock, node, peers } = this.#options
    const end = clock.monotonic() + WAITS_MS
    while (this.#waiting.get(leg.uuid) === leg && leg.phase !== 'ended' && leg.phase !== 'moved') {
      const owner: Owner | null = await calls.owner(parent)
      if (this.#waiting.get(leg.uuid) !== leg) return
      if (!owner || clock.monotonic() >= end) return this.#unwanted(leg)
      const address = owner.node === node ? null : (peers?.addressOf(owner.node) ?? null)
      // it was sent home before and is back: its node lives and refuses it. Sent again, but not at once, and not for
      // ever.
      const sent = this.#sentHome.get(leg.uuid)
      const passed = sent === undefined ? null : clock.monotonic() - sent
      if (passed !== null && passed >= WAITS_MS) return this.#unwanted(leg)
      if (address !== null && (passed === null || passed > RETRY.ownerOfParent.pauseMs * 5)) {
        if (await this.#talks(leg)) {
          this.#waiting.delete(leg.uuid)
          return leg.giveAway()
        }
        if (!(await this.#isTaken(leg))) return this.#sendHome(leg, address)
        this.#waiting.delete(leg.uuid)
        return leg.giveAway('taken')
      }
      await sleep(clock, RETRY.ownerOfParent.pauseMs)
    }
    this.#waiting.delete(leg.uuid)
  }

  /** Has the node that drives the call joined the two in the meantime? A transfer would part them. */
  async #talks(leg: Leg): Promise<boolean> {
    try {
      return ((await leg.home?.joinedWith(leg.uuid)) ?? null) !== null
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      return false
    }
  }

  /** Has a call taken the leg of a nailed-up agent without its connection to this node, or parked it? */
  async #isTaken(leg: Leg): Promise<boolean> {
    if (!(leg instanceof ParkedLeg) || !leg.home) return false
    try {
      return (await leg.home.variable(leg.uuid, 'switchhook_parent' as Ident)) !== leg.arrival.parent
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      return false
    }
  }

  /**
   * Another node drives its call: the leg is sent there. Its connection to this node is closed while socket_resume is
   * false.
   */
  #sendHome(leg: Leg, address: string): void {
    this.#waiting.delete(leg.uuid)
    const { clock } = this.#options
    if (!this.#sentHome.has(leg.uuid)) {
      this.#sentHome.set(leg.uuid, clock.monotonic())
      clock.after(2 * WAITS_MS, () => this.#sentHome.delete(leg.uuid))
    }
    this.#options.log.info({ uuid: leg.uuid, to: address }, 'unclaimed leg was sent to the node that drives its call')
    leg.conversation?.post(
      api(build.uuidSetvars(leg.uuid, { socket_resume: 'false', switchhook_home: varValue(address) })),
      api(build.uuidTransfer(leg.uuid, 'home-leg' as Ident)),
    )
    leg.giveAway()
  }

  async #send(leg: Leg, address: string | null): Promise<void> {
    if (!leg.home) return
    if (address !== null)
      await leg.home.attempt(build.uuidSetvar(leg.uuid, 'switchhook_home' as Ident, varValue(address) as VarValue))
    await leg.home.attempt(build.uuidTransfer(leg.uuid, (address === null ? 'leg' : 'home-leg') as Ident))
  }

  /** No call claims the leg any more: it is hung up, or parked when it is that of a nailed-up agent. */
  #unwanted(leg: Leg): void {
    this.#waiting.delete(leg.uuid)
    if (leg instanceof ParkedLeg) return void this.#park(leg)
    this.#options.log.info({ uuid: leg.uuid }, 'leg was hung up: no call claims it any more')
    leg.conversation?.post(api(build.uuidKill(leg.uuid, 'ORIGINATOR_CANCEL' as Ident)))
  }

  async #park(leg: ParkedLeg): Promise<void> {
    if (await this.#isTaken(leg)) return leg.giveAway('taken')
    this.#options.log.info({ uuid: leg.uuid }, 'the leg of a nailed-up agent was parked: no call claims it any more')
    await leg.park(this.#options.clock)
  }
}
