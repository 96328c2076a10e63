/**
 * A node dies, or loses its links to FreeSWITCH, around the first dials of a campaign: when and how, and what must be
 * true at the end. Each trial is a campaign of four people, whose agents are on the line. Used by
 * dialling-trials.run.ts.
 */
import type { Behaviour } from '#testing'
import { pick } from './links-chance.ts'
import type { Contact, CutWire } from './dialling-contacts.ts'
import { MODES, type DiallingLab, type LabAttempt, type Mode, type NodeName } from './dialling-lab.ts'

/**
 * Rows 25, 59, 60, 61: the links break; the node dies before FreeSWITCH has read the dial; after that; the node stands
 * still for longer than its leases.
 */
export type Row = '25' | '59' | '60' | '61'

export interface TrialResult {
  readonly mode: Mode
  /** When it died, in words. */
  readonly point: string
  /** How the attempts ended. */
  readonly ends: readonly string[]
  readonly faults: readonly string[]
}

const BEHAVIOURS: readonly Behaviour[] = [
  { answers: 'busy' },
  { answers: 'declined' },
  { answers: 'unallocated' },
  { answers: 'never' },
  { answers: '1s', speaks: 'human', talksFor: '6s' },
  { answers: '4s', speaks: 'human', talksFor: '6s' },
  { answers: '1s', speaks: 'machine', talksFor: '5s' },
]
/** What becomes of such a telephone, in the words of a campaign. */
const TRUTH = new Map<Behaviour['answers'], readonly string[]>([
  ['busy', ['busy']],
  ['declined', ['rejected']],
  ['unallocated', ['invalid']],
  ['never', ['no-answer']],
])
const PEOPLE = 4
/** Nodes do not die one after the other within seconds: the other one has heard of every leg before the dial. */
const BOTH_RUN_MS = 10_000
/** A lead whose node has died is dialled after its claim, a second look and its own ring time: two minutes or so. */
const ENDS_WITHIN_MS = 1_800_000
const IS_CLAIM = /numbered as \(/ // store/claims.ts
/** A node dials for so long after it was seen to have the lease of the campaign (campaign/lease.ts). */
const LEASE_MS = 5_500

type Point =
  | { readonly at: 'claimed' }
  | { readonly at: 'contact'; readonly n: number }
  | { readonly at: 'said'; readonly part: number }
  | { readonly at: 'read' }
  | { readonly at: 'heard'; readonly n: number }
  | { readonly at: 'later'; readonly ms: number }
  | { readonly at: 'octets'; readonly n: number; readonly of: 'replies' | 'events' }

function pointOf(row: Row, random: () => number): Point {
  const upTo = (n: number) => Math.floor(random() * n)
  const points: Record<Row, readonly Point[]> = {
    '59': [{ at: 'claimed' }, { at: 'contact', n: 1 + upTo(3) }, { at: 'said', part: random() }],
    '60': [{ at: 'read' }, { at: 'heard', n: 1 + upTo(12) }, { at: 'later', ms: upTo(20_000) }],
    '25': [
      { at: 'said', part: random() },
      { at: 'octets', n: upTo(700), of: 'replies' },
      { at: 'octets', n: upTo(60_000), of: 'events' },
    ],
    '61': [{ at: 'claimed' }, { at: 'contact', n: 1 + upTo(3) }, { at: 'read' }, { at: 'heard', n: 1 + upTo(12) }],
  }
  return pick(random, points[row])
}

/** One trial. Resolves when every person has been called, or the time is over. */
export async function runTrial(lab: DiallingLab, row: Row, nth: number, random: () => number): Promise<TrialResult> {
  const mode = MODES[nth % MODES.length]!
  const point = pointOf(row, random)
  await lab.sim.clock.advance(BOTH_RUN_MS)
  const fault = new Fault(lab, row, point, random)
  const campaign = await lab.campaign(
    mode,
    Array.from({ length: PEOPLE }, () => pick(random, BEHAVIOURS)),
  )
  const faults: string[] = []
  try {
    await lab.sim.clock.runUntil(() => lab.completed.has(campaign.name) && fault.isOver && lab.complete, ENDS_WITHIN_MS)
  } catch (error) {
    faults.push(`${fault.isOver ? '' : 'the fault is not over, and '}${(error as Error).message}`)
  }
  fault.end()
  const [attempts, leads] = [await lab.attempts(campaign.id), await lab.leads(campaign.id)]
  faults.push(...fault.stale)
  faults.push(...lab.broken.splice(0).map(error => `a node did not open: ${error}`))
  for (const [uuid, times] of lab.created) if (times > 1) faults.push(`the leg ${uuid} was created ${times} times`)
  for (const { uuid, phone } of lab.dials)
    if (!attempts.some(one => one.id === uuid && one.phone === phone))
      faults.push(`${phone} was dialled and no row says so`)
  for (const { id, phone, state } of attempts) if (state !== 'ended') faults.push(`${phone}: attempt ${id} is ${state}`)
  for (const { phone, behaviour } of campaign.people) {
    const lead = leads.find(one => one.phone === phone)!
    const dials = lab.dials.filter(one => one.phone === phone).length
    const counted = attempts.filter(one => one.phone === phone && one.disposition !== null)
    if (dials > 1) faults.push(`${phone} was called ${dials} times`)
    if (row === '59' && dials !== 1) faults.push(`${phone} was called ${dials} times, and not once`)
    if (lead.state !== 'done' || lead.disposition === null) faults.push(`${phone} is ${lead.state} without an end`)
    if (counted.length !== 1 || lead.attempts !== 1) faults.push(`${phone} has ${counted.length} attempts that count`)
    for (const attempt of counted) faults.push(...lie(attempt, behaviour, fault, dials))
  }
  return {
    mode,
    point: `${point.at}${point.at === 'octets' ? ` of ${point.of}` : ''}`,
    ends: attempts.map(({ disposition, cause }) => disposition ?? cause ?? 'nothing'),
    faults: faults.map(text => `${mode}, ${JSON.stringify(point)}: ${text}`),
  }
}

/** What FreeSWITCH knows of the attempt, against its row. An attempt of a node that has died may be lost. */
function lie(
  { phone, node, disposition, cause }: LabAttempt,
  { answers, speaks }: Behaviour,
  fault: Fault,
  dials: number,
): string[] {
  const person = ['talked', 'abandoned', 'hung-up']
  const truth = TRUTH.get(answers) ?? (speaks === 'human' ? person : ['machine', 'hung-up', 'silence'])
  if (dials === 0 && disposition !== 'lost') return [`${phone} was never called and is ${disposition}`]
  if (truth.includes(disposition!)) return []
  // a node that listens again, or late, hears the rest: of a machine it may sound like a person, of a person nothing
  if (speaks !== undefined && fault.wasLate && [...person, 'silence'].includes(disposition!)) return []
  return disposition === 'lost' && node === fault.victim
    ? []
    : [`${phone}: ${answers} is ${disposition} (${cause}) by ${node}`]
}

/** What happens to the first node that claims a lead of the campaign. */
class Fault {
  /** The node that it happened to. */
  victim: string | null = null
  /** Dials that the node sent after it had stood still, for attempts from before. */
  readonly stale: string[] = []
  /** It has happened. */
  #done = false
  readonly #lab: DiallingLab
  readonly #row: Row
  readonly #point: Point
  readonly #random: () => number
  /** The attempts of its first claim. */
  readonly #claimed = new Set<string>()
  #stoodFrom = Infinity
  #stands = false
  #contacts = 0
  #octets = 0
  /** The connection over which it has dialled, once FreeSWITCH has read the dial. */
  #commands: CutWire | null = null
  #isRead = false

  constructor(lab: DiallingLab, row: Row, point: Point, random: () => number) {
    this.#lab = lab
    this.#row = row
    this.#point = point
    this.#random = random
    lab.tell = contact => (this.#done ? 'goes on' : this.#see(contact))
    lab.onDial = ({ node, uuid, at, phone }) => {
      if (node !== this.victim) return
      if (!this.#done) return this.#read()
      if (this.#claimed.has(uuid) && at > this.#stoodFrom + LEASE_MS) this.stale.push(`${phone} is dialled too late`)
    }
  }

  /** Calls were offered to a node that stood still, or to the next one after a death. */
  get wasLate(): boolean {
    return this.#row !== '25'
  }

  /** It has happened, and a node that stood still runs again. */
  get isOver(): boolean {
    return this.#done && !this.#stands
  }

  end(): void {
    this.#done = true
    this.#lab.tell = () => 'goes on'
    this.#lab.onDial = null
  }

  #see(contact: Contact): 'goes on' | 'lost' | number {
    const { node } = contact
    if (this.victim === null) {
      if (contact.what !== 'answered' || !IS_CLAIM.test(contact.text) || !hasRows(contact.value)) return 'goes on'
      this.victim = node
      for (const { attempt } of contact.value as readonly { attempt: string | null }[])
        if (attempt !== null) this.#claimed.add(attempt)
      return this.#point.at === 'claimed' ? this.#die() : 'goes on'
    }
    if (node !== this.victim) return 'goes on'
    const dials = contact.what === 'says' && contact.octets.includes('originate') && contact.octets.includes('carrier/')
    if (dials) this.#commands = contact.wire
    if (this.#isRead) return this.#after(contact)
    const { at } = this.#point
    if (at === 'contact' && (++this.#contacts >= this.#point.n || dials)) return this.#die()
    if (at === 'said' && dials) {
      const octets = Math.floor(this.#point.part * contact.octets.length)
      this.#done = true
      if (this.#row === '25') setImmediate(() => this.#commands!.cut())
      else this.#lab.killSoon(node)
      return octets
    }
    return 'goes on'
  }

  #read(): void {
    this.#isRead = true
    if (this.#point.at === 'read') this.#die()
    if (this.#point.at === 'later') this.#lab.sim.clock.after(this.#point.ms, () => this.#die())
  }

  #after(contact: Contact): 'goes on' | 'lost' {
    const point = this.#point
    if (point.at === 'heard' && ++this.#contacts >= point.n) return this.#die()
    if (point.at !== 'octets' || contact.what !== 'hears') return 'goes on'
    if ((contact.wire === this.#commands) !== (point.of === 'replies')) return 'goes on'
    this.#octets += contact.octets.length
    if (this.#octets < point.n) return 'goes on'
    this.#done = true
    contact.wire.cut()
    return 'lost'
  }

  #die(): 'goes on' | 'lost' {
    if (this.#row === '61') return this.#standStill()
    if (!this.#done) {
      this.#done = true
      this.#lab.kill(this.victim!)
    }
    return 'lost'
  }

  /** A turn of its event loop, or the whole process, lasts for longer than the lease of the campaign. */
  #standStill(): 'goes on' {
    if (this.#done) return 'goes on'
    const { sim } = this.#lab
    const node = sim.nodes.get(this.victim as NodeName)!
    const whole = this.#random() < 0.5
    this.#done = this.#stands = true
    this.#stoodFrom = sim.clock.now()
    if (whole) node.suspend()
    else node.busy()
    sim.clock.after(7_000 + this.#random() * 90_000, () => {
      this.#stands = false
      if (whole) node.resume()
      else node.free()
    })
    return 'goes on'
  }
}

/** A claim also answers with the leads that it has put off. */
const hasRows = (value: unknown): boolean =>
  (value as readonly { readonly attempt: string | null }[]).some(({ attempt }) => attempt !== null)
