/**
 * A separate process that uses the private services: prints the services that it got, then 'ready', and stays until it
 * is killed.
 */
import { systemClock } from '../../src/base/clock.ts'
import { openServices } from '../../src/services/open.ts'

const [dataDir = '', cacheDir = ''] = process.argv.slice(2)
await openServices(
  { databaseUrl: null, redisUrl: null, dataDir, cacheDir },
  { clock: systemClock, say: line => console.log(line) },
)
console.log('ready')
process.stdin.resume()
