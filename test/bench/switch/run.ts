/**
 * `make bench-switch`: the cost of a call for a real FreeSWITCH, and what callers hear, with a Switchhook node and with
 * a bare socket listener in its place. Both use the same FreeSWITCH and the same dialplan, one after the other in one
 * run. Exit code 1 when a gate is missed.
 *
 *   RATES="10 20 30 40"   calls a second
 *   SECONDS=20            new calls come for this time; each lasts ten seconds
 *
 * Each listener serves a hundred uncounted calls before: the cost of a process in its first second is a separate
 * question.
 */
import { readFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { percentile } from '../../fault/matrix.ts'
import { findFreeSwitch, startFreeSwitch, type FreeSwitch } from '../../contract/switch/freeswitch.ts'
import { Ear } from '../../contract/survival/ear.ts'
import { nodeBeside } from '../../contract/survival/node.ts'
import { FLOW_SOUNDS } from '../../contract/survival/sounds.ts'
import { Stores } from '../../contract/survival/stores.ts'
import { SipCallers } from './sip-callers.ts'

const RATES = (process.env['RATES'] ?? '10 20 30 40').split(' ').map(Number)
const SECONDS = Number(process.env['SECONDS'] ?? 20)
const CALL_MS = 10_000
const WARM = { rate: 20, calls: 100 } as const
/** The first sound of a caller: the menu, or the apology. */
const SOUND = /ivr\/welcome|sorry/
/** Jiffies of the kernel: USER_HZ is 100 on every Linux that Node runs on. */
const JIFFY_MS = 10
/**
 * The gates: the difference of the p95 to the first sound from that of the bare listener, up to this rate of calls; and
 * the ratio of FreeSWITCH's CPU.
 */
const GATES = { slowerMs: 60, upTo: 30, cpu: 1.1 } as const

interface Seen {
  readonly rate: number
  readonly who: string
  readonly calls: number
  /** Milliseconds from the arrival of each call to its first sound. Callers who heard nothing are not included. */
  readonly waits: readonly number[]
  /** Callers who heard the apology, or nothing. */
  readonly lost: number
  readonly switchCpu: number
  readonly listenerCpu: number
}

interface Listener {
  readonly pid: number
  end(): Promise<void>
}

const program = await findFreeSwitch()
if (program === null) {
  console.error('make bench-switch needs a real FreeSWITCH: put freeswitch on the PATH, or name it in FREESWITCH_BIN')
  process.exit(1)
}
const others = loadavg()[0]!
const freeswitch = await startFreeSwitch(program, {
  outside: 'other',
  sounds: { ...FLOW_SOUNDS, 'ivr/welcome': 3_000 },
})
const switchPid = Number(await readFile(`${freeswitch.folder}/pid`, 'utf8'))
const stores = await Stores.open()
await stores.fresh()
const ear = await Ear.open(freeswitch.ports.eventSocket, freeswitch.password, { sounds: true })
const seen: Seen[] = []
try {
  for (const rate of RATES) {
    for (const [who, start] of [
      ['bare listener', bare],
      ['switchhook', node],
    ] as const) {
      const listener = await start(freeswitch, stores)
      try {
        seen.push(await measure(who, rate, listener))
        console.log(line(seen.at(-1)!).join('  '))
      } finally {
        await listener.end()
      }
    }
  }
} finally {
  await ear.close()
  await freeswitch.stop()
  await stores.close()
}
report()

async function measure(who: string, rate: number, listener: Listener): Promise<Seen> {
  const callers = await SipCallers.open(freeswitch.ports.inside)
  await Promise.all(await begin(callers, WARM.rate, WARM.calls))
  await until(async () => (await ear.api('show channels count')).startsWith('0 '))
  ear.heard.length = 0
  const before = await Promise.all([cpuMs(switchPid), cpuMs(listener.pid)])
  const began = performance.now()
  const calls = await begin(callers, rate, rate * SECONDS)
  const after = await Promise.all([cpuMs(switchPid), cpuMs(listener.pid)])
  const took = performance.now() - began
  await Promise.all(calls)
  callers.close()
  const created = new Map(ear.heard.filter(heard => heard.name === 'CHANNEL_CREATE').map(({ uuid, at }) => [uuid, at]))
  const first = new Map<string, { at: number; data: string }>()
  for (const { uuid, at, name, data } of ear.heard)
    if (name === 'CHANNEL_EXECUTE' && SOUND.test(data) && !first.has(uuid)) first.set(uuid, { at, data })
  const served = [...created].flatMap(([uuid, at]) => {
    const sound = first.get(uuid)
    return sound?.data.includes('ivr/welcome') ? [sound.at - at] : []
  })
  await until(async () => (await ear.api('show channels count')).startsWith('0 '))
  return {
    who,
    rate,
    calls: calls.length,
    waits: served,
    lost: calls.length - served.length,
    switchCpu: (after[0] - before[0]) / took,
    listenerCpu: (after[1] - before[1]) / took,
  }
}

/** Starts this many calls at this rate; each promise resolves when its call is over. */
function begin(callers: SipCallers, rate: number, howMany: number): Promise<Promise<void>[]> {
  const began = performance.now()
  const calls: Promise<void>[] = []
  return new Promise(resolve => {
    const next = () => {
      if (calls.length >= howMany) return resolve(calls)
      calls.push(callers.call('4930555000', CALL_MS))
      setTimeout(next, began + (calls.length * 1_000) / rate - performance.now())
    }
    next()
  })
}

async function bare({ ports }: FreeSwitch): Promise<Listener> {
  const child: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(new URL('../peers/bare-switch.mjs', import.meta.url)), String(ports.nodeA)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child.stdout!, 'data')
  return {
    pid: child.pid!,
    async end() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function node(beside: FreeSwitch, own: Stores): Promise<Listener> {
  const settings = { LOG_LEVEL: 'warn', ROLES: 'listener' }
  const one = nodeBeside(beside, own, { name: 'bench', port: beside.ports.nodeA, settings })
  await one.ready()
  return { pid: one.pid, end: () => one.end() }
}

/** User and system time of a process and its threads so far, milliseconds. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return (user! + system!) * JIFFY_MS
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200 && !(await isSo()); tries++) await new Promise(resolve => setTimeout(resolve, 100))
}

function line({ who, rate, calls, waits, lost, switchCpu, listenerCpu }: Seen): string[] {
  const at = (percent: number) => String(Math.round(percentile(waits, percent)))
  return [
    `${rate}/s`,
    who,
    [at(50), at(95), at(100)].join(' / '),
    `${lost} of ${calls}`,
    `${Math.round(switchCpu * 100)} %`,
    `${Math.round(listenerCpu * 100)} %`,
  ]
}

function report(): void {
  console.log(
    '\n| calls | listener | p50 / p95 / max ms to the first sound | apology or silence | FreeSWITCH CPU | listener CPU |\n| --- | --- | --- | --- | --- | --- |',
  )
  for (const one of seen) console.log(`| ${line(one).join(' | ')} |`)
  if (others > 0.5)
    console.log(
      `\nThe load average was ${others.toFixed(1)} before anything was started: others are at work here, and share in every figure.`,
    )
  const missed = RATES.flatMap(rate => {
    const [least, ours] = ['bare listener', 'switchhook'].map(who =>
      seen.find(one => one.rate === rate && one.who === who)!,
    )
    const [leastP95, oursP95] = [percentile(least!.waits, 95), percentile(ours!.waits, 95)]
    return [
      ...(least!.lost === 0 && ours!.lost > 0
        ? [`${rate}/s: ${ours!.lost} hear the apology or nothing, with the bare listener nobody does`]
        : []),
      ...(rate <= GATES.upTo && oursP95 > leastP95 + GATES.slowerMs
        ? [`${rate}/s: p95 ${Math.round(oursP95)} ms, more than ${Math.round(leastP95)} + ${GATES.slowerMs}`]
        : []),
      ...(rate <= GATES.upTo && ours!.switchCpu > least!.switchCpu * GATES.cpu
        ? [
            `${rate}/s: FreeSWITCH's CPU ${(ours!.switchCpu / least!.switchCpu).toFixed(2)} × that under the bare listener, more than ${GATES.cpu}`,
          ]
        : []),
    ]
  })
  console.log(missed.length === 0 ? '\nall gates are met' : `\nmissed:\n${missed.map(one => `  ${one}`).join('\n')}`)
  process.exitCode = missed.length === 0 ? 0 : 1
}
