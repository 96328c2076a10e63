/** The command line as people use it, on private services that the test file keeps running. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { redisRoster, type RedisHome } from '../../src/agent/redis-roster.ts'
import type { Roster } from '../../src/agent/roster.ts'
import { systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/config.ts'
import { runCli } from '../../src/desk/cli.ts'
import { commandActions } from '../../src/node/commands.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import type { QueueStore } from '../../src/queue/store.ts'
import { openServices } from '../../src/services/open.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openRedisClient, type RedisClient } from '../../src/store/redis.ts'
import { openSql, type Sql } from '../../src/store/sql.ts'
import { PROGRAM, SCRIPTS } from '../program.ts'
import { putPostgresData } from '../servers.ts'

interface Test {
  after(fn: () => Promise<unknown>): void
}

export interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export class Installation {
  readonly folder: string
  /** The stores that the commands write to, with all tables. */
  readonly sql: Sql
  readonly redis: RedisClient
  readonly queueStore: QueueStore
  readonly roster: Roster
  readonly #settings: Readonly<Record<string, string>>

  private constructor(folder: string, sql: Sql, home: RedisHome, settings: Readonly<Record<string, string>>) {
    this.folder = folder
    this.sql = sql
    this.redis = home.commands
    this.queueStore = redisQueueStore(home)
    this.roster = redisRoster(home)
    this.#settings = settings
  }

  /** Closed after this test, or after the last test of the file. */
  static async open(t: Test = { after }): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), 'switchhook-cli-'))
    const { CACHE_DIR, XDG_CACHE_HOME } = process.env
    const { cacheDir } = readConfig({ CACHE_DIR, XDG_CACHE_HOME })
    const dataDir = join(folder, 'data')
    await putPostgresData(dataDir)
    const services = await openServices(
      { databaseUrl: null, redisUrl: null, dataDir, cacheDir },
      { clock: systemClock, say() {}, throwaway: true },
    )
    const sql = openSql(services.database, { max: 1 })
    await migrate(sql)
    const commands = await openRedisClient(services.redis)
    t.after(async () => {
      commands.disconnect()
      await sql.end({ timeout: 1 })
      await services.close()
      await rm(folder, { recursive: true, force: true })
    })
    const home = { commands, subscriber: commands }
    const settings = { DATA_DIR: dataDir, CACHE_DIR: cacheDir, SCRIPTS, DESK_LISTEN: '127.0.0.1:0' }
    return new Installation(folder, sql, home, settings)
  }

  /**
   * Runs what `switchhook <words>` does after its process has started, in this process: a start takes longer than most
   * commands.
   */
  async types(words: string, settings: Readonly<Record<string, string>> = {}): Promise<Said> {
    const said = { out: '', err: '' }
    const terminal = {
      out: (text: string) => void (said.out += text),
      err: (text: string) => void (said.err += text),
      colour: false,
    }
    const run = () => assert.fail('a node needs a process of its own: starts()')
    const actions = {
      run,
      ...commandActions(
        () => readConfig({ ...this.#settings, ...settings }),
        line => terminal.err(`${line}\n`),
      ),
    }
    const code = await runCli(wordsOf(words), actions, terminal)
    return { code, ...said }
  }

  /** Runs `switchhook <words>` to its end as a separate process. `settings` override those of the installation. */
  async starts(words: string, settings: Readonly<Record<string, string>> = {}, program = PROGRAM): Promise<Said> {
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...this.#settings, ...settings }
    const child = spawn(process.execPath, [program, ...wordsOf(words)], {
      cwd: this.folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = { out: '', err: '' }
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, ...said }
  }

  async file(name: string, text: string | Buffer): Promise<string> {
    const path = join(this.folder, name)
    await writeFile(path, text)
    return path
  }
}

const wordsOf = (words: string): string[] => words.split(' ').filter(word => word !== '')

/**
 * Below the ports that the kernel assigns by itself, also with 10 000 more (the second port of a Redis Cluster): a port
 * that a test has closed is not assigned to another process.
 */
const PORTS = { from: 20_000, to: 22_700 }

/** A port of 127.0.0.1: in use until it is closed. */
export async function takePort(): Promise<{ port: number; close(): Promise<void> }> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to)
    const server = createServer()
    const taken = await new Promise<boolean>(resolve =>
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)),
    )
    if (taken) return { port, close: () => new Promise(done => server.close(() => done())) }
  }
}
