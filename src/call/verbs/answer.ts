/**
 * Answers a leg. Sounds before the answer are early media, which costs the caller nothing. An answered leg stays as it
 * is.
 */
import { execute } from '../execute.ts'
import { noteAnswered } from '../../journal/moments.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'

export const answer = (leg: Leg): Promise<void> =>
  step(leg, {
    verb: 'answer',
    later: true,
    async run() {
      if (!leg.answered) await execute(leg, 'answer')
      leg.answered = true
      noteAnswered(leg, leg.arrival.answeredFor)
    },
  })
