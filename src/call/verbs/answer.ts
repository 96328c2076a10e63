/**
 * Answers a leg. Sounds before the answer are early media, which costs the caller nothing. An answered leg stays as it
 * is.
 */
import { execute } from '../execute.ts'
import { eventsIn, happenedAt } from '../../journal/call-events.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'

export const answer = (leg: Leg): Promise<void> =>
  step(leg, {
    verb: 'answer',
    later: true,
    async run() {
      if (!leg.answered) leg.times.answers(await execute(leg, 'answer'))
      leg.answered = true
      tellAnswered(leg)
    },
  })

/** Once for each leg: after a takeover it is answered already. */
function tellAnswered({ uuid, steps: { journal }, times: { answered } }: Leg): void {
  const when = happenedAt(journal, uuid === journal.uuid ? undefined : uuid, answered)
  const events = eventsIn(journal.notes)
  if (uuid === journal.uuid) {
    if (!events.some(({ event }) => event === 'call.answered')) journal.tell('call.answered', {}, when)
  } else if (!events.some(({ event, leg }) => event === 'call.party.answered' && leg === uuid)) {
    journal.tell('call.party.answered', { leg: uuid }, when)
  }
}
