/** Why so few dials now? A supervisor is told one reason first, from the outside in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newAgent, type Agent } from '../../src/agent/agent.ts'
import { campaignFrom, type Campaign } from '../../src/campaign/campaign.ts'
import type { DialStatusPart } from '../../src/campaign/dial-status.ts'
import type { ListNow } from '../../src/campaign/list-now.ts'
import { staffNow, type StaffNow } from '../../src/campaign/staff-now.ts'
import { whySoFew, type WhyCampaignFacts } from '../../src/campaign/why-campaign.ts'

const NOW = Date.UTC(2026, 2, 2, 9)

const SPRING: Campaign = {
  ...campaignFrom({ name: 'spring', queue: 'sales', mode: 'predictive' }),
  ...{ id: 'c-1', state: 'running', switches: 'freeswitch', gatewayWhy: null },
  ...{ createdAt: new Date(NOW), startedAt: new Date(NOW), endedAt: null },
}
const LIST: ListNow = {
  ...{ leads: 100, claimed: 2, dialable: 90, outsideHours: 0, opens: null, waiting: 0, waits: [], promised: 0 },
  ...{ done: 8, doneBy: {} },
}
const STAFF: StaffNow = {
  ...{ agents: 3, loggedOut: 0, onBreak: 0, notOnLine: 0, talking: 0, wrapUp: 0, busyOtherwise: 0, withCall: 0 },
  free: 3,
}
const PART: DialStatusPart = {
  ...{ at: 'fs-1', free: 3, wanted: 5, dialled: 3, why: 'ratio', leads: 90, lines: 30, figures: null },
}

interface Given {
  readonly campaign?: Partial<Campaign>
  readonly list?: Partial<ListNow>
  readonly staff?: Partial<StaffNow>
  readonly law?: Partial<WhyCampaignFacts['law']>
  readonly parts?: readonly Partial<DialStatusPart>[]
  readonly holder?: string | null
  readonly undecided?: true
}

const asked = ({ campaign, list, staff, law, parts = [{}], holder = 'node-a', undecided }: Given = {}) =>
  whySoFew({
    campaign: { ...SPRING, ...campaign },
    holder,
    status: undecided
      ? null
      : { node: 'node-a', at: NOW, mode: 'predictive', parts: parts.map(part => ({ ...PART, ...part })) },
    list: { ...LIST, ...list },
    staff: { ...STAFF, free: staff ? 0 : 3, ...staff },
    law: { live: 200, abandoned: 4, limit: 0.03, ...law },
  })

const wait = { leads: 5, next: new Date(NOW + 60_000) }

const CAUSES: readonly (readonly [title: string, given: Given, why: string, words: RegExp])[] = [
  ['was not started', { campaign: { state: 'draft' } }, 'state', /not started yet: switchhook campaign start spring/],
  ['was paused', { campaign: { state: 'paused' } }, 'state', /somebody has paused it/],
  ['is done', { campaign: { state: 'done' } }, 'state', /all its leads are done/],
  ['has no node', { holder: null, campaign: { switches: null } }, 'no-node', /a node with ROLES=dialer run\?$/],
  ['belongs to the simulation', { holder: null, campaign: { switches: 'simulation' } }, 'no-node', /the simulation/],
  ['has just been taken', { undecided: true }, 'starting', /node-a has just taken it/],
  ['has no list', { list: { leads: 0, dialable: 0 } }, 'no-list', /list is empty/],
  [
    'has leads outside their hours only',
    {
      list: {
        dialable: 0,
        outsideHours: 90,
        opens: { at: NOW + 5, closedBy: ['the hours of us in America/New_York'] },
      },
    },
    'hours',
    /^90 leads may not be called at this hour: the hours of us in America\/New_York$/,
  ],
  [
    'has used up its law',
    { law: { abandoned: 8 }, parts: [{ why: 'budget' }] },
    'budget',
    /^too many people were abandoned \(4\.0 % of 200; 3\.0 % are allowed\)/,
  ],
  [
    'has leads that wait for the next call',
    {
      list: {
        dialable: 0,
        waiting: 7,
        waits: [
          { ...wait, why: 'retry', after: 'busy' },
          { ...wait, leads: 2, why: 'limit', after: null },
        ],
      },
    },
    'waiting',
    /^7 leads wait for their time: 5 for their next call after busy, 2 because of the most calls to one number$/,
  ],
  [
    'has callbacks of busy agents only',
    { list: { dialable: 0, promised: 2 } },
    'promised',
    /2 callbacks wait for the agent/,
  ],
  ['calls everybody who is left', { list: { dialable: 0, claimed: 4 } }, 'all-called', /all 4 leads that are left/],
  ['is about to be done', { list: { dialable: 0, claimed: 0 } }, 'exhausted', /done/],
  ['has no FreeSWITCH', { parts: [{ at: null, why: 'switch-down', free: 0 }] }, 'switch-down', /no FreeSWITCH can/],
  ['was refused by FreeSWITCH', { parts: [{ why: 'backing-off' }] }, 'backing-off', /refused calls/],
  [
    'has a gateway that pauses',
    { parts: [{ why: 'gateway' }], campaign: { gatewayWhy: { words: 'carrier refuses calls', at: NOW } } },
    'gateway',
    /^carrier refuses calls$/,
  ],
  ['has all lines in use', { parts: [{ why: 'lines' }] }, 'lines', /all lines are in use: 30 of the campaign/],
  ['has started its calls of this second', { parts: [{ why: 'cps' }] }, 'cps', /: 5 of the campaign/],
  [
    'has no agents',
    { staff: { agents: 0 }, parts: [{ why: 'no-agents' }] },
    'no-agents',
    /no agent of the queue sales/,
  ],
  ['has nobody logged in', { staff: { loggedOut: 3 }, parts: [{ why: 'no-agents' }] }, 'logged-out', /none of the 3/],
  [
    'has all on a break',
    { staff: { onBreak: 2, loggedOut: 1 }, parts: [{ why: 'no-agents' }] },
    'on-break',
    /nobody|no agent of the queue sales is at work: 2 on a break, 1 logged out/,
  ],
  [
    'has nobody on the line',
    { staff: { notOnLine: 2, onBreak: 1 }, parts: [] },
    'not-on-line',
    /: 1 on a break, 2 not on the line$/,
  ],
  [
    'has busy agents only',
    { staff: { talking: 2, wrapUp: 1 }, parts: [{ why: 'agents' }] },
    'agents-busy',
    /^all agents on the line are busy: 2 talk, 1 in wrap-up$/,
  ],
  [
    'has a call for each agent',
    { staff: { withCall: 3 }, parts: [{ why: 'agents' }] },
    'agents',
    /each agent .*\(3\)$/,
  ],
  [
    'has agents who look at their leads',
    { parts: [{ why: 'previews' }] },
    'previews',
    /^each free agent looks at a lead/,
  ],
  ['has as many calls as its ratio allows', { parts: [{ why: 'ratio' }] }, 'ratio', /as the ratio allows: 2 for/],
  [
    'would risk too much',
    {
      parts: [
        {
          why: 'risk',
          figures: { callsPerAgent: 2, theta: 0.1, risk: 0.25, predictedAnswers: 1, answerRate: 0.3, budgetUsed: 0.5 },
        },
      ],
    },
    'risk',
    /find no agent: the chance is 25\.0 %, and 10\.0 % is allowed$/,
  ],
  ['has few leads left', { list: { dialable: 1 }, parts: [{ why: 'leads' }] }, 'leads', /no more than 1 leads/],
  ['is dialled by a newer node with a word of its own', { parts: [{ why: 'moon' }] }, 'moon', /^moon$/],
  ['dials', { parts: [] }, 'none', /nothing holds it back/],
]

for (const [title, given, why, words] of CAUSES) {
  test(`a supervisor whose campaign ${title} is told so first`, () => {
    const [answer] = asked(given)
    assert.equal(answer.why, why)
    assert.match(answer.words, words)
  })
}

test('of several reasons the outermost is the answer, and the others follow', () => {
  const list = {
    dialable: 0,
    outsideHours: 3,
    opens: { at: NOW + 5, closedBy: ['x'] },
    waiting: 5,
    waits: [{ ...wait, why: 'call-at' as const, after: null }],
  }
  const all = asked({ list, staff: { talking: 3 }, parts: [{ why: 'lines' }] })
  assert.deepEqual(
    all.map(({ why, until }) => [why, until]),
    [
      ['hours', NOW + 5],
      ['waiting', NOW + 60_000],
      ['lines', null],
      ['agents-busy', null],
    ],
  )
  assert.deepEqual(
    asked({
      parts: [
        { why: 'switch-down', free: 0 },
        { why: 'lines', free: 2 },
      ],
    }).map(({ why }) => why),
    ['lines'],
    'where most agents are free',
  )
})

test('each agent counts once, by what keeps the agent from the next lead', () => {
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  const agent = (name: string, more: Partial<Agent>): Agent => ({
    ...newAgent({ name, endpoint: `user/${name}`, wrapUpMs: 0, ringForMs: 20_000, queues }, NOW),
    ...{ status: 'ready', nailed: { leg: `leg-${name}`, node: 'a', since: NOW } },
    ...more,
  })
  const reservation = { epoch: 1, for: 'x', queue: null, deadline: NOW + 9_000 }
  const agents = [
    agent('out', { status: 'logged-out', nailed: null }),
    agent('break', { status: 'break' }),
    agent('break-after-this', { status: 'break', state: 'talking' }),
    agent('away', { nailed: null }),
    agent('wraps', { state: 'wrap-up', wrapUpUntil: NOW + 5_000 }),
    agent('rests', { restUntil: NOW + 5_000 }),
    agent('dialled-for', { state: 'reserved', reservation }),
    agent('free', {}),
    agent('other', { queues: [{ queue: 'help', level: 1, position: 1 }] }),
    agent('callers-only', { takesLeads: false } as Partial<Agent>),
  ]
  assert.deepEqual(staffNow(agents, 'sales', NOW), {
    ...{ agents: 8, loggedOut: 1, onBreak: 1, notOnLine: 1, talking: 1, wrapUp: 1, busyOtherwise: 1, withCall: 1 },
    free: 1,
  })
})
