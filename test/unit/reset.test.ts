import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { reset } from '../reset.ts'

/** Both ends of one connection. */
async function connection(t: TestContext): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const far = connect(port, '127.0.0.1')
  const [near] = (await once(server, 'connection')) as [Socket]
  t.after(() => {
    far.destroy()
    server.close()
  })
  return { near, far }
}

test('somebody who talks with a host that dies learns it from a reset', async t => {
  const { near, far } = await connection(t)
  const broken = once(far, 'error')
  reset(near)
  assert.equal((await broken)[0].code, 'ECONNRESET')
})

test('a host that dies in the moment in which it takes its leave is gone too, and nothing of it stays open', async t => {
  const { near } = await connection(t)
  near.on('error', error => assert.fail(error))
  near.end()
  const closed = once(near, 'close')
  reset(near)
  await closed
})
