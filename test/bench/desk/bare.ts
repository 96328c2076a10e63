/** The peer of `make bench-desk`: the same HTTP library with one answer, and nothing behind it. Says its port. */
import { once } from 'node:events'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'

const app = new Hono()
const body = JSON.stringify({
  data: Array.from({ length: 20 }, (_, n) => ({ name: `queue ${n}`, waiting: n })),
  next: null,
})
app.get('/*', c => c.body(body, 200, { 'content-type': 'application/json' }))
const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false })
server.listen(0, '127.0.0.1')
await once(server, 'listening')
console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
