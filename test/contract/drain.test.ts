/** A node is drained: separate processes, and what people at telephones notice of it. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { campaignKeys } from '../../src/campaign/dial-wakeup.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import type { Person } from '../../src/testing/index.ts'
import { addLead } from '../add-lead.ts'
import { Told } from '../fault/matrix.ts'
import type { NodeProcess } from '../fault/node-process.ts'
import { Crowd, seat, SORRY } from '../fault/people.ts'
import { Proxy } from '../fault/proxy.ts'
import { Rig, until, type RigOptions } from '../fault/rig.ts'
import { PATIENCE_MS } from '../patience.ts'
import { SCRIPTS } from '../program.ts'

/** A sentence about nodes and the people on their lines. When it fails, the error contains the story of both. */
function sentence(name: string, options: RigOptions, run: (rig: Rig, t: TestContext) => Promise<void>): void {
  test(name, async t => {
    const rig = await Rig.open(t, new Told(), options)
    try {
      await run(rig, t)
    } catch (error) {
      process.stderr.write(`${rig.story()}\n`)
      throw error
    }
  })
}

/** The node's log message about one of its steps. */
async function said(node: NodeProcess, message: string): Promise<Record<string, unknown>> {
  return JSON.parse(await node.says(new RegExp(`"msg":"${message}`), PATIENCE_MS)) as Record<string, unknown>
}

function refuses(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('error', () => resolve(true))
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}

sentence(
  'a node that is asked to go closes its port at once, gives its callers to the next node, tells what it did, and ends well',
  {},
  async rig => {
    const [a] = await rig.start()
    const crowd = new Crowd(rig)
    await crowd.call(5, { flow: 'patient' })
    await crowd.hear('fault/menu')

    a!.term()
    const first = await said(a!, 'closing: dialling stopped, the port is closed')
    assert.ok(await refuses(rig.ports.get('a')!), 'FreeSWITCH goes to the next node')
    const { given, leftTalking } = await said(a!, 'closing: hand-over of calls: done')
    const { code } = await a!.exited
    const last = await said(a!, 'closed')

    await crowd.at('b')
    assert.equal(code, 0)
    assert.deepEqual(
      { given, leftTalking, others: first['otherNodes'], hung: last['hung'] },
      { given: 5, leftTalking: 0, others: ['b'], hung: [] },
    )
    const steps = a!.log.flatMap(line => /"msg":"(clos(ing:|ed")[^"]*)/.exec(line)?.[1] ?? [])
    assert.match(steps[0]!, /the port is closed/, `before anything else: ${steps.join(' / ')}`)
    assert.equal(crowd.lost.length, 0)
    crowd.leave()
  },
)

sentence('who talks goes on talking when the node goes', {}, async rig => {
  await seat(rig, { queue: 'sales', number: 1 })
  const [a] = await rig.start()
  const crowd = new Crowd(rig)
  await crowd.call(1, { flow: 'queue-entry', variables: { queue: 'sales' } })
  await crowd.talk()
  await until('the node has let them talk', () => rig.oracle.drivenBy(crowd.uuids[0]!) === '', PATIENCE_MS)

  const asked = a!.term()
  const { given, leftTalking } = await said(a!, 'closing: hand-over of calls: done')
  assert.equal((await a!.exited).code, 0)
  assert.deepEqual({ given, leftTalking }, { given: 0, leftTalking: 1 })
  assert.deepEqual(rig.oracle.cut(asked, performance.now()), [])
  assert.ok(crowd.people[0]!.talksWith)
  crowd.leave()
})

sentence('the only node says that its callers will hear the apology, and so they do', { nodes: ['a'] }, async rig => {
  const [a] = await rig.start()
  const crowd = new Crowd(rig)
  await crowd.call(2, { flow: 'patient' })
  await crowd.hear('fault/menu')
  a!.term()
  const { next, given } = await said(a!, 'closing: hand-over of calls: done')
  assert.deepEqual(
    { next, given },
    { next: 'there is no other node: these callers hear the apology of the dialplan', given: 2 },
  )
  await crowd.hear(SORRY)
  assert.equal((await a!.exited).code, 0)
  crowd.leave()
})

sentence(
  'a node whose Redis says nothing any more goes all the same, and names what hung',
  { nodes: ['a'], queues: ['sales'] },
  async (rig, t) => {
    const { a, proxy } = await startBehindProxy(t, rig)
    proxy.blackhole()
    a.term()
    assert.equal((await a.exited).code, 0)
    assert.match(await a.says(/timed out, the next step begins/, PATIENCE_MS), /"waitedMs":\d+/)
  },
)

sentence('a second signal is obeyed at once, whatever hangs', { nodes: ['a'], queues: ['sales'] }, async (rig, t) => {
  const { a, proxy } = await startBehindProxy(t, rig)
  proxy.blackhole()
  a.term()
  await a.says(/^closing$/, PATIENCE_MS)
  a.term()
  assert.equal((await a.exited).code, 130)
  assert.doesNotMatch(a.log.join('\n'), /"msg":"closed"/, 'it did not wait for the rest')
})

/** A node with a proxy between it and its Redis. */
async function startBehindProxy(t: TestContext, rig: Rig) {
  const url = new URL((await rig.settings())['REDIS_URL']!)
  const proxy = await Proxy.open({ port: Number(url.port) })
  t.after(() => proxy.close())
  url.port = String(proxy.port)
  const [a] = await rig.start(['a'], { REDIS_URL: url.href })
  return { a: a!, proxy }
}

sentence(
  'agents who are on the line stay on it, and a telephone that rings for a campaign rings on, when there is another node',
  { settings: { SCRIPTS } },
  async rig => {
    const { sim, sql } = rig
    await seat(rig, { queue: 'outbound', number: 1 })
    const ringing = new Promise<Person>(resolve =>
      sim.world.at(/^sofia\/gateway\//, { answers: 'never', speaks: 'insistent', rings: resolve }),
    )
    await rig.start()
    const campaign = await putCampaign(sql, campaignFrom({ name: 'spring', queue: 'outbound', ringForMs: 60_000 }))
    await addLead(sql, campaign.id, '+49301234567', Date.now())
    await moveCampaign(sql, campaign.id, ['draft'], 'running', Date.now())
    await rig.redis.publish(campaignKeys(rig.redis).wakeup, JSON.stringify({ what: 'campaign', name: 'spring' }))

    const lead = await ringing
    const agent = [...sim.world.people].find(person => person !== lead)
    assert.equal(agent?.state, 'up', 'the agent is on the line before the lead is called')
    const dialler = rig.oracle.originated.find(one => one.uuid === lead.uuid)!.node
    const node = rig.node(dialler)
    const asked = node.term()
    const told = await said(node, 'closing: leads and agents: done')
    assert.equal((await node.exited).code, 0)

    assert.deepEqual({ ringOn: told['ringOn'], agentsStay: told['agentsStay'] }, { ringOn: 1, agentsStay: 1 })
    assert.equal(lead.state, 'ringing')
    assert.equal(agent.state, 'up', 'nobody was hung up on')
    lead.answer()
    await until('the lead talks with the agent', () => lead.talksWith === agent, PATIENCE_MS)
    await until('the node has let them talk', () => rig.oracle.drivenBy(lead.uuid) === '', PATIENCE_MS)
    assert.deepEqual(
      rig.oracle.originated.filter(one => one.at > asked),
      [],
      'nobody was called a second time',
    )
    lead.hangUp()
    await until(
      'the attempt is settled',
      async () => (await sql`select 1 from attempts where disposition = 'talked'`).length === 1,
      PATIENCE_MS,
    )
  },
)
