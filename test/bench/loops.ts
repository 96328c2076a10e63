/** Drives calls at a given concurrency or rate, or parks them, and measures their cost for the listener. */
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { cpuMs, residentKb, type Spread } from './figures.ts'
import { Load, type Failure, type LoadOptions } from './load.ts'

/**
 * Shorter waits for the next call are spent in a busy loop: a timer would be up to a millisecond late, and calls would
 * begin at the same time.
 */
const SPIN_BELOW_MS = 1.5
/** A listener that lingers keeps connections after the call: this stays below the usual limit of open files. */
const MOST_OPEN = 15_000
/** When no more calls are started, calls under way may take this long to end. After that they have failed. */
const DRAIN_MS = 10_000

export interface LoadReport {
  readonly ok: number
  readonly failed: number
  readonly failures: Readonly<Record<Failure, number>>
  readonly unknownCommands: number
  readonly seconds: number
  readonly callsPerSecond: number
  readonly commandsPerCall: number
  readonly eventsPerCall: number
  readonly kbPerCall: number
  /** The listener's CPU for each call, and its share of a core; NaN without a pid. */
  readonly cpuMsPerCall: number
  readonly cpuShare: number
  readonly ownCpuShare: number
  readonly verb: Spread
  readonly call: Spread
}

/** Drives the standard call in a closed or an open loop. */
export async function load(options: LoadOptions): Promise<LoadReport> {
  const run = new Load(options)
  const warmup = options.warmup ?? 0
  let begin = 0
  let cpu = 0
  let own = process.cpuUsage()
  let counts = { ...run.counts }
  const measure = () => {
    run.measuring = true
    begin = performance.now()
    cpu = options.pid === undefined ? Number.NaN : cpuMs(options.pid)
    own = process.cpuUsage()
    counts = { ...run.counts }
  }
  if (warmup === 0) measure()
  const enough = () =>
    (options.calls !== undefined && run.started >= options.calls + warmup) ||
    (options.seconds !== undefined && run.measuring && performance.now() - begin > options.seconds * 1_000)
  const onEnd = () => {
    if (!run.measuring && run.ended >= warmup) measure()
  }
  if (options.rate) await openLoop(run, options, enough, onEnd)
  else await closedLoop(run, options.concurrency ?? 64, enough, onEnd)
  const until = performance.now() + DRAIN_MS
  while (run.inFlight > 0 && performance.now() < until) await pause(5)
  const used = options.pid === undefined ? Number.NaN : cpuMs(options.pid) - cpu
  const ownUsed = process.cpuUsage(own)
  run.breakAll()
  const seconds = (run.lastEnd - begin) / 1_000
  const since = (name: keyof typeof counts) => run.counts[name] - counts[name]
  const failures = {
    refused: since('refused'),
    closedEarly: since('closedEarly'),
    tooShort: since('tooShort'),
    stuck: since('stuck'),
  }
  const ok = since('ok')
  const failed = failures.refused + failures.closedEarly + failures.tooShort + failures.stuck
  const all = Math.max(1, ok + failed)
  return {
    ok,
    failed,
    failures,
    unknownCommands: since('unknown'),
    seconds,
    callsPerSecond: ok / seconds,
    commandsPerCall: since('commands') / all,
    eventsPerCall: since('events') / all,
    kbPerCall: since('bytes') / 1_000 / all,
    cpuMsPerCall: used / all,
    cpuShare: used / 1_000 / seconds,
    ownCpuShare: (ownUsed.user + ownUsed.system) / 1e6 / seconds,
    verb: run.verb.spread(),
    call: run.call.spread(),
  }
}

async function closedLoop(run: Load, concurrency: number, enough: () => boolean, onEnd: () => void): Promise<void> {
  await new Promise<void>(resolve => {
    const fill = () => {
      while (run.inFlight < concurrency && run.open < MOST_OPEN && !enough()) run.start()
      if (enough()) resolve()
    }
    run.onEnd = () => {
      onEnd()
      setImmediate(fill)
    }
    fill()
  })
  run.onEnd = onEnd
}

async function openLoop(run: Load, options: LoadOptions, enough: () => boolean, onEnd: () => void): Promise<void> {
  run.onEnd = onEnd
  const gap = 1_000 / (options.rate ?? 1)
  let due = performance.now()
  while (!enough()) {
    while (due <= performance.now() && run.open < MOST_OPEN) {
      run.start(due)
      due += options.poisson ? -Math.log(1 - Math.random()) * gap : gap
    }
    const wait = due - performance.now()
    await (options.lettingOthers ? pause(Math.max(1, wait)) : wait > SPIN_BELOW_MS ? pause(wait - 1) : nextTurn())
  }
}

export interface ParkReport {
  readonly parked: number
  readonly failed: number
  readonly beforeKb: number
  readonly parkedKb: number
  readonly kbPerCall: number
}

/** Parks this many calls in their first media application and reads the listener's memory; then all callers hang up. */
export async function park(
  options: LoadOptions & { readonly pid: number },
  calls: number,
  app = 'playback',
  settleMs = 2_000,
): Promise<ParkReport> {
  const run = new Load(options, app)
  const beforeKb = residentKb(options.pid)
  const until = performance.now() + 60_000
  while (run.parked + run.ended < calls && performance.now() < until) {
    while (run.started < calls && run.inFlight - run.parked < 128) run.start()
    await pause(1)
  }
  await pause(settleMs)
  const parkedKb = residentKb(options.pid)
  run.breakAll()
  await pause(100)
  return {
    parked: run.parked,
    failed: calls - run.parked,
    beforeKb,
    parkedKb,
    kbPerCall: (parkedKb - beforeKb) / Math.max(1, run.parked),
  }
}
