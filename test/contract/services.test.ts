/** The private PostgreSQL and Redis: found, shared, kept, and never left behind. Real processes, so real time. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/config.ts'
import { isAlive, takeHold, until } from '../../src/services/guard.ts'
import { openServices, type Services } from '../../src/services/open.ts'
import { openRedisClient } from '../../src/store/redis.ts'
import { openSql } from '../../src/store/sql.ts'
import { PATIENCE_MS } from '../patience.ts'
import { nodeWords } from '../program.ts'
import { putPostgresData } from '../servers.ts'

const usualCache = readConfig({
  CACHE_DIR: process.env['CACHE_DIR'],
  XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'],
}).cacheDir

class Project {
  readonly dataDir: string
  readonly cacheDir: string
  readonly said: string[] = []
  readonly #opened: Services[] = []
  readonly #children: ChildProcess[] = []

  constructor(dataDir: string, cacheDir: string) {
    this.dataDir = dataDir
    this.cacheDir = cacheDir
  }

  async open(given: { databaseUrl?: string; redisUrl?: string } = {}): Promise<Services> {
    const config = { databaseUrl: null, redisUrl: null, dataDir: this.dataDir, cacheDir: this.cacheDir, ...given }
    const services = await openServices(config, { clock: systemClock, say: line => this.said.push(line) })
    this.#opened.push(services)
    return services
  }

  /** Another process of the same project; resolves when it has its services. */
  async process(): Promise<{ child: ChildProcess; said: string[] }> {
    const words = [...nodeWords('test/contract/services-child.ts'), this.dataDir, this.cacheDir]
    const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#children.push(child)
    const said: string[] = []
    for await (const line of createInterface(child.stdout!)) {
      if (line === 'ready') return { child, said }
      said.push(line)
    }
    throw new Error(`the other process ended: ${said.join(' / ')}`)
  }

  async leave(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const services of this.#opened) await services.close()
  }

  /** The files that a server does not leave after an orderly stop. */
  traces(): string[] {
    return ['pg/postmaster.pid', 'run/redis/redis.sock'].map(path => join(this.dataDir, path))
  }

  /** `since` distinguishes two servers: where few processes run, a pid is used again soon. */
  async postmaster(): Promise<{ pid: number; since: number }> {
    const path = join(this.dataDir, 'pg/postmaster.pid')
    return { pid: Number.parseInt(await readFile(path, 'utf8'), 10), since: (await stat(path)).mtimeMs }
  }

  async guards(): Promise<number[]> {
    const roll = JSON.parse(await readFile(join(this.dataDir, 'services.json'), 'utf8')) as Record<
      string,
      { group: number }
    >
    return [roll['postgres']!.group, roll['redis']!.group]
  }

  /** True as soon as no server and no guard is left. */
  async isQuiet(): Promise<boolean> {
    const pipes = ['pg.hold', 'redis.hold'].map(name => join(this.dataDir, 'run', name))
    return until(systemClock, PATIENCE_MS, () =>
      pipes.every(pipe => {
        const hold = takeHold(pipe)
        hold?.release()
        return hold === null
      }),
    )
  }
}

async function project(t: TestContext, below = ''): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-test-'))
  await chmod(folder, 0o755)
  const opened = new Project(join(folder, below), below ? join(folder, below, 'cache') : usualCache)
  t.after(async () => {
    await opened.leave()
    const quiet = await opened.isQuiet()
    await rm(folder, { recursive: true, force: true })
    assert.ok(quiet, 'a server was left behind')
  })
  return opened
}

/** A project whose servers have run before. */
async function knownProject(t: TestContext): Promise<Project> {
  const known = await project(t)
  await putPostgresData(known.dataDir)
  return known
}

function urlOf({ database }: Services): string {
  assert.ok('socketFolder' in database)
  return `postgres://${database.user}@localhost/${database.database}?host=${encodeURIComponent(database.socketFolder)}`
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

test('a machine without servers gets its own, says which, and finds its data again', async t => {
  const home = await project(t)
  const first = await home.open()
  const sql = openSql(first.database)
  await sql`create table remembered (word text)`
  await sql`insert into remembered values ('lead')`
  await sql.end()
  const redis = await openRedisClient(first.redis)
  await redis.set('agent', 'alice')
  redis.disconnect()
  await first.close()
  assert.ok(!home.traces().some(existsSync), 'both servers have stopped')

  const second = await home.open()
  const again = openSql(second.database)
  assert.deepEqual([...(await again`select word from remembered`)], [{ word: 'lead' }])
  await again.end()
  const found = await openRedisClient(second.redis)
  assert.equal(await found.get('agent'), 'alice')
  found.disconnect()
  assert.match(home.said.join('\n'), /^postgres: private 18\.\d+ in .*pg \(\d\.\d s\)$/m)
  assert.match(home.said.join('\n'), /^redis: private \S+ \(.+\) in .*redis \(\d\.\d s\)$/m)
  await second.close()
})

test('a node that is killed leaves its servers to the node that remains', async t => {
  const home = await knownProject(t)
  const { child } = await home.process()
  const services = await home.open()
  assert.ok(
    home.said.every(line => line.endsWith('running already')),
    home.said.join('\n'),
  )
  await kill(child)
  const sql = openSql(services.database)
  assert.deepEqual([...(await sql`select 1 as one`)], [{ one: 1 }])
  await sql.end()
  await services.close()
  assert.ok(!home.traces().some(existsSync), 'the last one that leaves waits for the end')
})

test('who leaves takes nothing from others, also from another part of the same process', async t => {
  const home = await knownProject(t)
  const [first, second] = [await home.open(), await home.open()]
  await first.close()
  const sql = openSql(second.database)
  assert.deepEqual([...(await sql`select 1 as one`)], [{ one: 1 }])
  await sql.end()
  const given = await home.open({ databaseUrl: urlOf(second) })
  await given.close()
  await home.open()
  assert.match(home.said.at(-1)!, /running already$/, 'a process with a database of its own leaves the roll as it was')
})

test('nothing stays when the only node is killed', async t => {
  const home = await knownProject(t)
  const { child } = await home.process()
  assert.ok(home.traces().every(existsSync))
  await kill(child)
  assert.ok(await until(systemClock, PATIENCE_MS, () => !home.traces().some(existsSync)))
})

test('two nodes that start at the same moment share one pair of servers', async t => {
  const home = await project(t)
  const [one, two] = await Promise.all([home.process(), home.process()])
  const lines = [...one.said, ...two.said]
  assert.equal(lines.filter(line => line.endsWith('running already')).length, 2, lines.join('\n'))
  await Promise.all([kill(one.child), kill(two.child)])
})

test('servers whose guard was killed are stopped before new ones touch their data', async t => {
  const home = await knownProject(t)
  const { child } = await home.process()
  const before = await home.postmaster()
  for (const guard of await home.guards()) process.kill(guard, 'SIGKILL')
  assert.ok(isAlive(before.pid), 'the server lives on without its guard')
  await kill(child)
  assert.ok(await home.isQuiet(), 'what is left of the guard has seen that nobody uses the servers')
  const services = await home.open()
  assert.notEqual((await home.postmaster()).since, before.since)
  await services.close()
})

test('a pid file whose number belongs to somebody else does not keep the database from starting', async t => {
  const home = await knownProject(t)
  await (await home.open()).close()
  await writeFile(
    join(home.dataDir, 'pg', 'postmaster.pid'),
    `${process.pid}\n${home.dataDir}/pg\n1\n5432\n\n\n\nready\n`,
  )
  await (await home.open()).close()
})

test('a project far down in the folders has its sockets in a short one, which goes with the servers', async t => {
  const home = await project(t, 'a-folder-with-a-long-name/'.repeat(8))
  const services = await home.open()
  assert.ok('socket' in services.redis && 'socketFolder' in services.database)
  const { socket } = services.redis
  const { socketFolder } = services.database
  assert.ok(Buffer.byteLength(socket) <= 103 && existsSync(socket))
  await services.close()
  for (const folder of [socketFolder, dirname(socket)]) assert.ok(!existsSync(folder), `${folder} is left`)
})

test('a database or a Redis that does not answer is one clear line', async t => {
  const home = await project(t)
  const wrong = { databaseUrl: 'postgres://app:secret@127.0.0.1:9/app', redisUrl: 'redis://:secret@127.0.0.1:9' }
  await assert.rejects(home.open({ databaseUrl: wrong.databaseUrl }), (error: Error) => {
    assert.match(error.message, /^DATABASE_URL: no PostgreSQL answers at 127\.0\.0\.1:9\/app: .*ECONNREFUSED/)
    return !error.message.includes('secret')
  })
  await assert.rejects(
    home.open({ redisUrl: wrong.redisUrl }),
    /: REDIS_URL: no Redis answers at 127\.0\.0\.1:9: .*ECONNREFUSED/,
  )
})
