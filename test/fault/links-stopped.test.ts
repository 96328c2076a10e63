/**
 * Row 31: FreeSWITCH is suspended. It accepts connections and sends nothing; when it continues, it reads everything
 * that was sent to it meanwhile.
 */
import { VirtualClock } from '#testing'
import { silentLog } from '../../src/base/log.ts'
import { Switch, Switchboard } from '../../src/switch/switchboard.ts'
import { EventLink } from '../../src/esl/events.ts'
import { connectionCommands } from '../../src/testing/commands.ts'
import { SimulatedSwitch } from '../../src/testing/switch/simulated-switch.ts'
import { CampaignInRig, mostInASecond } from './links-campaign.ts'
import { many, row, spread } from './matrix.ts'
import { Crowd } from './people.ts'
import { pause, Rig, until } from './rig.ts'

const CPS = 10

row(
  31,
  'the switch stands still: nothing is dialled there any more, and it is served again when it goes on',
  { injected: 'SIGSTOP, after a while SIGCONT, at any moment', quick: true },
  async (_t, told) => {
    const [noticed, back]: [number[], number[]] = [[], []]
    for (let begins = 0; begins < 4_000; begins += many(10, 100)) {
      const clock = new VirtualClock()
      const sim = new SimulatedSwitch({ clock, heartbeat: false })
      const events = new EventLink({
        name: 'simulated',
        open: async () => sim.connect(),
        password: sim.password,
        clock,
        log: silentLog,
      })
      const facts = await events.start()
      const commands = await connectionCommands(sim.connect(), { password: sim.password, clock })
      const switchboard = new Switchboard()
      const one = new Switch({ name: 'simulated', commands, events, facts, clock, log: silentLog })
      switchboard.add(one)
      await clock.advance(begins)
      sim.freeze()
      let began = clock.monotonic()
      await clock.runUntil(() => !one.up, 60_000)
      noticed.push(clock.monotonic() - began)
      await clock.advance(60_000 - (clock.monotonic() - began))
      if (one.up) told.is(`up again while the switch stands still (${begins} ms)`, false)
      sim.thaw()
      began = clock.monotonic()
      await clock.runUntil(() => one.up, 60_000)
      back.push(clock.monotonic() - began)
      await Promise.all([events.close(), commands.close()])
      await sim.close()
    }
    told.trials = noticed.length
    told.is(`noticed after ${spread(noticed)}`, Math.max(...noticed) < 6_000)
    told.is(`served again after ${spread(back)}`, Math.max(...back) < 5_000)
  },
)

row(
  31,
  'a campaign runs and callers wait while the switch stands still: nobody is dialled meanwhile, and no burst comes afterwards',
  { injected: 'SIGSTOP of the switch, SIGCONT' },
  async (t, told) => {
    const seconds = many(60, 8)
    const rig = await Rig.open(t, told, { queues: ['support'] })
    const campaign = await CampaignInRig.open(rig, { agents: 30, leads: 400 + seconds * CPS, cps: CPS })
    const nodes = await rig.start(['a', 'b'], CampaignInRig.settings)
    const callers = new Crowd(rig)
    await callers.call(many(30, 10), { flow: 'queue-entry', variables: { queue: 'support' } })
    await callers.hear('moh/calm')
    await campaign.dialled(CPS * 3)
    const before = campaign.dials.length

    const [stood, stoodAt] = [performance.now(), Date.now()]
    rig.sim.freeze()
    const lost = await Promise.all(
      nodes.map(node => node.says(/no link to 127\.0\.0\.1:/, 15_000).then(() => performance.now() - stood)),
    )
    told.is(`the floor names it ${spread(lost)} after it`, Math.max(...lost) < 6_000)
    const quietFrom = Date.now()
    await pause(seconds * 1_000 - (performance.now() - stood))
    const wentOn = performance.now()
    const claimed = await campaign.attempts()
    rig.sim.thaw()
    const meanwhile = claimed.filter(({ intended }) => intended > quietFrom).length
    told.is(`${meanwhile} leads taken meanwhile`, meanwhile === 0)
    const doubtful = claimed.filter(({ intended }) => intended > stoodAt)
    told.says(`${doubtful.length} before it was noticed`)

    await until(
      'leads are dialled again',
      () => campaign.dials.filter(({ at }) => at > wentOn + 500).length > CPS,
      20_000,
    )
    const after = campaign.dials.slice(before).filter(({ at }) => at > wentOn)
    told.says(`dialled again after ${Math.round(after[0]!.at - wentOn)} ms`)
    const late = after.filter(({ uuid }) =>
      claimed.some(({ id, intended }) => id === uuid && intended > stoodAt - 1_000),
    ).length
    told.is(`${late} originates of before read then`, late <= 1) // the command on its way: it cannot be recalled
    await pause(2_000)
    await campaign.stop()
    const since = (await campaign.attempts()).filter(
      ({ intended }) => intended > Date.now() - (performance.now() - wentOn),
    )
    told.is(
      `at most ${mostInASecond(since.map(({ intended }) => intended))} leads taken in a second`,
      mostInASecond(since.map(({ intended }) => intended)) <= CPS,
    )
    told.says(`${mostInASecond(after.map(({ at }) => at))} read in a second`)
    const burnt = (await campaign.attempts()).filter(
      ({ id, disposition }) => doubtful.some(one => one.id === id) && disposition !== null && disposition !== 'busy',
    ).length
    told.is(`${burnt} leads without a call count as called`, burnt <= late + 1)
    told.is(`${campaign.doubles} doubles`, campaign.doubles === 0)
    told.is(`${callers.lost.length} of ${callers.people.length} callers lost`, callers.lost.length === 0)
    told.trials = seconds
    callers.leave()
  },
)
