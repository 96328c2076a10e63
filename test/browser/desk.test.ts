/**
 * The page of the desk in a real browser (Debian's chromium), beside the demo: a person logs in, sees what the API
 * says, and works, with the mouse, by the keyboard, and on a telephone. Skipped where there is no Chromium. `make
 * browser` also writes the pictures of docs/images.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { chromium, type Browser, type Page } from 'playwright-core'
import { PROGRAM, SHIPPED } from '../program.ts'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const skip = CHROMIUM === undefined && 'no chromium'
const WRITES_PICTURES = process.env['PICTURES'] === 'yes'
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PASSWORD = 'correct horse battery'
/** The callers and leads of the demo have numbers of the block that is reserved for fiction. */
const NUMBER_OF_DEMO = /\+?1\d{3}555\d{4}/
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
let scene: Scene

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** Resolves when the program says this. */
function says(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    const hear = (chunk: unknown) => {
      said += String(chunk)
      if (said.includes(text)) resolve()
    }
    child.stdout!.on('data', hear)
    child.stderr!.on('data', hear)
    child.once('exit', code => reject(new Error(`the program ended with ${code}: ${said.slice(-2_000)}`)))
  })
}

async function starts(env: NodeJS.ProcessEnv, log: string[]): Promise<ChildProcess> {
  const server = spawn(process.execPath, [PROGRAM, 'run'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const output of [server.stdout, server.stderr]) output.on('data', chunk => log.push(String(chunk)))
  await says(server, 'desk: http')
  return server
}

async function stops(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const over = once(server, 'exit')
  server.kill('SIGTERM')
  await over
}

async function command(env: NodeJS.ProcessEnv, ...words: readonly string[]): Promise<string> {
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
async function openPage(options: Parameters<Browser['newContext']>[0] = {}) {
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

async function logsIn(page: Page, password = PASSWORD): Promise<void> {
  await page.getByLabel('Name').fill('ann')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

/** What the API tells the person who is logged in. */
const api = <T>(page: Page, path: string): Promise<T> =>
  page.evaluate(async at => {
    const said = (await (await fetch(at)).json()) as { data?: unknown }
    return (said.data ?? said) as never
  }, path)

async function isAccessible(page: Page): Promise<void> {
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

async function picture(page: Page, name: string): Promise<void> {
  if (!WRITES_PICTURES) return
  const folder = join(SHIPPED, 'docs', 'images')
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}

/** Ways to run `act`, if a text were taken for something else. */
function payloadsOf(act: string): string[] {
  const events = ['onerror', 'onload', 'onfocus', 'onmouseover', 'ontoggle', 'onanimationstart', 'onpointerenter']
  const tags = [
    'img src=x',
    'svg',
    'input autofocus',
    'details open',
    'video src=x',
    'body',
    'iframe src=x',
    'a href=x',
  ]
  const elements = tags.flatMap(tag => events.map(event => `<${tag} ${event}=${act}>`))
  const broken = elements.slice(0, 56).map(one => `"'></span>${one}`)
  return [
    ...elements,
    ...broken,
    ...[`<script>${act}</script>`, `</script><script>${act}</script>`, `<scr<script>ipt>${act}</script>`],
    ...[`javascript:${act}`, `data:text/html,<script>${act}</script>`, `{{constructor.constructor('${act}')()}}`],
    ...[
      `\${${act}}`,
      `<%= ${act} %>`,
      `=cmd|' /C calc'!A0`,
      `@SUM(1+1)`,
      `+1+1`,
      `-1+1`,
      `\u003cimg src=x onerror=${act}\u003e`,
    ],
    ...['&lt;img src=x onerror=alert(1)&gt;', '%3Cscript%3Ealert(1)%3C/script%3E', '<!--><img src=x onerror=alert(1)>'],
    ...Array.from({ length: 72 }, (_, n) => `<x${n} style=animation-name:x onanimationend=${act}>`),
  ]
}

/** Asks until it is true. */
async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) if (await isTrue()) return
  assert.fail(`never: ${what}`)
}

test('a person logs in with the first password, chooses another one, and sees the floor', { skip }, async () => {
  await using opened = await openPage()
  const { page, faults } = opened
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
  await isAccessible(page)
  await logsIn(page, scene.first)
  await page.getByLabel('First password').fill(scene.first)
  await page.getByLabel('New password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Wallboard' }).waitFor()
  await page.getByText('● live').waitFor()
  await page.locator('[data-queue="sales"]').waitFor()
  await isAccessible(page)
  assert.deepEqual(faults, [])
})

test('each figure of the board is the one that the API tells', { skip }, async () => {
  await using opened = await openPage()
  const { page, faults } = opened
  await logsIn(page)
  await page.locator('[data-queue="sales"]').waitFor()
  const shown = async (queue: string, figure: string) =>
    (await page.locator(`[data-queue="${queue}"] [data-figure="${figure}"]`).textContent()) ?? ''
  interface Queue {
    readonly name: string
    readonly waiting: number
    readonly offered: number
    readonly talking: number
    readonly agents: Readonly<Record<string, number>>
  }
  // the floor moves: a figure agrees when the page shows what the API tells at one moment
  const agrees = (queue: string, figure: string, of: (one: Queue) => string) =>
    until(`${figure} of ${queue}`, async () => {
      const one = (await api<Queue[]>(page, '/v1/queues')).find(({ name }) => name === queue)!
      return (await shown(queue, figure)) === of(one)
    })
  for (const queue of ['sales', 'support', 'operator']) {
    await agrees(queue, 'waiting', one => String(one.waiting + one.offered))
    await agrees(queue, 'talking', one => String(one.talking))
    const staffed = (all: Queue['agents']) => Object.values(all).reduce((sum, n) => sum + n, 0) - (all['out'] ?? 0)
    await agrees(queue, 'staff', one => `${one.agents['ready']} / ${staffed(one.agents)}`)
    await until(`the day of ${queue}`, async () => {
      const day = await api<{ queue: string; offered: number; answered: number }[]>(
        page,
        '/v1/figures/queues?window=today',
      )
      const { offered = 0, answered = 0 } = day.find(one => one.queue === queue) ?? {}
      return (
        (await shown(queue, 'offered')) === String(offered) && (await shown(queue, 'answered')) === String(answered)
      )
    })
  }
  await picture(page, 'wallboard-light')
  assert.deepEqual(faults, [])
})

test(
  'a supervisor pauses a campaign with the mouse, and gives an agent a break by the keyboard alone',
  { skip },
  async () => {
    await using opened = await openPage({ colorScheme: 'dark' })
    const { page, faults } = opened
    await logsIn(page)
    const state = async () => (await api<{ name: string; state: string }[]>(page, '/v1/campaigns'))[0]!.state
    await page.getByRole('button', { name: 'Pause demo' }).click()
    await until('the campaign is paused', async () => (await state()) === 'paused')
    await page.getByRole('button', { name: 'Start demo' }).click()
    await until('the campaign runs', async () => (await state()) === 'running')
    await picture(page, 'wallboard-dark')
    await isAccessible(page)

    const reached = () =>
      page.evaluate<string>(`document.activeElement?.closest('[data-agent]')?.getAttribute('data-agent') ?? ''`)
    for (let n = 0; n < 80 && (await reached()) === ''; n++) await page.keyboard.press('Tab')
    const agent = await reached()
    assert.notEqual(agent, '', 'an agent is reached by Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Give a break' }).waitFor()
    while ((await page.evaluate<string>('document.activeElement?.textContent')) !== 'Give a break')
      await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await until(`${agent} has a break`, async () => {
      const { status } = await api<{ status: string }>(page, `/v1/agents/${agent}`)
      return status === 'break'
    })
    assert.deepEqual(faults, [])
  },
)

test('a supervisor looks at a call: what happened, when, and why it got its agent', { skip }, async () => {
  await using opened = await openPage()
  const { page, faults } = opened
  await logsIn(page)
  await page.getByText('● live').waitFor()
  interface Call {
    readonly id: string
    readonly from: string
    readonly outcome: string | null
    readonly queueTimeline: readonly { readonly event: string }[]
  }
  const talked = async () =>
    (await api<Call[]>(page, '/v1/calls?limit=50')).find(one =>
      one.queueTimeline.some(({ event }) => event === 'queue.call.offered'),
    )
  await until('a call has talked with an agent', async () => (await talked()) !== undefined)
  await page.getByRole('button', { name: 'Calls', exact: true }).click()
  const { id, queueTimeline } = (await talked())!
  await page.locator(`[data-call="${id}"]`).getByRole('button').click()
  const timeline = page.getByRole('region', { name: `Timeline ${id}` })
  await timeline.waitFor()
  const text = (await timeline.textContent())!
  for (const { event } of queueTimeline) assert.ok(text.includes(event), event)
  assert.match(text, /decision of the queue/)
  await isAccessible(page)
  await picture(page, 'call-inspector')
  assert.deepEqual(faults, [])
})

test('on a telephone nothing is cut off, and the page speaks Chinese to who wants it', { skip }, async () => {
  await using opened = await openPage({ viewport: { width: 390, height: 800 } })
  const { page, faults } = opened
  await logsIn(page)
  await page.locator('[data-queue="sales"]').waitFor()
  const [wide, width] = await page.evaluate<number[]>('[document.documentElement.scrollWidth, innerWidth]')
  assert.ok(wide! <= width!, `${wide} of ${width}`)
  await page.getByRole('button', { name: '中文' }).click()
  await page.getByRole('heading', { name: '监控大屏' }).waitFor()
  assert.equal(await page.evaluate('document.documentElement.lang'), 'zh')
  await isAccessible(page)
  assert.deepEqual(faults, [])
})

test(
  'row 86: what somebody writes as the reason of a break is a text on the board, whatever it is',
  { skip },
  async () => {
    await using opened = await openPage()
    const { page, faults } = opened
    page.on('dialog', dialog => faults.push(`a dialog: ${dialog.message()}`))
    await page.addInitScript('globalThis.hits = 0')
    await page.reload()
    await logsIn(page)
    await page.locator('[data-agent]').first().waitFor()
    const agents = await api<{ name: string }[]>(page, '/v1/agents')
    const payloads = payloadsOf('hits++')
    assert.ok(payloads.length >= 200)
    for (let at = 0; at < payloads.length; at += agents.length) {
      const given = agents.flatMap(({ name }, n) => {
        const reason = payloads[at + n]
        return reason === undefined ? [] : [{ name, reason }]
      })
      await page.evaluate(async all => {
        const headers = { 'x-switchhook': 'page', 'content-type': 'application/json' }
        for (const { name, reason } of all) {
          const body = JSON.stringify({ reason })
          const { status } = await fetch(`/v1/agents/${name}/break`, { method: 'POST', headers, body })
          if (status !== 200) throw new Error(`${status}: ${reason}`)
        }
      }, given)
      const [last] = given.slice(-1)
      const tile = page.locator(`[data-agent="${last!.name}"]`)
      await until(`the reason is shown: ${last!.reason}`, async () => {
        const text = (await tile.textContent()) ?? ''
        return text.includes(last!.reason) || /talking|ringing|wrap-up/.test(text) // a talk goes before a break
      })
    }
    assert.equal(await page.evaluate('globalThis.hits'), 0)
    assert.deepEqual(faults, [])
  },
)

test(
  'no password, key or telephone number stands in the log, the metrics or the events of a reader',
  { skip },
  async () => {
    const key = (await command(scene.env, 'key', 'add', 'board')).trim()
    const ask = async (path: string) =>
      (await fetch(scene.url + path, { headers: { authorization: `Bearer ${key}` } })).text()
    const paths = ['/metrics', '/v1/events?limit=1000', '/v1/calls?limit=200']
    for (const text of [scene.log.join(''), ...(await Promise.all(paths.map(ask)))]) {
      assert.ok(text.length > 500)
      for (const secret of [scene.first, PASSWORD, key]) assert.ok(!text.includes(secret))
      assert.doesNotMatch(text, NUMBER_OF_DEMO)
    }
  },
)

test(
  'while its node restarts the page says that it has no news, and it is live again by itself',
  { skip },
  async () => {
    await using opened = await openPage()
    const { page } = opened
    await logsIn(page)
    await page.getByText('● live').waitFor()
    await stops(scene.server)
    await page.getByText('no news for').waitFor()
    scene.server = await starts(scene.env, scene.log)
    await page.getByText('● live').waitFor()
  },
)
