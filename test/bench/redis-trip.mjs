/** The least that Redis can take to answer: PING over a bare socket, one after the other. `node redis-trip.mjs ADDRESS COUNT` prints milliseconds as JSON. */
import { connect } from 'node:net'

const { socket: path } = JSON.parse(process.argv[2])
const count = Number(process.argv[3])
/** The first ones run in code that is not compiled yet. */
const WARMUP = 500

const times = []
let asked = 0
let sent = 0
const socket = connect({ path })
const ask = () => {
  asked++
  sent = performance.now()
  socket.write('PING\r\n')
}
socket.on('connect', ask)
socket.on('data', () => {
  if (asked > WARMUP) times.push(performance.now() - sent)
  if (times.length < count) return ask()
  socket.destroy()
  console.log(JSON.stringify(times))
})
