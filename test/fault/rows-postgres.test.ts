/**
 * Rows 53 and 55: PostgreSQL is down, slow, or silent, while people call. Nobody on the line notices it, and nothing is
 * lost.
 */
import { many, percentile, row, spread, type Told } from './matrix.ts'
import { Crowd, SORRY } from './people.ts'
import { behindProxy, catchUp, written, type PostgresRig } from './postgres-rig.ts'
import { CampaignInRig } from './links-campaign.ts'
import { pause, until } from './rig.ts'

/** FreeSWITCH's own tick: nobody hears a smaller difference. */
const TICK_MS = 20

/** This many people call, one after the other, hear the menu and hang up; a few hundred are on the line at a time. */
async function shortCalls({ rig }: PostgresRig, number: number): Promise<Crowd> {
  const crowd = new Crowd(rig)
  for (let at = 0; at < number; at++) {
    const [person] = await crowd.call(1, { flow: 'patient', everyMs: 0 })
    person!.on('heard', sound => void (sound === 'fault/menu' && crowd.leave([person!])))
    const onTheLine = () => crowd.people.slice(-300).filter(({ state }) => state !== 'gone').length
    if (at % 10 === 9) await until('there is room for more callers', () => onTheLine() < 200, 30_000)
  }
  // reported below
  await until('everybody has left', () => crowd.people.every(({ state }) => state === 'gone'), 60_000).catch(() => {})
  return crowd
}

function toldOf(told: Told, crowd: Crowd, { closed, lost, open }: Awaited<ReturnType<typeof written>>): void {
  told.trials = crowd.people.length
  told.is(`${crowd.lost.length} callers heard of it`, crowd.lost.length === 0)
  told.is(
    `${crowd.people.length - closed} of ${crowd.people.length} rows missing, ${lost} without their end, ${open} open`,
    closed === crowd.people.length && lost === 0 && open === 0,
  )
}

for (const [how, injected] of [
  ['is away', 'every connection closed, for 10 000 calls'],
  ['says nothing', 'every connection silent, for 10 000 calls'],
] as const) {
  row(
    53,
    `PostgreSQL ${how} while people call: nobody hears it, and every call is written down when it is back`,
    { injected },
    async (t, told) => {
      const behind = await behindProxy(t, told, { sounds: { 'fault/menu': '5s' } })
      const { rig, proxy, settings } = behind
      const nodes = await rig.start(['a', 'b'], settings)
      if (how === 'is away') proxy.cut()
      else proxy.blackhole()
      const began = performance.now()
      const crowd = await shortCalls(behind, many(10_000, 200))
      await pause(many(10_000, 1_000))
      told.says(`away for ${Math.round((performance.now() - began) / 1_000)} s`)
      const healed = performance.now()
      proxy.heal()
      toldOf(told, crowd, await written(rig, crowd.people.length, 120_000))
      told.says(`all written ${Math.round(performance.now() - healed)} ms after it was back`)
      // reported below
      await until('the nodes tell how quick they were', () => catchUp(rig, ['a', 'b']) !== null, 10_000).catch(() => {})
      const rate = catchUp(rig, ['a', 'b'])
      told.is(`${rate} rows/s`, rate !== null && rate >= 5_000)
      told.is(
        `${nodes.filter(({ exit }) => exit === null).length} of 2 nodes live`,
        nodes.every(({ exit }) => exit === null),
      )
      await until('every journal is forgotten', async () => (await rig.redis.hlen('sh:calls')) === 0, 60_000).catch(
        () => {},
      ) // reported below
      told.is(`${await rig.redis.hlen('sh:calls')} journals left`, (await rig.redis.hlen('sh:calls')) === 0)
    },
  )
}

/** Milliseconds from the call to the menu, of people who call one after the other. */
async function greetings(crowd: Crowd, number: number): Promise<number[]> {
  const waits: number[] = []
  for (let at = 0; at < number; at++) {
    const began = performance.now()
    const [person] = await crowd.call(1, { flow: 'patient', everyMs: 0 })
    waits.push(
      (await until('they hear the menu', () => person!.heard.some(({ what }) => what === 'fault/menu'), 10_000)) -
        began,
    )
    crowd.leave([person!])
  }
  return waits
}

for (const [how, injected] of [
  ['takes five seconds for each answer', 'delay of 5 s'],
  ['has a locked table', 'lock table calls, 60 s'],
  ['says nothing', 'every connection silent'],
] as const) {
  row(
    55,
    `PostgreSQL ${how}: callers are greeted as ever, and their calls are written down afterwards`,
    { injected },
    async (t, told) => {
      const { rig, proxy, settings } = await behindProxy(t, told, { nodes: ['a'] })
      await rig.start(['a'], settings)
      const number = many(200, 30)
      const crowd = new Crowd(rig)
      await greetings(crowd, 10) // connections, and code that runs for the first time
      const before = await greetings(crowd, number)
      let unlock = () => {}
      const unlocked = new Promise<void>(resolve => (unlock = resolve))
      const locking =
        how !== 'has a locked table'
          ? Promise.resolve()
          : rig.sql.alone(async connection => {
              await connection`begin`
              await connection`lock table calls`
              await unlocked
              await connection`rollback`
            })
      if (how === 'says nothing') proxy.blackhole()
      else if (how.startsWith('takes')) proxy.delay(5_000)
      await pause(500)
      const during = await greetings(crowd, number)
      unlock()
      await locking
      proxy.heal()
      const [good, bad] = [percentile(before, 99), percentile(during, 99)]
      told.is(`p99 ${Math.round(good)} ms before, ${Math.round(bad)} ms during`, bad <= good * 1.05 + TICK_MS)
      told.says(`before: ${spread(before)}; during: ${spread(during)}`)
      toldOf(told, crowd, await written(rig, crowd.people.length, 60_000))
    },
  )
}

row(
  55,
  'as many calls as a node may have end while PostgreSQL says nothing: the next caller is served, and a lead who answers hears something',
  { injected: 'open connections silent, MAX_CALLS=20' },
  async (t, told) => {
    const { rig, proxy, settings } = await behindProxy(t, told, { nodes: ['a'], sounds: { [SORRY]: '1s' } })
    const campaign = await CampaignInRig.open(rig, {
      agents: 1,
      leads: 1,
      cps: 1,
      leadDoes: () => ({ answers: '3s', speaks: 'human', talksFor: '2s' }),
    })
    await rig.start(['a'], {
      ...CampaignInRig.settings,
      ...settings,
      MAX_CALLS: '20',
      SCRIPTS: CampaignInRig.settings.SCRIPTS,
    })
    await campaign.dialled(1)
    proxy.blackhole()
    const crowd = new Crowd(rig)
    for (let at = 0; at < 20; at++) {
      const [person] = await crowd.call(1, { flow: 'welcome' })
      await until('they hear the menu', () => person!.heard.length > 0, 10_000)
      crowd.leave([person!])
    }
    await pause(200)
    const [next] = await crowd.call(1, { flow: 'welcome' })
    // reported below
    await until('the next caller hears something', () => next!.heard.length > 0, 10_000).catch(() => {})
    told.is(`the next caller hears ${next!.heard[0]?.what ?? 'nothing'}`, next!.heard[0]?.what === 'ivr/welcome')
    crowd.leave()
    const lead = () => [...rig.sim.world.people].find(({ name }) => name.includes('+49170'))
    const heard = () =>
      lead()?.heard.length ?? rig.oracle.sounds.filter(({ uuid }) => uuid === campaign.dials[0]?.uuid).length
    const answered = performance.now()
    await until(
      'the lead hears something',
      () => heard() > 0 || rig.oracle.sounds.some(({ uuid }) => uuid === campaign.dials[0]!.uuid),
      15_000,
    ).catch(() => {}) // reported below
    told.is(
      `the lead hears something ${Math.round(performance.now() - answered)} ms after the last caller left`,
      rig.oracle.sounds.some(({ uuid }) => uuid === campaign.dials[0]!.uuid) || heard() > 0,
    )
    proxy.heal()
    told.is(
      `${(await campaign.allEnded(60_000)).length} attempts without an end`,
      (await campaign.allEnded(1)).length === 0,
    )
  },
)
