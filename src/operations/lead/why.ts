import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { abandonedMs, callingHoursOf } from '../../campaign/callable-leads.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { placeKey, placeOfLead } from '../../campaign/place.ts'
import { whyNotDialled } from '../../campaign/why-lead.ts'
import { inCountry, phoneNumber } from '../../esl/phone-number.ts'
import { attemptsOf, callsToNumber } from '../../store/attempts.ts'
import { doNotCallEntries } from '../../store/do-not-call.ts'
import { numbersOf } from '../../store/lead-numbers.ts'
import { leadWithNumber } from '../../store/leads.ts'
import { whoLooks } from '../../store/previews.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'

/** Calls to a number are looked at so far back: the longest limit. */
const BACK_MS = 31 * 86_400_000
const DAY_MS = 86_400_000
const moment = z.number().nullable()

export default operation({
  name: 'lead.why',
  summary: 'why a lead of a campaign is not dialled now: each rule that holds it back, and until when',
  needs: 'database',
  role: 'reader',
  positional: ['campaign', 'number'],
  input: z.strictObject({
    campaign: nameOf('campaign'),
    number: described(parsed(phoneNumber), 'a number of the lead'),
  }),
  output: z.object({
    lead: z.object({
      id: z.number(),
      phone: z.string(),
      state: z.enum(['ready', 'claimed', 'done']),
      attempts: z.number(),
      disposition: z.string().nullable(),
      nextAt: z.date(),
      /** Regions and time zones: 'US-FL|America/New_York'. */
      place: z.string(),
    }),
    /** Empty: it is dialled when its turn comes and an agent is free. Times: ms since the epoch. */
    reasons: z.array(z.object({ why: z.string(), until: moment, what: z.string() })),
    /** Of a lead with several numbers: each of them; `next`: is called next. */
    numbers: z.array(z.object({ phone: z.string(), attempts: z.number(), closed: z.boolean(), next: z.boolean() })),
    /** Oldest first. */
    attempts: z.array(
      z.object({
        id: z.string(),
        phone: z.string().nullable(),
        intendedAt: z.date(),
        disposition: z.string().nullable(),
        cause: z.string().nullable(),
      }),
    ),
  }),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql, clock, country }, { campaign: name, number: phone }) {
    const campaign = await findCampaign(sql, name)
    const lead = await leadWithNumber(sql, campaign.id, inCountry(phone, campaign.country ?? country))
    if (!lead) throw new NotFoundError('lead', `${phone} in the campaign ${name}`, null)
    const now = clock.now()
    const numbers = await numbersOf(sql, lead)
    const number = numbers.find(({ position }) => position === lead.currentNumber) ?? numbers[0]!
    const hours = await callingHoursOf(sql, campaign, now)
    // a node of the version before has added the lead: the dialer gives it this place before it is called
    const place = lead.place === 0 ? placeKey(placeOfLead(lead.phone, lead.fields)) : lead.key
    const entries = await doNotCallEntries(sql, { about: number.phone, limit: 100 })
    const mostPerDay = hours.mostPerDay(place)
    const reasons = whyNotDialled({
      campaign,
      lead,
      number,
      hours: hours.at(place, now),
      calls: await callsToNumber(sql, number.phone, now - BACK_MS),
      entries: entries.filter(entry => entry.campaign === null || entry.campaign === name),
      limits: [...campaign.numberLimits, ...(mostPerDay === null ? [] : [{ most: mostPerDay, withinMs: DAY_MS }])],
      abandonedMs: abandonedMs(campaign),
      preview: await whoLooks(sql, lead.id),
      now,
    })
    const { id, state, attempts, disposition, nextAt } = lead
    return {
      lead: { id, phone: lead.phone, state, attempts, disposition, nextAt, place },
      reasons,
      numbers: numbers.map(one => ({
        ...{ phone: one.phone, attempts: one.attempts, closed: one.closed },
        next: one === number,
      })),
      attempts: (await attemptsOf(sql, id)).map(one => ({
        ...{ id: one.id, phone: one.phone, intendedAt: one.intendedAt, disposition: one.disposition, cause: one.cause },
      })),
    }
  },
})
