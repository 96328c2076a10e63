/**
 * A person leaves in the moment in which two people are joined: nobody may be left in silence, and no caller may be
 * lost.
 */
import { deepEqual, ok, rejects } from 'node:assert/strict'
import { contract } from './suite.ts'

for (const delay of [0, 10, 20, 30, 40, 50, 60]) {
  contract(
    `the agent leaves ${delay} ms after the join was asked for, and the flow goes on with the caller`,
    async world => {
      const node = await world.node('a')
      const phone = world.telephone('person')
      const agent = phone.rings()
      const flow = node.answers('welcome', async call => {
        await call.answer()
        await using _music = await call.music('moh/calm')
        await using party = await call.dial(phone.endpoint)
        const joining = call.join(party.leg!)
        await world.pause(`${delay}ms`)
        await (await agent).hangUp()
        const end = await joining
        await call.play('ivr/second')
        return end
      })
      const caller = await world.call()
      await world.hears(caller, 'ivr/second', '8s')
      ok(['talked', 'left'].includes(await world.within('5s', flow.result)))
      deepEqual(
        node.lines.filter(([level]) => level === 'error'),
        [],
      )
      const offers = world.observer.heard.filter(
        ({ event }) =>
          event.uuid === caller.uuid && event.name === 'CHANNEL_EXECUTE' && event.get('Application') === 'socket',
      ).length
      ok(offers <= 3, `the caller was offered ${offers} times`)
    },
  )

  contract(`the caller leaves ${delay} ms after the join was asked for, and the agent is free`, async world => {
    const node = await world.node('a')
    const phone = world.telephone('person')
    const flow = node.answers('welcome', async call => {
      await call.answer()
      await using _music = await call.music('moh/calm')
      await using party = await call.dial(phone.endpoint)
      const joining = call.join(party.leg!)
      await world.pause(`${delay}ms`)
      await (await caller).hangUp()
      await joining
    })
    const caller = world.call()
    const agent = await world.within('5s', phone.rings())
    await world.within('8s', agent.ended)
    await rejects(world.within('5s', flow.result), { code: 'CALL_ENDED' })
  })
}

contract('an agent who is gone before the join has left, and the flow goes on with the caller', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  const agent = phone.rings()
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using party = await call.dial(phone.endpoint)
    const leg = party.leg!
    await (await agent).hangUp()
    await world.within('5s', leg.leg.ended)
    const end = await call.join(leg)
    await call.play('ivr/second')
    return end
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/second', '8s')
  ok((await world.within('5s', flow.result)) === 'left')
})
