/**
 * The floor as the API tells it, kept up to date: every event of the floor is a reason to read it again, at most once in
 * 700 ms, and every five seconds without a reason: that is the sign of life.
 */
import { signal } from '@preact/signals'
import { ask, Failure } from './api.tsx'

export interface Me {
  readonly name: string
  readonly role: 'reader' | 'supervisor' | 'administrator'
  readonly mustChange: boolean
}

export type State =
  | 'ready'
  | 'resting'
  | 'unreachable'
  | 'ringing'
  | 'talking'
  | 'wrap-up'
  | 'elsewhere'
  | 'break'
  | 'out'

export interface Queue {
  readonly name: string
  readonly waiting: number
  readonly offered: number
  readonly longestWaitMs: number | null
  readonly estimatedWaitMs: number | null
  readonly talking: number
  readonly callbacks: number
  readonly overdueCallbacks: number
  readonly agents: Readonly<Record<State, number>>
}

export interface Agent {
  readonly name: string
  readonly word: State
  readonly stateSince: number
  readonly reason: string | null
}

export interface Figures {
  readonly queue: string
  readonly offered: number
  readonly answered: number
  readonly abandoned: number
  readonly serviceLevel: number | null
  readonly serviceLevelGoal: number | null
  readonly serviceLevelWithinMs: number
  readonly abandonRate: number | null
  readonly averageWaitMs: number | null
}

export interface Campaign {
  readonly name: string
  readonly state: string
  readonly mode: string
  readonly left: number
  readonly underWay: number
  readonly budget: { readonly live: number; readonly abandoned: number; readonly limit: number }
  readonly switches: readonly { readonly why: string }[]
}

export const me = signal<Me | null | undefined>(undefined)
export const queues = signal<readonly Queue[]>([])
export const agents = signal<readonly Agent[]>([])
export const figures = signal<readonly Figures[]>([])
export const campaigns = signal<readonly Campaign[]>([])
/** The moment of the past that the page shows, milliseconds since the epoch; null: now. */
export const past = signal<number | null>(null)
/** When the floor was read last, by the browser's clock. */
export const readAt = signal(0)
/** Grows twice a second: durations on the page go on. */
export const tick = signal(0)
/** What was done, or why not, for the person who asked. */
export const said = signal('')

const SOON_MS = 700
const IDLE_MS = 5_000
/** The figures of a day are sums over many rows. */
const FIGURES_MS = 5_000
/** How long the page shows what came of a command. */
const SAID_MS = 8_000
/** What changes the floor. Numbers do not stand in them: the page reads the floor itself. */
const CHANGES = [
  'queue.call.entered',
  'queue.call.offered',
  'queue.call.answered',
  'queue.call.left',
  'queue.call.abandoned',
  'queue.call.callback_requested',
  'agent.status_changed',
  'agent.state_changed',
  'call.bridged',
  'call.unbridged',
  'call.completed',
  'campaign.started',
  'campaign.paused',
  'campaign.stopped',
  'campaign.completed',
  'callback.promised',
  'callback.done',
  'callback.cancelled',
]

let beganAt = 0
let figuresAt = 0
let timer: ReturnType<typeof setTimeout> | undefined
let stream: EventSource | null = null

async function readFloor(): Promise<void> {
  if (past.value !== null) return
  beganAt = Date.now()
  const isDue = Date.now() - figuresAt >= FIGURES_MS
  const [allQueues, allAgents, day, running] = await Promise.all([
    ask<Queue[]>('GET /v1/queues'),
    ask<Agent[]>('GET /v1/agents'),
    isDue ? ask<Figures[]>('GET /v1/figures/queues?window=today') : null,
    isDue ? readCampaigns() : null,
  ])
  if (past.peek() !== null) return // the person has gone to the past meanwhile
  queues.value = allQueues
  agents.value = allAgents
  if (day) figures.value = day
  if (running) campaigns.value = running
  if (isDue) figuresAt = beganAt
  readAt.value = Date.now()
}

async function readCampaigns(): Promise<Campaign[]> {
  const all = await ask<{ name: string; state: string }[]>('GET /v1/campaigns')
  const shown = all.filter(({ state }) => state === 'running' || state === 'paused')
  return Promise.all(shown.map(({ name }) => ask<Campaign>(`GET /v1/campaigns/${encodeURIComponent(name)}/status`)))
}

interface PastFloor {
  readonly queues: readonly Pick<Queue, 'name' | 'waiting' | 'longestWaitMs' | 'talking' | 'agents'>[]
  readonly agents: readonly Agent[]
}

/** Shows the floor at a moment of the past; null: now again. */
export async function goTo(at: number | null): Promise<void> {
  past.value = at
  figuresAt = 0
  if (at === null) return readIn(0)
  try {
    const floor = await ask<PastFloor>(`GET /v1/floor?at=${new Date(at).toISOString().slice(0, 19)}Z`)
    if (past.value !== at) return // the person has gone on meanwhile
    queues.value = floor.queues.map(one => ({
      ...one,
      offered: 0,
      estimatedWaitMs: null,
      callbacks: 0,
      overdueCallbacks: 0,
    }))
    agents.value = floor.agents
    figures.value = []
    campaigns.value = []
  } catch (error) {
    said.value = (error as Error).message
  }
}

/** Reads the floor after so long, or sooner when that was said before. */
function readIn(ms: number): void {
  clearTimeout(timer)
  timer = setTimeout(() => {
    readIn(IDLE_MS)
    readFloor().catch(failed)
  }, ms)
}

function failed(error: unknown): void {
  if (error instanceof Failure && error.status === 401) leave()
  // anything else: the page says since when it has no news, and tries again
}

function follow(): void {
  stream?.close()
  stream = new EventSource(`/v1/events?types=${CHANGES.join(',')}`)
  const news = () => readIn(Math.max(0, SOON_MS - (Date.now() - beganAt)))
  for (const name of CHANGES) stream.addEventListener(name, news)
  stream.addEventListener('error', () => {
    if (stream?.readyState === EventSource.CLOSED) setTimeout(() => me.value && follow(), 2_000)
  })
}

function enter(person: Me): void {
  me.value = person
  if (person.mustChange) return
  figuresAt = 0
  readIn(0)
  follow()
}

function leave(): void {
  clearTimeout(timer)
  stream?.close()
  stream = null
  me.value = null
}

export async function begin(): Promise<void> {
  setInterval(() => (tick.value += 1), 500)
  await ask<Partial<Me>>('GET /session').then(
    person => (person.name === undefined ? leave() : enter(person as Me)),
    leave,
  )
}

export const logIn = (name: string, password: string): Promise<void> =>
  ask<Me>('POST /session', { name, password }).then(enter)

export const choosePassword = (old: string, password: string): Promise<void> =>
  ask<Me>('POST /session/password', { old, password }).then(enter)

export const logOut = (): Promise<void> => ask('DELETE /session').then(leave, leave)

/** Asks the API to change something, tells the person what came of it, and reads the floor. */
export async function change(what: string, done: string, body?: unknown): Promise<void> {
  try {
    await ask(what, body)
    said.value = done
  } catch (error) {
    said.value = (error as Error).message
    failed(error)
  }
  const shown = said.value
  setTimeout(() => {
    if (said.value === shown) said.value = ''
  }, SAID_MS)
  figuresAt = 0
  readIn(0)
}
