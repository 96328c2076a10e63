/** The standard call with node:net, the least framing and no promises: what a Node listener can reach at best. `node raw-node.mjs PORT` */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

const { welcome, pin, thanks } = JSON.parse(readFileSync(new URL('standard-call.json', import.meta.url), 'utf8'))
const BLANK_LINE = Buffer.from('\n\n')
const COMPLETE = Buffer.from('Event-Name: CHANNEL_EXECUTE_COMPLETE\n')
const HANGUP = 'sendmsg\ncall-command: hangup\nhangup-cause: NORMAL_CLEARING\n\n'

let lastId = 0

/** Calls `onFrame(head, bytes, bodyStart, bodyEnd)` for each frame, whatever the chunks. */
function framer(onFrame) {
  let held = []
  let have = 0
  let need = 0
  return chunk => {
    held.push(chunk)
    have += chunk.length
    if (have < need) return
    const bytes = held.length === 1 ? chunk : Buffer.concat(held, have)
    let at = 0
    need = 0
    while (at < bytes.length) {
      const headEnd = bytes.indexOf(BLANK_LINE, at)
      if (headEnd < 0) break
      const head = bytes.latin1Slice(at, headEnd)
      const next = headEnd + 2 + Number(header(head, 'Content-Length') ?? 0)
      if (next > bytes.length) {
        need = next - at
        break
      }
      onFrame(head, bytes, headEnd + 2, next)
      at = next
    }
    held = at < bytes.length ? [bytes.subarray(at)] : []
    have = bytes.length - at
  }
}

function header(block, name) {
  let at = 0
  if (!block.startsWith(`${name}: `)) {
    at = block.indexOf(`\n${name}: `) + 1
    if (at === 0) return undefined
  }
  const start = at + name.length + 2
  const end = block.indexOf('\n', start)
  const value = end < 0 ? block.slice(start) : block.slice(start, end)
  return value.includes('%') ? decodeURIComponent(value) : value
}

const server = createServer({ noDelay: true }, socket => {
  const call = { replies: 0, step: 0, id: '', channel: '' }
  const run = (application, argument) => {
    call.id = `raw-${(++lastId).toString(36)}`
    const line = argument === '' ? '' : `execute-app-arg: ${argument}\n`
    socket.write(
      `sendmsg\ncall-command: execute\nexecute-app-name: ${application}\n${line}event-uuid: ${call.id}\nevent-lock: true\n\n`,
    )
  }
  const steps = [
    () => run('answer', ''),
    () => run('playback', welcome),
    () => run('play_and_get_digits', pin),
    event => run('set', `ivr_choice=${header(event, 'variable_digits')}`),
    () => run('playback', thanks),
    () => socket.write(HANGUP),
  ]
  const onFrame = (head, bytes, start, end) => {
    if (start === end) {
      call.replies++
      if (call.replies === 1) {
        call.channel = head
        socket.write('myevents\n\n')
      } else if (call.replies === 2) steps[call.step++]('')
      return
    }
    if (bytes.compare(COMPLETE, 0, COMPLETE.length, start, start + COMPLETE.length) !== 0) return
    const event = bytes.latin1Slice(start, end)
    if (header(event, 'Application-UUID') === call.id && call.step < steps.length) steps[call.step++](event)
  }
  socket.on('data', framer(onFrame))
  // A peer that resets has hung up: 'close' follows, and there is nothing to tell.
  socket.on('error', () => {})
  socket.write('connect\n\n')
})

server.listen({ port: Number(process.argv[2] ?? 8084), host: '127.0.0.1', backlog: 4096 }, () => console.log('ready'))
