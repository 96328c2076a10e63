/** The events of a leg that Switchhook dials, their order, and what Switchhook concludes from them. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { sleep } from '../../../src/base/clock.ts'
import { gatewayStatus } from '../../../src/esl/api.ts'
import { originate, type Origination } from '../../../src/switch/originate.ts'
import { newUuid, varValue, endpoint, type Ident, type Uuid } from '../../../src/esl/safe-text.ts'
import type { Kind } from './freeswitch-config.ts'
import type { Node } from './node.ts'
import { contract } from './suite.ts'
import type { World } from './world.ts'

/**
 * The events of one leg that every FreeSWITCH must send, in their order, without its BACKGROUND_JOB: that has no fixed
 * place.
 */
const LIFE = [
  'CHANNEL_CREATE',
  'CHANNEL_PROGRESS',
  'CHANNEL_PROGRESS_MEDIA',
  'CHANNEL_ANSWER',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
  'CHANNEL_DESTROY',
]
const lifeOf = (world: World, uuid: string) => world.observer.namesOf(uuid).filter(name => LIFE.includes(name))

interface Begun {
  readonly uuid: Uuid
  readonly stages: string[]
  readonly outcome: Promise<Origination>
}

function begin(
  world: World,
  node: Node,
  to: string,
  more: { ringForMs?: number; signal?: AbortSignal; variables?: ReadonlyMap<string, string> } = {},
): Begun {
  const uuid = newUuid()
  const stages: string[] = []
  const variables = new Map(
    [...(more.variables ?? [])].map(([name, value]) => [name as Ident, varValue(value)] as const),
  )
  const began = world.clock.now()
  const outcome = originate(node.home, {
    uuid,
    endpoint: endpoint(to),
    flow: 'campaign' as Ident,
    ringForMs: more.ringForMs ?? 5_000,
    signal: more.signal,
    variables,
    onProgress: playback => stages.push(playback),
    clock: world.clock,
    log: node.context.log,
  }).then(({ at, ...result }) => {
    // FreeSWITCH reads its clock once in 20 ms
    if (at !== undefined) ok(at > began - 20 && at <= world.clock.now(), 'it hung up in between')
    return result
  })
  return { uuid, stages, outcome }
}

const FAILURES: Readonly<Record<string, readonly [Kind, Origination, string[]]>> = {
  'a busy number': ['busy', { outcome: 'busy', cause: 'USER_BUSY', silent: true }, []],
  'an unallocated number': ['unallocated', { outcome: 'invalid', cause: 'UNALLOCATED_NUMBER', silent: true }, []],
  'a carrier without a free circuit': [
    'congested',
    { outcome: 'failed', cause: 'NORMAL_TEMPORARY_FAILURE', silent: true },
    [],
  ],
  'a declined call': ['declines', { outcome: 'declined', cause: 'CALL_REJECTED' }, ['CHANNEL_PROGRESS']],
  'a number that does not answer': ['never', { outcome: 'no-answer', cause: 'NO_ANSWER' }, ['CHANNEL_PROGRESS']],
}

for (const [name, [kind, expected, progress]] of Object.entries(FAILURES)) {
  contract(`${name} is told by the hang-up of its leg`, async world => {
    const node = await world.node('a')
    const begun = begin(world, node, world.telephone(kind).endpoint, { ringForMs: 1_000 })
    deepEqual(await world.within('5s', begun.outcome), expected)
    await world.event(begun.uuid, 'CHANNEL_DESTROY')
    deepEqual(lifeOf(world, begun.uuid), [
      'CHANNEL_CREATE',
      ...progress,
      'CHANNEL_HANGUP',
      'CHANNEL_HANGUP_COMPLETE',
      'CHANNEL_DESTROY',
    ])
    deepEqual(begun.stages, ['created', ...progress.map(() => 'ringing')])
  })
}

contract('a person who answers enters the flow, with every variable of the dial string', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  const variables = new Map([
    ['lead', 'AZ-az_09.:@+/='],
    ['campaign_id', '0'],
    ['empty_one', ''],
  ])
  const flow = node.answers('campaign', async call => ({
    uuid: call.uuid,
    direction: call.direction,
    from: call.from,
    answered: call.leg.arrival.answered,
    lead: await call.variable('lead'),
    campaign: await call.variable('campaign_id'),
    empty: await call.variable('empty_one'),
  }))
  const begun = begin(world, node, phone.endpoint, { variables })
  deepEqual(await world.within('5s', begun.outcome), { outcome: 'answered', cause: 'SUCCESS' })
  deepEqual(await world.within('5s', flow.result), {
    uuid: begun.uuid,
    direction: 'out',
    from: phone.number,
    answered: true,
    lead: 'AZ-az_09.:@+/=',
    campaign: '0',
    empty: undefined,
  })
  deepEqual(begun.stages, ['created', 'ringing', 'answered'])
  await world.event(begun.uuid, 'CHANNEL_DESTROY')
  deepEqual(lifeOf(world, begun.uuid), [
    'CHANNEL_CREATE',
    'CHANNEL_PROGRESS',
    'CHANNEL_ANSWER',
    'CHANNEL_HANGUP',
    'CHANNEL_HANGUP_COMPLETE',
    'CHANNEL_DESTROY',
  ])
})

contract('a leg whose carrier plays before the answer enters the flow only when it is answered', async world => {
  const node = await world.node('a')
  const flow = node.answers('campaign', async call => call.leg.arrival.answered)
  const begun = begin(world, node, world.telephone('early').endpoint)
  const { outcome } = await world.within('8s', begun.outcome)
  equal(outcome, 'answered')
  equal(await world.within('5s', flow.result), true)
  deepEqual(begun.stages, ['created', 'ringing', 'answered'])
})

contract('a call that is given up while it rings is cancelled', async world => {
  const node = await world.node('a')
  const phone = world.telephone('never')
  const stop = new AbortController()
  const begun = begin(world, node, phone.endpoint, { signal: stop.signal })
  const person = await world.within('5s', phone.rings())
  stop.abort()
  deepEqual(await world.within('3s', begun.outcome), { outcome: 'cancelled', cause: 'ORIGINATOR_CANCEL' })
  await world.within('3s', person.ended)
})

contract('a call that is given up before the switch has begun it never rings for long', async world => {
  const node = await world.node('a')
  const phone = world.telephone('never')
  const stop = new AbortController()
  const begun = begin(world, node, phone.endpoint, { signal: stop.signal })
  stop.abort()
  deepEqual(await world.within('3s', begun.outcome), { outcome: 'cancelled', cause: 'ORIGINATOR_CANCEL' })
})

contract('a call by a gateway that does not exist is refused, and no leg is ever created', async world => {
  const node = await world.node('a')
  const begun = begin(world, node, 'sofia/gateway/nowhere/4912345')
  const { outcome, cause } = await world.within('5s', begun.outcome)
  deepEqual([outcome, cause], ['refused', 'INVALID_GATEWAY'])
  equal(lifeOf(world, begun.uuid).includes('CHANNEL_CREATE'), false)
  deepEqual(begun.stages, [])
})

contract('FreeSWITCH tells of a gateway whether it is up, and that it has none of another name', async world => {
  const node = await world.node('a')
  equal(/^Status\s+(\S+)/m.exec(await node.home.ask(gatewayStatus('carrier' as Ident)))?.[1], 'UP')
  ok((await node.home.ask(gatewayStatus('nowhere' as Ident))).startsWith('Invalid Gateway'), 'there is none')
})

contract('the same uuid cannot be dialled a second time while its leg lives', async world => {
  const node = await world.node('a')
  const phone = world.telephone('never')
  const first = begin(world, node, phone.endpoint)
  await world.within('5s', phone.rings())
  const again = await world.observer.job(
    `originate {origination_uuid=${first.uuid},ignore_early_media=true}${world.telephone('person').endpoint} switchhook-campaign XML switchhook`,
  )
  ok(again.startsWith('-ERR'), again)
  await node.home.attempt(`uuid_kill ${first.uuid}` as never)
  await world.within('5s', first.outcome)
})

for (const limit of ['max_sessions', 'sps'] as const) {
  contract(`a dial beyond ${limit} is refused as a second one with the same uuid is, without a leg`, async world => {
    const node = await world.node('a')
    const phone = world.telephone('never')
    const first = begin(world, node, phone.endpoint)
    await world.within('5s', phone.rings())
    const usual = /\d+/.exec(await world.observer.job(`fsctl ${limit}`))?.[0]
    ok(usual !== undefined, `fsctl ${limit} answers with a number`)
    await world.observer.job(`fsctl ${limit} 1`)
    await sleep(world.clock, 1_100) // FreeSWITCH counts by its second
    const second = begin(world, node, world.telephone('person').endpoint)
    const { outcome, cause } = await world.within('5s', second.outcome)
    await world.observer.job(`fsctl ${limit} ${usual}`)
    await sleep(world.clock, 1_100) // in this second the next sentence could not dial
    deepEqual([outcome, cause], ['refused', 'DESTINATION_OUT_OF_ORDER'])
    equal(lifeOf(world, second.uuid).includes('CHANNEL_CREATE'), false)
    await node.home.attempt(`uuid_kill ${first.uuid}` as never)
    await world.within('5s', first.outcome)
  })
}

for (const [kind, heard] of [
  ['person', 'person'],
  ['machine', 'machine'],
  ['mute', 'silence'],
] as const) {
  contract(`what answers and is a ${kind} is heard as ${heard}`, async world => {
    const node = await world.node('a')
    const flow = node.answers('campaign', call => call.detect())
    begin(world, node, world.telephone(kind).endpoint)
    equal(await world.within('8s', flow.result), heard)
  })
}
