/**
 * Row 62: two nodes that both believe a campaign is theirs, with real stores (PostgreSQL, Redis). The witness is the
 * carrier. (A node that loses its lease while it stands still: row 61.)
 */
import { keepGrants, openCampaignRig, until } from '../contract/campaign-rig.ts'
import { MODES } from './dialling-lab.ts'
import { seeded } from './links-chance.ts'
import { mostInASecond } from './links-campaign.ts'
import { many, row } from './matrix.ts'
import { pause } from './rig.ts'

const LINES = 12
const CPS = 40

for (const mode of MODES)
  row(
    62,
    `two dialers in one campaign (${mode}): together they keep its lines and its calls per second, and nobody is called twice`,
    { injected: 'no lease' },
    async (t, told) => {
      const random = seeded(62)
      const leads = many(400, 60)
      const { sql, carrier, node, dial, agents, campaign } = await openCampaignRig(t)
      carrier.behaviour = () => 'rings'
      let most = 0
      carrier.on('dialled', ({ uuid }) => {
        setTimeout(() => carrier.hangUp(uuid, 'USER_BUSY'), 100 + random() * 400)
        setImmediate(() => (most = Math.max(most, carrier.legs.size)))
      })
      await agents(30)
      const spring = await campaign({ mode, callsPerAgent: 3, maxLines: LINES, cps: CPS, maxAttempts: 1 }, leads)
      const granted: number[] = []
      const dialers = []
      for (const name of ['a', 'b']) {
        const rig = await node(name)
        keepGrants(rig, granted)
        dialers.push(await dial(name, spring, rig))
      }
      const began = performance.now()
      await until(async () => {
        const [open] = await sql<[{ n: number }]>`select count(*) as n from leads where state <> 'done'`
        return open.n === 0
      })
      const seconds = (performance.now() - began) / 1_000
      await Promise.all(dialers.map(dialer => dialer.stop()))
      await pause(0)
      told.trials = carrier.dialled.length
      const people = new Set(carrier.dialled.map(({ phone }) => phone))
      told.is(
        `${carrier.dialled.length - people.size} of ${people.size} called twice`,
        carrier.dialled.length === people.size && people.size === leads,
      )
      told.is(`${most} lines at most`, most <= LINES && most > LINES / 2)
      const fastest = mostInASecond(granted)
      told.is(
        `${fastest} calls started in a second at most, ${leads} in ${seconds.toFixed(1)} s`,
        fastest <= CPS && leads / seconds <= CPS,
      )
      const [by] = await sql<[{ a: number; b: number }]>`
        select count(*) filter (where node = 'a') as a, count(*) filter (where node = 'b') as b from attempts`
      told.is(`${by.a} dialled by one, ${by.b} by the other`, by.a > leads / 10 && by.b > leads / 10)
    },
  )
