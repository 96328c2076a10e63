/**
 * Two FreeSWITCHes and two nodes: callers of both wait in one queue, agents are dialled for each on the caller's own
 * FreeSWITCH, and a node dies for both.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { SimulatedSwitch, type Person } from '../../src/testing/index.ts'
import { Told } from '../fault/matrix.ts'
import { Rig, until } from '../fault/rig.ts'
import { seat } from '../fault/people.ts'
import { PATIENCE_MS } from '../patience.ts'

const NUMBER = '+493012345'

test(
  'callers of two switches wait in one queue, talk on their own switch, and go on when their node dies',
  { timeout: 5 * PATIENCE_MS },
  async t => {
    const rig = await Rig.open(t, new Told(), {
      queues: ['sales'],
      sounds: { 'moh/calm': '60s', 'whisper/sales': '100ms' },
    })
    const second = new SimulatedSwitch({ clock: systemClock, password: rig.sim.password, network: 'tcp', seed: 77 })
    t.after(() => second.close())
    second.installEntry(['a', 'b'].map(name => `127.0.0.1:${rig.ports.get(name)}`))
    const inbound = await second.listen({ port: 0 })
    for (const name of ['a', 'b'])
      await rig.start([name], { FREESWITCH: `127.0.0.1:${await rig.doorOf(name)},127.0.0.1:${inbound}` })

    try {
      const variables = { queue: 'sales', switchhook_dialled: NUMBER }
      const callers: Person[] = []
      for (const [at, { world }] of [rig.sim, second].entries()) {
        const caller = world.call({
          from: `${NUMBER}${at}`,
          to: 'switchhook-queue-entry',
          name: `caller-${at}`,
          variables,
        })
        callers.push(caller)
        await until(`caller ${at} hears music`, () => caller.heard.some(({ what }) => what === 'moh/calm'), PATIENCE_MS)
      }
      const heard = callers.map(caller => caller.heard.length)
      rig.node('a').kill()
      for (const [at, caller] of callers.entries())
        await until(`caller ${at} hears music again`, () => caller.heard.length > heard[at]!, PATIENCE_MS)

      const accepts = (person: Person) =>
        void person.on('heard', sound => void (sound === 'whisper/press-1' && person.press('1')))
      for (let at = 1; at <= 2; at++)
        second.world.at(`user/sales-agent-${at}`, { answers: '100ms', speaks: 'human', rings: accepts })
      await seat(rig, { queue: 'sales', number: 2 })
      for (const [at, caller] of callers.entries())
        await until(`caller ${at} talks`, () => caller.talksWith !== undefined, PATIENCE_MS)
      assert.deepEqual(
        callers.map(caller => caller.talksWith!.world === caller.world),
        [true, true],
      )
      assert.notEqual(callers[0]!.talksWith!.name, callers[1]!.talksWith!.name)
      const knows = async ({ uuid }: Person) =>
        (await rig.redis.lrange(`sh:journal:${uuid}`, 0, -1)).some(line => line.includes('"call.bridged"'))
      await until(
        'the node knows that both talk',
        async () => (await Promise.all(callers.map(knows))).every(Boolean),
        PATIENCE_MS,
      )
      for (const caller of callers) caller.hangUp()
      await until(
        'both records are there',
        async () =>
          (
            await rig.sql`select 1 from calls where outcome in ('talked', 'hung-up') and agent is not null and ended_at is not null`
          ).length === 2,
        PATIENCE_MS,
      )
    } catch (error) {
      process.stderr.write(`${rig.story()}\n`)
      throw error
    }
  },
)
