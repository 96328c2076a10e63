// The least that a listener can do for a call of a real FreeSWITCH: answers `connect` and says all applications at once. `node bare-switch.mjs PORT`
import { createServer } from 'node:net'

const run = (app, argument) =>
  `sendmsg\ncall-command: execute\nexecute-app-name: ${app}\n${argument ? `execute-app-arg: ${argument}\n` : ''}event-lock: true\n\n`
const CALL =
  run('answer') +
  run('playback', 'ivr/welcome.wav') +
  run('sleep', '3000') +
  run('playback', 'ivr/welcome.wav') +
  run('sleep', '30000')
createServer({ noDelay: true }, socket => {
  let greeted = false
  socket.on('data', () => {
    if (!greeted) socket.write(CALL)
    greeted = true
  })
  socket.on('error', () => {})
  socket.write('connect\n\n')
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => console.log('ready'))
