/** The code keeps its rules. Reads every source file once, and reports the file, the line and what is allowed. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { faultsOf, importsOf, type SourceFile } from './house-rules.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

function filesBelow(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => join(entry.path, entry.name))
    .map(path => ({ path: relative(ROOT, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }))
    .filter(file => !file.path.startsWith('test/bench/peers/'))
}

const faults = (...files: [path: string, text: string][]) => faultsOf(files.map(([path, text]) => ({ path, text })))
const call = (body: string) => faults(['src/call/call.ts', `export class Call {\n${body}\n}\n`])

test('the house keeps its rules', () => {
  const files = ['src', 'scripts', 'test'].flatMap(filesBelow)
  assert.ok(files.length > 20, 'the files were found')
  const found = faultsOf(files)
  assert.ok(found.length === 0, `\n${found.join('\n')}`)
})

test('imports go down: a room may not import one above it or beside it', () => {
  assert.deepEqual(faults(['src/queue/queue.ts', "import { Call } from '../call/call.ts'"]), [])
  const [fault] = faults(['src/call/call.ts', "import { Queue } from '../queue/queue.ts'"])
  assert.match(
    fault!,
    /^src\/call\/call\.ts:1 imports src\/queue\/queue\.ts: call may import base, events, esl, store, switch, cluster, journal, agent, routing;/,
  )
  assert.equal(faults(['src/queue/queue.ts', "import type { Campaign } from '../campaign/campaign.ts'"]).length, 1)
  assert.equal(faults(['src/attic/box.ts', "import { ms } from '../base/duration.ts'"]).length, 1)
  assert.equal(faults(['src/base/clock.ts', "export * from '../store/sql.ts'"]).length, 1)
  assert.equal(faults(['src/call/call.ts', "const late = await import('../desk/http.ts')"]).length, 1)
})

test('settings, private services and the simulation are for main, the command line and tests', () => {
  for (const target of ['../config.ts', '../services/open.ts', '../testing/index.ts', '#testing']) {
    assert.equal(faults(['src/queue/queue.ts', `import { x } from '${target}'`]).length, 1, target)
    assert.deepEqual(faults(['src/desk/cli.ts', `import { x } from '${target}'`]), [], target)
  }
  assert.equal(faults(['src/services/open.ts', "import { main } from '../main.ts'"]).length, 1)
})

test('a script imports #flow and other scripts, and leaves time, chance and the network to the call', () => {
  const good =
    "import { flow } from '#flow'\nimport { talk } from './lib/talk.ts'\nawait call.once('crm', () => crm.fetch(url))"
  assert.deepEqual(faults(['scripts/welcome.ts', good]), [])
  assert.equal(faults(['scripts/welcome.ts', "import { openSql } from '../src/store/sql.ts'"]).length, 1)
  for (const word of ['Date.now()', 'new Date()', 'Math.random()', 'fetch(url)', 'setTimeout(go, 1)']) {
    assert.equal(
      faults(['scripts/welcome.ts', `\nconst it = ${word}`])[0]?.startsWith('scripts/welcome.ts:2 '),
      true,
      word,
    )
  }
})

test('one foreign package, one file', () => {
  assert.equal(faults(['src/queue/redis-store.ts', "import { Redis } from 'ioredis'"]).length, 1)
  assert.equal(faults(['src/desk/http.ts', "import { createServer } from 'node:net'"]).length, 1)
  assert.deepEqual(faults(['src/store/redis.ts', "import { Redis } from 'ioredis'"]), [])
  assert.deepEqual(faults(['src/esl/tcp.ts', "import { connect } from 'node:net'\nsocket.setTimeout(0)"]), [])
  assert.equal(faults(['src/desk/a.ts', "import x from 'jose'"], ['src/desk/b.ts', "import x from 'jose'"]).length, 1)
  assert.equal(faults(['src/node/http.ts', "import { Hono } from 'hono'"]).length, 1)
})

test('the environment, the clock and signals have one place each; a comment may name them', () => {
  assert.match(
    faults(['src/desk/http.ts', 'const a = 1\nconst b = process.env.B'])[0]!,
    /^src\/desk\/http\.ts:2 uses process\.env/,
  )
  assert.equal(faults(['src/desk/http.ts', "process.once('SIGTERM', stop)"]).length, 1)
  assert.equal(faults(['src/desk/http.ts', 'const at = performance.now()']).length, 1)
  assert.match(faults(['src/queue/queue.ts', 'const at = systemClock.now()'])[0]!, /the time that all nodes share/)
  assert.match(
    faults(['src/store/leads.ts', 'await sql`update leads set next_at = now()`'])[0]!,
    /uses PostgreSQL's own time/,
  )
  assert.deepEqual(
    faults([
      'src/store/leads.ts',
      'const at = clock.now()\ninterface It { now(): number }\nclass C { now() { return this.#now() } }',
    ]),
    [],
  )
  assert.deepEqual(faults(['src/desk/http.ts', '/** Not Date.now(). */\nconst a = 1 // nor process.env']), [])
})

test('no cycles, also not of types, except in the simulated FreeSWITCH', () => {
  const [a, b] = ["import { b } from './b.ts'", "import { a } from './a.ts'"]
  assert.deepEqual(faults(['src/queue/a.ts', a], ['src/queue/b.ts', b]), [
    'src/queue/a.ts → src/queue/b.ts → src/queue/a.ts: a cycle',
  ])
  const type = b.replace('import', 'import type')
  assert.equal(faults(['src/queue/a.ts', a], ['src/queue/b.ts', type]).length, 1)
  assert.deepEqual(faults(['src/testing/a.ts', a], ['src/testing/b.ts', type]), [])
})

test('files stay short and their names say something', () => {
  assert.equal(faults(['test/unit/long.test.ts', 'x\n'.repeat(401)]).length, 1)
  assert.deepEqual(faults(['test/unit/long.test.ts', 'x\n'.repeat(400)]), [])
  assert.equal(faults(['src/queue/utils.ts', '']).length, 1)
  assert.deepEqual(faults(['src/queue/wide.ts', `/** ${'x'.repeat(116)}\n */\n${'y'.repeat(130)}`]), [])
  assert.equal(faults(['src/queue/wide.ts', `// ${'x'.repeat(118)}`]).length, 1)
})

test('the call itself has no logic', () => {
  assert.deepEqual(
    call('  get uuid(): string { return this.leg.uuid }\n  constructor(a: A) {\n    this.a = a\n    this.b = a\n  }'),
    [],
  )
  assert.deepEqual(call('  play(sound: string): Promise<void> {\n    return play(\n      this.leg,\n    )\n  }'), [])
  assert.equal(call('  play(sound: string): void { if (sound) play(sound) }').length, 1)
  assert.equal(call('  play(sound: string): void {\n    const a = 1\n    play(a)\n  }').length, 1)
  assert.equal(call('  play(sound: string): void { stop(); play(sound) }').length, 1)
})

test('every way to import is seen', () => {
  const many =
    "import a from 'a'\nimport {\n  b,\n  c,\n} from 'b'\nimport 'c'\nexport { d } from 'd'\nexport type { e } from 'e'\n"
  const seen = importsOf({ path: 'src/x.ts', text: `${many}const f = await import('f')\nimport * as g from 'g'` })
  assert.deepEqual(
    seen.map(one => one.target),
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
  )
  assert.deepEqual(
    seen.map(one => one.line),
    [1, 2, 6, 7, 8, 9, 10],
  )
})
