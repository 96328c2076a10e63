/** The listeners that are compared: how each is started, and how its internal figures are read. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { LISTENER_CORE, startPinned } from './cores.ts'
import type { BenchRedis } from './redis.ts'
import type { Waits } from './waits.ts'

const TSX = ['--import', 'tsx'] as const

/**
 * The number of concurrent calls that reaches its limit (modesl waits 44 ms for each verb's acknowledgement), and the
 * number of parked calls for the measurement of memory.
 */
export const LISTENERS = {
  'raw-node': { flags: [], file: 'peers/raw-node.mjs', concurrency: 64, parked: 5_000, journal: false },
  ours: { flags: TSX, file: 'listener.ts', concurrency: 64, parked: 5_000, journal: false },
  'ours + journal': { flags: TSX, file: 'listener.ts', concurrency: 64, parked: 5_000, journal: true },
  modesl: { flags: [], file: 'peers/modesl.cjs', concurrency: 512, parked: 3_000, journal: false },
  esl: { flags: [], file: 'peers/esl.mjs', concurrency: 64, parked: 3_000, journal: false },
} as const

export type ListenerName = keyof typeof LISTENERS
export const NAMES = Object.keys(LISTENERS) as ListenerName[]

const FIRST_PORT = 28_100
const READY_WITHIN_MS = 20_000

export interface Running {
  readonly pid: number
  readonly port: number
  /** How long it waited for Redis since the last question. Only a listener that keeps journals answers. */
  waits(): Promise<Waits>
  stop(): Promise<void>
}

let ports = 0

/** A separate process on the listeners' core. Rejects when it is not ready within 20 s. */
export async function start(name: ListenerName, redis: BenchRedis): Promise<Running> {
  const port = FIRST_PORT + ports++
  const { file, flags, journal } = LISTENERS[name]
  const child = startPinned(LISTENER_CORE, [
    ...flags,
    new URL(file, import.meta.url).pathname,
    String(port),
    ...(journal ? [JSON.stringify(redis.address)] : []),
  ])
  const { pid, stdout } = child
  if (pid === undefined || stdout === null) throw new Error(`${name} cannot be started`)
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  const lines = createInterface({ input: stdout })
  const says = async (isIt: (line: string) => boolean) => {
    const limit = AbortSignal.timeout(READY_WITHIN_MS)
    const over = ended.then(() => Promise.reject(new Error(`${name} has ended`)))
    for (;;) {
      const [line] = (await Promise.race([once(lines, 'line', { signal: limit }), over])) as [string]
      if (isIt(line)) return line
    }
  }
  await says(line => line === 'ready')
  const waits = async () => {
    const answer = says(line => line.startsWith('{'))
    child.kill('SIGUSR2')
    return JSON.parse(await answer) as Waits
  }
  return { pid, port, waits, stop: () => (child.kill('SIGKILL'), ended) }
}
