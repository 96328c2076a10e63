/** The command line over memory stores: what a supervisor types, and what they read. Campaigns: test/contract/cli.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryAgents, memoryRoster } from '../../src/agent/memory-roster.ts'
import { silentLog } from '../../src/base/log.ts'
import { runCli, type Actions, type DeskStores } from '../../src/desk/cli.ts'
import type { DatabaseStores, RedisStores } from '../../src/desk/cli/actions.ts'
import { fault, ok, warning } from '../../src/desk/doctor/finding.ts'
import { memoryQueueStore } from '../../src/queue/memory-store.ts'
import { VirtualClock } from '../../src/testing/index.ts'

class House implements Actions {
  readonly clock = new VirtualClock()
  readonly agents = new MemoryAgents()
  readonly stores = {
    roster: memoryRoster(this.agents),
    queueStore: memoryQueueStore(this.agents),
    clock: this.clock,
    log: silentLog,
    scripts: 'scripts',
  } as unknown as DeskStores
  findings = [ok('settings', 'all can be used')]
  opened = 0
  runs = 0
  /** Stores that a command asked for alone. */
  readonly asked: string[] = []
  out = ''
  err = ''

  async run(): Promise<void> {
    this.runs += 1
  }
  async *doctor() {
    yield* this.findings
  }
  async dialIn(flow: string, telephone: Parameters<Actions['dialIn']>[1], options: Parameters<Actions['dialIn']>[2]) {
    telephone.say(`caller calls ${flow} ${JSON.stringify(options)}`)
    return { outcome: 'talked', agent: 'alice', cause: 'NORMAL_CLEARING' }
  }
  async withStores<T>(work: (stores: DeskStores) => Promise<T>): Promise<T> {
    this.opened += 1
    return work(this.stores)
  }
  async withDatabase<T>(work: (stores: DatabaseStores) => Promise<T>): Promise<T> {
    this.asked.push('database')
    return this.withStores(work)
  }
  async withRedis<T>(work: (stores: RedisStores) => Promise<T>): Promise<T> {
    this.asked.push('redis')
    return this.withStores(work)
  }

  /** Runs `switchhook <words>` and gives the exit code. */
  async types(words: string): Promise<number> {
    this.out = this.err = ''
    const terminal = { out: (text: string) => void (this.out += text), err: (text: string) => void (this.err += text), colour: false }
    return runCli(
      words.split(' ').filter(word => word !== ''),
      this,
      terminal,
    )
  }
}

test('help is one page that names every command, and nothing is opened for it', async () => {
  const house = new House()
  assert.equal(await house.types('--help'), 0)
  for (const noun of ['run', 'doctor', 'settings', 'campaign', 'agent', 'queue', 'dial', 'dial-in', 'calls'])
    assert.match(house.out, new RegExp(`^  ${noun}\\b`, 'm'))
  assert.ok(house.out.split('\n').length <= 40 && house.out.split('\n').every(line => line.length <= 110), house.out)
  assert.equal(await house.types('campaign add --help'), 0)
  assert.match(house.out, /switchhook campaign add spring --leads spring\.csv --queue sales/)
  assert.equal(house.opened, 0)
})

test('what is said wrongly is told on stderr, with exit code 2, before anything is opened', async () => {
  const house = new House()
  const wrong: [words: string, message: RegExp][] = [
    ['frobnicate', /^switchhook: unknown command 'frobnicate'\n$/],
    ['agent', /^Usage: switchhook agent/],
    ['', /^Usage: switchhook/],
    ['agent list --jsn', /^switchhook: unknown option '--jsn'\n\(Did you mean --json\?\)/],
    ['agent add alice --queues sales', /missing required argument 'endpoint'/],
    ['agent add alice user/1001', /required option '--queues <names>' not specified/],
    ['agent add alice user/1001;evil --queues sales', /is no endpoint/],
    ['agent add alice user/1001 --queues sales --wrap-up 15', /'15' is not a duration: write a number and a unit/],
    ['agent add alice user/1001 --queues sales --wrap-up 30d', /'30d' is not from 0s to 1h/],
    ['agent add alice user/1001 --queues sales --ring-for 20m', /'20m' is not from 1s to 2m/],
    ['agent add alice user/1001 --queues sales,,b', /is no queue; allowed/],
    ['agent add alice user/1001 --queues sales,sales:2', /the queue sales is named twice/],
    ['campaign add spring --queue sales', /required option '--leads <file.csv>' not specified/],
    ['campaign add spring --leads x.csv --max-lines 0', /a whole number from 1 to 10000 is allowed/],
    ['calls --limit many', /a whole number from 1 to 1000 is allowed/],
    ['calls --number me', /is no number to dial/],
    ['dial 1001 call-me', /is no number to dial/],
    ['dial 10;01 12345', /is no name/],
    ['dial 1001 12345 --crmuuid a,b', /is no variable value/],
  ]
  for (const [words, message] of wrong) {
    assert.equal(await house.types(words), 2, words)
    assert.match(house.err, message, words)
    assert.equal(house.out, '', words)
  }
  assert.equal(house.opened, 0)
})

test('a queue that is not there is named with those that are', async () => {
  const house = new House()
  assert.equal(await house.types('agent add alice user/1001 --queues sale'), 3)
  assert.equal(house.err, "switchhook: no queue is called 'sale' (there is none yet)\n")
  await house.types('queue add sales')
  assert.equal(await house.types('agent add alice user/1001 --queues sale'), 3)
  assert.equal(house.err, "switchhook: no queue is called 'sale' (known: sales)\n")
  assert.equal(await house.types('queue add two words'), 2)
  assert.equal(await house.types('queue add a/b'), 2)
  assert.match(house.err, /^switchhook: the queue name 'a\/b' cannot be used/)
})

test('an agent is added, comes, goes on a break and is listed', async () => {
  const house = new House()
  await house.types('queue add sales')
  await house.types('queue add support')
  assert.equal(await house.types('agent add alice user/1001 --queues sales,support:2 --ring-for 25s'), 0)
  assert.equal(house.out, 'agent alice answers sales, support at user/1001 and is out now\n')
  const alice = (await house.stores.roster.get('alice', house.clock.now()))!
  assert.deepEqual([alice.wrapUpMs, alice.ringForMs], [30_000, 25_000])
  assert.deepEqual(alice.queues, [
    { queue: 'sales', level: 1, position: 1 },
    { queue: 'support', level: 2, position: 1 },
  ])

  assert.equal(await house.types('agent ready alice'), 0)
  assert.equal(house.out, 'agent alice: takes calls\n')
  assert.equal(await house.types('agent break alice lunch'), 0)
  assert.equal(await house.types('agent list'), 0)
  assert.equal(
    house.out,
    'AGENT  STATE  FOR  REASON  ON LINE  ENDPOINT   QUEUES\nalice  break    –  lunch   no       user/1001  sales,support:2\n',
  )
  assert.equal(await house.types('agent list --json'), 0)
  assert.equal(JSON.parse(house.out)[0].reason, 'lunch')

  assert.equal(await house.types('agent ready bob'), 3)
  assert.equal(house.err, "switchhook: no agent is called 'bob' (known: alice)\n")
  assert.equal(await house.types('agent remove alice'), 0)
  assert.equal(await house.types('agent remove alice'), 3)
})

test('an agent who goes home in the middle of a call is told to be talking still', async () => {
  const house = new House()
  await house.types('queue add sales')
  await house.types('agent add alice user/1001 --queues sales')
  await house.types('agent ready alice')
  const { roster } = house.stores
  const epoch = (await roster.reserve('alice', 'call-1', house.clock.now(), 60_000))!
  await roster.advance('alice', epoch, 'talking', house.clock.now())
  await house.types('agent out alice')
  assert.equal(house.out, 'agent alice: has gone home (talking still)\n')
})

test('the list of queues says who waits, since when, and for whom', async () => {
  const house = new House()
  assert.equal(await house.types('queue list'), 0)
  assert.equal(house.out, 'there is no queue yet: switchhook queue add <name>\n')
  await house.types('queue add sales')
  await house.types('agent add alice user/1001 --queues sales')
  const joinedAt = house.clock.now() - 75_000
  await house.stores.queueStore.enter('sales', { call: 'a', from: '+4930', node: 'n', joinedAt, headStartMs: 0 }, house.clock.now())
  await house.types('queue list')
  const [titles = '', sales = ''] = house.out.split('\n')
  assert.match(titles, /^QUEUE +WAITING +LONGEST +TALKING +ENTERED +ANSWERED +ABANDONED +CALLBACK +LEFT +AGENTS$/)
  assert.match(sales, /^sales +1 +1m15s +0 +1 +0 +0 +0 +0 +1 out$/)
  await house.types('queue list --json')
  const [queue] = JSON.parse(house.out)
  assert.equal(queue.longestWaitMs, 75_000)
})

test('a command asks for the store that it needs and for no other', async () => {
  const house = new House()
  for (const words of ['queue add sales', 'queue list', 'queue callbacks sales', 'agent add alice user/1001 --queues sales', 'agent list', 'agent ready alice', 'agent remove alice']) {
    house.asked.length = 0
    assert.equal(await house.types(words), 0, words + house.err)
    assert.deepEqual(house.asked, ['redis'], words)
  }
  for (const words of ['calls', 'campaign status']) {
    house.asked.length = 0
    await house.types(words) // here is no database
    assert.deepEqual(house.asked, ['database'], words)
  }
})

test('what nobody foresaw ends with code 1 and a stack to report', async () => {
  const house = new House()
  house.withRedis = () => Promise.reject(new TypeError('boo'))
  assert.equal(await house.types('queue list'), 1)
  assert.match(house.err, /^switchhook: unexpected, please report this: TypeError: boo\n +at /)
})

test('the doctor says each finding in a line; faults make exit code 1, warnings do not', async () => {
  const house = new House()
  house.findings = [ok('redis', '7.0.15'), warning('fs1:8021', 'it is old', 'update it')]
  assert.equal(await house.types('doctor'), 0)
  assert.equal(house.out, 'ok       redis: 7.0.15\nwarning  fs1:8021: it is old. To mend: update it\n\nno faults, 1 warning, 1 fine\n')
  house.findings = [fault('redis', 'nobody answers', 'start it')]
  assert.equal(await house.types('doctor --json'), 1)
  assert.deepEqual(JSON.parse(house.out), {
    healthy: false,
    findings: [{ level: 'fault', about: 'redis', says: 'nobody answers', mend: 'start it' }],
  })
  assert.equal(house.err, '')
})

test('run is a node, and settings are shown as they are in force', async () => {
  const house = new House()
  assert.equal(await house.types('run'), 0)
  assert.equal(house.runs, 1)
  assert.equal(await house.types('settings --json'), 0)
  assert.ok('LISTEN' in JSON.parse(house.out))
  assert.equal(house.opened, 0)
})

test('an author dials in to a flow with its parameters, and reads how the call was and how it ended', async () => {
  const house = new House()
  assert.equal(await house.types('dial-in queue-entry --set queue=support --set language=en --from 100'), 0)
  assert.equal(house.out, 'caller calls queue-entry {"from":"100","params":{"queue":"support","language":"en"}}\nthe call is over: talked, with alice (NORMAL_CLEARING)\n')
  assert.equal(await house.types('dial-in queue-entry --set support'), 2)
  assert.match(house.err, /'support' is not name=value/)
})

test('nothing that is typed or read steers the terminal, in an answer, in an error and in JSON', async () => {
  const house = new House()
  for (const words of ['queue add \x1b]52;c;x\x07', 'agent ready \x1b[2J', 'nonsense\x1b[2J', 'queue list --\x9b2J', 'calls --number \x1b]0;x\x07']) {
    await house.types(words)
    assert.doesNotMatch(house.out + house.err, /[^\P{Cc}\n\t]|\p{Cf}/u, JSON.stringify(words))
    assert.notEqual(house.out + house.err, '')
  }
})
