/**
 * The load as a program of its own:
 * `node --import tsx test/bench/generator.ts --port 8084 --pid 123 --concurrency 64 --calls 10000 --warmup 2000`.
 */
import { parseArgs } from 'node:util'
import type { LoadOptions } from './load.ts'
import { load, park } from './loops.ts'

const USAGE = `Plays FreeSWITCH's side of \`socket … async full\` towards a listener and measures it.
  --port P --host H         the listener (127.0.0.1)
  --pid PID                 its process: CPU per call, memory
  --concurrency C           closed loop: C calls at a time (64)
  --rate R [--poisson]      open loop: R calls a second
  --calls N | --seconds S   when to stop (10000 calls)
  --warmup N                calls before the measurement
  --expect N                applications that a good call has ended (5)
  --idle N [--in APP]       park N calls in their first media application (playback) and read the memory of --pid
  --in-one                  one write for all that is said in a turn (else: one for each reply and event)
  --json                    one line of JSON instead of sentences`

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    pid: { type: 'string' },
    concurrency: { type: 'string' },
    rate: { type: 'string' },
    poisson: { type: 'boolean', default: false },
    calls: { type: 'string' },
    seconds: { type: 'string' },
    warmup: { type: 'string', default: '0' },
    expect: { type: 'string', default: '5' },
    idle: { type: 'string' },
    in: { type: 'string', default: 'playback' },
    'in-one': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help || values.port === undefined) {
  console.log(USAGE)
  process.exit(values.help ? 0 : 2)
}

const optional = <K extends string>(key: K, text: string | undefined) =>
  (text === undefined ? {} : { [key]: Number(text) }) as Partial<Record<K, number>>
const options: LoadOptions = {
  host: values.host,
  port: Number(values.port),
  poisson: values.poisson,
  inOne: values['in-one'],
  warmup: Number(values.warmup),
  expect: Number(values.expect),
  ...optional('pid', values.pid),
  ...optional('concurrency', values.concurrency),
  ...optional('rate', values.rate),
  ...optional('seconds', values.seconds),
  ...(values.calls === undefined && values.seconds !== undefined ? {} : { calls: Number(values.calls ?? 10_000) }),
}

if (values.idle !== undefined) {
  if (options.pid === undefined) throw new Error('--idle reads the memory of a process: give its --pid')
  const report = await park({ ...options, pid: options.pid }, Number(values.idle), values.in)
  if (values.json) console.log(JSON.stringify(report))
  else {
    console.log(`${report.parked} calls parked, ${report.failed} failed`)
    console.log(
      `listener: ${report.beforeKb} kB before, ${report.parkedKb} kB with them: ${report.kbPerCall.toFixed(1)} kB a call`,
    )
  }
} else {
  const report = await load(options)
  if (values.json) console.log(JSON.stringify(report))
  else {
    const { verb, call, failures } = report
    const why = Object.entries(failures)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
    console.log(
      `${report.ok} calls, ${report.failed} failed (${why}), ${report.unknownCommands} unknown commands in ${report.seconds.toFixed(2)} s`,
    )
    console.log(
      `${report.callsPerSecond.toFixed(0)} calls/s; the load itself used ${(report.ownCpuShare * 100).toFixed(0)} % of a core`,
    )
    console.log(
      `a call: ${report.commandsPerCall.toFixed(1)} commands, ${report.eventsPerCall.toFixed(1)} events, ${report.kbPerCall.toFixed(1)} kB`,
    )
    if (options.pid !== undefined)
      console.log(
        `listener: ${report.cpuMsPerCall.toFixed(3)} ms CPU a call, ${(report.cpuShare * 100).toFixed(0)} % of a core`,
      )
    for (const [name, spread] of [
      ['verb', verb],
      ['call', call],
    ] as const) {
      console.log(
        `${name}: p50 ${spread.p50.toFixed(2)}, p95 ${spread.p95.toFixed(2)}, p99 ${spread.p99.toFixed(2)}, max ${spread.max.toFixed(2)} ms`,
      )
    }
  }
}
process.exit(0)
