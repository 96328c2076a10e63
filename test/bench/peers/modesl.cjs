/** The standard call with modesl, as its README would have it. `node modesl.cjs PORT` */
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { Server } = require('modesl')

const { welcome, pin, thanks } = JSON.parse(readFileSync(join(__dirname, 'standard-call.json'), 'utf8'))

const server = new Server({ port: Number(process.argv[2] ?? 8084), host: '127.0.0.1', myevents: true }, () =>
  console.log('ready'),
)

server.on('connection::ready', connection => {
  connection.on('error', () => {})
  const run = (application, argument) => new Promise(done => connection.execute(application, argument, done))
  const call = async () => {
    await run('answer', '')
    await run('playback', welcome)
    const event = await run('play_and_get_digits', pin)
    await run('set', `ivr_choice=${event.getHeader('variable_digits')}`)
    await run('playback', thanks)
    connection.execute('hangup', 'NORMAL_CLEARING')
  }
  call()
})

// It leaves errors of closed sockets to nobody; under load they are normal.
process.on('uncaughtException', error => {
  if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') console.error(error)
})
