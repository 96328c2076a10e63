/**
 * The command line over memory stores: the commands of a supervisor, and their output. Campaigns:
 * test/contract/cli.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { z } from 'zod'
import { MemoryAgents, memoryRoster } from '../../src/agent/memory-roster.ts'
import { silentLog } from '../../src/base/log.ts'
import { runCli, type Actions } from '../../src/desk/cli.ts'
import { fault, ok, warning } from '../../src/desk/doctor/finding.ts'
import type { AuditStart } from '../../src/operations/audit.ts'
import type { Needs, NodeParts, Operation, PartsFor } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import { memoryQueueStore } from '../../src/queue/memory-store.ts'
import { VirtualClock } from '../../src/testing/index.ts'

/** A database that takes everything and finds nothing: definitions are in test/contract/definitions.test.ts. */
const sql = Object.assign(async () => [], {
  begin: (work: (tx: unknown) => Promise<unknown>) => work(sql),
  json: (value: unknown) => value,
})

class Installation implements Actions {
  readonly clock = new VirtualClock()
  readonly agents = new MemoryAgents()
  readonly audited: AuditStart[] = []
  readonly stores = {
    roster: memoryRoster(this.agents),
    queueStore: memoryQueueStore(this.agents),
    sql,
    clock: this.clock,
    log: silentLog,
    scripts: 'scripts',
    audit: {
      begin: async (row: AuditStart) => {
        this.audited.push(row)
        return { end: async () => {} }
      },
    },
  } as unknown as NodeParts
  findings = [ok('settings', 'all can be used')]
  opened = 0
  runs = 0
  /** The stores that a command opened. */
  readonly asked: string[] = []
  out = ''
  err = ''

  async run(): Promise<void> {
    this.runs += 1
  }
  async *doctor() {
    yield* this.findings
  }
  follow(): never {
    throw new Error('follow')
  }

  async dialIn(flow: string, telephone: Parameters<Actions['dialIn']>[1], options: Parameters<Actions['dialIn']>[2]) {
    telephone.say(`caller calls ${flow} ${JSON.stringify(options)}`)
    return { outcome: 'talked', agent: 'alice', cause: 'NORMAL_CLEARING' }
  }
  async perform<Input extends z.ZodObject, Output extends z.ZodType, N extends Needs>(
    operation: Operation<Input, Output, N>,
    given: unknown,
  ) {
    this.opened += 1
    this.asked.push(operation.needs)
    const actor = { who: 'ann', door: 'command-line', role: 'administrator' } as const
    return { output: await perform(operation, this.stores as PartsFor[N], given, actor), now: this.clock.now() }
  }

  /** Runs `switchhook <words>` and returns the exit code. */
  async types(words: string): Promise<number> {
    this.out = this.err = ''
    const terminal = {
      out: (text: string) => void (this.out += text),
      err: (text: string) => void (this.err += text),
      colour: false,
    }
    return runCli(
      words.split(' ').filter(word => word !== ''),
      this,
      terminal,
    )
  }
}

test('help is one page that names every command, and nothing is opened for it', async () => {
  const rig = new Installation()
  assert.equal(await rig.types('--help'), 0)
  for (const noun of ['run', 'doctor', 'settings', 'campaign', 'agent', 'queue', 'dial', 'dial-in', 'calls'])
    assert.match(rig.out, new RegExp(`^  ${noun}\\b`, 'm'))
  assert.ok(rig.out.split('\n').length <= 50 && rig.out.split('\n').every(line => line.length <= 110), rig.out)
  assert.equal(await rig.types('campaign add --help'), 0)
  assert.match(rig.out, /switchhook campaign add spring --leads spring\.csv --queue sales/)
  assert.equal(rig.opened, 0)
})

test('what is said wrongly is told on stderr, with exit code 2, before anything is opened', async () => {
  const rig = new Installation()
  const wrong: [words: string, message: RegExp][] = [
    ['frobnicate', /^switchhook: unknown command 'frobnicate'\n$/],
    ['agent', /^Usage: switchhook agent/],
    ['', /^Usage: switchhook/],
    ['agent list --jsn', /^switchhook: unknown option '--jsn'\n\(Did you mean --json\?\)/],
    ['agent add alice --queues sales', /missing required argument 'endpoint'/],
    ['agent add alice user/1001;evil --queues sales', /is not a valid endpoint/],
    ['agent add alice user/1001 --queues sales --wrap-up 15', /'15' is not a duration: write a number and a unit/],
    ['agent add alice user/1001 --queues sales --wrap-up 30d', /'30d' is out of range; allowed: 0s to 1h/],
    ['agent add alice user/1001 --queues sales --ring-for 20m', /'20m' is out of range; allowed: 1s to 2m/],
    ['agent add alice user/1001 --queues sales,,b', /is not a queue; allowed/],
    ['agent add alice user/1001 --queues sales,sales:2', /the queue sales is named twice/],
    ['campaign add spring --queue sales', /required option '--leads <file.csv>' not specified/],
    ['campaign add spring --leads x.csv --max-lines 0', /allowed: a whole number from 1 to 10000/],
    ['calls --limit many', /allowed: a whole number from 1 to 1000/],
    ['calls --number me', /is not a valid number to dial/],
    ['dial 1001 call-me', /is not a valid number to dial/],
    ['dial 10;01 12345', /is not a valid name/],
    ['dial 1001 12345 --crmuuid a,b', /is not a valid variable value/],
  ]
  for (const [words, message] of wrong) {
    assert.equal(await rig.types(words), 2, words)
    assert.match(rig.err, message, words)
    assert.equal(rig.out, '', words)
  }
  assert.equal(rig.opened, 0)
})

test('a queue that is not there is named with those that are', async () => {
  const rig = new Installation()
  assert.equal(await rig.types('agent add alice user/1001 --queues sale'), 3)
  assert.equal(rig.err, "switchhook: no queue is called 'sale' (there is none yet)\n")
  await rig.types('queue add sales')
  assert.equal(await rig.types('agent add alice user/1001 --queues sale'), 3)
  assert.equal(rig.err, "switchhook: no queue is called 'sale' (known: sales)\n")
  assert.equal(await rig.types('queue add two words'), 2)
  assert.equal(await rig.types('queue add a/b'), 2)
  assert.match(rig.err, /^switchhook: the queue name 'a\/b' cannot be used/)
  assert.equal(await rig.types('queue add -- -x'), 2)
  assert.match(rig.err, /the queue name '-x' cannot be used: .*, the first not -/)
})

test('an agent is added, comes, goes on a break and is listed', async () => {
  const rig = new Installation()
  await rig.types('queue add sales')
  await rig.types('queue add support')
  assert.equal(await rig.types('agent add alice user/1001 --queues sales,support:2 --ring-for 25s'), 0)
  assert.equal(rig.out, 'agent alice answers sales, support at user/1001 and is out now\n')
  const alice = (await rig.stores.roster.get('alice', rig.clock.now()))!
  assert.deepEqual([alice.wrapUpMs, alice.ringForMs], [30_000, 25_000])
  assert.deepEqual(alice.queues, [
    { queue: 'sales', level: 1, position: 1 },
    { queue: 'support', level: 2, position: 1 },
  ])

  assert.equal(await rig.types('agent ready alice'), 0)
  assert.equal(rig.out, 'agent alice: takes calls\n')
  assert.equal(await rig.types('agent break alice lunch'), 0)
  assert.equal(await rig.types('agent list'), 0)
  assert.equal(
    rig.out,
    'AGENT  STATE  FOR  REASON  NAILED UP  ENDPOINT   QUEUES\nalice  break   0s  lunch   no         user/1001  sales,support:2\n',
  )
  assert.equal(await rig.types('agent list --json'), 0)
  assert.equal(JSON.parse(rig.out)[0].reason, 'lunch')

  assert.equal(await rig.types('agent ready bob'), 3)
  assert.equal(rig.err, "switchhook: no agent is called 'bob' (known: alice)\n")
  assert.equal(await rig.types('agent remove alice'), 0)
  assert.equal(await rig.types('agent remove alice'), 3)
})

test('a break has a reason of the catalogue, and one that is too long is seen', async () => {
  const rig = new Installation()
  await rig.types('queue add sales')
  await rig.types('agent add alice user/1001 --queues sales')
  assert.equal(await rig.types('break-reason add lunch --limit 30m'), 0)
  assert.equal(await rig.types('break-reason add training'), 0)
  assert.equal(await rig.types('break-reason list --json'), 0)
  assert.deepEqual(JSON.parse(rig.out), [
    { reason: 'lunch', limitMs: 1_800_000 },
    { reason: 'training', limitMs: null },
  ])
  assert.equal(await rig.types('agent break alice golf'), 2)
  assert.equal(rig.err, "switchhook: 'golf' is no reason for a break; allowed: lunch, training\n")
  assert.equal(await rig.types('agent break alice lunch'), 0)
  await rig.clock.advance(35 * 60_000)
  await rig.types('agent list')
  assert.match(rig.out, /^alice {2}break {2}35m0s {2}lunch: 5m0s too long/m)
  assert.equal(await rig.types('break-reason remove golf'), 3)
  assert.equal(await rig.types('break-reason remove lunch'), 0)
})

test('an agent logs in to some queues, and a wrap-up waits for the disposition of the call', async () => {
  const rig = new Installation()
  const { roster, clock } = rig.stores
  for (const queue of ['sales', 'support']) await rig.types(`queue add ${queue}`)
  await rig.types('agent add alice user/1001,user/1002 --queues sales,support:2 --wrap-up-ends disposition')
  assert.equal(await rig.types('agent login alice --queues billing'), 2)
  assert.match(rig.err, /agent alice does not serve the queue billing; allowed: sales, support/)
  assert.equal(await rig.types('agent login alice --queues support'), 0)
  await rig.types('agent list')
  assert.match(rig.out, /user\/1001,user\/1002 {2}support:2$/m)
  assert.equal(await rig.types('agent disposition alice sale'), 4)
  assert.match(rig.err, /agent alice has not talked with a caller yet/)

  const epoch = (await roster.reserve('alice', 'call-1', clock.now(), 1_000))!
  await roster.advance('alice', epoch, 'talking', clock.now())
  await roster.release('alice', epoch, 'talked', clock.now())
  assert.equal(await rig.types('agent wrap-up alice'), 4)
  assert.match(rig.err, /waits for the disposition of the call call-1: switchhook agent disposition alice <code>/)
  assert.equal(await rig.types('agent disposition alice a;b'), 2)
  assert.equal(await rig.types('agent wrap-up alice --without-disposition'), 0)
  assert.equal(rig.out, 'agent alice is ready now\n')
})

test('a supervisor who changes one setting of an agent leaves the others as they are', async () => {
  const rig = new Installation()
  const settings = async () => {
    const { endpoint, wrapUpMs, ringForMs, queues } = (await rig.stores.roster.get('alice', rig.clock.now()))!
    return [endpoint, wrapUpMs, ringForMs, queues.map(tier => `${tier.queue}:${tier.level}`).join()]
  }
  await rig.types('queue add sales')
  await rig.types('queue add support')
  assert.equal(await rig.types('agent add alice user/1001'), 2)
  assert.match(rig.err, /--queues: a new agent needs queues/)
  await rig.types('agent add alice user/1001 --queues sales,support:2 --wrap-up 5s --ring-for 25s')
  await rig.types('agent ready alice')

  assert.equal(await rig.types('agent set alice --wrap-up 10s'), 0)
  assert.equal(rig.out, 'agent alice answers sales, support at user/1001 and is ready now\n')
  assert.deepEqual(await settings(), ['user/1001', 10_000, 25_000, 'sales:1,support:2'])
  await rig.types('agent set alice --endpoint user/1002 --queues support')
  assert.deepEqual(await settings(), ['user/1002', 10_000, 25_000, 'support:1'])
  assert.equal(await rig.types('agent add alice user/1003 --ring-for 30s'), 0)
  assert.deepEqual(await settings(), ['user/1003', 10_000, 30_000, 'support:1'])

  assert.equal(await rig.types('agent set alice'), 2)
  assert.match(rig.err, /nothing to change: give at least one of --endpoint, --queues, --wrap-up, --ring-for/)
  assert.equal(await rig.types('agent set bob --wrap-up 10s'), 3)
  assert.equal(rig.err, "switchhook: no agent is called 'bob' (known: alice)\n")
})

test('a supervisor gives an agent more time after a call, or ends the wrap-up', async () => {
  const rig = new Installation()
  await rig.types('queue add sales')
  await rig.types('agent add alice user/1001 --queues sales --wrap-up 30s')
  await rig.types('agent ready alice')
  assert.equal(await rig.types('agent wrap-up alice'), 4)
  assert.equal(rig.err, 'switchhook: agent alice is not in wrap-up, but ready\n')
  const { roster } = rig.stores
  const epoch = (await roster.reserve('alice', 'call-1', rig.clock.now(), 60_000))!
  await roster.advance('alice', epoch, 'talking', rig.clock.now())
  await roster.release('alice', epoch, 'talked', rig.clock.now())
  assert.equal(await rig.types('agent wrap-up alice --extend 1m'), 0)
  assert.equal(rig.out, 'agent alice is in wrap-up, for 1m30s more\n')
  assert.equal(await rig.types('agent wrap-up alice'), 0)
  assert.equal(rig.out, 'agent alice is ready now\n')
  assert.equal(await rig.types('agent wrap-up bob'), 3)
})

test('an agent who goes home in the middle of a call is told to be talking still', async () => {
  const rig = new Installation()
  await rig.types('queue add sales')
  await rig.types('agent add alice user/1001 --queues sales')
  await rig.types('agent ready alice')
  const { roster } = rig.stores
  const epoch = (await roster.reserve('alice', 'call-1', rig.clock.now(), 60_000))!
  await roster.advance('alice', epoch, 'talking', rig.clock.now())
  await rig.types('agent out alice')
  assert.equal(rig.out, 'agent alice: is logged out and takes no calls (still talking)\n')
})

test('the list of queues says who waits, since when and for whom, and which callbacks are overdue', async () => {
  const rig = new Installation()
  assert.equal(await rig.types('queue list'), 0)
  assert.equal(rig.out, 'there is no queue yet: switchhook queue add <name>\n')
  await rig.types('queue add sales')
  await rig.types('agent add alice user/1001 --queues sales')
  const joinedAt = rig.clock.now() - 75_000
  await rig.stores.queueStore.enter(
    'sales',
    { call: 'a', from: '+4930', node: 'n', joinedAt, headStartMs: 0 },
    rig.clock.now(),
  )
  for (const [call, notBefore] of [
    ['b', 0],
    ['c', rig.clock.now() + 60_000],
  ] as const) {
    const place = {
      call,
      from: '+4931',
      joinedAt,
      headStartMs: 0,
      callback: { order: 'agent-first' },
      notBefore,
    } as const
    await rig.stores.queueStore.awaitCallback('sales', place, rig.clock.now())
  }
  await rig.types('queue list')
  const [titles = '', sales = ''] = rig.out.split('\n')
  assert.match(
    titles,
    /^QUEUE +WAITING +LONGEST +ESTIMATE +TALKING +TO CALL BACK +OVERDUE +ENTERED +ANSWERED +ABANDONED +CALLBACK +LEFT +AGENTS$/,
  )
  assert.match(sales, /^sales +1 +1m15s +– +0 +2 +1 +1 +0 +0 +0 +0 +1 out$/)
  await rig.types('queue list --json')
  const [queue] = JSON.parse(rig.out)
  assert.deepEqual([queue.longestWaitMs, queue.callbacks, queue.overdueCallbacks], [75_000, 2, 1])
})

test('a command asks for the store that it needs and for no other', async () => {
  const rig = new Installation()
  for (const words of [
    'queue add sales',
    'agent add alice user/1001 --queues sales',
    'agent add bert user/2 --queues sales',
    'agent remove bert',
  ])
    assert.equal(await rig.types(words), 0, words + rig.err)
  assert.ok(
    rig.asked.every(store => store === 'stores'),
    'what is defined is written to both',
  )
  for (const words of ['queue list', 'agent list', 'agent ready alice']) {
    rig.asked.length = 0
    assert.equal(await rig.types(words), 0, words + rig.err)
    assert.deepEqual(rig.asked, ['redis'], words)
  }
  for (const words of ['calls', 'campaign list', 'campaign show spring', 'audit list']) {
    rig.asked.length = 0
    await rig.types(words) // there is no database here
    assert.deepEqual(rig.asked, ['database'], words)
  }
})

test('what nobody foresaw ends with code 1 and a stack to report', async () => {
  const rig = new Installation()
  rig.perform = () => Promise.reject(new TypeError('boo'))
  assert.equal(await rig.types('queue list'), 1)
  assert.match(rig.err, /^switchhook: unexpected, please report this: TypeError: boo\n +at /)
})

test('the doctor says each finding in a line; faults make exit code 1, warnings do not', async () => {
  const rig = new Installation()
  rig.findings = [ok('redis', '7.0.15'), warning('fs1:8021', 'it is old', 'update it')]
  assert.equal(await rig.types('doctor'), 0)
  assert.equal(
    rig.out,
    'ok       redis: 7.0.15\nwarning  fs1:8021: it is old. To fix: update it\n\nno faults, 1 warning, 1 ok\n',
  )
  rig.findings = [fault('redis', 'nobody answers', 'start it')]
  assert.equal(await rig.types('doctor --json'), 1)
  assert.deepEqual(JSON.parse(rig.out), {
    healthy: false,
    findings: [{ level: 'fault', about: 'redis', says: 'nobody answers', mend: 'start it' }],
  })
  assert.equal(rig.err, '')
})

test('run is a node, and settings are shown as they are in force', async () => {
  const rig = new Installation()
  assert.equal(await rig.types('run'), 0)
  assert.equal(rig.runs, 1)
  assert.equal(await rig.types('settings --json'), 0)
  assert.ok('LISTEN' in JSON.parse(rig.out))
  assert.equal(rig.opened, 0)
})

test('an author dials in to a flow with its parameters, and reads how the call was and how it ended', async () => {
  const rig = new Installation()
  assert.equal(await rig.types('dial-in queue-entry --set queue=support --set language=en --from 100'), 0)
  assert.equal(
    rig.out,
    'caller calls queue-entry {"from":"100","params":{"queue":"support","language":"en"}}\nthe call is over: talked, with alice (NORMAL_CLEARING)\n',
  )
  assert.equal(await rig.types('dial-in queue-entry --set support'), 2)
  assert.match(rig.err, /'support' is not name=value/)
})

test('nothing that is typed or read steers the terminal, in an answer, in an error and in JSON', async () => {
  const rig = new Installation()
  for (const words of [
    'queue add \x1b]52;c;x\x07',
    'agent ready \x1b[2J',
    'nonsense\x1b[2J',
    'queue list --\x9b2J',
    'calls --number \x1b]0;x\x07',
  ]) {
    await rig.types(words)
    assert.doesNotMatch(rig.out + rig.err, /[^\P{Cc}\n\t]|\p{Cf}/u, JSON.stringify(words))
    assert.notEqual(rig.out + rig.err, '')
  }
})
