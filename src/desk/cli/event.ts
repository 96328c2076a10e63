/** How people read and follow events, and the answers of the operations of webhooks. */
import eventList from '../../operations/event/list.ts'
import type { OutputOf } from '../../operations/operation.ts'
import webhookAdd from '../../operations/webhook/add.ts'
import webhookDeliveries from '../../operations/webhook/deliveries.ts'
import webhookList from '../../operations/webhook/list.ts'
import webhookRedeliver from '../../operations/webhook/redeliver.ts'
import webhookRemove from '../../operations/webhook/remove.ts'
import webhookReplay from '../../operations/webhook/replay.ts'
import webhookRotate from '../../operations/webhook/rotate.ts'
import webhookSet from '../../operations/webhook/set.ts'
import webhookShow from '../../operations/webhook/show.ts'
import { DOWN_AFTER } from '../../outbox/retry-plan.ts'
import { pairs, table } from '../table.ts'
import { form } from './operations.ts'
import { timeOf } from './output.ts'

type Event = OutputOf<typeof eventList>[number]
type Webhook = OutputOf<typeof webhookShow>

const SECRET = 'it signs every delivery, and is shown this one time'

export const eventForms = [
  form(eventList, {
    words: 'events tail',
    help: '\nExamples:\n  switchhook events tail --follow\n  switchhook events tail --types call.*,queue.* --limit 100',
    shows: [['-f, --follow', 'go on with the events that come, until ctrl-c']],
    people: events => (events.length === 0 ? 'no event was told yet\n' : events.map(line).join('')),
    async instead({ given, options }, { actions, terminal }) {
      if (options['follow'] !== true) return false
      const show = (event: Event) => (options['json'] === true ? `${JSON.stringify(event)}\n` : line(event))
      for await (const events of actions.follow(given)) terminal.out(events.map(show).join(''))
      return true
    },
  }),
  form(webhookReplay, {
    words: 'events replay',
    help: '\nExample:\n  switchhook events replay crm --since 2026-03-02T09:00:00Z',
    people: ({ name, position }) => `${name} gets all events behind number ${position} again\n`,
  }),
  form(webhookAdd, {
    help: '\nExample:\n  switchhook webhook add crm https://crm.example.com/hooks --types call.completed,lead.*',
    people: ({ secret }) => `${secret}\n`,
    notes: ({ name }) => [`the secret of ${name}: ${SECRET}`],
  }),
  form(webhookRotate, {
    people: ({ secret }) => `${secret}\n`,
    notes: ({ name, oldUntil }) => [
      `the new secret of ${name}: ${SECRET}`,
      `the one before signs beside it until ${timeOf(oldUntil)}`,
    ],
  }),
  form(webhookSet, { people: one => sayOne(one) }),
  form(webhookShow, { people: sayOne }),
  form(webhookList, {
    people: (all, { colour }) =>
      all.length === 0
        ? 'no webhook exists: switchhook webhook add <name> <url>\n'
        : table(
            ['webhook', 'url', 'events', 'numbers', 'state', '>position', 'last failure'],
            all.map(one => [
              one.name,
              one.url ?? 'EVENTS_TO',
              one.types.join(', ') || 'all',
              one.seesNumbers ? 'seen' : 'masked',
              stateOf(one),
              one.position,
              one.error ?? '–',
            ]),
            colour,
          ),
  }),
  form(webhookRemove, { people: ({ name }) => `nothing more is sent to ${name}\n` }),
  form(webhookRedeliver, {
    people: ({ name, waiting }) =>
      `${waiting} ${waiting === 1 ? 'event is' : 'events are'} sent to ${name} once more\n`,
  }),
  form(webhookDeliveries, {
    words: 'webhook deliveries',
    people: (all, { colour }) =>
      all.length === 0
        ? 'nothing was sent yet\n'
        : table(
            ['>number', 'event', 'about', 'state', '>tries', 'last try', 'answer', 'next try'],
            all.map(one => [
              one.seq,
              one.type,
              one.subject,
              one.state,
              one.tries,
              timeOf(one.at),
              one.error ?? String(one.status ?? '–'),
              timeOf(one.nextAt),
            ]),
            colour,
          ),
  }),
]

const line = ({ time, type, subject, sequence, data }: Event): string =>
  `${sequence.replace(/^0+/, '')}  ${timeOf(new Date(time))}  ${type}  ${subject}  ${JSON.stringify(data)}\n`

/** As people read it: the receiver of an active webhook may be down. */
const stateOf = ({ state, failures }: Webhook): string =>
  state === 'active' && failures >= DOWN_AFTER ? 'its receiver is down' : state

function sayOne(one: Webhook, { colour = false }: { readonly colour?: boolean } = {}): string {
  return pairs(
    [
      ['webhook', { text: one.name, tone: 'bold' }],
      ['url', one.url ?? 'a message queue of EVENTS_TO'],
      ['events', one.types.join(', ') || 'all'],
      ['telephone numbers', one.seesNumbers ? 'seen' : 'masked'],
      ['state', stateOf(one)],
      ['position', one.position],
      ['failures', one.failures === 0 ? 'none' : `${one.failures} one after the other, next try ${timeOf(one.nextAt)}`],
      ['last failure', one.error ?? 'none'],
      ['made', `${timeOf(one.createdAt)} by ${one.createdBy}`],
    ],
    colour,
  )
}
