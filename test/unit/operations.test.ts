/** The operations: who may do what, what is said about a wrong request, and the page that lists them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'
import { Refusal } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { OPERATIONS } from '../../src/operations/all.ts'
import type { AuditStart } from '../../src/operations/audit.ts'
import { describeOperations } from '../../src/operations/describe.ts'
import { operation, ROLES, type Actor } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import { VirtualClock } from '../../src/testing/index.ts'

const ANN: Actor = { who: 'ann', door: 'command-line', role: 'administrator' }

/** A thing that can be renamed, and the rows that were written about it. */
function rig() {
  const things = new Map([['old', 1]])
  const rows: (AuditStart & { outcome?: string; after?: unknown })[] = []
  const parts = {
    clock: new VirtualClock(),
    log: silentLog,
    sql: null as never,
    eventsOut: { source: '/switchhook', allow: [] },
    audit: {
      async begin(start: AuditStart) {
        const row: (typeof rows)[number] = { ...start }
        rows.push(row)
        return { end: async (outcome: string, after: unknown) => void Object.assign(row, { outcome, after }) }
      },
    },
  }
  const rename = operation({
    name: 'thing.rename',
    summary: 'renames a thing',
    needs: 'database',
    role: 'supervisor',
    positional: ['name'],
    doors: ['command-line'],
    input: z.strictObject({ name: z.string(), to: z.string() }),
    output: z.object({ name: z.string() }),
    refusals: ['IN_USE'],
    changes: true,
    thing: async (_, { name, to }) => things.get(name) ?? things.get(to) ?? null,
    async run(_, { name, to }) {
      if (things.has(to)) throw new Refusal('IN_USE', `there is a thing ${to}`)
      things.set(to, things.get(name)! + 1)
      things.delete(name)
      return { name: to }
    },
  })
  return { rows, rename, asks: (given: unknown, actor = ANN) => perform(rename, parts, given, actor) }
}

test('a change leaves a row that tells who, by which door, what, and the thing before and after', async () => {
  const { asks, rows } = rig()
  assert.deepEqual(await asks({ name: 'old', to: 'new' }), { name: 'new' })
  const [{ at: _, ...row }] = rows as [AuditStart]
  assert.deepEqual(row, {
    who: 'ann',
    door: 'command-line',
    operation: 'thing.rename',
    subject: 'old',
    input: { name: 'old', to: 'new' },
    before: 1,
    outcome: 'DONE',
    after: 2,
  })
})

test('a change that is refused leaves a row with the code of the refusal', async () => {
  const { asks, rows } = rig()
  await assert.rejects(asks({ name: 'old', to: 'old' }), { code: 'IN_USE' })
  assert.deepEqual(
    rows.map(({ outcome, after }) => [outcome, after]),
    [['IN_USE', null]],
  )
})

test('a reader changes nothing, and a request by the wrong door does nothing', async () => {
  const { asks, rows } = rig()
  const given = { name: 'old', to: 'new' }
  await assert.rejects(asks(given, { ...ANN, role: 'reader' }), {
    code: 'FORBIDDEN',
    message: 'thing.rename needs the role supervisor; ann has the role reader',
  })
  await assert.rejects(asks(given, { ...ANN, door: 'job' }), { code: 'FORBIDDEN' })
  assert.deepEqual(rows, [])
})

test('a wrong request is told all its faults, and leaves no row', async () => {
  const { asks, rows } = rig()
  await assert.rejects(asks({ name: 7, too: 'x' }), {
    code: 'BAD_INPUT',
    message: /^the input cannot be used:\n {2}- name: .*\n {2}- to: .*\n {2}- .*"too"/,
  })
  assert.deepEqual(rows, [])
})

test('every operation has its own name, a known role and a first field that names the thing it changes', () => {
  const names = OPERATIONS.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const { name, role, changes, positional, input } of OPERATIONS) {
    assert.match(name, /^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/)
    assert.ok(ROLES.includes(role), name)
    for (const field of positional) assert.ok(field in input.shape, `${name}: ${field}`)
    if (changes) assert.notEqual(positional.length, 0, `${name} changes something that it does not name`)
  }
})

test('the page of the operations is what the operations say', () => {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
  assert.ok(page.endsWith(describeOperations()), `put this at the end of docs/operations.md:\n${describeOperations()}`)
})
