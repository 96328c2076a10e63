/**
 * Row 25 with all parts of a campaign: a node as a process, PostgreSQL, Redis, and links that break after N octets,
 * again and again.
 */
import { CampaignInRig } from './links-campaign.ts'
import { pick, seeded } from './links-chance.ts'
import { many, row } from './matrix.ts'
import { openProxy } from './proxy.ts'
import { pause, Rig } from './rig.ts'

/** After its own ring time of 20 s and 10 s of uncertainty, an attempt without any event is over. */
const ENDS_WITHIN_MS = 90_000
const BEHAVIOURS = [
  { answers: 'busy' },
  { answers: 'declined' },
  { answers: '300ms', speaks: 'human', talksFor: '2s' },
  { answers: 'unallocated' },
] as const

row(
  25,
  'a campaign whose links break while it dials: no lead is called twice, every attempt has its end',
  { injected: 'both links cut after N octets, N up to 6000' },
  async (t, told) => {
    const random = seeded(2_525)
    const wanted = many(200, 15)
    const rig = await Rig.open(t, told)
    const does = new Map<string, string>()
    const campaign = await CampaignInRig.open(rig, {
      agents: 30,
      leads: wanted * 3,
      cps: 8, // an agent waits for an uncertain attempt as long as it may ring
      leadDoes: at => {
        const behaviour = pick(random, BEHAVIOURS)
        does.set(`+49${170_000_000 + at}`, behaviour.answers)
        return behaviour
      },
    })
    const proxy = await openProxy(t, { port: await rig.doorOf('a') })
    await rig.start(['a'], { ...CampaignInRig.settings, FREESWITCH: `127.0.0.1:${proxy.port}` })
    await campaign.dialled(3)
    let cuts = 0
    const began = performance.now()
    const enough = many(50, 3)
    while ((campaign.dials.length < wanted || cuts < enough) && performance.now() - began < 240_000) {
      const links = proxy.connections
      proxy.cutAfter(Math.floor(random() * 6_000))
      // the next cut is for the next links, when both are up
      while (proxy.connections < links + 2 && performance.now() - began < 240_000) await pause(5)
      cuts++
      await pause(random() * 600)
    }
    proxy.heal()
    await campaign.stop()
    const stopped = performance.now()
    const open = await campaign.allEnded(ENDS_WITHIN_MS)
    const attempts = await campaign.attempts()
    told.trials = campaign.dials.length
    told.is(`${cuts} cuts`, cuts >= enough && campaign.dials.length >= wanted)
    told.is(`${campaign.doubles} originates or legs twice`, campaign.doubles === 0)
    const reached = [...campaign.created.keys()].flatMap(uuid =>
      attempts.filter(({ id }) => id === uuid).map(({ phone }) => phone),
    )
    told.is(
      `${reached.length - new Set(reached).size} telephones rang twice`,
      reached.length === new Set(reached).size && reached.length > wanted / 3,
    )
    told.is(
      `${open.length} without an end ${Math.round((performance.now() - stopped) / 1_000)} s after the last`,
      open.length === 0,
    )
    const unknown = campaign.dials.filter(({ uuid }) => !attempts.some(({ id }) => id === uuid))
    told.is(`${unknown.length} dials that are not written down`, unknown.length === 0)
    const ends = new Map<string, number>()
    for (const { disposition } of attempts)
      ends.set(disposition ?? 'not sent', (ends.get(disposition ?? 'not sent') ?? 0) + 1)
    // an attempt that no telephone knows must not count as called, except the one on its way when the link broke
    const burnt = attempts.filter(({ id, disposition }) => disposition !== null && !campaign.created.has(id))
    told.is(`${burnt.length} counted as called without a call`, burnt.length <= cuts)
    const freed = attempts.filter(({ id, disposition }) => disposition === null && campaign.created.has(id))
    told.is(`${freed.length} called that count as not called`, freed.length === 0)
    told.says([...ends].map(([end, n]) => `${n} ${end}`).join(' '))
  },
)
