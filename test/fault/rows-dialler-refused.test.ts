/**
 * Rows 27 and 28: a FreeSWITCH that takes few calls, and one that reads a dial twice. In virtual time, over PostgreSQL
 * (dialling-lab.ts).
 */
import type { TestContext } from 'node:test'
import type { Behaviour } from '#testing'
import { openDatabase } from '../open-services.ts'
import { DiallingLab, MODES, type Mode } from './dialling-lab.ts'
import { pick, seeded } from './links-chance.ts'
import { many, row, type Told } from './matrix.ts'

const busy = (people: number) => Array.from({ length: people }, (): Behaviour => ({ answers: 'busy' }))

/** A campaign of these people from its start to its end. Resolves with what is left to compare. */
async function campaign(lab: DiallingLab, mode: Mode, people: readonly Behaviour[], told: Told) {
  const running = await lab.campaign(mode, people)
  const began = lab.sim.clock.now()
  await lab.sim.clock.runUntil(() => lab.completed.has(running.name), 3_600_000)
  const [leads, attempts] = [await lab.leads(running.id), await lab.attempts(running.id)]
  const [rang, times] = [new Map<string, number>(), [...lab.created]]
  for (const [call, number] of new Map(lab.dials.map(({ uuid, phone }) => [uuid, phone])))
    rang.set(number, (rang.get(number) ?? 0) + (lab.created.get(call) ?? 0))
  const called = leads.filter(({ phone }) => rang.get(phone) === 1).length
  told.is(`${called} of ${people.length} called once`, called === people.length)
  told.is(
    `${times.filter(([, created]) => created > 1).length} legs twice`,
    times.every(([, created]) => created <= 1),
  )
  const open = leads.filter(({ state, disposition }) => state !== 'done' || disposition === null)
  told.is(`${open.length} leads without an end`, open.length === 0)
  return { running, began, leads, attempts }
}

async function inLab(t: TestContext, agents: number, run: (lab: DiallingLab) => Promise<void>): Promise<void> {
  const { address } = await openDatabase(t)
  const lab = await DiallingLab.open(address, agents)
  await run(lab)
  await lab.close()
}

for (const mode of MODES) {
  row(
    27,
    `FreeSWITCH begins two calls a second (${mode}): no lead is burnt, and the campaign dials so many`,
    { injected: 'fsctl sps 3' },
    async (t, told) => {
      await inLab(t, 20, async lab => {
        const people = many(200, 60)
        lab.sim.switch.throttle.command('sps', '1000')
        const { clock } = lab.sim
        // the agents come to the line before
        await campaign(lab, mode, busy(1), told)
        lab.sim.switch.throttle.command('sps', '3')
        await clock.advance(1_000)
        const { began, attempts, leads } = await campaign(lab, mode, busy(people), told)
        told.trials = people
        const refused = attempts.filter(({ disposition }) => disposition === null)
        const burnt = leads.filter(lead => lead.attempts !== 1 || lead.disposition !== 'busy')
        told.is(`${burnt.length} burnt, ${refused.length} dials refused`, burnt.length === 0 && refused.length > 0)
        const within = (from: number, to: number) =>
          lab.dials.filter(({ at }) => at >= began + from && at < began + to).length
        const later = within(5_000, 25_000) / 20
        told.is(`${within(0, 1_000)} dials in the first second, ${later} a second after 5 s`, later <= 4 && later >= 1)
        told.says(`${Math.round((clock.now() - began) / 1_000)} s in all`)
      })
    },
  )
}

row(
  27,
  'FreeSWITCH has no session left for 20 s: nobody is burnt, it is left alone, and the campaign goes on',
  { injected: 'fsctl max_sessions' },
  async (t, told) => {
    await inLab(t, 10, async lab => {
      const { throttle, channels } = lab.sim.switch
      await campaign(lab, 'progressive', busy(1), told)
      throttle.command('max_sessions', String(channels.size)) // those of the agents
      lab.sim.clock.after(20_000, () => void throttle.command('max_sessions', '100'))
      const people = busy(30)
      const { began, attempts, leads } = await campaign(lab, 'progressive', people, told)
      told.trials = people.length
      const burnt = leads.filter(lead => lead.attempts !== 1 || lead.disposition !== 'busy')
      const refused = attempts.filter(({ disposition }) => disposition === null)
      told.is(`${burnt.length} burnt`, burnt.length === 0)
      const turns = new Set(lab.dials.filter(({ at }) => at < began + 20_000).map(({ at }) => at))
      told.is(`tried ${turns.size} times in 20 s, ${refused.length} dials refused`, turns.size >= 3 && turns.size <= 8)
    })
  },
)

row(
  28,
  'FreeSWITCH reads every dial twice while the leg lives: nobody is called twice, and the attempt stays as it was',
  { injected: 'the octets of each dial once more, up to 1 s later' },
  async (t, told) => {
    await inLab(t, 10, async lab => {
      const random = seeded(28)
      let doubled = 0
      lab.tell = contact => {
        if (contact.what !== 'says' || !contact.octets.includes('carrier/')) return 'goes on'
        const { octets, wire } = contact
        const later = random() < 0.5 ? 0 : random() * 1_000
        doubled++
        lab.sim.clock.after(later, () => wire.send(octets))
        return 'goes on'
      }
      const person: Behaviour = { answers: '1s', speaks: 'human', talksFor: '4s' }
      for (const mode of MODES) {
        const people = Array.from({ length: many(340, 20) }, () =>
          pick(random, [person, { answers: 'never' } as const]),
        )
        const { leads, attempts } = await campaign(lab, mode, people, told)
        const wrong = leads.filter(
          ({ disposition }, at) =>
            !(people[at]!.answers === 'never' ? ['no-answer'] : ['talked', 'abandoned', 'hung-up']).includes(
              disposition!,
            ),
        )
        told.is(`${mode}: ${wrong.length} wrong ends of ${attempts.length}`, wrong.length === 0)
      }
      told.trials = doubled
    })
  },
)
