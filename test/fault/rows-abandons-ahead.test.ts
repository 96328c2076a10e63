/**
 * Row 63 in the modes that dial more leads than agents are free: half of the agents hang up in the middle of it, again
 * and again. In virtual time, with the shipped flow, over PostgreSQL (dialling-lab.ts).
 */
import type { Behaviour, Person } from '#testing'
import { openDatabase } from '../open-services.ts'
import { DiallingLab } from './dialling-lab.ts'
import { pick, seeded } from './links-chance.ts'
import { many, row } from './matrix.ts'

const AGENTS = 20
/** They are away for a minute of ten. */
const EVERY_MS = 600_000
const AWAY_MS = 60_000
/**
 * Of the first half hour. A ratio has the limit of the law at once. The predictive mode corrects its balance over the
 * four hours that are left (pacing/budget-control.ts): a campaign of half an hour, in which agents hang up, has ended
 * with 2.5 to 4 %.
 */
const MOST_ABANDONED = { ratio: 0.03, predictive: 0.05 } as const
/** It begins when two seconds have passed without an agent (16 CFR 310.4(b)(4)(iii): promptly). */
const MESSAGE_WITHIN_MS = 2_200

for (const mode of ['ratio', 'predictive'] as const)
  row(
    63,
    `half of the agents hang up again and again while a campaign dials ahead of them (${mode}): few are abandoned, and all of those hear the message in time`,
    { injected: 'ten of twenty agents hang up at once, for a minute of ten' },
    async (t, told) => {
      const { sql, address } = await openDatabase(t)
      const random = seeded(63)
      const lab = await DiallingLab.open(address, AGENTS)
      const { clock, agents } = lab.sim
      const people: Person[] = []
      const rings = (person: Person) => void people.push(person)
      const behaviours = Array.from({ length: many(1_500, 100) }, (): Behaviour => {
        const answers = `${1 + Math.floor(random() * 8)}s` as const
        const talksFor = `${20 + Math.floor(random() * 50)}s` as const
        const person = { answers, speaks: 'human', talksFor, rings } as const
        return pick(random, [person, person, { answers: 'busy' }, { answers: 'never' }])
      })
      const campaign = await lab.campaign(mode, behaviours)
      const began = clock.now()
      let over = false
      const leaves: number[] = []
      const half = agents.slice(0, AGENTS / 2)
      const status = (to: 'ready' | 'logged-out') =>
        Promise.all(half.map(({ name }) => lab.sim.roster.setStatus(name, to, clock.now())))
      const leave = async () => {
        if (over) return
        leaves.push(clock.now())
        for (const { place } of half) place.last?.hangUp()
        await status('logged-out')
        clock.after(AWAY_MS, () => void status('ready'))
        next = clock.after(EVERY_MS, () => void leave())
      }
      let next = clock.after(20_000, () => void leave())
      await clock.runUntil(() => lab.completed.has(campaign.name), 8 * 3_600_000)
      over = true
      next.cancel()
      const rows = await clock.hold(
        Promise.resolve(sql<{ dialled: Date; ended: Date; greeted: Date | null; message: Date | null; n: string }[]>`
          select a.intended_at as dialled, a.ended_at as ended, a.counts_as as n, a.greeted_at as greeted, a.message_at as message from attempts a
          where a.campaign_id = ${campaign.id}`),
      )
      const live = rows.filter(({ n }) => n === 'served' || n === 'abandoned').length
      const abandoned = rows.filter(({ n }) => n === 'abandoned')
      const caught = abandoned.filter(({ dialled, ended }) =>
        leaves.some(at => dialled.getTime() <= at && ended.getTime() >= at),
      )
      const percent = (some: number) => `${((100 * some) / Math.max(1, live)).toFixed(2)} %`
      told.trials = rows.length
      told.is(
        `${abandoned.length} of ${live} abandoned (${percent(abandoned.length)}), ${caught.length} of them under way when agents left, ${leaves.length} times`,
        abandoned.length <= Math.ceil(MOST_ABANDONED[mode] * live) &&
          live > behaviours.length / 3 &&
          leaves.length >= many(3, 1),
      )
      // who was left in the middle of the talk has been connected, and needs no message
      const unheard = abandoned.filter(
        ({ greeted, message }) => !greeted || !message || message.getTime() - greeted.getTime() > MESSAGE_WITHIN_MS,
      )
      const heard = people.filter(person => person.heard.some(({ what }) => what === 'campaign/safe-harbour')).length
      told.is(`${unheard.length} of them without the message after 2 s, ${heard} heard it`, unheard.length === 0)
      told.says(`${Math.round((clock.now() - began) / 60_000)} minutes`)
      await lab.close()
    },
  )
