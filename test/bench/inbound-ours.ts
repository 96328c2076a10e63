/** Switchhook's reader of the inbound port, timed: `inbound-ours.ts PORT`. */
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { EventLink } from '../../src/esl/events.ts'
import { connectTcp } from '../../src/esl/tcp.ts'
import { finish, took } from './tally.ts'

const port = Number(process.argv[2])
const link = new EventLink({
  name: 'feed',
  open: () => connectTcp('127.0.0.1', port),
  password: 'ClueCon',
  clock: systemClock,
  log: silentLog,
})
link.on('event', event => {
  if (event.name === 'CHANNEL_DESTROY') finish()
  else took(event.raw('Unique-ID'), event.raw('Application'))
})
await link.start()
