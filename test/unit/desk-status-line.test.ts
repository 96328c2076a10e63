/**
 * The status lines at the foot of the terminal: what a supervisor reads there, and that the log does not mix with them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figuresOf } from '../../src/campaign/figures.ts'
import { countAgents, wordOf } from '../../src/agent/words.ts'
import type { FloorSnapshot } from '../../src/desk/floor.ts'
import { floorLines, StatusLine } from '../../src/desk/status-line.ts'
import { VirtualClock } from '../../src/testing/index.ts'

const NOBODY = countAgents([], 0)
const EMPTY: FloorSnapshot = { calls: 0, waiting: 0, longestWaitMs: null, talking: 0, agents: NOBODY, campaigns: [] }

const NOT_DIALLED = { abandonLimit: 0.03, decided: [] }

/** A terminal with the codes that the status line uses: \r, cursor up, erase below. Shows what a person would see. */
class Screen {
  readonly isTTY = true
  columns = 200
  lines = ['']
  row = 0
  written = ''
  write(text: string): void {
    this.written += text
    for (const part of text.split(/(\x1b\[\d*[AJ]|\r|\n)/)) {
      if (part === '\n') this.lines[++this.row] ??= ''
      else if (part === '\x1b[J') this.lines = [...this.lines.slice(0, this.row), '']
      else if (part.startsWith('\x1b[')) this.row -= Number(part.slice(2, -1))
      else if (part !== '\r') this.lines[this.row] += part
    }
  }
}

const settle = async () => {
  for (let i = 0; i < 5; i++) await Promise.resolve()
}

test('a supervisor reads who waits and for how long, who talks, and what the agents do', () => {
  const agents = { ...NOBODY, ready: 2, talking: 6, break: 1 }
  const [line] = floorLines({ calls: 12, waiting: 3, longestWaitMs: 65_000, talking: 6, agents, campaigns: [] })
  assert.equal(
    line,
    '12 calls on this node · all nodes: 3 waiting (longest 1m5s) · 6 talking · agents: 2 ready, 6 talking, 1 break',
  )
  assert.deepEqual(floorLines(EMPTY), ['0 calls on this node · all nodes: 0 waiting · 0 talking · agents: none'])
})

test('a switch that is not heard any more stands before everything else', () => {
  assert.deepEqual(floorLines({ ...EMPTY, lost: [] }), floorLines(EMPTY))
  assert.equal(
    floorLines({ ...EMPTY, lost: ['127.0.0.1:8021', 'fs2:8021'] })[0],
    'no link to 127.0.0.1:8021 · no link to fs2:8021 · 0 calls on this node · all nodes: 0 waiting · 0 talking · agents: none',
  )
})

test('a supervisor sees which clock is wrong, and by how much', () => {
  const [quiet, ahead, behind] = [900, 15_000, -3_600_000].map(
    machineAheadMs => floorLines({ ...EMPTY, skew: { machineAheadMs, aheadOfRedisMs: 0 } })[0],
  )
  assert.equal(quiet, floorLines(EMPTY)[0])
  assert.equal(ahead, `the clock of this machine is 15 s ahead of Redis's clock · ${quiet}`)
  assert.equal(behind, `the clock of this machine is 3600 s behind Redis's clock · ${quiet}`)
  const kept = floorLines({ ...EMPTY, skew: { machineAheadMs: 0, aheadOfRedisMs: -1_500 } })[0]
  assert.equal(kept, `the time of the nodes is 1.5 s behind Redis's clock · ${quiet}`)
})

const NO_ANSWERS = new Map<string, number>()

test('a campaign has a line of its own, and a rate of nobody is no rate', () => {
  const campaign = { name: 'spring', state: 'running' as const }
  const fresh = figuresOf(campaign, { ready: 9, claimed: 1, done: 0 }, new Map([['under-way', 1]]), NO_ANSWERS)
  assert.equal(fresh.abandonRate, null)
  assert.equal(
    floorLines({ ...EMPTY, campaigns: [{ ...fresh, ...NOT_DIALLED }] })[1],
    'spring: 1 dialled · 0 answered · 0 talked · 0 abandoned (– of 3.0 %) · 10 left',
  )
  const ends = new Map(
    Object.entries({
      talked: 39,
      abandoned: 1,
      machine: 10,
      busy: 5,
      'no-answer': 20,
      'hung-up': 2,
      refused: 7,
      'under-way': 2,
      'in-flow': 1,
    }),
  )
  const late = figuresOf(
    campaign,
    { ready: 300, claimed: 80, done: 40 },
    ends,
    new Map(Object.entries({ served: 39, abandoned: 1, machine: 10 })),
  )
  assert.equal(
    floorLines({ ...EMPTY, campaigns: [{ ...late, ...NOT_DIALLED }] })[1],
    'spring: 80 dialled · 53 answered · 39 talked · 1 abandoned (2.5 % of 3.0 %) · 380 left',
  )
  assert.equal(late.people, 40, 'machines and unanswered telephones are no people')
})

test('a supervisor reads how many calls are made for each agent, and why no more', () => {
  const running = { name: 'spring', state: 'running' as const }
  const figures = figuresOf(running, { ready: 9, claimed: 0, done: 0 }, new Map(), NO_ANSWERS)
  const predicted = {
    callsPerAgent: 1.84,
    theta: 0.03,
    risk: 0.04,
    predictedAnswers: 2,
    answerRate: 0.3,
    budgetUsed: 0,
  }
  const at = { at: 'fs1:8021', free: 1, wanted: 0, dialled: 0, why: 'risk', leads: 9, lines: 5, figures: predicted }
  const [, line] = floorLines({ ...EMPTY, campaigns: [{ ...figures, abandonLimit: 0.03, decided: [at] }] })
  assert.match(line!, / · 1\.8 calls for each agent, no more: the next person might find no agent$/)
  const plain = { ...at, why: 'agents', figures: null }
  const [, other] = floorLines({ ...EMPTY, campaigns: [{ ...figures, abandonLimit: 0.03, decided: [plain] }] })
  assert.match(other!, / · no more: each free agent has a call under way$/)
})

test('who talks is talking even on a break; who is promised to a caller is ringing', () => {
  const promised = { epoch: 1, for: 'c1', queue: 'sales', deadline: 1 }
  const [none, forLead] = [
    { reservation: null, restUntil: 0 },
    { reservation: { ...promised, queue: null }, restUntil: 0 },
  ]
  assert.equal(
    wordOf({ state: 'idle', status: 'ready', ...none, restUntil: 2 }, 1),
    'resting',
    'nobody is offered to them now',
  )
  assert.equal(wordOf({ state: 'talking', status: 'break', reservation: promised, restUntil: 0 }, 1), 'talking')
  assert.equal(wordOf({ state: 'reserved', status: 'ready', reservation: promised, restUntil: 0 }, 1), 'ringing')
  // a lead is called for them, and may not answer
  assert.equal(wordOf({ state: 'reserved', status: 'ready', ...forLead }, 1), 'ready')
  assert.equal(wordOf({ state: 'reserved', status: 'break', ...forLead }, 1), 'break')
  assert.equal(wordOf({ state: 'idle', status: 'break', ...none }, 1), 'break')
  assert.equal(wordOf({ state: 'idle', status: 'logged-out', ...none }, 1), 'out')
  assert.equal(wordOf({ state: 'idle', status: 'on-demand', ...none }, 1), 'ready')
})

test('log lines stand above the floor, and the floor stays at the foot', async () => {
  const clock = new VirtualClock()
  const screen = new Screen()
  using status = new StatusLine({ clock, stream: screen })
  let calls = 0
  const campaign = figuresOf(
    { name: 'spring', state: 'running' },
    { ready: 1, claimed: 0, done: 0 },
    new Map(),
    NO_ANSWERS,
  )
  status.write('starting')
  status.follow(() => ({ ...EMPTY, calls: ++calls, campaigns: [{ ...campaign, ...NOT_DIALLED }] }))
  await settle()
  status.write('{"msg":"a call began"}\n')
  await clock.advance(1_000)
  await settle()
  status.write('{"msg":"a call ended"}\n')
  assert.deepEqual(screen.lines, [
    'starting',
    '{"msg":"a call began"}',
    '{"msg":"a call ended"}',
    '2 calls on this node · all nodes: 0 waiting · 0 talking · agents: none',
    'spring: 0 dialled · 0 answered · 0 talked · 0 abandoned (– of 3.0 %) · 1 left',
  ])
  assert.equal(screen.row, 4)
})

test('a floor that shrinks leaves nothing behind, and a line never wraps', async () => {
  const clock = new VirtualClock()
  const screen = new Screen()
  screen.columns = 30
  using status = new StatusLine({ clock, stream: screen })
  const campaign = figuresOf(
    { name: 'spring', state: 'running' },
    { ready: 1, claimed: 0, done: 0 },
    new Map(),
    NO_ANSWERS,
  )
  let campaigns = [{ ...campaign, ...NOT_DIALLED }]
  status.follow(() => ({ ...EMPTY, campaigns }))
  await settle()
  assert.deepEqual(
    screen.lines.map(line => line.length),
    [29, 29],
  )
  campaigns = []
  await clock.advance(1_000)
  await settle()
  assert.equal(screen.lines.length, 1)
  assert.match(screen.lines[0]!, /^0 calls on this node · .*…$/)
})

test('where no person looks there is one plain line every ten seconds', async () => {
  const clock = new VirtualClock()
  let text = ''
  using status = new StatusLine({ clock, stream: { write: (part: string) => (text += part) } })
  status.follow(() => EMPTY)
  await settle()
  await clock.advance(9_999)
  await settle()
  assert.equal(text, '0 calls on this node · all nodes: 0 waiting · 0 talking · agents: none\n')
  await clock.advance(1)
  await settle()
  assert.equal(text.split('\n').length, 3)
  assert.ok(!text.includes('\x1b'))
})

test('a store that is away is said, and asked again a second later', async () => {
  const clock = new VirtualClock()
  const screen = new Screen()
  using status = new StatusLine({ clock, stream: screen })
  let away = true
  status.follow(async () => {
    if (away) throw new Error('Redis\x1b[2J is away')
    return EMPTY
  })
  await settle()
  assert.deepEqual(screen.lines, ['the floor cannot be read: Redis␛[2J is away'], 'and nothing steers the terminal')
  away = false
  await clock.advance(1_000)
  await settle()
  assert.match(screen.lines[0]!, /^0 calls/)
})

test('what nobody should wait for is shown at once, and then as often as before', async () => {
  const clock = new VirtualClock()
  let text = ''
  using status = new StatusLine({ clock, stream: { write: (part: string) => (text += part) } })
  let looks = 0
  let lost: string[] = []
  let answer = () => {}
  status.now() // nothing to show yet
  status.follow(async () => {
    looks++
    await new Promise<void>(resolve => (answer = resolve))
    return { ...EMPTY, lost }
  })
  const see = async () => {
    answer()
    await settle()
  }
  await see()
  assert.equal(looks, 1)
  lost = ['fs1:8021']
  status.now()
  status.now() // while `look` runs
  await see()
  assert.equal(looks, 3, 'what changes while it is looked is looked at once more')
  await see()
  assert.match(text.trimEnd().split('\n').at(-1)!, /^no link to fs1:8021 · /)
  assert.equal(clock.pending().length, 1, 'and no look is due twice')
  await clock.advance(9_999)
  assert.equal(looks, 3)
  await clock.advance(1)
  assert.equal(looks, 4)
  status[Symbol.dispose]()
  status.now()
  assert.equal(looks, 4)
  await see()
  assert.equal(clock.pending().length, 0)
})

test('when it is over no timer is left, the last state stays and the cursor stands below it', async () => {
  const clock = new VirtualClock()
  const screen = new Screen()
  const status = new StatusLine({ clock, stream: screen })
  status.follow(() => EMPTY)
  await settle()
  status[Symbol.dispose]()
  const before = screen.written
  await clock.advance(5_000)
  assert.equal(screen.written, before)
  assert.deepEqual(screen.lines, ['0 calls on this node · all nodes: 0 waiting · 0 talking · agents: none', ''])
})

test('a program that reads the log finds nothing between its lines: the floor and the sentences go elsewhere', () => {
  const [log, people] = [[] as string[], [] as string[]]
  const to = (list: string[]) => ({ write: (part: string) => void list.push(part) })
  using status = new StatusLine({ clock: new VirtualClock(), stream: to(log), people: to(people) })
  status.say('listener: 127.0.0.1:8084')
  status.write('{"level":"warn"}\n')
  assert.deepEqual([log, people], [['{"level":"warn"}\n'], ['listener: 127.0.0.1:8084\n']])
})
