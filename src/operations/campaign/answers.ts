import { z } from 'zod'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { LEAD_FEATURES, LeadAnswers } from '../../campaign/pacing/lead-answers.ts'
import { savedPacing } from '../../store/pacers.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'

export default operation({
  name: 'campaign.answers',
  summary: 'who answers: what a predictive campaign has learned by hour, weekday and earlier calls, and from how many',
  needs: 'database',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('campaign') }),
  output: z.object({
    campaign: z.string(),
    /** The last dial that it has learned from; null: none yet. */
    learnedTo: z.date().nullable(),
    /** With their present weight: older calls count less. */
    calls: z.number(),
    /** Share of them that a person answered, 0 to 1; null: there is none. */
    rate: z.number().nullable(),
    features: z.array(
      z.object({
        feature: z.enum(LEAD_FEATURES),
        /** False: the classes do not surely differ, so the dialer does not use the feature. */
        differs: z.boolean(),
        /**
         * `name`: an hour (0 to 23), a weekday (0, Monday, to 6) where the person lives, or what became of earlier
         * calls to the number. `chance`: that a person answers such a lead, 0 to 1.
         */
        classes: z.array(z.object({ name: z.string(), calls: z.number(), chance: z.number() })),
      }),
    ),
  }),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql }, { name }) {
    const { id } = await findCampaign(sql, name)
    const { leads } = await savedPacing(sql, id)
    const answers = new LeadAnswers(leads)
    return {
      campaign: name,
      learnedTo: answers.learnedTo === 0 ? null : new Date(answers.learnedTo),
      ...answers.learned,
    }
  },
})
