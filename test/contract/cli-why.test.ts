/** What a supervisor asks at the command line afterwards: why, and how it went. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TimelineEvent } from '../../src/events/timeline.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { LeadAnswers } from '../../src/campaign/pacing/lead-answers.ts'
import { match } from '../../src/queue/match.ts'
import { saveAgentStates } from '../../src/store/agent-states.ts'
import { saveCalls } from '../../src/store/calls.ts'
import { putCampaign } from '../../src/store/campaigns.ts'
import { savePacing } from '../../src/store/pacers.ts'
import { Installation } from './cli-process.ts'

const rig = await Installation.open()
const { sql, queueStore } = rig

test('how it went: the figures of queues and agents as tables, with – where there is nothing to compute', async () => {
  const nothing = await rig.types('figures queue --window 15m')
  assert.deepEqual([nothing.code, nothing.out], [0, 'nothing happened in this window\n'], nothing.err)
  const at = Date.now() - 60_000
  const wait = { kind: 'wait', customer: null, leg: null, joined: at, since: at } as const
  const talk = {
    kind: 'talk',
    customer: null,
    leg: null,
    joined: null,
    agent: 'alice',
    since: at + 5_000,
    until: at + 35_000,
  } as const
  await saveCalls(sql, [
    {
      ...{
        id: '0c0f0a52-0000-4000-8000-0000000000cc',
        flow: 'queue-entry',
        direction: 'inbound',
        from: null,
        to: null,
      },
      ...{ core: null, node: 'n1', startedAt: at, otherLeg: null, queue: 'help', gateway: null, waitMs: null },
      ...{ ringMs: null, talkMs: null, holdMs: null, recording: null, queueTimeline: [], end: null },
      segments: [
        { ...wait, queue: 'help', agent: 'alice', until: at + 5_000, how: 'answered' },
        { ...talk, queue: 'help', how: 'ended' },
      ],
    },
  ])
  await saveAgentStates(sql, [
    {
      ...{
        agent: 'alice',
        at: at - 60_000,
        rev: 1,
        status: 'ready',
        reason: null,
        state: 'idle',
        restsUntil: null,
        breakUntil: null,
      },
      ...{ call: null, queue: null },
    },
  ])
  const queues = await rig.types('figures queue help --window 15m')
  assert.equal(queues.code, 0, queues.err)
  assert.match(
    queues.out,
    /^QUEUE +OFFERED +ANSWERED .*LEVEL +RATE +WAIT +P90 +HANDLING +TALK +HOLD +WRAP-UP +REFUSED +MOVED ON +AGAIN +ONCE\n/,
  )
  assert.match(
    queues.out,
    /\nhelp +1 +1 +0 +0 +0 +100\.0 % +0\.0 % +5s +5s +30s +30s +0s +0s +0 +0 +0\.0 % +100\.0 %\n$/,
  )
  const people = await rig.types('figures agent --window 15m')
  assert.match(people.out, /\nalice +1 +0 +0 +\d+\.\d % +100\.0 % +30s +30s +0s +0s +\d+m\d+s +0s +0s +0s +0\n$/)
  const help = await rig.types('figures queue --help')
  assert.match(help.out, /service level: answered within --service-level-within ÷ \(answered \+ abandoned\)/)
  assert.equal((await rig.types('figures queue --window yesterday')).code, 2)
})

test('why a caller got this agent: the moments of the call, who was next, and who was not available', async () => {
  const at = Date.now()
  await queueStore.put({ name: 'help', strategy: 'longest-idle-agent' })
  for (const name of ['alice', 'bob', 'carl']) await rig.types(`agent add ${name} user/${name} --queues help`)
  for (const name of ['alice', 'bob']) await rig.types(`agent ready ${name}`)
  const call = '0c0f0a52-0000-4000-8000-0000000000aa'
  await queueStore.enter('help', { call, from: '+4930778', node: 'n1', joinedAt: at, headStartMs: 0 }, at)
  const now = at + 4_000
  const agents = (await rig.roster.list(now)).filter(one => ['alice', 'bob', 'carl'].includes(one.name))
  const {
    assignments: [decision],
  } = match({
    queues: [{ name: 'help', strategy: 'longest-idle-agent' }],
    members: await queueStore.members('help'),
    agents,
    now,
  })
  assert.ok(await queueStore.assign(decision!, 'n1', 10_000, now))
  await saveCalls(sql, [
    {
      id: call,
      flow: 'queue-entry',
      direction: 'inbound',
      from: '+4930778',
      to: '4000',
      core: null,
      node: 'n1',
      startedAt: at,
      customer: '+4930778',
      agent: null,
      otherLeg: null,
      queue: 'help',
      gateway: null,
      waitMs: null,
      ringMs: null,
      talkMs: null,
      holdMs: null,
      segments: [],
      // in the words of the version before: they are read in the words of this one
      queueTimeline: [
        { at: at + 500, event: 'entered', queue: 'help' },
        { at: now, event: 'promised', queue: 'help', agent: 'alice' },
        { at: now + 20_000, event: 'missed', agent: 'alice', to: 'user/alice', why: 'no-answer' },
      ] as unknown as TimelineEvent[],
      recording: null,
      end: null,
    },
  ])
  const { out, code, err } = await rig.types(`why ${call}`)
  assert.equal(code, 0, err)
  assert.match(out, /^call +0c0f0a52-.*\nfrom, to +\+4930778, 4000 \(inbound\)\n/)
  assert.match(out, /\noutcome +under way\n/)
  assert.match(
    out,
    /\n *0\.5s +queue\.call\.entered +help +– +–\n *4\.0s +queue\.call\.offered +help +alice +–\n *24\.0s +call\.party\.missed +– +alice +user\/alice, no-answer\n/,
  )
  const { name } = decision!.agent
  const other = name === 'alice' ? 'bob' : 'alice'
  assert.ok(
    out.endsWith(
      `\nafter 4.0s queue help offered the call to ${name} (longest-idle-agent); the caller had waited 4s\n` +
        `  ${name} goes before ${other}: equal in all, so by name\n  next in order: ${other}\n  not available: carl (logged out)\n`,
    ),
    out,
  )
  const carl = await rig.types('why agent carl')
  assert.match(carl.out, /^carl is out now\n {2}logged out.*\n {2}queue help: nobody waits\n/)
  assert.match(carl.out, /\nhelp +1 +0 +0 +1 logged out\n/)
  assert.match(carl.out, new RegExp(`ago +help +${name} +logged out\\n$`))
  assert.equal((await rig.types('why agent nobody')).code, 3)
  const gone = await rig.types('why 0c0f0a52-0000-4000-8000-0000000000bb')
  assert.deepEqual([gone.code, gone.err], [3, "switchhook: no call is called '0c0f0a52-0000-4000-8000-0000000000bb'\n"])
  assert.equal((await rig.types('why sales')).code, 2)
})

test('why a campaign dials nobody: one answer first, the figures behind it, and – where there is nothing to compute', async () => {
  await rig.types('campaign create autumn --queue help --leads +493012345,+493012346')
  const draft = await rig.types('why campaign autumn')
  assert.match(draft.out, /^it was not started yet: switchhook campaign start autumn\n\n/, draft.err)
  await rig.types('campaign start autumn')
  const { out, code } = await rig.types('why campaign autumn')
  assert.equal(code, 0)
  assert.match(out, /^no node dials it: does a node with ROLES=dialer run\?\n\n/)
  assert.match(out, /\ndialled by +no node\n/)
  assert.match(out, /\nabandoned +– of 0 people; 3\.0 % are allowed\n/)
  assert.match(out, /\nleads +2: 2 dialable now\n/)
  assert.match(out, /\nagents +\d+: .*\n/)
  assert.equal((await rig.types('why campaign nobody')).code, 3)
  const figures = await rig.types('figures campaign autumn')
  assert.match(
    figures.out,
    /^CAMPAIGN +NOW .*LINES +LEAST–MOST +TODAY +LAW\nautumn +running .* – +(0\.0|–)\S* +– +strict: – of 3\.0 %\n/,
  )
  assert.match(
    figures.out,
    /\nCAMPAIGN +LEADS +DIALABLE .*\nautumn +2 +2 +0 +0 +0 +0 +0\nnothing happened/,
    figures.err,
  )
  assert.equal((await rig.types('figures gateway')).out, 'no call of a campaign has ended in the last hour\n')
})

test('who answers: nothing before the first call, then a line for each hour with its calls and its chance', async () => {
  const { id } = await putCampaign(sql, campaignFrom({ name: 'who', queue: 'help', mode: 'predictive' }))
  const before = await rig.types('campaign answers who')
  assert.deepEqual([before.code, /has learned nothing yet/.test(before.out)], [0, true], before.err)
  const answers = new LeadAnswers()
  for (let n = 0; n < 600; n++) {
    const hour = n % 2 === 0 ? 10 : 19
    answers.dialled(`${n}`, { hour, weekday: 2, history: 'new' }, n)
    answers.over(`${n}`, n % 20 < (hour === 10 ? 2 : 10))
  }
  await savePacing(sql, id, { pacers: new Map(), leads: answers.saved })
  const { code, out, err } = await rig.types('campaign answers who')
  assert.equal(code, 0, err)
  assert.match(out, /^30\.\d % of 591 calls were answered by a person\n/)
  assert.match(out, /^10:00 to 10:59 +\d+ +1\d\.\d %/m)
  assert.match(out, /^19:00 to 19:59 +\d+ +4\d\.\d %/m)
  assert.match(out, /^Wednesday .* not used: no sure difference$/m)
  assert.equal((await rig.types('campaign answers nobody')).code === 0, false)
})
