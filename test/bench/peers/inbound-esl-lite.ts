/** esl-lite's client on the inbound port, timed: `inbound-esl-lite.ts PORT`. */
import { FreeSwitchClient } from 'esl-lite'
import { finish, took } from '../tally.ts'

const silent = () => {}
const logger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent, child: () => logger }
const client = new FreeSwitchClient({
  port: Number(process.argv[2]),
  logger: logger as unknown as ConstructorParameters<typeof FreeSwitchClient>[0]['logger'],
})

client.on('CHANNEL_EXECUTE_COMPLETE', event => {
  const { uniqueID, data } = event.body
  took(uniqueID, typeof data['Application'] === 'string' ? data['Application'] : undefined)
})
client.on('CHANNEL_DESTROY', finish)
