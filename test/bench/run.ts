/**
 * `make bench`: the standard call through our production path beside raw-node (the practical limit of Node), modesl and esl.
 * Listener and load have a core each; rounds are interleaved and ratios taken within a round, since the machine's mood changes.
 * It measures and reports; it never fails.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { canPin, LISTENER_CORE, LOAD_CORE, startPinned, stayOn } from './cores.ts'
import { median } from './figures.ts'
import { measureInbound } from './inbound.ts'
import { load, park, type LoadReport } from './loops.ts'
import { print, type Measured } from './report.ts'

/** What is compared, and how many calls at a time find its limit (modesl waits 44 ms a verb for an acknowledgement). */
const LISTENERS = {
  'raw-node': { flags: [], file: 'peers/raw-node.mjs', concurrency: 64, parked: 5_000 },
  ours: { flags: ['--import', 'tsx'], file: 'listener.ts', concurrency: 64, parked: 5_000 },
  modesl: { flags: [], file: 'peers/modesl.cjs', concurrency: 512, parked: 3_000 },
  esl: { flags: [], file: 'peers/esl.mjs', concurrency: 64, parked: 3_000 },
} as const

export type ListenerName = keyof typeof LISTENERS
const NAMES = Object.keys(LISTENERS) as ListenerName[]

const FIRST_PORT = 28_100
const MAX_ROUNDS = 4
const MAX_SECONDS = 2.5
const HALF_ROUNDS = 7
const HALF_SECONDS = 1.5
const EVENTS = { ours: 200_000, 'esl-lite': 40_000 } as const
const READY_WITHIN_MS = 20_000

interface Running {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

let ports = 0

async function start(name: ListenerName): Promise<Running> {
  const port = FIRST_PORT + ports++
  const { file, flags } = LISTENERS[name]
  const child = startPinned(LISTENER_CORE, [...flags, new URL(file, import.meta.url).pathname, String(port)])
  const { pid } = child
  if (pid === undefined) throw new Error(`${name} cannot be started`)
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (text: Buffer) => text.toString().includes('ready') && resolve())
    void ended.then(() => reject(new Error(`${name} ended before it was ready`)))
    setTimeout(() => reject(new Error(`${name} was not ready within ${READY_WITHIN_MS} ms`)), READY_WITHIN_MS).unref()
  })
  await ready
  return { pid, port, stop: () => (child.kill('SIGKILL'), ended) }
}

/** One line while it runs: three minutes of silence look like a fault. */
const tell = (text: string) => console.error(`… ${text}`)

async function atFullSpeed(running: ReadonlyMap<ListenerName, Running>): Promise<Map<ListenerName, LoadReport[]>> {
  const reports = new Map<ListenerName, LoadReport[]>(NAMES.map(name => [name, []]))
  for (let round = 0; round < MAX_ROUNDS; round++) {
    tell(`full speed, round ${round + 1} of ${MAX_ROUNDS}`)
    for (const [name, { pid, port }] of running) {
      const { concurrency } = LISTENERS[name]
      // the first calls of a process run in code that is not compiled yet
      const warmup = round === 0 ? 1_000 : 2 * concurrency
      reports.get(name)?.push(await load({ port, pid, concurrency, seconds: MAX_SECONDS, warmup }))
    }
  }
  return reports
}

/** Half of raw-node's best for raw-node and for us, half of their own for the others, which could not take that. */
async function atHalfLoad(running: ReadonlyMap<ListenerName, Running>, best: ReadonlyMap<ListenerName, number>): Promise<Map<ListenerName, LoadReport[]>> {
  const reports = new Map<ListenerName, LoadReport[]>(NAMES.map(name => [name, []]))
  for (let round = 0; round < HALF_ROUNDS; round++) {
    tell(`half load, round ${round + 1} of ${HALF_ROUNDS}`)
    for (const [name, { pid, port }] of running) {
      const peer = name === 'modesl' || name === 'esl'
      if (peer && round > 1) continue
      const rate = Math.round((best.get(peer ? name : 'raw-node') ?? 0) / 2)
      reports.get(name)?.push(await load({ port, pid, rate, poisson: true, seconds: HALF_SECONDS, warmup: Math.round(rate / 4) }))
    }
  }
  return reports
}

/** In fresh processes: a heap that has already grown hides what calls cost. */
async function memory(): Promise<Map<ListenerName, number>> {
  const perCall = new Map<ListenerName, number>()
  for (const name of NAMES) {
    tell(`memory of parked calls, ${name}`)
    const one = await start(name)
    const report = await park({ port: one.port, pid: one.pid }, LISTENERS[name].parked)
    perCall.set(name, report.kbPerCall)
    await one.stop()
  }
  return perCall
}

async function bench(): Promise<Measured> {
  stayOn(LOAD_CORE)
  const running = new Map<ListenerName, Running>()
  try {
    for (const name of NAMES) running.set(name, await start(name))
    await pause(300)
    const full = await atFullSpeed(running)
    const best = new Map(NAMES.map(name => [name, median((full.get(name) ?? []).map(report => report.callsPerSecond))]))
    const half = await atHalfLoad(running, best)
    for (const one of running.values()) await one.stop()
    running.clear()
    const kbPerCall = await memory()
    tell('events of the inbound port')
    const inbound = { ours: await measureInbound('ours', EVENTS.ours), 'esl-lite': await measureInbound('esl-lite', EVENTS['esl-lite']) }
    return { full, half, kbPerCall, inbound, pinned: canPin }
  } finally {
    for (const one of running.values()) await one.stop()
  }
}

const begun = performance.now()
print(await bench())
console.log(`\nmeasured in ${((performance.now() - begun) / 1_000).toFixed(0)} s`)
process.exit(0)
