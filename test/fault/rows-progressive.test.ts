/**
 * Row 63 with all parts of a campaign: two nodes as processes, PostgreSQL, Redis, and callers who want the same agents.
 */
import { CampaignInRig } from './links-campaign.ts'
import { pick, seeded } from './links-chance.ts'
import { row } from './matrix.ts'
import { pause, Rig } from './rig.ts'

row(
  63,
  '300 leads of a progressive campaign on two nodes, callers of the same queue beside them: everybody who answers talks with an agent',
  { injected: 'leads who answer after 0.2 to 2 s, and callers' },
  async (t, told) => {
    const random = seeded(63)
    const rig = await Rig.open(t, told)
    const leads = 300
    const campaign = await CampaignInRig.open(rig, {
      agents: 10,
      leads,
      cps: 50,
      leadDoes: () =>
        random() < 0.7
          ? {
              answers: `${200 + Math.floor(random() * 1_800)}ms`,
              speaks: 'human',
              talksFor: `${4_000 + Math.floor(random() * 2_000)}ms`,
            }
          : pick(random, [{ answers: 'busy' }, { answers: '1s', speaks: 'machine', talksFor: '2s' }]),
    })
    await rig.start(['a', 'b'], CampaignInRig.settings)
    const began = performance.now()
    for (let caller = 0; campaign.dials.length < leads && performance.now() - began < 240_000; caller++) {
      const person = rig.sim.world.call({
        from: '+4930123',
        to: 'switchhook-queue-entry',
        variables: { queue: 'sales' },
      })
      person.on('talking', other => other && setTimeout(() => person.hangUp(), 500))
      await pause(1_000)
    }
    const open = await campaign.allEnded(60_000)
    const attempts = await campaign.attempts()
    const ends = new Map<string, number>()
    for (const { disposition } of attempts)
      ends.set(disposition ?? 'not sent', (ends.get(disposition ?? 'not sent') ?? 0) + 1)
    told.trials = attempts.length
    told.is(`${open.length} without an end`, open.length === 0 && campaign.dials.length === leads)
    told.is(
      `${ends.get('abandoned') ?? 0} abandoned, ${ends.get('hung-up') ?? 0} who did not wait, ${ends.get('talked') ?? 0} talked`,
      !ends.has('abandoned') && !ends.has('hung-up') && ends.get('talked')! > leads / 2,
    )
    told.says([...ends].map(([end, n]) => `${n} ${end}`).join(' '))
  },
)
