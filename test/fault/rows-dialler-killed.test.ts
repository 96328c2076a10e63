/**
 * Rows 59 and 60 with processes: nodes that dial three campaigns, one in each mode, are killed with SIGKILL around
 * their dials, a hundred times: when the witness has read a dial, or as soon as the row of a dial is written, mostly
 * before it is sent. (In one process: rows-dialler-deaths.test.ts.)
 */
import { MODES } from './dialling-lab.ts'
import { CampaignInRig, type Dial } from './links-campaign.ts'
import { pick, seeded } from './links-chance.ts'
import { many, row } from './matrix.ts'
import { pause, Rig, until } from './rig.ts'

const NODES = ['a', 'b', 'c', 'd', 'e'] as const
type Name = (typeof NODES)[number]
const BEHAVIOURS = [
  { answers: 'busy' },
  { answers: 'declined' },
  { answers: 'unallocated' },
  { answers: '300ms', speaks: 'human', talksFor: '3s' },
] as const
/** An answered call whose flow never began is claimed for 300 s; a second look, and the call of who was not called. */
const ENDS_WITHIN_MS = 420_000
/** So many leads may be called at any time: kills go on for as long as the machine needs for them. */
const LEADS = 60
/** On a machine of its own it takes a quarter of this. */
const MOST_MS = 900_000

row(
  60,
  'nodes that dial are killed a hundred times, before and after FreeSWITCH has read the dial: nobody is called twice',
  { injected: 'SIGKILL of the node that dials, in all modes' },
  async (t, told) => {
    const random = seeded(5_960)
    const rig = await Rig.open(t, told, { nodes: NODES })
    const campaigns: CampaignInRig[] = []
    for (const [n, mode] of MODES.entries())
      campaigns.push(
        await CampaignInRig.open(rig, {
          ...{ mode, name: `campaign-${mode}`, queue: `queue-${mode}`, firstNumber: 170_000_000 + n * 1_000_000 },
          ...{ agents: 6, leads: LEADS, cps: 2, leadDoes: () => pick(random, BEHAVIOURS) },
        }),
      )
    const start = (name: Name) => rig.start([name], CampaignInRig.settings)
    await Promise.all(NODES.map(start))
    const dials = () => campaigns[0]!.dials // FreeSWITCH is one
    const kills = { read: 0, written: 0 }
    const starting = new Map<Name, Promise<unknown>>()

    /** The next dial that FreeSWITCH reads ends its node: at once, or a moment later. */
    const whenRead = () =>
      new Promise<Name>((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error('nobody dials any more')), 60_000)
        rig.oracle.onCommand = ({ text, node }) => {
          if (!/originate .*carrier\//.test(text) || starting.has(node as Name)) return
          rig.oracle.onCommand = null
          clearTimeout(limit)
          const later = random() < 0.5 ? 0 : random() * 400
          const kill = () => {
            rig.node(node).kill()
            resolve(node as Name)
          }
          if (later === 0) kill()
          else setTimeout(kill, later)
        }
      })

    /** The next row of a dial ends its node within milliseconds, mostly before the dial is sent. */
    async function whenWritten(): Promise<Name> {
      const from = new Date()
      let node: Name | undefined
      await until(
        'a dial is written',
        async () => {
          const [newest] = await rig.sql<{ node: Name }[]>`
            select node from attempts where intended_at >= ${from} order by intended_at desc limit 1`
          if (newest && !starting.has(newest.node)) rig.node((node = newest.node)).kill()
          return node !== undefined
        },
        60_000,
        0,
      )
      return node!
    }

    const again = async (name: Name) => {
      await rig.node(name).exited
      await pause(300)
      await start(name)
      starting.delete(name)
    }
    const wanted = many(100, 4)
    const began = performance.now()
    while (kills.read + kills.written < wanted && performance.now() - began < MOST_MS) {
      for (const one of campaigns) if ((await one.ready()) < LEADS / 2) await one.add(LEADS / 2)
      if (starting.size > 2) await Promise.race(starting.values())
      const isRead = kills.read <= kills.written
      const dead = await (isRead ? whenRead() : whenWritten())
      kills[isRead ? 'read' : 'written']++
      starting.set(dead, again(dead))
    }
    await Promise.all(starting.values())
    rig.oracle.onCommand = null
    const all = async () =>
      rig.sql<{ phone: string; state: string; disposition: string | null; attempts: number }[]>`
        select phone, state, disposition, attempts from leads`
    const isDone = async () => (await all()).every(({ state }) => state === 'done')
    const ended = performance.now()
    await until('every lead has its end', isDone, ENDS_WITHIN_MS).catch(() => {}) // reported below
    const leads = await all()
    const attempts = (await Promise.all(campaigns.map(one => one.attempts()))).flat()
    told.trials = kills.read + kills.written
    told.is(
      `${kills.read} killed when FreeSWITCH had read a dial, ${kills.written} when the row was written`,
      told.trials === wanted,
    )
    const byPhone = new Map<string, Dial[]>()
    for (const dial of dials()) byPhone.set(dial.phone, [...(byPhone.get(dial.phone) ?? []), dial])
    const twice = [...byPhone.values()].filter(those => those.length > 1)
    told.is(
      `${twice.length} of ${byPhone.size} people called a second time, ${campaigns[0]!.doubles} legs twice`,
      twice.length === 0 && campaigns[0]!.doubles === 0,
    )
    const open = leads.filter(({ state, disposition }) => state !== 'done' || disposition === null)
    told.is(
      `${open.length} of ${leads.length} without an end ${Math.round((performance.now() - ended) / 1_000)} s after the last`,
      open.length === 0,
    )
    const unwritten = dials().filter(({ uuid }) => !attempts.some(({ id }) => id === uuid))
    told.is(`${unwritten.length} dials that are not written down`, unwritten.length === 0)
    // so many nodes die that often none is left that has heard of every leg: then nobody is called on a guess
    const never = leads.filter(({ phone }) => !byPhone.has(phone))
    told.is(
      `${never.length} lost without a call`,
      never.every(({ disposition }) => disposition === 'lost'),
    )
    const ends = new Map<string, number>()
    for (const { disposition, cause } of attempts) {
      const word = disposition ?? cause ?? 'open'
      ends.set(word, (ends.get(word) ?? 0) + 1)
    }
    told.says([...ends].map(([end, n]) => `${n} ${end}`).join(' '))
  },
)
