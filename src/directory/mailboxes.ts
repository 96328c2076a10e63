/**
 * Messages in the voice mailboxes to which queues send callers (the overflow `voicemail:<number>`). FreeSWITCH's
 * mod_voicemail records them, and tells the telephones of the mailbox (message waiting indication). It also tells every
 * node; here its events become those of the catalogue, so that the team of a queue sees them. The queue of a message
 * stands in a variable that the flow has set before the call left Switchhook (scripts/queue-entry.ts).
 *
 * Every node hears the same, and one tells it. An event is lost when that node's link is down in this moment, as the
 * indication of a telephone that is not there; the messages stay in the mailbox.
 */
import type { Events } from '../events/events.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { QueueSettings } from '../queue/settings.ts'
import type { Log } from '../base/log.ts'
import type { Switchboard } from '../switch/switchboard.ts'

/** The channel variable with the queue that sent the caller away; a call of another program has none. */
const QUEUE = 'overflow_queue'

export interface MailboxesParts {
  readonly switchboard: Pick<Switchboard, 'switches'>
  /** The queues in use. */
  queues(): Promise<readonly QueueSettings[]>
  /** Is it this node that tells events of this name? */
  isMine(name: string): boolean
  readonly events: Events
  readonly log: Log
}

export function watchMailboxes({ switchboard, queues, isMine, events, log }: MailboxesParts): Disposable {
  const changed = async (mailbox: string, waiting: number, heard: number) => {
    for (const { name, ...settings } of await queues())
      if (mailboxesOf(settings).has(mailbox))
        events.tell('queue.messages.changed', { queue: name, mailbox, waiting, heard })
  }
  const hear = (event: SwitchEvent) => {
    const mailbox = event.get('VM-User')
    if (mailbox === undefined || !isMine(mailbox)) return
    switch (event.get('VM-Action')) {
      case 'leave-message': {
        const [uuid, queue, from] = [event.get('Unique-ID'), event.variable(QUEUE), event.get('VM-Caller-ID-Number')]
        if (uuid === undefined || queue === undefined) return
        const lasted = count(event, 'VM-Message-Len') * 1_000
        events.tell('queue.message.left', { uuid, queue, mailbox, lasted, ...(from !== undefined && { from }) })
        return
      }
      case 'mwi-update':
        changed(mailbox, count(event, 'VM-Total-New'), count(event, 'VM-Total-Saved')).catch((error: Error) =>
          log.debug({ mailbox, error: error.message }, 'the queues of a voice mailbox could not be read'),
        )
    }
  }
  const listening = switchboard.switches.map(one => one.on('voicemail', hear))
  return { [Symbol.dispose]: () => listening.forEach(one => one[Symbol.dispose]()) }
}

const count = (event: SwitchEvent, name: string): number => Number(event.get(name) ?? 0) || 0

/** The mailboxes to which a queue with these settings sends callers. */
const mailboxesOf = (settings: object): ReadonlySet<string> =>
  new Set(Object.values(settings).flatMap(value => (Object(value).to === 'voicemail' ? [Object(value).extension] : [])))
