/** What Node does not see when it loads a flow, and a caller would hear: the doctor asks the TypeScript compiler. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkFlowTypes } from '../../src/desk/doctor/flow-types.ts'
import { flowFolder } from './flow-folder.ts'

test('the types of the shipped flows are right', async () => {
  assert.deepEqual(await checkFlowTypes('scripts'), { level: 'ok', about: 'flow types', says: 'all are right' })
})

test('flows in JavaScript have no types that could be wrong', async t => {
  const found = await checkFlowTypes(await flowFolder(t, { 'hello.js': 'export default 1\n' }))
  assert.deepEqual([found.level, found.says], ['ok', 'no flow is in TypeScript'])
})

test('the doctor names the line of a misspelt verb, also in a folder outside the project', async t => {
  const found = await checkFlowTypes(
    await flowFolder(t, {
      'hello.ts':
        "import { flow } from '#flow'\nimport { greet } from './lib/greet.ts'\nexport default flow(async call => {\n  await call.anwser()\n  await greet(call)\n})\n",
      'lib/greet.ts':
        "import type { FlowCall } from '#flow'\nconst unused = 1\nexport const greet = (call: FlowCall) => call.play(7)\n",
    }),
  )
  assert.equal(found.level, 'fault')
  assert.match(found.says, /hello\.ts, line 4: Property 'anwser' does not exist.*Did you mean 'answer'\?/)
  assert.match(found.says, /lib\/greet\.ts, line 3: Argument of type 'number' is not assignable/)
  assert.doesNotMatch(found.says, /unused/, 'style is the author’s own')
})
