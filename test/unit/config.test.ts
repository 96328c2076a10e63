/** The settings: the values that a person may write, and the errors for all others. */
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { SettingError } from '../../src/base/errors.ts'
import { describeSettings, isLoopback, ownAddress, readConfig, showSettings } from '../../src/config.ts'

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    assert.ok(error instanceof SettingError)
    assert.equal(error.code, 'BAD_SETTING')
    return error.faults
  }
}

test('who sets nothing gets a simulated switch, private services and a door that only this machine reaches', () => {
  const config = readConfig({})
  assert.deepEqual(config.switches, [])
  assert.equal(config.databaseUrl, null)
  assert.equal(config.redisUrl, null)
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8084 })
  assert.deepEqual(config.listenAllow, ['127.0.0.0/8', '::1/128'])
  assert.equal(config.dataDir, resolve('.data'))
  assert.equal(config.ringForMs, 20_000)
  assert.deepEqual([config.amdMaxSilenceMs, config.amdGreetingMs, config.amdAfterGreetingMs], [2_500, 1_500, 600])
  assert.deepEqual(config.roles, ['listener', 'dialer', 'desk'], 'one process does everything')
  assert.equal(config.maxCalls, 1_000)
  assert.match(config.nodeName, /^[A-Za-z0-9-]+-\d+$/)
  assert.ok(
    Object.isFrozen(config) &&
      Object.isFrozen(config.listen) &&
      Object.isFrozen(config.roles) &&
      Object.isFrozen(config.switches),
  )
})

test('an empty setting is none', () => {
  assert.equal(readConfig({ DATABASE_URL: '', LISTEN: ' ', CALLER_ID: '' }).listen.port, 8084)
})

test('settings are read as people write them', () => {
  const config = readConfig({
    FREESWITCH: 'fs1.example:8022, [::1]:8021,fs2',
    FREESWITCH_PASSWORD: 'horse-battery',
    LISTEN: '9000',
    LISTEN_ALLOW: '10.0.0.0/8,fd00::/8',
    CALLER_ID: '+493012345',
    RING_FOR: '1.5m',
    CPS: '12',
    ROLES: 'desk, dialer,desk',
    MAX_CALLS: '250',
  })
  assert.deepEqual(config.switches, [
    { host: 'fs1.example', port: 8022 },
    { host: '::1', port: 8021 },
    { host: 'fs2', port: 8021 },
  ])
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 9000 }, 'a port alone opens nothing to the outside')
  assert.deepEqual(config.listenAllow, ['10.0.0.0/8', 'fd00::/8'])
  assert.equal(config.ringForMs, 90_000)
  assert.equal(config.cps, 12)
  assert.deepEqual(config.roles, ['desk', 'dialer'])
  assert.equal(config.maxCalls, 250)
})

test('all faults come in one message that says what was wrong, where, and what is allowed', () => {
  const wrong = {
    DATABASE_URL: 'mysql://app:hidden@db/app',
    LISTEN: 'everywhere:80000',
    LISTEN_ALLOW: '10.0.0.0/33',
    CPS: '0',
    RING_FOR: '20',
    LOG_LEVEL: 'loud',
    CALLER_ID: 'Switchhook',
    NODE_NAME: 'a b',
    ROLES: 'listener,worker',
    MAX_CALLS: '0',
    NODE_ADDRESS: 'a b',
  }
  const faults = faultsOf(wrong)
  assert.deepEqual(faults.map(fault => fault.slice(0, fault.indexOf('='))).sort(), Object.keys(wrong).sort())
  assert.ok(faults.includes('CPS=0: allowed: a whole number, 1 to 1000'), faults.join('\n'))
  assert.ok(faults.includes('RING_FOR=20: allowed: a number with its unit, from 5s to 120s'))
  assert.ok(faults.includes('LOG_LEVEL=loud: allowed: debug, info, warn, error, silent'))
  assert.ok(faults.includes('ROLES=listener,worker: allowed: listener, dialer, desk'))
  assert.deepEqual(faultsOf({ ROLES: ',' }), [
    'ROLES=,: allowed: one or more of listener, dialer, desk, with commas between them',
  ])
  assert.ok(!faults.join().includes('hidden'), 'a secret is never repeated')
})

test('a Redis is named by its address or by its sentinels, and a wrong address is explained without its secrets', () => {
  const good = [
    'redis://cache',
    'rediss://app:p%40ss@cache.example:6380/3',
    'redis://[::1]:6379/0',
    'redis+sentinel://s1,s2:26380/mymaster',
    'rediss+sentinel://:pw@s1/mymaster/2?sentinelPassword=x',
  ]
  for (const REDIS_URL of good) assert.equal(readConfig({ REDIS_URL }).redisUrl, REDIS_URL)
  const faultOf = (REDIS_URL: string) => faultsOf({ REDIS_URL })[0] ?? 'none'
  assert.match(faultOf('http://cache'), /^REDIS_URL=…: allowed: redis:\/\/host:6379\/db, or redis\+sentinel:/)
  assert.match(faultOf('redis+sentinel://s1,s2'), /the name of the primary is missing/)
  assert.match(faultOf('redis://a,b'), /several hosts need sentinels/)
  assert.match(faultOf('redis://cache/first'), /the database is not a number/)
  assert.match(faultOf('redis://cache?family=6'), /only sentinelPassword/)
  assert.match(faultOf('redis://cache:99999'), /a host is invalid/)
  for (const url of ['redis://:hid/den@cache', 'redis://:hid%den@cache', 'redis://u:hidden@a,b'])
    assert.doesNotMatch(faultOf(url), /hid|^none$/, url)
})

test('a real switch needs a password, and not the one from the manual', () => {
  assert.match(faultsOf({ FREESWITCH: 'fs1' })[0]!, /^FREESWITCH_PASSWORD is missing/)
  assert.match(faultsOf({ FREESWITCH: 'fs1', FREESWITCH_PASSWORD: 'ClueCon' })[0]!, /default password in every manual/)
  assert.deepEqual(faultsOf({ FREESWITCH: 'fs1', FREESWITCH_PASSWORD: 'horse-battery' }), [])
  assert.equal(faultsOf({ FREESWITCH: 'fs 1' }).length, 1, 'a setting that is wrong by itself is named once')
})

test('a door that others can reach needs a key', () => {
  assert.match(faultsOf({ LISTEN: '0.0.0.0:8084' })[0]!, /^DOOR_KEY is missing: LISTEN=0\.0\.0\.0:8084/)
  assert.match(
    faultsOf({ LISTEN: '0.0.0.0:8084', DOOR_KEY: 'short' })[0]!,
    /^DOOR_KEY=…: allowed: at least 16 characters/,
  )
  assert.deepEqual(faultsOf({ LISTEN: '0.0.0.0:8084', DOOR_KEY: 'sixteen-letters!' }), [])
  assert.deepEqual(
    faultsOf({ LISTEN: '0.0.0.0:8084', ROLES: 'dialer,desk' }),
    [],
    'a process that opens no port needs none',
  )
  for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '::1']) assert.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.example', 'localhost.example'])
    assert.ok(!isLoopback(host), host)
})

test('an HTTP API that others can reach needs TLS, or the word that a proxy has it', () => {
  const open = { DESK_LISTEN: '0.0.0.0:8085' }
  assert.match(faultsOf(open)[0]!, /^DESK_LISTEN=0\.0\.0\.0:8085 is open to other machines without TLS: set DESK_TLS/)
  assert.deepEqual(faultsOf({ ...open, DESK_PROXY: '1' }), [])
  assert.deepEqual(faultsOf({ ...open, DESK_TLS: 'cert.pem,key.pem' }), [])
  assert.match(faultsOf({ DESK_TLS: 'cert.pem' })[0]!, /^DESK_TLS: two files/)
  assert.deepEqual(faultsOf({ ...open, ROLES: 'listener,dialer' }), [], 'a process without the desk opens no such port')
})

test('the switches are told where to bring legs home: to the door, unless it only says "everywhere" or something else is set', () => {
  const told = (env: Record<string, string>) => ownAddress(readConfig({ DOOR_KEY: 'sixteen-letters!', ...env }), 40_123)
  assert.equal(told({}), '127.0.0.1:40123', 'the port that was given, which LISTEN=…:0 does not say')
  assert.equal(told({ LISTEN: '[fd00::1]:8084' }), '[fd00::1]:40123')
  assert.equal(told({ LISTEN: '0.0.0.0:8084' }), null)
  assert.equal(told({ LISTEN: '[::]:8084' }), null)
  assert.equal(told({ LISTEN: '0.0.0.0:8084', NODE_ADDRESS: '10.0.0.5:9000' }), '10.0.0.5:9000')
  assert.equal(told({ NODE_ADDRESS: 'node-a.example' }), 'node-a.example:8084')
})

test('networks are refused unless they can be matched', () => {
  const good = ['10.0.0.0/8', '192.0.2.1/32', '::/0', 'fe80::1/64']
  const bad = [
    '10.0.0.0',
    '10.0.0/8',
    '10.0.0.256/8',
    '10.0.0.0/33',
    '::1/129',
    '1::2::3/64',
    '10.0.0.0/8/8',
    'lan/8',
    '10.0.0.0/-1',
  ]
  for (const network of good) assert.deepEqual(faultsOf({ LISTEN_ALLOW: network }), [], network)
  for (const network of bad) assert.equal(faultsOf({ LISTEN_ALLOW: network }).length, 1, network)
})

test('the table for the manual names every setting, is the same on every machine, and shows no secret', () => {
  const table = describeSettings()
  const shown = showSettings({ DATABASE_URL: 'postgres://app:hidden@db/app', RING_FOR: '30s' })
  for (const line of shown.split('\n')) assert.ok(table.includes(`| \`${line.split('=')[0]}\` |`), line)
  assert.match(shown, /^RING_FOR=30s$/m)
  assert.match(shown, /^DATABASE_URL=…$/m)
  assert.match(shown, /^REDIS_URL=$/m)
  assert.ok(!table.includes(String(process.pid)) && !table.includes(process.env['HOME'] ?? '/home'))
})

test('the README shows the settings as they are', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  assert.ok(readme.includes(describeSettings()), 'put what describeSettings() gives into the README')
})
