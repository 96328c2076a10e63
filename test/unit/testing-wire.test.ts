/** A wire in memory behaves like one over TCP: order, ends, cuts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryPair } from '../../src/testing/memory-wire.ts'
import type { Wire } from '../../src/esl/wire.ts'

const turn = () => new Promise(resolve => setImmediate(resolve))

function listen(wire: Wire): { heard: string[]; text(): string; closed: (Error | undefined)[] } {
  const heard: string[] = []
  const closed: (Error | undefined)[] = []
  wire.listen({ data: chunk => heard.push(chunk.toString()), close: error => closed.push(error) })
  return { heard, closed, text: () => heard.join('') }
}

test('bytes arrive later, in order, in both directions', async () => {
  const [a, b] = memoryPair()
  const [atA, atB] = [listen(a), listen(b)]
  a.write('one')
  a.write(Buffer.from('zwölf'))
  b.write('back')
  assert.deepEqual(atB.heard, [])
  await turn()
  assert.equal(atB.text(), 'onezwölf')
  assert.equal(atA.text(), 'back')
})

test('what was written before the end still arrives, and both sides close once', async () => {
  const [a, b] = memoryPair()
  const [atA, atB] = [listen(a), listen(b)]
  a.write('last words')
  a.end()
  a.end()
  a.write('too late')
  await turn()
  assert.equal(atB.text(), 'last words')
  assert.deepEqual([atA.closed, atB.closed], [[undefined], [undefined]])
  b.write('to nobody')
  await turn()
  assert.deepEqual(atA.heard, [])
})

test('a broken wire loses what was under way and tells both sides', async () => {
  const [a, b] = memoryPair()
  const [atA, atB] = [listen(a), listen(b)]
  a.write('lost')
  a.destroy(new Error('cut'))
  await turn()
  assert.equal(atB.text(), '')
  assert.match(String(atB.closed[0]), /ECONNRESET/)
  assert.match(String(atA.closed[0]), /cut/)
  assert.deepEqual([atA.closed.length, atB.closed.length], [1, 1])
})

test('a wire can be sliced, and can be held up', async () => {
  const [a, b] = memoryPair({ slice: 1 })
  const atB = listen(b)
  a.write('abc')
  await turn()
  assert.deepEqual(atB.heard, ['a', 'b', 'c'])
  b.pause()
  a.write('de')
  a.end()
  await turn()
  assert.equal(atB.text(), 'abc')
  assert.deepEqual(atB.closed, [])
  b.resume()
  await turn()
  assert.equal(atB.text(), 'abcde')
  assert.equal(atB.closed.length, 1)
})

test('bytes wait for whoever listens later', async () => {
  const [a, b] = memoryPair()
  a.write('hello')
  await turn()
  const atB = listen(b)
  await turn()
  assert.equal(atB.text(), 'hello')
  assert.throws(() => b.listen({ data() {}, close() {} }), /has a listener already/)
})
