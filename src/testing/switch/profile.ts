/** A caller profile: caller, callee, destination and times of a leg, rendered with the prefix that an event needs. */
import { jsonMember, plainLine } from './encoding.ts'

export type Direction = 'inbound' | 'outbound'

export interface ProfileFields {
  direction: Direction
  logicalDirection: Direction
  username: string
  dialplan: string
  callerIdName: string
  callerIdNumber: string
  origCallerIdName: string
  origCallerIdNumber: string
  calleeIdName: string
  calleeIdNumber: string
  networkAddr: string
  ani: string
  destinationNumber: string
  uniqueId: string
  source: string
  transferSource: string
  context: string
  rdnis: string
  channelName: string
  profileIndex: string
}

/** Microseconds since the epoch; 0: not yet. */
export interface Times {
  profileCreated: number
  created: number
  answered: number
  progress: number
  progressMedia: number
  hangup: number
  transfer: number
  resurrect: number
  bridged: number
  lastHold: number
  holdAccum: number
}

const TEXT: readonly (readonly [string, keyof ProfileFields])[] = [
  ['Direction', 'direction'],
  ['Logical-Direction', 'logicalDirection'],
  ['Username', 'username'],
  ['Dialplan', 'dialplan'],
  ['Caller-ID-Name', 'callerIdName'],
  ['Caller-ID-Number', 'callerIdNumber'],
  ['Orig-Caller-ID-Name', 'origCallerIdName'],
  ['Orig-Caller-ID-Number', 'origCallerIdNumber'],
  ['Callee-ID-Name', 'calleeIdName'],
  ['Callee-ID-Number', 'calleeIdNumber'],
  ['Network-Addr', 'networkAddr'],
  ['ANI', 'ani'],
  ['Destination-Number', 'destinationNumber'],
  ['Unique-ID', 'uniqueId'],
  ['Source', 'source'],
  ['Transfer-Source', 'transferSource'],
  ['Context', 'context'],
  ['RDNIS', 'rdnis'],
  ['Channel-Name', 'channelName'],
  ['Profile-Index', 'profileIndex'],
]

const STAMPS: readonly (readonly [string, keyof Times])[] = [
  ['Profile-Created-Time', 'profileCreated'],
  ['Channel-Created-Time', 'created'],
  ['Channel-Answered-Time', 'answered'],
  ['Channel-Progress-Time', 'progress'],
  ['Channel-Progress-Media-Time', 'progressMedia'],
  ['Channel-Hangup-Time', 'hangup'],
  ['Channel-Transfer-Time', 'transfer'],
  ['Channel-Resurrect-Time', 'resurrect'],
  ['Channel-Bridged-Time', 'bridged'],
  ['Channel-Last-Hold', 'lastHold'],
  ['Channel-Hold-Accum', 'holdAccum'],
]

const FLAGS: readonly (readonly [string, string])[] = [
  ['Screen-Bit', 'true'],
  ['Privacy-Hide-Name', 'false'],
  ['Privacy-Hide-Number', 'false'],
]

export class Profile {
  #fields: ProfileFields
  #times: Times
  #cache = new Map<string, string>()

  constructor(fields: ProfileFields, times: Times) {
    this.#fields = fields
    this.#times = times
  }

  get fields(): Readonly<ProfileFields> {
    return this.#fields
  }

  get times(): Readonly<Times> {
    return this.#times
  }

  change(fields: Partial<ProfileFields>): void {
    this.#fields = { ...this.#fields, ...fields }
    this.#cache.clear()
  }

  stamp(times: Partial<Times>): void {
    this.#times = { ...this.#times, ...times }
    this.#cache.clear()
  }

  /**
   * A copy. With `step` it is the next profile of the same channel, with its own index and time. The next profile has
   * no times of a bridge or a hold (switch_channel_set_caller_profile copies five of the times).
   */
  clone(step?: { now: number }): Profile {
    const copy = new Profile({ ...this.#fields }, { ...this.#times })
    if (step) {
      copy.change({ profileIndex: String(Number(this.#fields.profileIndex || '0') + 1) })
      copy.stamp({ profileCreated: step.now, transfer: 0, resurrect: 0, bridged: 0, lastHold: 0, holdAccum: 0 })
    } else copy.change({ profileIndex: '' })
    return copy
  }

  headers(prefix: string): [string, string][] {
    const found: [string, string][] = []
    for (const [name, key] of TEXT) if (this.#fields[key] !== '') found.push([`${prefix}-${name}`, this.#fields[key]])
    for (const [name, key] of STAMPS) found.push([`${prefix}-${name}`, String(this.#times[key])])
    for (const [name, value] of FLAGS) found.push([`${prefix}-${name}`, value])
    return found
  }

  text(prefix: string, format: 'plain' | 'json'): string {
    const key = `${format} ${prefix}`
    const cached = this.#cache.get(key)
    if (cached !== undefined) return cached
    const write = format === 'plain' ? plainLine : jsonMember
    let text = ''
    for (const [name, value] of this.headers(prefix)) text += write(name, value)
    this.#cache.set(key, text)
    return text
  }
}
