/**
 * The page of the desk in a real browser (Debian's chromium), beside the demo: a person logs in, sees what the API
 * says, and works, with the mouse, by the keyboard, and on a telephone. Skipped where there is no Chromium. `make
 * browser` also writes the pictures of docs/images.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  api,
  command,
  isAccessible,
  logsIn,
  NUMBER_OF_DEMO,
  openPage,
  PASSWORD,
  picture,
  scene,
  skip,
  starts,
  stops,
  until,
} from './browser-rig.ts'
import { payloadsOf } from './payloads.ts'

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

test('the slider shows a minute of the past, as the API tells it, and comes back to now', { skip }, async () => {
  await using opened = await openPage()
  const { page, faults } = opened
  await logsIn(page)
  await page.getByText('● live').waitFor()
  const slider = page.getByRole('slider', { name: 'Moment' })
  await slider.focus()
  await page.keyboard.press('ArrowLeft')
  const text = await page.locator('.news').textContent()
  assert.match(text!, /◷ \d\d:\d\d:00/)
  const [hours, minutes] = /(\d\d):(\d\d)/.exec(text!)!.slice(1).map(Number)
  const at = new Date()
  at.setHours(hours!, minutes!, 0, 0)
  interface Past {
    readonly queues: readonly { readonly name: string; readonly waiting: number; readonly talking: number }[]
    readonly agents: readonly { readonly name: string }[]
  }
  const told = await api<Past>(page, `/v1/floor?at=${at.toISOString().slice(0, 19)}Z`)
  for (const { name, waiting, talking } of told.queues)
    await until(`${name} at that minute`, async () => {
      const of = (figure: string) => page.locator(`[data-queue="${name}"] [data-figure="${figure}"]`).textContent()
      return (await of('waiting')) === String(waiting) && (await of('talking')) === String(talking)
    })
  assert.equal(await page.locator('.agents li').count(), told.agents.length)
  await isAccessible(page)
  await slider.focus()
  await page.keyboard.press('ArrowRight')
  await page.getByText('● live').waitFor()
  await page.locator('[data-agent]').first().waitFor()
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
