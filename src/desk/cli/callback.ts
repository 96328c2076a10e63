/** How people read the answers of the operations of callbacks. */
import callbackAdd from '../../operations/callback/add.ts'
import callbackCancel from '../../operations/callback/cancel.ts'
import callbackList from '../../operations/callback/list.ts'
import callbackReschedule from '../../operations/callback/reschedule.ts'
import type { OutputOf } from '../../operations/operation.ts'
import { table } from '../table.ts'
import { form } from './operations.ts'
import { timeOf } from './output.ts'

type Callback = OutputOf<typeof callbackAdd>

const when = (at: number | null): string => (at === null ? '–' : timeOf(new Date(at)))

/** A table of callbacks. */
export function sayCallbacks(callbacks: readonly Callback[], colour: boolean): string {
  const titles = ['number', 'queue', 'state', 'place since', 'not before', '>tries', 'outcome', 'agent', 'id']
  const rows = callbacks.map(({ number, queue, state, joinedAt, dueAt, tries, outcome, agent, answeredBy, id }) => [
    ...[number, queue, state, when(joinedAt), dueAt > joinedAt ? when(dueAt) : '–', tries],
    ...[outcome ?? '–', answeredBy ?? agent ?? '–', id],
  ])
  return table(titles, rows, colour)
}

const say = ({ number, queue, state, joinedAt, id }: Callback) =>
  `callback ${id}: ${number}, ${queue}, ${state}, ${when(joinedAt)}\n`

export const callbackForms = [
  form(callbackAdd, { people: say }),
  form(callbackReschedule, { people: say }),
  form(callbackCancel, { people: say }),
  form(callbackList, {
    people: ({ callbacks, next }, { colour }) =>
      callbacks.length === 0
        ? 'there is no callback\n'
        : sayCallbacks(callbacks, colour) + (next === null ? '' : `more: --after ${next}\n`),
  }),
]
