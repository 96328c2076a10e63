/** The standard call with the esl package, its defaults. `node esl.mjs PORT` */
import { readFileSync } from 'node:fs'
import { FreeSwitchServer } from 'esl'

const { welcome, pin, thanks } = JSON.parse(readFileSync(new URL('standard-call.json', import.meta.url), 'utf8'))
const silent = () => {}

const server = new FreeSwitchServer({
  my_events: true,
  logger: { debug: silent, info: silent, warn: silent, error: silent },
})
server.on('error', silent)
server.on('connection', async call => {
  try {
    await call.command('answer')
    await call.command('playback', welcome)
    const { body } = await call.command('play_and_get_digits', pin)
    await call.command('set', `ivr_choice=${body.variable_digits}`)
    await call.command('playback', thanks)
    await call.hangup('NORMAL_CLEARING')
  } catch (error) {
    // calls that end early, and parked ones (it waits a second for a completion), are the load's doing
    if (!error?.constructor?.name.startsWith('FreeSwitch')) console.error(error)
  }
})

await server.listen({ port: Number(process.argv[2] ?? 8084), host: '127.0.0.1', backlog: 4096 })
console.log('ready')
