/**
 * The demo as a program of its own, and a browser before it, for the tests of the pages. A page fails its test when it
 * logs an error, or asks anybody but the desk.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { chromium, type Browser, type Page } from 'playwright-core'
import { freePort } from '../free-port.ts'
import { PROGRAM, SHIPPED } from '../program.ts'
import { says } from '../says.ts'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
export const skip = CHROMIUM === undefined && 'no chromium'
const WRITES_PICTURES = process.env['PICTURES'] === 'yes'
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
export const PASSWORD = 'correct horse battery'
/** The callers and leads of the demo have numbers of the block that is reserved for fiction. */
export const NUMBER_OF_DEMO = /(?<![\d.])\+?1[2-9]\d{2}55501\d{2}(?!\d)/
/** A page is as slow as the machine is busy. */
const PATIENCE_MS = 60_000

interface Scene {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly url: string
  readonly browser: Browser
  server: ChildProcess
  readonly first: string
  /** What the program wrote. */
  readonly log: string[]
}
export let scene: Scene

export async function starts(env: NodeJS.ProcessEnv, log: string[]): Promise<ChildProcess> {
  const server = spawn(process.execPath, [PROGRAM, 'run'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const output of [server.stdout, server.stderr]) output.on('data', chunk => log.push(String(chunk)))
  await says(server, 'desk: http')
  return server
}

export async function stops(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const over = once(server, 'exit')
  server.kill('SIGTERM')
  await over
}

export async function command(env: NodeJS.ProcessEnv, ...words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [PROGRAM, ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', chunk => (said += String(chunk)))
  const [code] = await once(child, 'close')
  assert.equal(code, 0, words.join(' '))
  return said
}

before(async () => {
  if (skip) return
  await mkdir(join(SHIPPED, '.data'), { recursive: true })
  const folder = await mkdtemp(join(SHIPPED, '.data', 'browser-'))
  const [listen, desk] = [await freePort(), await freePort()]
  const env = {
    ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], DATA_DIR: join(folder, 'data') },
    ...{ LISTEN: `127.0.0.1:${listen}`, DESK_LISTEN: `127.0.0.1:${desk}`, NODE_NAME: 'browser-test' },
    LOG_LEVEL: 'debug',
  }
  const log: string[] = []
  const server = await starts(env, log)
  const first = (await command(env, 'person', 'add', 'ann', '--role', 'administrator')).trim()
  await command(env, 'person', 'add', 'rita', '--role', 'reader')
  const browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox', '--disable-gpu'] })
  scene = { folder, env, url: `http://127.0.0.1:${desk}`, browser, server, first, log }
})

after(async () => {
  if (skip) return
  await scene.browser.close()
  await stops(scene.server)
  await rm(scene.folder, { recursive: true, force: true, maxRetries: 5 })
})

/** A page that fails the test when it logs an error, or asks anybody but the desk. */
export async function openPage(options: Parameters<Browser['newContext']>[0] = {}) {
  const context = await scene.browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  const faults: string[] = []
  page.on('pageerror', error => faults.push(error.message))
  page.on('console', message => message.type() === 'error' && faults.push(message.text()))
  page.on('request', request => new URL(request.url()).origin !== scene.url && faults.push(`asks ${request.url()}`))
  await page.goto(scene.url)
  return { page, faults, [Symbol.asyncDispose]: () => context.close() }
}

export async function logsIn(page: Page, password = PASSWORD): Promise<void> {
  await page.getByLabel('Name').fill('ann')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

/** What the API tells the person who is logged in. */
export const api = <T>(page: Page, path: string): Promise<T> =>
  page.evaluate(async at => {
    const said = (await (await fetch(at)).json()) as { data?: unknown }
    return (said.data ?? said) as never
  }, path)

export async function isAccessible(page: Page): Promise<void> {
  await page.evaluate(AXE)
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    const { violations } = await axe.run()
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
  })
  assert.deepEqual(found, [])
}

export async function picture(page: Page, name: string): Promise<void> {
  if (!WRITES_PICTURES) return
  const folder = join(SHIPPED, 'docs', 'images')
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}

/** Asks until it is true. */
export async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) if (await isTrue()) return
  assert.fail(`never: ${what}`)
}
