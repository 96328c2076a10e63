/** A program beside Switchhook, on FreeSWITCH's own port, that was written for mod_callcenter. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'
import { FrameReader } from '../../src/esl/frame.ts'
import { SwitchEvent } from '../../src/esl/event.ts'
import type { SimulateOptions, Simulation } from '../../src/testing/simulation.ts'

const support = { params: { queue: 'support' } }

/** The events that the program hears. */
function program(t: TestContext, sim: Simulation): SwitchEvent[] {
  const heard: SwitchEvent[] = []
  const wire = sim.switch.connect()
  const reader = new FrameReader(({ head, body }) => {
    if (head.toString().includes('text/event-plain')) heard.push(new SwitchEvent(body))
  })
  wire.listen({ data: chunk => reader.push(chunk), close() {} })
  const subclasses = 'callcenter::info nwayacd::queue nwayacd::info nwayacd::agent'
  wire.write(Buffer.from(`auth ${sim.switch.password}\n\nevent plain CUSTOM ${subclasses}\n\n`))
  t.after(() => wire.destroy())
  return heard
}

async function served(t: TestContext, options: SimulateOptions) {
  const sim = simulate(t, options)
  await sim.until('node a opens', sim.ready)
  const heard = program(t, sim)
  const alice = sim.agent('alice', { wrapUp: '5s' })
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await alice.ready()
  await alice.accepts()
  await caller.talksWith('alice')
  return { sim, heard, alice, caller }
}

test('a program of mod_callcenter hears a whole call, and of an agent what a command has changed, once', async t => {
  const { sim, heard, alice, caller } = await served(t, { dialects: ['callcenter'] })
  await sim.until('the second node opens', sim.open('b'))
  await caller.hangsUp()
  await caller.outcome()
  await alice.takesBreak()
  await sim.advance('10s')
  assert.deepEqual(
    heard.map(event => [event.get('CC-Action'), event.get('CC-Agent-Status') ?? event.get('CC-Agent-State')]),
    [
      ['member-queue-start', undefined],
      ['agent-status-change', 'Available'],
      ['agent-state-change', 'Receiving'],
      ['agent-offering', undefined],
      ['agent-state-change', 'In a queue call'],
      ['bridge-agent-start', undefined],
      ['bridge-agent-end', undefined],
      ['member-queue-end', undefined],
      ['agent-state-change', 'Idle'],
      ['agent-status-change', 'On Break'],
      ['agent-state-change', 'Waiting'],
    ],
  )
})

test('nothing is sent unless it is asked for', async t => {
  const { heard, caller } = await served(t, {})
  await caller.hangsUp()
  await caller.outcome()
  assert.deepEqual(heard, [])
})
