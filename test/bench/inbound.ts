/** Measures how many events a second Switchhook's reader of the inbound port takes, and esl-lite's client beside it. */
import { pathToFileURL } from 'node:url'
import { openFeed } from './feed.ts'
import { LISTENER_CORE, LOAD_CORE, runPinned, stayOn } from './cores.ts'

const READERS = { ours: 'inbound-ours.ts', 'esl-lite': 'peers/inbound-esl-lite.ts' } as const

export interface InboundReport {
  readonly eventsPerSecond: number
  readonly cpuMicrosecondsPerEvent: number
  readonly bytesPerEvent: number
}

/** Feeds `events` events to one client, which is a separate process on the listeners' core. */
export async function measureInbound(who: keyof typeof READERS, events: number): Promise<InboundReport> {
  const feed = await openFeed({ events })
  try {
    const said = await runPinned(LISTENER_CORE, [
      '--import',
      'tsx',
      new URL(READERS[who], import.meta.url).pathname,
      String(feed.port),
    ])
    const result = JSON.parse(said) as { events: number; seconds: number; cpuMs: number }
    return {
      eventsPerSecond: result.events / result.seconds,
      cpuMicrosecondsPerEvent: (result.cpuMs * 1_000) / result.events,
      bytesPerEvent: feed.bytesPerEvent,
    }
  } finally {
    feed.close()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  stayOn(LOAD_CORE)
  for (const [who, events] of [
    ['ours', 200_000],
    ['esl-lite', 50_000],
  ] as const) {
    const report = await measureInbound(who, events)
    console.log(
      `${who}: ${report.eventsPerSecond.toFixed(0)} events/s, ${report.cpuMicrosecondsPerEvent.toFixed(1)} µs CPU an event of ${report.bytesPerEvent.toFixed(0)} octets`,
    )
  }
}
