/** Row 68: both nodes are replaced, one after the other, while people call, choose, wait, talk and hang up. */
import type { Person } from '../../src/testing/index.ts'
import { many, row } from './matrix.ts'
import { Crowd, seat } from './people.ts'
import { closedRecords } from './records.ts'
import { pause, Rig, until } from './rig.ts'

/** Chooses sales in the menu, talks for a while, and hangs up: what a caller does. */
function behave(crowd: Crowd, person: Person, talkMs: number): void {
  let served = false
  person.on('heard', sound => void (sound === 'ivr/welcome' && setTimeout(() => person.press('1'), 300)))
  person.on('talking', other => {
    if (other === undefined || served) return
    served = true
    setTimeout(() => crowd.leave([person]), talkMs)
  })
}

row(
  68,
  'both nodes are replaced one by one under load: nobody is lost',
  { injected: 'SIGTERM and a new process, both nodes in turn' },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    told.trials = many(1_000, 60)
    await seat(rig, { queue: 'sales', number: many(100, 40), wrapUpMs: 0 })
    await rig.start()
    const crowd = new Crowd(rig)
    const spacing = 50
    const coming = (async () => {
      for (let number = 0; number < told.trials; number++) {
        const [person] = await crowd.call(1, { flow: 'welcome', everyMs: 0 })
        behave(crowd, person!, 1_000 + (number % 5) * 300)
        await pause(spacing)
      }
    })()
    await pause(many(10_000, 500))
    for (const name of ['a', 'b']) {
      const node = rig.node(name)
      node.term()
      await node.exited
      await rig.start([name])
      await pause(many(10_000, 300))
    }
    await coming
    await until('everybody is gone', () => crowd.people.every(person => person.state === 'gone'), 60_000).catch(
      () => {},
    ) // told below
    told.is(`${crowd.lost.length} of ${told.trials} lost`, crowd.lost.length === 0)
    const still = crowd.people.filter(person => person.state !== 'gone').length
    told.is(`${still} without an answer`, still === 0)
    const rows = await closedRecords(rig, crowd.uuids)
    told.is(`${rows.size} records closed`, rows.size === told.trials)
    const agents = await rig.roster.list(Date.now())
    told.is(
      `${agents.filter(agent => agent.state !== 'idle').length} agents not free`,
      agents.every(agent => agent.state === 'idle'),
    )
    crowd.leave()
  },
)
