/**
 * A Redis for one test alone, on a free port of 127.0.0.1: it may be killed, suspended, made a replica, or be a
 * cluster.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../src/config.ts'
import { findRedis } from '../src/services/redis.ts'
import { openRedisClient, redisVersion, type RedisClient } from '../src/store/redis.ts'
import { takePort } from './contract/cli-process.ts'
import { PATIENCE_MS } from './patience.ts'

interface Test {
  after(fn: () => Promise<unknown>): void
}

export class OwnRedis {
  readonly port: number
  /** The folder of its data. */
  readonly folder: string
  readonly #command: readonly string[]
  readonly #clients: RedisClient[] = []
  #process: ChildProcess | null = null
  #exited: Promise<unknown> = Promise.resolve()

  constructor(port: number, folder: string, command: readonly string[]) {
    this.port = port
    this.folder = folder
    this.#command = command
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`
  }

  /** Resolves when it answers. After `kill` it starts again with the data that it had written. */
  async start(): Promise<void> {
    const [program, ...args] = this.#command
    const server = spawn(program!, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process = server
    this.#exited = once(server, 'exit')
    let said = ''
    server.stdout.on('data', chunk => (said = (said + String(chunk)).slice(-2_000)))
    for (const until = performance.now() + PATIENCE_MS; ;) {
      if (
        await redisVersion({ url: this.url }, 500).then(
          () => true,
          () => false,
        )
      )
        return
      if (server.exitCode !== null || performance.now() > until) throw new Error(`this Redis does not start:\n${said}`)
    }
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.#exited
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) process.kill(this.#process.pid!, signal)
  }

  /** A client that is closed with the test. A command link would leave a server that a test makes a replica. */
  async client(): Promise<RedisClient> {
    const client = await openRedisClient({ url: this.url }, { kind: 'subscriber' })
    this.#clients.push(client)
    return client
  }

  async end(): Promise<void> {
    for (const client of this.#clients) client.disconnect()
    await this.kill()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/**
 * `more`: further arguments of redis-server. It appends to its file and syncs every second, as in an installation, and
 * evicts nothing.
 */
export async function openOwnRedis(t: Test, more: readonly string[] = []): Promise<OwnRedis> {
  const kept = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction']
  return open(t, folder => ['--dir', folder, ...kept, ...more])
}

/** A sentinel that decides alone, half a second after it has lost the primary, which it calls 'ours'. */
export async function openSentinel(t: Test, primary: OwnRedis): Promise<OwnRedis> {
  const config = `sentinel monitor ours 127.0.0.1 ${primary.port} 1\nsentinel down-after-milliseconds ours 500\nsentinel failover-timeout ours 3000\n`
  return open(t, async folder => {
    const file = join(folder, 'sentinel.conf')
    await writeFile(file, config) // a sentinel writes what it learns into its configuration
    return [file, '--sentinel', '--dir', folder]
  })
}

async function open(
  t: Test,
  args: (folder: string) => readonly string[] | Promise<readonly string[]>,
): Promise<OwnRedis> {
  const { CACHE_DIR, XDG_CACHE_HOME } = process.env
  const program = await findRedis({
    cacheDir: readConfig({ CACHE_DIR, XDG_CACHE_HOME }).cacheDir,
    say: line => process.stderr.write(`${line}\n`),
  })
  if (!program) throw new Error('there is no Redis to be had')
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-redis-'))
  const port = await takePort()
  await port.close()
  const own = new OwnRedis(port.port, folder, [
    ...program.command,
    ...(await args(folder)),
    '--port',
    String(port.port),
    '--bind',
    '127.0.0.1',
  ])
  t.after(() => own.end())
  await own.start()
  return own
}
