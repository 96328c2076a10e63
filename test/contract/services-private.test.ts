/**
 * The private PostgreSQL accepts only its own user: also when it runs as nobody because Switchhook is root, and also
 * when an earlier version created it.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/config.ts'
import { openServices, type Services } from '../../src/services/open.ts'
import { openSql } from '../../src/store/sql.ts'
import { putPostgresData } from '../servers.ts'

const NOBODY = 65_534
const asRoot = process.getuid?.() === 0 ? {} : { skip: 'only root can be somebody else' }
const { cacheDir } = readConfig({ CACHE_DIR: process.env['CACHE_DIR'], XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] })

async function privately(
  t: TestContext,
): Promise<{ dataDir: string; open(): Promise<Services & { socketFolder: string }> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'switchhook-test-'))
  await chmod(dataDir, 0o755)
  const opened: Services[] = []
  t.after(async () => {
    for (const services of opened) await services.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  return {
    dataDir,
    async open() {
      const services = await openServices(
        { databaseUrl: null, redisUrl: null, dataDir, cacheDir },
        { clock: systemClock, say() {} },
      )
      opened.push(services)
      assert.ok('socketFolder' in services.database)
      return { ...services, socketFolder: services.database.socketFolder }
    },
  }
}

/**
 * The server's answer to a process of nobody that wants to be its superuser: 'R0' when it is admitted, else the text of
 * the refusal.
 */
async function saysToNobody(socketFolder: string): Promise<string> {
  const script = `
    const words = Buffer.from('user\\0switchhook\\0database\\0postgres\\0\\0')
    const head = Buffer.alloc(8)
    head.writeUInt32BE(8 + words.length, 0)
    head.writeUInt32BE(196608, 4)
    const socket = require('node:net').connect(process.argv[1])
    socket.on('connect', () => socket.write(Buffer.concat([head, words])))
    socket.on('error', error => (console.log(error.code), process.exit()))
    socket.once('data', said => (console.log(said[0] === 0x52 ? 'R' + said.readUInt32BE(5) : said.toString('latin1')), process.exit()))`
  const child = spawn(process.execPath, ['-e', script, join(socketFolder, '.s.PGSQL.5432')], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await once(child, 'close')
  return said.trim()
}

const weAre = async ({ database }: Services): Promise<boolean> => {
  const sql = openSql(database)
  try {
    return (await sql<[{ is: boolean }]>`select rolsuper as is from pg_roles where rolname = current_user`)[0].is
  } finally {
    await sql.end()
  }
}

test(
  'a process of nobody is refused by the private PostgreSQL, which runs as nobody, and we are not',
  asRoot,
  async t => {
    const services = await (await privately(t)).open()
    assert.match(await saysToNobody(services.socketFolder), /28000.*[Pp]eer authentication failed/s)
    assert.equal(await weAre(services), true)
  },
)

test(
  'data that an earlier version made, open to all who reach the socket, is closed to them at the next start',
  asRoot,
  async t => {
    const { dataDir, open } = await privately(t)
    await putPostgresData(dataDir)
    await (await open()).close()
    const access = join(dataDir, 'pg', 'pg_hba.conf')
    await writeFile(access, 'local all all trust\n')
    const services = await open()
    assert.match(await saysToNobody(services.socketFolder), /28000/)
    assert.equal(await weAre(services), true)
    assert.doesNotMatch(await readFile(access, 'utf8'), /trust/)
    for (const name of ['pg_hba.conf', 'pg_ident.conf'])
      assert.equal((await stat(join(dataDir, 'pg', name))).mode & 0o777, 0o600)
  },
)
