/**
 * Row 52: a node is suspended between taking a call and writing its journal, and another node has the call by then. The
 * later write is refused.
 */
import { systemClock } from '../../src/base/clock.ts'
import { memoryCallStore } from '../../src/journal/memory-call-store.ts'
import type { CallStore, Owner } from '../../src/journal/call-store.ts'
import { redisCallStore } from '../../src/journal/redis-call-store.ts'
import { openRedisClient } from '../../src/store/redis.ts'
import { Simulation } from '../../src/testing/simulation.ts'
import welcome from '../../scripts/welcome.ts'
import { openRedis } from '../open-services.ts'
import { pick, seeded } from './links-chance.ts'
import { many, row } from './matrix.ts'

interface Homes {
  /** The same calls as each of two nodes reaches them. */
  readonly a: CallStore
  readonly b: CallStore
}

const WRITES = ['append', 'restart', 'end'] as const

/** One call: a takes it and is suspended, b takes it and continues, a runs again and writes. Returns the faults. */
async function wakesUpLate({ a, b }: Homes, uuid: string, random: () => number): Promise<string | null> {
  const own = async (store: CallStore, node: string): Promise<Owner> => ({
    node,
    epoch: (await store.take(uuid, node, 'begin')).epoch,
  })
  const late = await own(a, 'a')
  const before = random() < 0.5 ? ['one', 'two'] : []
  if (before.length > 0 && !(await a.append(uuid, late, before))) return 'a write of the owner was refused'
  const owner = await own(b, random() < 0.9 ? 'b' : 'a') // also the same node, restarted
  const written = random() < 0.5 ? ['three'] : []
  if (written.length > 0) await b.append(uuid, owner, written)
  const over = random() < 0.2 && (await b.end(uuid, owner))
  const write = pick(random, WRITES)
  const taken = write === 'end' ? await a.end(uuid, late) : await a[write](uuid, late, ['late'])
  if (taken) return `${write} with epoch ${late.epoch} was taken, though ${owner.epoch} owns the call`
  const journal = (await b.read(uuid)).join()
  const right = over ? '' : ['begin', ...before, ...written].join()
  if (journal !== right) return `after a late ${write} the journal is ${journal}, not ${right}`
  if (!over && !(await b.append(uuid, owner, ['four']))) return 'the owner cannot write any more'
  if (!over) await b.end(uuid, owner)
  return null
}

async function tenThousand(homes: Homes, howMany: number): Promise<string[]> {
  const random = seeded(52)
  const wrong: string[] = []
  for (let first = 0; first < howMany; first += 200) {
    const results = await Promise.all(
      Array.from({ length: Math.min(200, howMany - first) }, (_, at) =>
        wakesUpLate(homes, `call-${first + at}`, random),
      ),
    )
    wrong.push(...results.filter(result => result !== null))
  }
  return wrong
}

row(
  52,
  'what a node writes about a call that another node has taken is refused (memory)',
  { injected: 'a node stands still before it writes', quick: true },
  async (_t, told) => {
    const calls = memoryCallStore()
    told.trials = 10_000
    const wrong = await tenThousand({ a: calls, b: calls }, told.trials)
    told.is(
      `${told.trials - wrong.length} of ${told.trials} refused${wrong.length > 0 ? ` (${wrong[0]})` : ''}`,
      wrong.length === 0,
    )
  },
)

row(
  52,
  'what a node writes about a call that another node has taken is refused (Redis)',
  { injected: 'a node stands still before it writes', quick: true },
  async (t, told) => {
    const { client, address } = await openRedis(t)
    const other = await openRedisClient(address)
    t.after(() => other.disconnect())
    told.trials = many(10_000, 1_000)
    const wrong = await tenThousand(
      { a: redisCallStore(client, systemClock), b: redisCallStore(other, systemClock) },
      told.trials,
    )
    told.is(
      `${told.trials - wrong.length} of ${told.trials} refused${wrong.length > 0 ? ` (${wrong[0]})` : ''}`,
      wrong.length === 0,
    )
  },
)

row(
  52,
  'a write that meets the takeover in the same moment is either before it, and the new owner knows it, or refused (Redis)',
  { injected: 'writes and takeovers at once' },
  async (t, told) => {
    const { client, address } = await openRedis(t)
    const other = await openRedisClient(address)
    t.after(() => other.disconnect())
    const [a, b] = [redisCallStore(client, systemClock), redisCallStore(other, systemClock)]
    told.trials = 10_000
    let wrong = 0
    let refused = 0
    for (let first = 0; first < told.trials; first += 100) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, at) => {
          const uuid = `race-${first + at}`
          const { epoch } = await a.take(uuid, 'a', 'begin')
          const [written, taken] = await Promise.all([
            a.append(uuid, { node: 'a', epoch }, ['one']),
            b.take(uuid, 'b', 'begin'),
          ])
          if (!written) refused++
          if (taken.entries.includes('one') !== written || (await b.read(uuid)).includes('one') !== written) wrong++
          await b.end(uuid, { node: 'b', epoch: taken.epoch })
        }),
      )
    }
    told.is(`${wrong} disagree`, wrong === 0)
    // else the two did not overlap
    told.is(`${refused} refused, ${told.trials - refused} in time`, refused > 0 && refused < told.trials)
  },
)

row(
  52,
  'a caller whose node stands still before any of its writes goes on with the other node, once',
  { injected: 'the k-th write comes after the takeover', quick: true },
  async (_t, told) => {
    let late = 0
    let taken = 0
    const faults: string[] = []
    for (let held = 0; held < 40; held++) {
      const calls = memoryCallStore()
      let writes = 0
      let wake = () => {}
      const awake = new Promise<void>(resolve => (wake = resolve))
      const sleepy: CallStore = {
        ...bound(calls),
        append: async (uuid, owner, entries) => {
          if (owner.node !== 'a' || writes++ !== held) return calls.append(uuid, owner, entries)
          stands()
          await awake
          // while two people talk nobody drives the call: then there was no takeover, and the write is in time
          const stale = (await calls.owner(uuid))?.epoch !== owner.epoch
          const done = await calls.append(uuid, owner, entries)
          if (stale) late++
          if (stale && done) taken++
          return done
        },
      }
      const sim = new Simulation({}, sleepy)
      await sim.until('node a opens', sim.ready)
      await sim.open('b')
      const alice = sim.agent('alice')
      await alice.ready()
      alice.place.behaviour = {
        answers: '1s',
        rings: person => void person.on('heard', sound => sound === 'whisper/press-1' && person.press('1')),
      }
      let stood = false
      const stands = () => {
        stood = true
        sim.switch.refuse('127.0.0.1:8084') // it would not answer
        sim.clock.after(50, () => sim.switch.dropConnections(({ address }) => address === '127.0.0.1:8084'))
        sim.clock.after(3_000, wake)
      }
      const caller = sim.call(welcome)
      await sim.until('the caller is on the line', () => sim.switch.world.people.size > 0)
      for (const person of sim.switch.world.people)
        person.on('heard', sound => void (sound === 'ivr/welcome' && person.press('2')))
      try {
        await caller.talksWith('alice', '60s')
        await sim.advance('5s')
        await caller.hangsUp()
        await caller.outcome()
        await sim.close()
      } catch (error) {
        faults.push(`held ${held}: ${(error as Error).message.split('\n').slice(0, 2).join(' ')}`)
        break
      }
      const uuid = await caller.uuid()
      if (sim.records.filter(one => one.uuid === uuid).length !== 1)
        faults.push(`held ${held}: ${sim.records.length} records`)
      if (!stood) break
      told.trials = held + 1
    }
    told.is(`${late} late writes, ${taken} taken`, late > 5 && taken === 0)
    told.is(`${faults.length} calls went wrong${faults.length > 0 ? ` (${faults[0]})` : ''}`, faults.length === 0)
  },
)

/** A store's methods as separate functions. */
function bound(calls: CallStore): CallStore {
  return {
    take: calls.take.bind(calls),
    append: calls.append.bind(calls),
    restart: calls.restart.bind(calls),
    end: calls.end.bind(calls),
    owner: calls.owner.bind(calls),
    ownersOf: calls.ownersOf.bind(calls),
    all: calls.all.bind(calls),
    read: calls.read.bind(calls),
  }
}
