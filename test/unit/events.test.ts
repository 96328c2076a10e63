/** The catalogue of events: it is whole, it is explained, and it says what is personal data. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MemoryAgents } from '../../src/agent/memory-roster.ts'
import { rosterOver } from '../../src/agent/roster.ts'
import { openLog } from '../../src/base/log.ts'
import type { EventName } from '../../src/events/catalogue.ts'
import { logEvents, type Events } from '../../src/events/events.ts'
import { readTimeline } from '../../src/events/timeline.ts'
import { EVENTS, eventsPage, fieldsOf, PAGE } from '../events-page.ts'

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url))
/** `tell('name'`, `tellOnce(journal, 'name'`, and the names in a table of names, TOLD. */
const TELLING = /\b(?:tell(?:Once)?|happening)\(\s*(?:[\w.]+,\s*)?'([a-z_]+\.[a-z_.]+)'|\bTOLD = \{([^}]*)\}/g

/** The names that each room tells, from its source. */
function toldBy(): Map<string, Set<string>> {
  const told = new Map<string, Set<string>>()
  for (const path of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts') || /^(events|testing)\//.test(path)) continue
    for (const [, name, names = ''] of readFileSync(join(SOURCE, path), 'utf8').matchAll(TELLING)) {
      const found = name === undefined ? [...names.matchAll(/'([a-z_.]+)'/g)].map(one => one[1]!) : [name]
      for (const one of found) told.set(one, (told.get(one) ?? new Set()).add(path.split('/')[0]!))
    }
  }
  return told
}

test('every event of the catalogue is told by the room that it names, and by no other', () => {
  const told = toldBy()
  assert.deepEqual(
    Object.fromEntries(EVENTS.map(([name]) => [name, [...(told.get(name) ?? [])].join()])),
    Object.fromEntries(EVENTS.map(([name, { toldBy: room }]) => [name, room])),
  )
  assert.deepEqual([...told.keys()].sort(), EVENTS.map(([name]) => name).sort())
})

test('docs/events.md is the catalogue', () => {
  assert.equal(readFileSync(PAGE, 'utf8'), eventsPage(), '`make pages` writes it')
})

test('a field means the same in every event, and each is explained', () => {
  const known = new Map<string, string>()
  for (const [event, entry] of EVENTS) {
    for (const { name, description, personal } of fieldsOf(entry)) {
      assert.notEqual(description, '', `${name} of ${event}`)
      const says = `${description}${personal ? ', personal' : ''}`
      assert.equal(known.get(name) ?? says, says, `${name} of ${event}`)
      known.set(name, says)
    }
  }
})

test('the log shows an event with its text, and nobody can dial a number that stands in it', () => {
  const secret = '+4930123456'
  let tried = 0
  for (const [name, entry] of EVENTS) {
    const lines: string[] = []
    const events = logEvents(openLog('debug', { write: line => void lines.push(line) })) as {
      tell(name: string, data: object): void
    }
    const fields = fieldsOf(entry)
    events.tell(name, Object.fromEntries(fields.map(field => [field.name, field.personal ? secret : 'x'])))
    const [line] = lines.map(one => JSON.parse(one) as Record<string, unknown>)
    assert.deepEqual([line!['msg'], line!['level']], [entry.what, entry.level])
    for (const field of fields.filter(one => one.personal)) {
      tried++
      // the columns of a lead do not go into the log at all
      assert.equal(line![field.name], field.name === 'fields' ? '…' : '+49…56', `${field.name} of ${name}`)
    }
  }
  assert.ok(tried >= 6, `${tried} personal fields`)
})

test('what becomes of an agent is told once, by the roster that wrote it, and not by one that was late', async () => {
  const agents = new MemoryAgents()
  const told: [who: string, name: EventName, data: object][] = []
  const roster = (who: string) =>
    rosterOver(agents, { tell: (name, data) => void told.push([who, name, data]) } satisfies Events)
  const [a, b] = [roster('a'), roster('b')]
  await a.put({ name: 'alice', endpoint: 'user/1001', wrapUpMs: 0, ringForMs: 20_000, queues: [] }, 1)
  await a.setStatus('alice', 'ready', 2)
  const [epoch, late] = await Promise.all([
    a.reserve('alice', 'a-call', 3, 10_000),
    b.reserve('alice', 'another', 3, 10_000),
  ])
  assert.equal(late, null)
  await b.advance('alice', epoch!, 'ringing', 4)
  await a.setStatus('alice', 'break', 5, 'lunch')
  assert.deepEqual(told, [
    ['a', 'agent.status_changed', { agent: 'alice', status: 'ready', before: 'logged-out' }],
    ['a', 'agent.state_changed', { agent: 'alice', state: 'reserved', before: 'idle', uuid: 'a-call' }],
    ['b', 'agent.state_changed', { agent: 'alice', state: 'ringing', before: 'reserved', uuid: 'a-call' }],
    ['a', 'agent.status_changed', { agent: 'alice', status: 'break', before: 'ready', reason: 'lunch' }],
  ])
})

test('the row of a call of the version before is read in the words of this one', () => {
  assert.deepEqual(
    readTimeline([
      { at: 1, event: 'answered' },
      { at: 2, event: 'answered', leg: 'b-leg' },
      { at: 3, event: 'promised', queue: 'sales', agent: 'alice' },
      { at: 4, event: 'transferred', to: '7000' },
      { at: 5, event: 'call.held', v: 1, leg: 'b-leg' },
      { at: 6, event: 'call.parked', v: 3, slot: 4 },
      { when: 7 },
    ]),
    [
      { at: 1, event: 'call.answered', v: 1 },
      { at: 2, event: 'call.party.answered', v: 1, leg: 'b-leg' },
      { at: 3, event: 'queue.call.offered', v: 1, queue: 'sales', agent: 'alice' },
      { at: 4, event: 'call.transferred', v: 1, to: '7000' },
      { at: 5, event: 'call.held', v: 1, leg: 'b-leg' },
      { at: 6, event: 'call.parked', v: 3, slot: 4 },
    ],
  )
  assert.deepEqual(readTimeline(null), [])
})
