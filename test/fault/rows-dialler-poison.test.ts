/**
 * Row 65: a lead whose rows PostgreSQL refuses to change, in one of two moments: before its dial, or when its attempt
 * ends. In virtual time, over PostgreSQL (dialling-lab.ts).
 */
import type { Behaviour } from '#testing'
import { openDatabase } from '../open-services.ts'
import { DiallingLab, MODES } from './dialling-lab.ts'
import { row } from './matrix.ts'

const PEOPLE = 12
const MINUTE_MS = 60_000

const MOMENTS = [
  {
    what: 'before its dial',
    state: 'intended',
    after: 'it is not dialled, and is lost after the third node that failed',
    ends: ['lost'],
  },
  {
    what: 'at its end',
    state: 'ended',
    after: 'it is looked at once an hour, and has its end when the rows can be written',
    ends: ['lost', 'busy'],
  },
] as const

for (const { what, state, after, ends } of MOMENTS)
  row(
    65,
    `the rows of one lead cannot be written ${what}: all others are called meanwhile; ${after}`,
    { injected: 'a trigger that refuses the update, in all modes' },
    async (t, told) => {
      const { sql, address } = await openDatabase(t)
      await sql`create table poison (phone text)`
      await sql`create sequence refusals` // what a sequence has counted is not rolled back
      const refuses = `create function refuse() returns trigger language plpgsql as $$ begin
        if new.state = '${state}' and exists (select 1 from poison where phone = new.phone)
        then perform nextval('refusals'); raise exception 'this row is refused'; end if; return new; end $$`
      await sql.alone(connection => connection.unsafe(refuses))
      await sql`create trigger refuse before update on attempts for each row execute function refuse()`
      const refusals = async () => (await sql<[{ n: number }]>`select last_value as n from refusals`)[0].n
      const lab = await DiallingLab.open(address, 2)
      const { clock } = lab.sim
      for (const mode of MODES) {
        const people = Array.from({ length: PEOPLE }, (): Behaviour => ({ answers: 'busy' }))
        const campaign = await lab.campaign(mode, people)
        const poison = campaign.people[1]!.phone
        await clock.hold(Promise.resolve(sql`insert into poison values (${poison})`))
        const others = async () => (await lab.leads(campaign.id)).filter(({ phone }) => phone !== poison)
        await clock.advance(3 * MINUTE_MS)
        const waiting = (await others()).filter(one => one.state !== 'done')
        told.is(`${mode}: ${waiting.length} others wait after 3 minutes`, waiting.length === 0)
        await clock.advance(12 * MINUTE_MS)
        const before = await clock.hold(refusals())
        await clock.advance(40 * MINUTE_MS)
        const more = (await clock.hold(refusals())) - before
        told.is(`${more} tries in the next 40 minutes`, more <= 1)
        await clock.hold(Promise.resolve(sql`delete from poison`))
        await clock.runUntil(() => lab.completed.has(campaign.name), 70 * MINUTE_MS)
        const lead = (await lab.leads(campaign.id)).find(({ phone }) => phone === poison)!
        const dials = lab.dials.filter(({ phone }) => phone === poison).length
        told.is(
          `the lead is ${lead.disposition} after ${dials} calls`,
          (ends as readonly (string | null)[]).includes(lead.disposition) && dials === (state === 'ended' ? 1 : 0),
        )
      }
      told.trials = PEOPLE * MODES.length
      await lab.close()
    },
  )
