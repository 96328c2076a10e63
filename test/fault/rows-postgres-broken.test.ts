/**
 * Rows 54 and 58: connections that break during a statement, deadlocks, and a server that restarts, while a campaign
 * runs.
 */
import { CampaignInRig } from './links-campaign.ts'
import { pick, seeded } from './links-chance.ts'
import { many, row, type Told } from './matrix.ts'
import { behindProxy, wrongFigures, written, type PostgresRig } from './postgres-rig.ts'
import { pause, type Rig } from './rig.ts'

const BEHAVIOURS = [
  { answers: 'busy' },
  { answers: 'declined' },
  { answers: '300ms', speaks: 'human', talksFor: '1s' },
] as const
/** A claim expires after 55 s, and its attempt is checked twice after that, 15 s apart. */
const ENDS_WITHIN_MS = 120_000

/** A campaign that one node dials, through the proxy, from now on. */
async function campaignIn({ rig, settings }: PostgresRig): Promise<CampaignInRig> {
  const random = seeded(5_458)
  const campaign = await CampaignInRig.open(rig, {
    agents: 20,
    leads: many(1_500, 60),
    cps: 10,
    leadDoes: () => pick(random, BEHAVIOURS),
  })
  await rig.start(['a'], { ...CampaignInRig.settings, ...settings })
  await campaign.dialled(5)
  return campaign
}

/** Every attempt has ended, once, and the figures are right. */
async function whole(rig: Rig, campaign: CampaignInRig, told: Told): Promise<void> {
  const node = rig.node('a')
  await campaign.stop()
  const open = await campaign.allEnded(ENDS_WITHIN_MS)
  const attempts = await campaign.attempts()
  told.says(`${campaign.dials.length} dials`)
  told.is(`the node ${node.exit === null ? 'lives' : 'is dead'}`, node.exit === null)
  told.is(`${open.length} attempts without an end`, open.length === 0)
  told.is(`${campaign.doubles} originates or legs twice`, campaign.doubles === 0)
  const reached = [...campaign.created.keys()].flatMap(uuid =>
    attempts.filter(({ id }) => id === uuid).map(({ phone }) => phone),
  )
  told.is(`${reached.length - new Set(reached).size} telephones rang twice`, reached.length === new Set(reached).size)
  const unknown = campaign.dials.filter(({ uuid }) => !attempts.some(({ id }) => id === uuid))
  told.is(`${unknown.length} dials that are not written down`, unknown.length === 0)
  const [half] = await rig.sql<[{ n: number }]>`
    select count(*) as n from leads l where (state = 'claimed') <> exists (select 1 from attempts a where a.lead_id = l.id and a.state <> 'ended')`
  told.is(`${half.n} leads of which half is written`, half.n === 0)
  told.is(`${await wrongFigures(rig)} figures that are not what counting gives`, (await wrongFigures(rig)) === 0)
  const talked = rig.oracle.brought.filter(({ uuid }) => campaign.dials.some(dial => dial.uuid === uuid))
  const calls = new Set(talked.map(({ uuid }) => uuid)).size
  const rows = await written(rig, calls, 60_000)
  told.is(`${calls - rows.closed} of ${calls} answered calls without a row`, rows.closed === calls && rows.open === 0)
}

row(
  54,
  'PostgreSQL ends connections in the middle of what they do: all of it is done, or nothing',
  { injected: 'pg_terminate_backend of working backends' },
  async (t, told) => {
    const behind = await behindProxy(t, told, { nodes: ['a'] })
    const { rig } = behind
    const campaign = await campaignIn(behind)
    told.trials = 0
    const wanted = many(200, 10)
    await rig.sql.alone(async connection => {
      for (
        const began = performance.now();
        told.trials < wanted && performance.now() - began < many(240_000, 20_000);
      ) {
        // the connections that work, those within a transaction first; none of them works all the time
        const ended = await connection`
        select pg_terminate_backend(pid) from (
          select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name = 'switchhook'
            and (state <> 'idle' or random() < 0.02) order by state like 'idle in%' desc limit 1) as working`
        told.trials += ended.length
        await pause(5)
      }
    })
    told.is(`${told.trials} of ${wanted} connections ended`, told.trials >= wanted)
    await whole(rig, campaign, told)
  },
)

row(
  54,
  'connections to PostgreSQL fall silent in the middle of what they do: all of it is done, or nothing',
  { injected: 'open connections swallowed' },
  async (t, told) => {
    const behind = await behindProxy(t, told, { nodes: ['a'] })
    const campaign = await campaignIn(behind)
    told.trials = many(20, 2)
    for (let at = 0; at < told.trials; at++) {
      behind.proxy.freeze()
      await pause(6_000) // until they are given up
    }
    await whole(behind.rig, campaign, told)
  },
)

row(
  58,
  'statements meet in a deadlock, and the server starts again: what failed is done once more',
  { injected: 'deadlocks; all connections closed, new ones for 3 s too' },
  async (t, told) => {
    const behind = await behindProxy(t, told, { nodes: ['a'] })
    const { rig, proxy } = behind
    const campaign = await campaignIn(behind)
    const rounds = many(20, 2)
    const deadlocks = async () =>
      (
        await rig.sql<[{ n: number }]>`select deadlocks as n from pg_stat_database where datname = current_database()`
      )[0].n
    for (let at = 0; at < rounds; at++) {
      // Switchhook locks an attempt first and its lead after that
      await rig.sql
        .alone(async connection => {
          await connection`begin`
          await connection`lock table leads in share row exclusive mode`
          await connection`select pg_sleep(0.3)`
          await connection`lock table attempts in share row exclusive mode`
          await connection`commit`
        })
        .catch(() => {}) // PostgreSQL cancels one of the two: this one, or Switchhook's
      if (at % 5 === 4) {
        proxy.cut()
        await pause(3_000)
        proxy.heal()
      }
    }
    told.trials = rounds
    told.is(`${await deadlocks()} deadlocks`, (await deadlocks()) > 0)
    await whole(rig, campaign, told)
  },
)

row(
  58,
  'a server that starts again takes connections and says nothing for a while: what failed is done once more',
  { injected: 'new and open connections silent for 8 s, four times' },
  async (t, told) => {
    const behind = await behindProxy(t, told, { nodes: ['a'] })
    const campaign = await campaignIn(behind)
    told.trials = many(4, 1)
    for (let at = 0; at < told.trials; at++) {
      behind.proxy.blackhole()
      await pause(8_000)
      behind.proxy.heal()
      await pause(3_000)
    }
    await whole(behind.rig, campaign, told)
  },
)
