/** `switchhook campaign answers`: which leads a person answers, as the dialer has learned it. */
import campaignAnswers from '../../operations/campaign/answers.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { percent } from '../percent.ts'
import { table } from '../table.ts'
import { form } from './operations.ts'

type Told = OutputOf<typeof campaignAnswers>
type Feature = Told['features'][number]

export const campaignAnswersForm = form(campaignAnswers, {
  help: `
Only the mode predictive learns. Hours and weekdays are those where the person lives. CALLS is how many calls a line is
learned from; ANSWERED is the chance that the dialer expects, so a line with few calls is near the rate of the campaign.

Example:
  switchhook campaign answers spring`,
  people: (told, { colour }) => sayAnswers(told, colour),
})

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const HISTORIES: Readonly<Record<string, string>> = {
  new: 'never called',
  answered: 'answered last time',
  machine: 'a machine last time',
  busy: 'busy last time',
  unanswered: 'not answered last time',
  'unanswered-often': 'not answered three times',
}

function sayAnswers({ campaign, calls, rate, features }: Told, colour: boolean): string {
  if (rate === null)
    return `campaign ${campaign} has learned nothing yet: only the mode predictive learns, from its own calls\n`
  const lines = features.flatMap(({ feature, differs, classes }) =>
    classes.map(({ name, calls: of, chance }) => [
      wordsOf(feature, name),
      of,
      percent(chance),
      differs ? '' : 'not used: no sure difference',
    ]),
  )
  return `${percent(rate)} of ${calls} calls were answered by a person\n\n${table(['leads', '>calls', '>answered', ''], lines, colour)}`
}

function wordsOf(feature: Feature['feature'], name: string): string {
  if (feature === 'hour') return `${name.padStart(2, '0')}:00 to ${name.padStart(2, '0')}:59`
  if (feature === 'weekday') return WEEKDAYS[Number(name)] ?? name
  return HISTORIES[name] ?? name
}
