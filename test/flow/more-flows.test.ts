import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate } from '#testing'
import clickToDial from '../../scripts/click-to-dial.ts'
import welcome from '../../scripts/welcome.ts'

test('nobody who presses nothing is lost: after three tries a person takes over', async t => {
  const sim = simulate(t)
  const caller = sim.call(welcome)
  for (let tries = 0; tries < 3; tries++) await caller.hears('ivr/welcome')
  await caller.hears('ivr/operator')
  await caller.hears('music moh/calm')
  await caller.hangsUp()
  await caller.outcome()
})

test('click-to-dial joins agent and customer and keeps the ids of the CRM in the record', async t => {
  const sim = simulate(t)
  sim.switch.world.at('sofia/gateway/carrier/+4940555777', { answers: '3s' })
  const agent = sim.call(clickToDial, {
    params: { customer: '+4940555777', crmuuid: 'crm-42', product_code: 'P1', call_type: undefined },
  })
  await agent.talksWith('+4940555777')
  await agent.hangsUp()
  await agent.outcome()
  assert.deepEqual(
    [...sim.records[0]!.tags],
    [
      ['crmuuid', 'crm-42'],
      ['product_code', 'P1'],
    ],
  )
})

test('click-to-dial tells the agent that the customer is busy', async t => {
  const sim = simulate(t)
  sim.switch.world.at('sofia/gateway/carrier/+4940555778', { answers: 'busy' })
  const agent = sim.call(clickToDial, {
    params: { customer: '+4940555778', crmuuid: undefined, product_code: undefined, call_type: undefined },
  })
  await agent.hears('dial/busy')
  assert.equal(await agent.outcome(), 'busy')
})

test('a script that throws hands the caller to the fallback', async t => {
  const sim = simulate(t)
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      throw new TypeError('the author made a mistake')
    }),
  )
  await caller.hears('switchhook/sorry')
  assert.equal(await caller.outcome(), 'error')
})

test('a sound that is missing is an error that names it', async t => {
  const sim = simulate(t, { sounds: { 'ivr/gone': 'missing' } })
  let message = ''
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('ivr/gone').catch((error: Error) => (message = error.message))
      await call.play('ivr/welcome')
    }),
  )
  await caller.hears('ivr/welcome')
  await caller.ended()
  assert.match(message, /ivr\/gone/)
})

test('music yields to what is played and comes back, and ends with its scope', async t => {
  const sim = simulate(t)
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      {
        await using _music = await call.music('moh/calm')
        await call.execute('sleep', '1')
        await call.play('ivr/one')
        await call.play('ivr/two')
        for await (const key of call.keys()) if (key === '5') break
      }
      await call.play('ivr/three')
    }),
  )
  await caller.hears('ivr/one')
  await caller.hears('ivr/two')
  await caller.hears('music moh/calm')
  await caller.presses('5')
  await caller.hears('ivr/three')
  await caller.ended()
  const heard = sim.switch.transcript.map(line => line.what).filter(what => what.startsWith('hears'))
  assert.equal(
    heard.filter((what, at) => what === 'hears moh/calm' && heard[at - 1] === 'hears ivr/one').length,
    0,
    'music between two sounds that follow each other',
  )
})

test('a flow that waits for something else than the call ends with the call all the same', async t => {
  const sim = simulate(t)
  let unwound = false
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('ivr/one')
      try {
        for await (const key of call.keys()) await call.say(key)
      } finally {
        unwound = true
      }
    }),
  )
  await caller.hears('ivr/one')
  await sim.advance('3s')
  await caller.presses('5')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'hung-up')
  assert.ok(unwound)
})

test("a flow that passes a list's column on to a leg cannot make FreeSWITCH run it, and nobody is dialled", async t => {
  const sim = simulate(t)
  const bob = sim.agent('bob')
  const refused: unknown[] = []
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      for (const name of [
        'api_after_bridge',
        'bridge_pre_execute_bleg_app',
        'transfer_after_bridge',
        'socket_resume',
        'switchhook_home',
        'origination_uuid',
      ]) {
        await using party = await call.dial('user/bob', { variables: { [name]: 'hupall' } }).catch((error: unknown) => {
          refused.push(error)
          return null
        })
        assert.equal(party, null)
      }
      await call.setVariable('api_hangup_hook', 'hupall').catch((error: unknown) => refused.push(error))
    }),
  )
  assert.equal(await caller.outcome(), 'done')
  assert.equal(refused.length, 7)
  for (const error of refused) assert.match(String(error), /InputError: the variable .* names of your own are allowed/)
  assert.equal(bob.place.rang, 0)
})
