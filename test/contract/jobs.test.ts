/** The public job queues, as any BullMQ client sees them. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { Queue, QueueEvents } from 'bullmq'
import { NotFoundError, SwitchhookError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { Scope } from '../../src/base/scope.ts'
import { jobTimes } from '../../src/desk/job-age.ts'
import { CAMPAIGN_QUEUE, DIAL_QUEUE, OPERATION_QUEUE } from '../../src/desk/job-queues.ts'
import { openJobs } from '../../src/desk/jobs.ts'
import { readInput } from '../../src/base/parsed.ts'
import { redisOptions } from '../../src/store/redis-options.ts'
import { openProxy } from '../fault/proxy.ts'
import { openRedis } from '../open-services.ts'
import { until } from './campaign-rig.ts'
import { PATIENCE_MS } from '../patience.ts'

const REQUEST = { v: 1, extension: '1001', customer: '+4930123456' }

/** A job is refused after this many seconds; the queue itself takes some time too. */
function waitedFor(result: unknown, seconds: number): void {
  const [, told] = /no node took this job for (\d+) s/.exec(String(result)) ?? []
  assert.ok(Number(told) >= seconds && Number(told) < seconds + 30, `${seconds} s and a little more: ${String(result)}`)
}

async function rig(t: TestContext) {
  const closing = new Scope()
  t.after(() => closing[Symbol.asyncDispose]())
  const { address: redis, client: commands } = await openRedis(t)
  const prefix = `test-${randomUUID()}`
  const times = jobTimes(commands, prefix)
  const asked: string[] = []
  const dialled: unknown[] = []
  const by: string[] = []
  let late = 0
  let forgotten = false
  const open = async (handlers: boolean) => {
    const jobs = await openJobs({
      redis,
      prefix,
      log: silentLog,
      handlers: handlers
        ? {
            async times(queue, job) {
              const { now, added } = await times(queue, job)
              return { now: now + late, added: forgotten ? null : added }
            },
            async perform(operation, given, who) {
              const input = readInput(operation.input, given) as { name: string; extension: string; customer: string }
              by.push(who)
              if (operation.name === 'call.dial') {
                dialled.push(input)
                if (input.extension === '1666') throw new SwitchhookError('NOT_REACHED', 'the switch is gone')
                return { uuid: 'u-1', ...input }
              }
              if (input.name === 'winter') throw new NotFoundError('campaign', input.name, ['spring'])
              asked.push(`${operation.name} ${input.name}`)
              return { campaign: input.name, state: 'running' }
            },
          }
        : undefined,
    })
    closing.defer(() => jobs.close())
    return jobs
  }
  /** A client that is not Switchhook's: adds a job, and returns how it ended. */
  const client = async (queue: string, name: string, data: unknown, options = {}) => {
    const connection = redisOptions(redis)
    const [producer, events] = [
      new Queue(queue, { connection, prefix }),
      new QueueEvents(queue, { connection, prefix }),
    ]
    try {
      await events.waitUntilReady()
      const job = await producer.add(name, data, options)
      const result = await job.waitUntilFinished(events, PATIENCE_MS).catch((error: Error) => error.message)
      return { result, attempts: (await producer.getJob(job.id!))!.attemptsMade }
    } finally {
      await events.close()
      await producer.close()
    }
  }
  return {
    open,
    client,
    asked,
    dialled,
    by,
    passes: (ms: number) => void (late += ms),
    forgets: () => void (forgotten = true),
  }
}

test('a supervisor starts a campaign from any BullMQ client', async t => {
  const { open, client, asked } = await rig(t)
  await open(true)
  assert.deepEqual((await client(CAMPAIGN_QUEUE, 'start', { v: 1, campaign: 'spring' })).result, {
    campaign: 'spring',
    state: 'running',
  })
  assert.deepEqual(asked, ['campaign.start spring'])
})

test('a supervisor enqueues before any node is there, and the node that comes does it', async t => {
  const { open, client, asked } = await rig(t)
  const done = ['start', 'pause'].map(command => client(CAMPAIGN_QUEUE, command, { v: 1, campaign: 'spring' }))
  assert.deepEqual(asked, [])
  await open(true)
  await Promise.all(done)
  assert.deepEqual(asked.toSorted(), ['campaign.pause spring', 'campaign.start spring'])
})

test('a CRM asks for any operation by its name, and is told the code of a refusal', async t => {
  const { open, client, asked, by } = await rig(t)
  await open(true)
  const ask = (name: string, data: unknown) => client(OPERATION_QUEUE, name, data)
  assert.deepEqual((await ask('agent.ready', { v: 1, by: 'crm', input: { name: 'alice' } })).result, {
    campaign: 'alice',
    state: 'running',
  })
  assert.deepEqual([asked, by], [['agent.ready alice'], ['crm']])
  assert.match(
    String((await ask('campaign.start', { v: 1, input: { name: 'winter' } })).result),
    /^NOT_FOUND: no campaign is called 'winter'/,
  )
  assert.match(
    String((await ask('agent.reddy', { v: 1 })).result),
    /^BAD_INPUT: .*no operation 'agent\.reddy'.*agent\.ready/,
  )
  assert.match(String((await ask('agent.ready', { v: 1, input: {} })).result), /^BAD_INPUT: name: /)
  assert.match(String((await ask('agent.ready', { v: 2 })).result), /^BAD_INPUT: v: /)
})

test('a payload that cannot be used fails its job and says everything that is wrong', async t => {
  const { open, client, asked, dialled } = await rig(t)
  await open(true)
  const failed = async (queue: string, name: string, data: unknown) => String((await client(queue, name, data)).result)
  assert.match(await failed(CAMPAIGN_QUEUE, 'start', { v: 2, campaign: 'spring' }), /^v: /)
  assert.match(
    await failed(CAMPAIGN_QUEUE, 'restart', { v: 1, campaign: 'spring' }),
    /no job 'restart'.*start, pause, stop/,
  )
  assert.match(
    await failed(CAMPAIGN_QUEUE, 'start', { v: 1, campaign: 'winter' }),
    /no campaign is called 'winter'.*spring/,
  )
  const wrong = await failed(DIAL_QUEUE, 'click-to-dial', {
    v: 1,
    extension: '10 01',
    customer: '{x=y}+49',
    crmuid: 'c',
  })
  assert.match(wrong, /extension/)
  assert.match(wrong, /customer/)
  assert.match(wrong, /crmuid/)
  assert.deepEqual([asked, dialled], [[], []])
})

test('the ids of the CRM go along with a click to dial', async t => {
  const { open, client, dialled } = await rig(t)
  await open(true)
  const data = {
    v: 1,
    extension: '1001',
    customer: '+493012345',
    crmuuid: 'c-1',
    product_code: 'P/7',
    call_type: 'sales',
  }
  assert.deepEqual((await client(DIAL_QUEUE, 'click-to-dial', data)).result, { uuid: 'u-1' })
  const { v: _, product_code: productCode, call_type: callType, ...request } = data
  assert.deepEqual(dialled, [{ ...request, productCode, callType }])
})

test('a click to dial that failed is never dialled again, whatever the client asked for', async t => {
  const { open, client, dialled } = await rig(t)
  await open(true)
  const data = { v: 1, extension: '1666', customer: '+493012345' }
  const { result, attempts } = await client(DIAL_QUEUE, 'click-to-dial', data, { attempts: 5 })
  assert.deepEqual([result, attempts, dialled.length], ['the switch is gone', 1, 1])
})

test('a click to dial that no node took in time calls nobody when a node comes, and says since when it has waited', async t => {
  const { open, client, dialled, passes } = await rig(t)
  await open(true)
  passes(31_000)
  const { result } = await client(DIAL_QUEUE, 'click-to-dial', REQUEST)
  assert.match(
    String(result),
    /no node took this job for \d+ s \(it could be taken since \d{4}-\d\d-\d\dT[\d:.]+Z, by the clock of Redis\)/,
  )
  waitedFor(result, 31)
  assert.deepEqual(dialled, [])
})

test(
  'a call that is to come later is dialled when it is due, however long that is',
  { timeout: PATIENCE_MS },
  async t => {
    const { open, client, dialled, passes } = await rig(t)
    await open(true)
    const due = client(DIAL_QUEUE, 'click-to-dial', REQUEST, { delay: 300 })
    await until(() => dialled.length === 1)
    assert.deepEqual((await due).result, { uuid: 'u-1' })
    passes(15_000) // between the time it was due and the start of a node
    assert.deepEqual((await client(DIAL_QUEUE, 'click-to-dial', REQUEST, { delay: 200 })).result, { uuid: 'u-1' })
    passes(16_000)
    waitedFor((await client(DIAL_QUEUE, 'click-to-dial', REQUEST, { delay: 200 })).result, 31)
  },
)

test('a job of a machine whose clock is wrong is dialled at once, and has waited for as long as any other', async t => {
  const { open, client, dialled, passes } = await rig(t)
  await open(true)
  for (const wrong of [-40_000, 3_600_000]) {
    assert.deepEqual(
      (await client(DIAL_QUEUE, 'click-to-dial', REQUEST, { timestamp: Date.now() + wrong })).result,
      { uuid: 'u-1' },
      `${wrong} ms`,
    )
  }
  passes(33_000)
  for (const wrong of [-40_000, 3_600_000]) {
    waitedFor((await client(DIAL_QUEUE, 'click-to-dial', REQUEST, { timestamp: Date.now() + wrong })).result, 33)
  }
  assert.equal(dialled.length, 2)
})

test('a job of which Redis does not know any more when it was added goes by the clock of its client, and says so', async t => {
  const { open, client, forgets } = await rig(t)
  await open(true)
  forgets()
  const { result } = await client(DIAL_QUEUE, 'click-to-dial', REQUEST, { timestamp: Date.now() - 40_000 })
  assert.match(String(result), /for \d+ s .*by the clock of the client/)
  waitedFor(result, 40)
})

test('the person who presses the button is told that the telephone rings, or why it does not', async t => {
  const { open } = await rig(t)
  const jobs = await open(true)
  const customer = '+493012345'
  assert.deepEqual(await jobs.perform('call.dial', { extension: '1001', customer }, 'ann'), {
    uuid: 'u-1',
    extension: '1001',
    customer,
  })
  await assert.rejects(jobs.perform('call.dial', { extension: '1666', customer }, 'ann'), {
    code: 'NOT_REACHED',
    message: 'the switch is gone',
  })
})

test('a person who asks for something while Redis is silent is told so, and not kept waiting', async t => {
  const { address } = await openRedis(t)
  if (!('socket' in address)) throw new Error('tests have a Redis of their own')
  const proxy = await openProxy(t, { path: address.socket })
  const jobs = await openJobs({ redis: { url: `redis://127.0.0.1:${proxy.port}/${address.db}` }, log: silentLog })
  proxy.freeze()
  await assert.rejects(jobs.perform('campaign.start', { name: 'spring' }, 'ann'), { code: 'SERVICE' })
  await jobs.close()
})
