/**
 * Callers and agents: legs of the other FreeSWITCH. They call, press keys, answer calls, hang up, and record what
 * reaches their ear.
 */
import { newUuid } from '../../../src/esl/safe-text.ts'
import { SipCallers } from '../../bench/switch/sip-callers.ts'
import { eventually, pause, type Rig } from './rig.ts'
import type { Talk } from './rows-talking.ts'

/** Milliseconds between two people who call: 20 a second. */
const BETWEEN_MS = 50
/** Longer than a busy FreeSWITCH needs: nobody in the rows arrives later. */
const ARRIVES_MS = 20_000

export interface Caller {
  /** Their leg on the FreeSWITCH under test: nodes and records use this uuid. */
  readonly uuid: string
  /** Their leg at their own end. */
  readonly far: string
  readonly number: string
}

let numbers = 0

export class People {
  readonly callers: Caller[] = []
  readonly #rig: Rig
  readonly #quiet = new Set<SipCallers>()

  constructor(rig: Rig) {
    this.#rig = rig
  }

  /** This many people call, one after the other. Resolves when the FreeSWITCH under test has all of them. */
  async call(count: number, to = '4930555000', betweenMs = BETWEEN_MS): Promise<Caller[]> {
    const coming: Promise<Caller>[] = []
    for (let at = 0; at < count; at++) {
      coming.push(this.#one(to))
      await pause(betweenMs)
    }
    const came = await within(ARRIVES_MS, 'all callers reach the switch', Promise.all(coming))
    this.callers.push(...came)
    return came
  }

  /**
   * The same, with people who make no sound and press no keys: many of them cost almost nothing beside FreeSWITCH. They
   * stay for this long.
   */
  async callQuietly(count: number, stayMs: number, betweenMs = BETWEEN_MS): Promise<Caller[]> {
    const { ear, near } = this.#rig
    const callers = await SipCallers.open(near.ports.inside)
    this.#quiet.add(callers)
    const since = ear.heard.length
    const calls: Promise<void>[] = []
    for (let at = 0; at < count; at++) {
      calls.push(callers.call('4930555000', stayMs))
      await pause(betweenMs)
    }
    void Promise.all(calls).then(() => callers.close())
    const came = () => ear.heard.slice(since).filter(({ name, outbound }) => name === 'CHANNEL_CREATE' && !outbound)
    await eventually(`${count} callers reach the switch`, ARRIVES_MS, () => came().length === count)
    return came().map(({ uuid, from }) => ({ uuid, far: uuid, number: from }))
  }

  async #one(to: string): Promise<Caller> {
    const { ear, farEar, near } = this.#rig
    const far = newUuid()
    const number = `4930${String(700_000 + (++numbers % 100_000))}`
    const callId = `survival-${far}`
    const arrives = ear.seen(heard => heard.name === 'CHANNEL_CREATE' && heard.callId === callId)
    const variables = `origination_uuid=${far},sip_invite_call_id=${callId},origination_caller_id_number=${number}`
    await farEar.api(
      `bgapi originate {${variables}}sofia/outside/${to}@127.0.0.1:${near.ports.inside} caller XML outside`,
    )
    return { uuid: (await arrives).uuid, far, number }
  }

  /**
   * Resolves with the time (by FreeSWITCH's clock) at which each of them hears `sound` (any of them) for the first time
   * after `since`.
   */
  async hear(callers: readonly Caller[], sound: RegExp, since: number, withinMs: number): Promise<Map<string, number>> {
    const found = () => this.moments(callers, sound, since)
    await eventually(`${callers.length} people hear ${sound}`, withinMs, () => found().size === callers.length).catch(
      error => {
        const others = callers.filter(({ uuid }) => !found().has(uuid))
        const stories = others.slice(0, 3).map(({ uuid }) => `${uuid} since ${since}: ${this.#rig.ear.story(uuid)}`)
        throw new Error(`${(error as Error).message}; ${found().size} do; who does not:\n${stories.join('\n')}`, {
          cause: error,
        })
      },
    )
    return found()
  }

  /** The same, for those who have heard it. */
  moments(callers: readonly Caller[], sound: RegExp, since: number): Map<string, number> {
    const first = new Map<string, number>()
    const wanted = new Set(callers.map(({ uuid }) => uuid))
    for (const { uuid, at, name, data } of this.#rig.ear.heard) {
      if (name === 'CHANNEL_EXECUTE' && at >= since && wanted.has(uuid) && !first.has(uuid) && sound.test(data))
        first.set(uuid, at)
    }
    return first
  }

  /** They press a key, 200 ms long. */
  async press(callers: readonly Caller[], key: string): Promise<void> {
    for (const { far } of callers) await this.#rig.farEar.api(`uuid_send_dtmf ${far} ${key}@200`)
  }

  /**
   * Agents answer every call that is offered to them, until disposed. An agent who hears the whisper's question presses
   * 1.
   */
  accept(): Disposable {
    return this.#rig.ear.on(heard => {
      if (heard.name === 'CHANNEL_EXECUTE' && heard.data.includes('whisper/press-1')) void this.#accepts(heard.uuid)
    })
  }

  async #accepts(leg: string): Promise<void> {
    const far = this.farOfAgent(leg)
    if (far !== undefined) await this.#rig.farEar.api(`uuid_send_dtmf ${far} 1@200`)
  }

  /** The other end of an agent's leg. */
  farOfAgent(leg: string): string | undefined {
    const callId = this.#rig.ear.heard.find(heard => heard.uuid === leg && heard.callId !== '')?.callId
    return this.#rig.farEar.heard.find(heard => heard.callId === callId)?.uuid
  }

  /** The talks now: the caller's leg → the agent's. */
  talks(since = 0): Map<string, string> {
    const talks = new Map<string, string>()
    for (const { name, uuid, other, at } of this.#rig.ear.heard) {
      if (at < since) continue
      if (name === 'CHANNEL_BRIDGE') talks.set(uuid, other)
      else if (name === 'CHANNEL_UNBRIDGE') talks.delete(uuid)
    }
    return talks
  }

  /** From now on both ends of these talks record what reaches their ear. */
  async record(talks: readonly Talk[]): Promise<void> {
    for (const { path, far } of this.#ears(talks)) {
      await this.#rig.farEar.api(`uuid_setvar_multi ${far} RECORD_READ_ONLY=true;RECORD_PRE_BUFFER_FRAMES=0`)
      await this.#rig.farEar.api(`uuid_record ${far} start ${path}`)
    }
  }

  /** Ends the recordings. Returns whose tone should be in each. */
  async recorded(talks: readonly Talk[]): Promise<{ path: string; whose: 'caller' | 'called' }[]> {
    const ears = this.#ears(talks)
    for (const { path, far } of ears) await this.#rig.farEar.api(`uuid_record ${far} stop ${path}`)
    await pause(200) // the file is closed a moment later
    return ears
  }

  #ears(talks: readonly Talk[]): { far: string; path: string; whose: 'caller' | 'called' }[] {
    const path = (far: string) => `${this.#rig.far.folder}/recordings/${far}.wav`
    return talks.flatMap(({ caller, agentFar }) => [
      { far: caller.far, path: path(caller.far), whose: 'called' as const },
      { far: agentFar, path: path(agentFar), whose: 'caller' as const },
    ])
  }

  /** Those whose leg was ended on either FreeSWITCH. */
  gone(callers: readonly Caller[]): Caller[] {
    const ended = new Set<string>()
    for (const ear of [this.#rig.ear, this.#rig.farEar])
      for (const heard of ear.heard) if (heard.name === 'CHANNEL_HANGUP') ended.add(heard.uuid)
    return callers.filter(({ uuid, far }) => ended.has(uuid) || ended.has(far))
  }

  /** Those who heard the apology of the dialplan. */
  apologised(callers: readonly Caller[]): Caller[] {
    const heard = this.moments(callers, /sorry/, 0)
    return callers.filter(({ uuid }) => heard.has(uuid))
  }

  async hangUp(fars: readonly string[]): Promise<void> {
    await Promise.all(fars.map(far => this.#rig.farEar.api(`uuid_kill ${far}`)))
  }

  /** The people without sound are gone, whether or not their FreeSWITCH still runs. */
  close(): void {
    for (const callers of this.#quiet) callers.close()
    this.#quiet.clear()
  }

  /** Everybody hangs up. */
  async leave(): Promise<void> {
    this.close()
    await this.hangUp(this.callers.splice(0).map(({ far }) => far))
  }
}

async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(ms)
  return Promise.race([
    work,
    new Promise<never>((_, reject) =>
      late.addEventListener('abort', () => reject(new Error(`expected within ${ms} ms: ${what}`))),
    ),
  ])
}
