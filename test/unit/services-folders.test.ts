/**
 * Where private servers put their sockets, and the links that PostgreSQL's programs need: depending on what the file
 * system allows.
 */
import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { canWalk, socketFolder } from '../../src/services/folder.ts'
import { isHydrated } from '../../src/services/postgres-files.ts'

async function scratch(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sh-'))
  await chmod(folder, 0o755)
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('a socket stands in the project, in a folder that nobody else may enter', async t => {
  const folder = await scratch(t)
  const { path, temporary } = await socketFolder(
    { dataDir: join(folder, 'data'), cacheDir: join(folder, 'cache') },
    'redis.sock',
  )
  assert.equal(path, join(folder, 'data', 'run', 'redis'))
  assert.equal(temporary, false)
  assert.equal(statSync(path).mode & 0o777, 0o700)
})

test('where the path would be too long for a socket it stands in the cache, and each project has its own', async t => {
  const folder = await scratch(t)
  const cacheDir = join(folder, 'cache')
  const of = (name: string) =>
    socketFolder({ dataDir: join(folder, 'long-'.repeat(20), name), cacheDir }, '.s.PGSQL.5432')
  const [one, two, again] = [await of('one'), await of('two'), await of('one')]
  assert.ok(one.path.startsWith(cacheDir) && two.path.startsWith(cacheDir))
  assert.notEqual(one.path, two.path)
  assert.equal(one.path, again.path)
})

test('where the cache is far down too it stands in the temp folder and has to go', async t => {
  const folder = join(await scratch(t), 'long-'.repeat(20))
  const { path, temporary } = await socketFolder({ dataDir: folder, cacheDir: folder }, '.s.PGSQL.5432')
  t.after(() => rm(path, { recursive: true }))
  assert.equal(temporary, true)
  assert.ok(existsSync(path) && Buffer.byteLength(join(path, '.s.PGSQL.5432')) <= 103)
})

test('a folder below one that is closed to others cannot be walked', async t => {
  const folder = await scratch(t)
  await mkdir(join(folder, 'open', 'deep'), { recursive: true })
  for (const part of ['open', 'open/deep']) await chmod(join(folder, part), 0o755)
  assert.equal(await canWalk(join(folder, 'open', 'deep')), true)
  await chmod(join(folder, 'open'), 0o700)
  assert.equal(await canWalk(join(folder, 'open', 'deep')), false)
})

test('links that an install script should have made are made, also by two processes at a time', async t => {
  const folder = await scratch(t)
  await mkdir(join(folder, 'native', 'lib'), { recursive: true })
  const links = Array.from({ length: 20 }, (_, n) => ({
    source: 'native/lib/libpq.so.5.18',
    target: `native/lib/libpq.so.${n}`,
  }))
  await writeFile(join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links))
  await writeFile(join(folder, 'native', 'lib', 'libpq.so.5.18'), '')
  assert.deepEqual(await Promise.all([isHydrated(folder), isHydrated(folder)]), [true, true])
  for (const { target } of links) assert.equal(await readlink(join(folder, target)), 'libpq.so.5.18')
  assert.equal(await isHydrated(folder), true)
})
