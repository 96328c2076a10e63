/** How the address of a Redis is read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRedisUrl, showRedisUrl } from '../../src/base/redis-url.ts'
import { redisOptions } from '../../src/store/redis-options.ts'

test('one server: host, port, database, user and password, with TLS when asked for', () => {
  assert.deepEqual(redisOptions({ url: 'redis://cache' }), { host: 'cache', port: 6379, db: 0 })
  assert.deepEqual(redisOptions({ url: 'rediss://app:p%40s:s@[fd00::1]:6380/3' }), {
    host: 'fd00::1',
    port: 6380,
    db: 3,
    username: 'app',
    password: 'p@s:s',
    tls: {},
  })
  assert.deepEqual(redisOptions({ url: 'redis://:pw@cache/1' }), { host: 'cache', port: 6379, db: 1, password: 'pw' })
})

test('sentinels: the name of the primary, and TLS and passwords for both', () => {
  const { sentinels, name, db, password, sentinelPassword, tls, enableTLSForSentinelMode, host } = redisOptions({
    url: 'rediss+sentinel://:pw@s1,s2:26380/mymaster/2?sentinelPassword=spw',
  })
  assert.deepEqual(sentinels, [
    { host: 's1', port: 26379 },
    { host: 's2', port: 26380 },
  ])
  assert.deepEqual(
    [name, db, password, sentinelPassword, tls, enableTLSForSentinelMode, host],
    ['mymaster', 2, 'pw', 'spw', {}, true, undefined],
  )
})

test('an address is shown without its secrets', () => {
  assert.equal(showRedisUrl('redis://app:secret@cache/1'), 'cache:6379')
  assert.equal(
    showRedisUrl('redis+sentinel://:secret@s1,[::1]:26380/mymaster?sentinelPassword=s'),
    'mymaster of s1:26379,[::1]:26380',
  )
  assert.throws(() => parseRedisUrl('redis://'), /allowed: redis:/)
})
