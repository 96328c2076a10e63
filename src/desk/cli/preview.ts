/** How people read the answers of the operations of previews. */
import previewCall from '../../operations/preview/call.ts'
import previewList from '../../operations/preview/list.ts'
import previewShow from '../../operations/preview/show.ts'
import previewSkip from '../../operations/preview/skip.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { pairs, table } from '../table.ts'
import { form } from './operations.ts'
import { ago, timeOf } from './output.ts'

type Preview = OutputOf<typeof previewList>[number]

export const previewForms = [
  form(previewShow, {
    people: ({ agent, preview }, { colour, now }) =>
      preview ? sayPreview(preview, now, colour) : `agent ${agent} looks at no lead\n`,
  }),
  form(previewList, {
    people: (previews, { colour, now }) =>
      previews.length === 0
        ? 'no agent looks at a lead\n'
        : table(
            ['agent', 'number', '>left', 'said'],
            previews.map(one => [one.agent, one.number, sayLeft(one, now), one.said ?? '–']),
            colour,
          ),
  }),
  form(previewCall, {
    help: '\nExample:\n  switchhook preview call alice',
    people: ({ agent, number }) => `${number} is called for agent ${agent}\n`,
  }),
  form(previewSkip, {
    help: '\nExample:\n  switchhook preview skip alice "speaks only French"',
    people: ({ agent, number }) => `agent ${agent} has skipped ${number}\n`,
  }),
]

const sayLeft = ({ until }: Preview, now: number): string => ago(Math.max(0, until.getTime() - now))

function sayPreview(preview: Preview, now: number, colour: boolean): string {
  const { campaign, number, fields, attempts, disposition, callbackAt, next, said } = preview
  return pairs(
    [
      ['campaign', campaign],
      ['number', number],
      ...Object.entries(fields),
      ['attempts', `${attempts}${disposition === null ? '' : ` (last: ${disposition})`}`],
      ...(callbackAt === null ? [] : [['asked to be called', timeOf(callbackAt)] as [string, string]]),
      ['said', said ?? `nothing yet; ${sayLeft(preview, now)} left, then: ${next}`],
    ],
    colour,
  )
}
