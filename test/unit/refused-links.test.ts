/**
 * A FreeSWITCH that refuses this machine, or cannot be reached: the message for a person, and how often FreeSWITCH is
 * tried.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { SwitchError } from '../../src/base/errors.ts'
import { silentLog, type Log } from '../../src/base/log.ts'
import { CommandLink } from '../../src/esl/client.ts'
import { EventLink } from '../../src/esl/events.ts'
import type { Wire } from '../../src/esl/wire.ts'
import { exitCodeOf } from '../../src/desk/exit.ts'
import { memoryPair, SimulatedSwitch, VirtualClock } from '#testing'

/** mod_event_socket.c, listener_run: before the request for a password; releases before 1.10 lack the colon. */
const RUDE = ['Content-Length: 24', 'Content-Length 24'].map(
  length => `Content-Type: text/rude-rejection\n${length}\n\nAccess Denied, go away.\n`,
)

/** Links to a FreeSWITCH that answers every connection with these octets, until it is set to accept them. */
function turnedAway(t: TestContext, octets: string) {
  const clock = new VirtualClock()
  const sim = new SimulatedSwitch({ clock })
  const said: { fields: { error?: string; attempts?: number }; text: string }[] = []
  const tell = ((fields: { error?: string }, text: string) => void said.push({ fields, text })) as Log['warn']
  const state = { open: false, tries: 0 }
  const open = async (): Promise<Wire> => {
    state.tries++
    if (state.open) return sim.connect()
    const [ours, theirs] = memoryPair()
    theirs.listen({ data() {}, close() {} })
    theirs.write(octets)
    theirs.end()
    return ours
  }
  const common = {
    name: '10.0.0.5:8021',
    open,
    password: sim.password,
    clock,
    log: { ...silentLog, warn: tell, info: tell } as Log,
  }
  const events = new EventLink(common)
  const commands = new CommandLink({ ...common, host: '', port: 0 })
  t.after(async () => {
    await events.close()
    await commands.close()
    await sim.close()
    await clock.advance(20_000)
    assert.deepEqual(clock.pending(), [])
  })
  return { clock, sim, state, said, events, commands }
}

for (const octets of RUDE) {
  test(`a switch that turns this machine away is named with the cure, and the command ends with 4 (${octets.split('\n')[1]})`, async t => {
    const { events, commands } = turnedAway(t, octets)
    for (const link of [events, commands]) {
      const error = await link.start().then(
        () => assert.fail('it was let in'),
        (why: unknown) => why as SwitchError,
      )
      assert.ok(error instanceof SwitchError)
      assert.match(
        error.message,
        /^10\.0\.0\.5:8021 refuses connections from this machine's address: allow it by apply-inbound-acl in its event_socket\.conf\.xml$/,
      )
      assert.equal(exitCodeOf(error), 4)
    }
  })
}

test('a switch that turns a running node away is asked once in five seconds by each link, the log says so once, and when it lets it in', async t => {
  const { clock, sim, state, said, events, commands } = turnedAway(t, RUDE[0]!)
  state.open = true
  await events.start()
  await commands.start()
  state.open = false
  sim.dropConnections()
  await clock.advance(1_000)
  state.tries = 0
  await clock.advance(60_000)
  assert.ok(state.tries >= 22 && state.tries <= 26, `${state.tries} attempts in a minute`)
  const told = said.filter(({ fields }) => fields.error?.includes('apply-inbound-acl'))
  assert.equal(told.length, 2, 'once for each link')
  said.length = 0
  state.open = true
  await clock.advance(6_000)
  assert.deepEqual(said.map(({ text }) => text).sort(), ['the command link is back', 'the event link is back'])
  assert.ok(
    said.every(({ fields }) => fields.attempts! >= 12),
    JSON.stringify(said),
  )
})

test('a switch that refuses the password is asked once in five seconds by the command link, too', async t => {
  const { clock, sim, state, events, commands } = turnedAway(t, '')
  state.open = true
  await events.start()
  await commands.start()
  Object.assign(sim, { password: 'another' })
  sim.dropConnections()
  await clock.advance(1_000)
  state.tries = 0
  await clock.advance(60_000)
  assert.ok(state.tries <= 26, `${state.tries} attempts in a minute`)
})

test('links to a switch that is not there when they begin are up as soon as it is, and say that twice: at first, and then', async t => {
  const { clock, sim, state, said, events, commands } = turnedAway(t, '')
  state.open = true
  sim.kill()
  for (const link of [events, commands]) {
    const why = await link.start().then(
      () => assert.fail('it was let in'),
      (error: unknown) => error as SwitchError,
    )
    assert.equal(why.code, 'LINK_DOWN')
    link.keepTrying(why)
  }
  await clock.advance(600_000)
  assert.ok(said.length <= 2, `${said.length} lines in ten minutes`)
  const { tries } = state
  assert.ok(tries < 2 * 250, `${tries} attempts in ten minutes`)
  sim.restart()
  await clock.advance(5_000)
  assert.ok(events.up)
  assert.equal((await commands.run('global_getvar core_uuid' as never)).trim(), sim.coreUuid)
  assert.deepEqual(
    said
      .slice(-2)
      .map(({ text }) => text)
      .sort(),
    ['the command link is back', 'the event link is back'],
  )
})
