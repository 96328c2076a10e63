/** The simulated FreeSWITCH when a person leaves in the very moment in which a talk begins. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beforeTalk } from './testing-node.ts'

for (const cancel of [true, false]) {
  test(`an agent who leaves while the talk begins ${cancel ? 'leaves the caller at a node' : 'may take the caller along'}`, async () => {
    const causes = new Set<string | undefined>()
    for (let ms = 0; ms <= 60; ms += 3) {
      const { clock, sim, one, two, caller, agent, talk } = await beforeTalk()
      talk({ cancel })
      await clock.advance(ms)
      agent.hangUp()
      await clock.advance(2_000)
      causes.add(caller.cause)
      const offered = [...one.calls, ...two.calls].filter(call => call.uuid === caller.uuid).length
      if (caller.state === 'up') assert.ok(offered === 2, `offered ${offered} times after ${ms} ms`)
      await sim.close()
    }
    assert.deepEqual([...causes].sort(), cancel ? [undefined] : ['ORIGINATOR_CANCEL', undefined])
  })
}

test('a caller who leaves while the talk begins leaves a silent leg behind, which uuid_kill ends', async () => {
  let zombies = 0
  for (let ms = 0; ms <= 30; ms += 3) {
    const { clock, sim, link, caller, agent, agentUuid, talk } = await beforeTalk()
    talk()
    await clock.advance(ms)
    caller.hangUp()
    await clock.advance(20_000)
    if (agent.state === 'up') {
      zombies++
      assert.ok(['CS_RESET', 'CS_SOFT_EXECUTE'].includes(sim.locate(agentUuid)!.running))
      assert.equal(await link.api(`uuid_kill ${agentUuid}`), '+OK')
      assert.equal(agent.cause, 'NORMAL_CLEARING')
    }
    await sim.close()
  }
  assert.ok(zombies >= 6, `${zombies} of 11`)
})

test('a talk with somebody who has gone is refused, and the caller’s music goes on', async () => {
  const { clock, sim, link, caller, agent, talk } = await beforeTalk()
  agent.hangUp()
  await clock.settle()
  talk()
  await clock.advance(1_000)
  assert.deepEqual(link.answers.slice(-2), [
    '-ERR No such channel!\n-USAGE: <uuid> <var>=<value>;<var>=<value>...',
    '-ERR Invalid uuid',
  ])
  assert.equal(sim.locate(caller.uuid)?.currentApplication?.application, 'endless_playback')
  await sim.close()
})
