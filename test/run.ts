/**
 * Runs test files, one process each: `node --import tsx test/run.ts FILE…`. Starts PostgreSQL and Redis once when a ring needs them.
 * Fails when a test fails, when a file holds no test, and when there is no file at all: a green run has always proved something.
 */
import { once } from 'node:events'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { availableParallelism } from 'node:os'
import { relative, resolve } from 'node:path'
import { startServices, TOLD } from './servers.ts'

/** No file of ours takes that long (the sentences on a real switch take two minutes): one that hangs is a leak, and its name has to be said. */
const FILE_LIMIT_MS = 600_000
const NEEDS_SERVICES = /(^|\/)test\/(contract|fault|bench)\//

const files = process.argv.slice(2).map(file => resolve(file))
if (files.length === 0) {
  console.error('test/run.ts: no test file was given')
  process.exit(1)
}
const began = performance.now()
const services = files.some(file => NEEDS_SERVICES.test(file)) ? await startServices(console.log) : null
if (services) process.env[TOLD] = JSON.stringify({ database: services.database, redis: services.redis })

let passed = 0
const faults: string[] = []
const skipped: string[] = []
const stream = run({ files, concurrency: availableParallelism(), timeout: FILE_LIMIT_MS })
stream.on('test:fail', ({ name, file }) => faults.push(`failed: ${name} (${relative('', file ?? '')})`))
stream.on('test:pass', ({ name, file, skip, todo, details }) => {
  if (details.type === 'suite') return
  if (name === file) faults.push(`no test in ${relative('', file)}`) // Node reports a file without a test as one that passes
  else if (skip !== undefined || todo !== undefined) skipped.push(name)
  else passed += 1
})
const report = stream.compose(new spec())
report.pipe(process.stdout, { end: false })
await once(report, 'end')
await services?.close()

if (passed === 0 && faults.length === 0) faults.push('nothing was tested')
const took = ((performance.now() - began) / 1_000).toFixed(1)
console.log(`\n${[`${passed} passed in ${took} s`, ...skipped.map(name => `skipped: ${name}`), ...faults].join('\n')}`)
process.exitCode = faults.length > 0 ? 1 : 0
