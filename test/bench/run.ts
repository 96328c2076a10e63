/**
 * `make bench`: the standard call through the production path, with and without its journal, beside raw-node (the
 * practical limit of Node), modesl and esl. Listener and load have one core each; Redis is on the load's core. Rounds
 * are interleaved, and ratios are taken within a round, because the speed of the machine changes. So there are many
 * short rounds, and every second one runs in reverse order. Exit code 1 when a gate is missed (report.ts). `--short`
 * only shows that everything runs: it measures too little for a result.
 */
import { loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { canPin, LOAD_CORE, stayOn } from './cores.ts'
import { median, type Spread } from './figures.ts'
import { measureInbound } from './inbound.ts'
import { LISTENERS, NAMES, start, type ListenerName, type Running } from './listeners.ts'
import { load, park, type LoadReport } from './loops.ts'
import { bareTrip, openRedis, type BenchRedis } from './redis.ts'
import { print, type Measured } from './report.ts'
import type { Waits } from './waits.ts'

const SHORT = process.argv.includes('--short')
const MAX_ROUNDS = SHORT ? 1 : 7
const MAX_SECONDS = SHORT ? 0.5 : 1.2
const HALF_ROUNDS = SHORT ? 1 : 7
/**
 * Calls before the first round: the first thousands of calls of a process run code that is not compiled yet. The peers
 * serve fewer calls a second.
 */
const WARMUP = SHORT ? 500 : 4_000
const PEER_WARMUP = SHORT ? 100 : 500
const HALF_SECONDS = SHORT ? 0.5 : 1.5
const EVENTS = SHORT ? { ours: 20_000, 'esl-lite': 4_000 } : { ours: 200_000, 'esl-lite': 40_000 }
/** The number of rounds with the peers: their comparison needs no more. */
const PEER_ROUNDS = 2

/** Prints one line while it runs: three minutes without output look like a fault. */
const tell = (text: string) => console.error(`… ${text}`)

async function atFullSpeed(running: ReadonlyMap<ListenerName, Running>): Promise<Map<ListenerName, LoadReport[]>> {
  const reports = new Map<ListenerName, LoadReport[]>(NAMES.map(name => [name, []]))
  for (let round = 0; round < MAX_ROUNDS; round++) {
    tell(`full speed, round ${round + 1} of ${MAX_ROUNDS}`)
    for (const [name, { pid, port }] of inTurn(running, round)) {
      const { concurrency } = LISTENERS[name]
      const warmup = round > 0 ? 2 * concurrency : isPeer(name) ? PEER_WARMUP : WARMUP
      reports.get(name)?.push(await load({ port, pid, concurrency, seconds: MAX_SECONDS, warmup }))
    }
  }
  return reports
}

const isPeer = (name: ListenerName) => name === 'modesl' || name === 'esl'

/** The participants of a round; in reverse order every second time. */
function inTurn(running: ReadonlyMap<ListenerName, Running>, round: number): [ListenerName, Running][] {
  const all = [...running].filter(([name]) => !isPeer(name) || round < PEER_ROUNDS)
  return round % 2 === 0 ? all : all.toReversed()
}

interface HalfLoad {
  readonly half: Map<ListenerName, LoadReport[]>
  /** `ours` at the half load of `ours + journal`, in the same rounds. */
  readonly beside: LoadReport[]
  readonly waits: Waits[]
  readonly bare: Spread[]
}

/**
 * Half load: half of raw-node's best for raw-node and Switchhook; half of their own best for the others, which could
 * not serve that. With its journal a call costs more, so half load is then half of what the node can serve with
 * journals. The node without them is measured once more at that load.
 */
async function atHalfLoad(
  running: ReadonlyMap<ListenerName, Running>,
  best: ReadonlyMap<ListenerName, number>,
  redis: BenchRedis,
): Promise<HalfLoad> {
  const half = new Map<ListenerName, LoadReport[]>(NAMES.map(name => [name, []]))
  const beside: LoadReport[] = []
  const waits: Waits[] = []
  const bare: Spread[] = []
  const rateOf = (name: ListenerName) => Math.round((best.get(name === 'ours' ? 'raw-node' : name) ?? 0) / 2)
  // where Redis is measured it must get the load's core at once: verbs would wait for a load that is in a busy loop
  // there
  const halfLoad = ({ pid, port }: Running, rate: number, lettingOthers: boolean) =>
    load({ port, pid, rate, poisson: true, lettingOthers, seconds: HALF_SECONDS, warmup: Math.round(rate / 4) })
  for (let round = 0; round < HALF_ROUNDS; round++) {
    tell(`half load, round ${round + 1} of ${HALF_ROUNDS}`)
    for (const [name, one] of inTurn(running, round)) {
      const { journal } = LISTENERS[name]
      const without = running.get('ours')
      if (journal && without) beside.push(await halfLoad(without, rateOf(name), true))
      if (journal) bare.push(await bareTrip(redis))
      if (journal) await one.waits() // the waits at full speed are not read
      half.get(name)?.push(await halfLoad(one, rateOf(name), journal))
      if (journal) waits.push(await one.waits())
    }
  }
  return { half, beside, waits, bare }
}

/** In fresh processes: a heap that has already grown hides the cost of calls. */
async function memory(redis: BenchRedis): Promise<Map<ListenerName, number>> {
  const perCall = new Map<ListenerName, number>()
  for (const name of NAMES) {
    tell(`memory of parked calls, ${name}`)
    const one = await start(name, redis)
    const report = await park({ port: one.port, pid: one.pid }, LISTENERS[name].parked)
    perCall.set(name, report.kbPerCall)
    await one.stop()
  }
  return perCall
}

async function bench(): Promise<Measured> {
  const [others = 0] = loadavg()
  stayOn(LOAD_CORE)
  const running = new Map<ListenerName, Running>()
  const redis = await openRedis()
  try {
    for (const name of NAMES) running.set(name, await start(name, redis))
    await pause(300)
    const full = await atFullSpeed(running)
    const best = new Map(NAMES.map(name => [name, median((full.get(name) ?? []).map(report => report.callsPerSecond))]))
    const { half, beside, waits, bare } = await atHalfLoad(running, best, redis)
    for (const one of running.values()) await one.stop()
    running.clear()
    const kbPerCall = await memory(redis)
    tell('events of the inbound port')
    const inbound = {
      ours: await measureInbound('ours', EVENTS.ours),
      'esl-lite': await measureInbound('esl-lite', EVENTS['esl-lite']),
    }
    return { full, half, beside, waits, bare, kbPerCall, inbound, pinned: canPin, redis: redis.version, others }
  } finally {
    for (const one of running.values()) await one.stop()
    await redis.stop()
  }
}

const begun = performance.now()
const met = print(await bench())
console.log(`\nmeasured in ${((performance.now() - begun) / 1_000).toFixed(0)} s`)
process.exit(met || SHORT ? 0 : 1)
