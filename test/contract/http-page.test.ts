/** The commands of docs/api.md do what the page says. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Api } from './http-rig.ts'

const PAGE = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')

test('whoever copies the commands of the page runs a campaign from its list to its end', async t => {
  const api = await Api.open(t)
  await api.does('queue.add', { name: 'sales' })
  const key = await api.keyFor('crm', 'supervisor', { seesNumbers: true })
  const commands = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block).join('\n')
  assert.match(commands, /npx switchhook key add crm --role supervisor --sees-numbers/)
  const script = `set -e
npx() { echo '${key}'; }
${commands.replace('http://127.0.0.1:8085', api.opened.desk.url!)}`
  const { stdout } = await promisify(execFile)('bash', ['-c', script.replaceAll('ask ', 'echo; ask ')])
  const answers = stdout.split('\n').filter(line => line.startsWith('{'))
  const [queues, created, added, started, changed, status, leads, stopped] = answers.map(
    line => JSON.parse(line) as Record<string, unknown>,
  )
  assert.equal((queues!['data'] as { name: string }[])[0]!.name, 'sales')
  assert.deepEqual([created!['added'], added!['added']], [2, 1])
  assert.equal(started!['state'], 'running')
  assert.equal(changed!['maxLines'], 50)
  assert.ok(status && Array.isArray(leads!['data']))
  assert.equal(stopped!['state'], 'stopped')
  assert.deepEqual(await api.does('campaign.list'), [])
})

test('the failure that the page shows is the one that a program gets', async t => {
  const api = await Api.open(t)
  const { body, status } = await api.asks('POST /v1/queues', { body: { name: 'sales', maxWait: 'long' } })
  const shown = JSON.parse(/```json\n(\{\n {2}"type"[\s\S]*?)```/.exec(PAGE)![1]!) as typeof body
  assert.deepEqual({ ...body, requestId: '' }, { ...shown, requestId: '' })
  assert.equal(status, shown['status'])
})
