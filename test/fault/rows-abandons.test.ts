/** Row 63: agents come and go while campaigns are dialled. Progressive means: nobody who answers is without an agent. */
import { CampaignInRig } from './links-campaign.ts'
import { pick, seeded } from './links-chance.ts'
import { many, row } from './matrix.ts'
import { ProgressiveDay } from './progressive-day.ts'
import { pause, Rig } from './rig.ts'

/** Histories in the same time. */
const AT_ONCE = 100

for (const leaving of [false, true]) {
  const what = leaving
    ? 'agents hang up and come back while they are counted on: nobody is dialled without an agent of their own, and who was left goes first'
    : 'agents share two campaigns and the callers of two queues, take breaks and log out: nobody who answers is without an agent'
  const injected = `${leaving ? 'agents who hang up' : 'breaks and log-outs'}, random answers and ring times`
  row(63, what, { injected, quick: true }, async (_t, told) => {
    told.trials = many(leaving ? 10_000 : 100_000, AT_ONCE)
    const sum = { dialled: 0, answered: 0, abandoned: 0, left: 0 }
    const faults: string[] = []
    for (let first = 0; first < told.trials; first += AT_ONCE) {
      for (const [n, day] of (await ProgressiveDay.runMany(first, AT_ONCE, leaving)).entries()) {
        for (const figure of ['dialled', 'answered', 'abandoned', 'left'] as const) sum[figure] += day[figure]
        faults.push(...day.faults.map(fault => `history ${first + n}: ${fault}`))
      }
    }
    told.whenMissed(() => faults.slice(0, 20).join('\n'))
    told.is(`${faults.length} faults`, faults.length === 0)
    told.is(`${sum.answered} of ${sum.dialled} answered`, sum.answered > told.trials && sum.dialled > 3 * told.trials)
    if (leaving) told.is(`${sum.abandoned} abandoned, ${sum.left} times somebody left`, sum.left > told.trials && sum.abandoned < 0.03 * sum.answered)
    else told.is(`${sum.abandoned} abandoned`, sum.abandoned === 0)
  })
}

row(63, '300 leads of a progressive campaign on two nodes, callers of the same queue beside them: everybody who answers talks with an agent', { injected: 'leads who answer after 0.2 to 2 s, and callers' }, async (t, told) => {
  const random = seeded(63)
  const rig = await Rig.open(t, told)
  const leads = 300
  const campaign = await CampaignInRig.open(rig, {
    agents: 10, leads, cps: 50,
    leadDoes: () => (random() < 0.7 ? { answers: `${200 + Math.floor(random() * 1_800)}ms`, speaks: 'human', talksFor: `${4_000 + Math.floor(random() * 2_000)}ms` } : pick(random, [{ answers: 'busy' }, { answers: '1s', speaks: 'machine', talksFor: '2s' }])),
  })
  await rig.start(['a', 'b'], CampaignInRig.settings)
  const began = performance.now()
  for (let caller = 0; campaign.dials.length < leads && performance.now() - began < 240_000; caller++) {
    const person = rig.sim.world.call({ from: '+4930123', to: 'switchhook-queue-entry', variables: { queue: 'sales' } })
    person.on('talking', other => other && setTimeout(() => person.hangUp(), 500))
    await pause(1_000)
  }
  const open = await campaign.allEnded(60_000)
  const attempts = await campaign.attempts()
  const ends = new Map<string, number>()
  for (const { disposition } of attempts) ends.set(disposition ?? 'not sent', (ends.get(disposition ?? 'not sent') ?? 0) + 1)
  told.trials = attempts.length
  told.is(`${open.length} without an end`, open.length === 0 && campaign.dials.length === leads)
  told.is(`${ends.get('abandoned') ?? 0} abandoned, ${ends.get('hung-up') ?? 0} who did not wait, ${ends.get('talked') ?? 0} talked`, !ends.has('abandoned') && !ends.has('hung-up') && ends.get('talked')! > leads / 2)
  told.says([...ends].map(([end, n]) => `${n} ${end}`).join(' '))
})
