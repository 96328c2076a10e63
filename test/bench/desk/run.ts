/**
 * `make bench-desk`: how long a program waits for the HTTP API while the floor of the demo runs in the same process,
 * beside the same HTTP library without anything behind it. Exit code 1 when a gate is missed.
 *
 *   RATE=500      requests a second, at fixed times whether or not earlier ones are answered
 *   SECONDS=20    of each round; there are two rounds of each
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../../src/config.ts'
import { percentile } from '../../fault/matrix.ts'
import { NodeProcess } from '../../fault/node-process.ts'
import { PATIENCE_MS } from '../../patience.ts'
import { nodeWords, PROGRAM } from '../../program.ts'

const RATE = Number(process.env['RATE'] ?? 500)
const SECONDS = Number(process.env['SECONDS'] ?? 20)
/** Milliseconds, at 500 requests a second. */
const P99_MS = 20
/** Uncounted requests a second, and seconds. */
const WARM: readonly [number, number] = [100, 20]
const TURN_MS = 2

/** What a wallboard and a CRM ask again and again; the figures of the last half hour with one request in 25. */
const PATHS = ['/v1/queues', '/v1/agents', '/v1/campaigns', '/v1/calls?limit=20', '/v1/queues/sales']
const FIGURES = { path: '/v1/figures/queues?window=30m', each: 25 } as const
const pathOf = (n: number): string => (n % FIGURES.each === 0 ? FIGURES.path : PATHS[n % PATHS.length]!)

interface Seen {
  readonly who: string
  readonly waits: readonly number[]
  readonly failed: number
}

async function measure(
  who: string,
  url: string,
  key: string,
  [rate, seconds]: readonly [number, number] = [RATE, SECONDS],
): Promise<Seen> {
  const agent = new Agent({ keepAlive: true, maxSockets: 100 })
  const waits: number[] = []
  let failed = 0
  const ask = (path: string, due: number) =>
    new Promise<void>(resolve => {
      const failure = (error: Error) => {
        console.log(`${who}: ${path} ${error.message}`)
        failed += 1
        resolve()
      }
      get(`${url}${path}`, { agent, headers: { authorization: `Bearer ${key}` } }, reply => {
        if (reply.statusCode !== 200) {
          failed += 1
          reply.on('data', chunk => console.log(`${who}: ${path} ${String(chunk)}`))
        }
        reply.resume().on('end', () => {
          waits.push(performance.now() - due)
          resolve()
        })
      }).on('error', failure)
    })
  const began = performance.now()
  const asked: Promise<void>[] = []
  const all = rate * seconds
  await new Promise<void>(resolve => {
    const timer = setInterval(() => {
      const now = performance.now() - began
      while (asked.length < all && (asked.length * 1_000) / rate <= now)
        asked.push(ask(pathOf(asked.length), began + (asked.length * 1_000) / rate))
      if (asked.length < all) return
      clearInterval(timer)
      resolve()
    }, TURN_MS)
  })
  await Promise.all(asked)
  agent.destroy()
  return { who, waits, failed }
}

const said = (text: string) => text.trim().split('\n').at(-1) ?? ''

async function outputOf(child: ChildProcess): Promise<string> {
  let out = ''
  child.stdout!.on('data', chunk => (out += String(chunk)))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`a command ended with ${code}`)
  return out
}

const others = loadavg()[0]!
const folder = await mkdtemp(join(tmpdir(), 'switchhook-bench-'))
const { CACHE_DIR, XDG_CACHE_HOME } = process.env
const { cacheDir } = readConfig({ CACHE_DIR, XDG_CACHE_HOME })
const settings = { DATA_DIR: join(folder, 'data'), CACHE_DIR: cacheDir, LISTEN: '127.0.0.1:0' }
const node = new NodeProcess({ name: 'bench', folder, settings })
const bare = spawn(process.execPath, nodeWords('test/bench/desk/bare.ts'), { stdio: ['ignore', 'pipe', 'inherit'] })
const seen: Seen[] = []
try {
  const [started] = (await once(bare.stdout, 'data')) as [Buffer]
  const url = /http\S+(?=,)/.exec(await node.says(/^desk: /, PATIENCE_MS))![0]
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...settings }
  const words = [PROGRAM, 'key', 'add', 'bench']
  const key = said(await outputOf(spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'inherit'] })))
  // the cost of a process in its first seconds is another question
  for (const at of [started.toString().trim(), url]) await measure('', at, key, WARM)
  for (let round = 0; round < 2; round++) {
    seen.push(await measure('bare library', started.toString().trim(), key))
    seen.push(await measure('switchhook', url, key))
  }
} finally {
  node.term() // its private stores end with it
  bare.kill()
  await node.exited
  await rm(folder, { recursive: true, force: true })
}

console.log(`${RATE} requests a second, ${SECONDS} s each; other processes before: load ${others.toFixed(2)}`)
let missed = false
for (const who of ['bare library', 'switchhook']) {
  const mine = seen.filter(one => one.who === who)
  const waits = mine.flatMap(one => one.waits)
  const failed = mine.reduce((sum, one) => sum + one.failed, 0)
  const at = (percent: number) => percentile(waits, percent).toFixed(1)
  console.log(
    `${who.padEnd(14)} p50 ${at(50)} ms  p95 ${at(95)} ms  p99 ${at(99)} ms  max ${at(100)} ms  failed ${failed}`,
  )
  if (who === 'switchhook' && (percentile(waits, 99) > P99_MS || failed > 0)) missed = true
}
console.log(
  missed ? `MISSED: p99 at most ${P99_MS} ms, and none failed` : `met: p99 at most ${P99_MS} ms, and none failed`,
)
process.exit(missed ? 1 : 0)
