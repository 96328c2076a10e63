/**
 * The port of the desk: opens it, and closes it without cutting off answers. While another process has the port, this
 * one tries again until it is free: in an upgrade the next process takes it over, and calls do not wait for it.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createAdaptorServer } from '@hono/node-server'
import { within, type Timer } from '../../base/clock.ts'
import { SwitchhookError } from '../../base/errors.ts'
import { httpApp, type AppParts } from './app.ts'

/** A client that sends slowly holds a connection for so long, and nothing else: until its headers, and all of it. */
const HEADERS_MS = 5_000
const REQUEST_MS = 15_000
/** An open connection without a request. */
const IDLE_MS = 10_000
const MOST_HEADERS = 100
const MOST_CONNECTIONS = 1_000
const AGAIN_MS = 5_000
/** Answers under way have so long when the port closes. */
const CLOSE_MS = 2_000
const SWEEP_MS = 50

export interface DeskOptions extends AppParts {
  readonly host: string
  readonly port: number
  /** The texts of the certificate and its key, in PEM; null: without TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | null
}

export interface Desk extends AsyncDisposable {
  /** Where people and programs find it; null: another process has the port now. */
  readonly url: string | null
}

/** Opens the port. Rejects with SERVICE when it can never be opened, such as an address that this machine has not. */
export async function openDesk(options: DeskOptions): Promise<Desk> {
  const { host, port, tls, clock, log } = options
  const limits = {
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: 1_000,
  }
  const server = httpServer(httpApp(options).fetch, tls, limits)
  server.maxHeadersCount = MOST_HEADERS
  server.maxConnections = MOST_CONNECTIONS
  let again: Timer | null = null
  let isClosed = false

  /** False: another process has the port. */
  const listens = async (): Promise<boolean> => {
    try {
      server.listen(port, host)
      await once(server, 'listening')
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false
      throw new SwitchhookError('SERVICE', `DESK_LISTEN=${host}:${port} cannot be opened: ${(error as Error).message}`)
    }
  }
  const tryAgain = () => {
    again = clock.after(AGAIN_MS, async () => {
      if (isClosed) return
      if (await listens()) log.info({ address: `${host}:${port}` }, 'the desk is open: its port has become free')
      else tryAgain()
    })
  }
  if (!(await listens())) {
    log.warn({ address: `${host}:${port}` }, 'the desk waits: another process has its port')
    tryAgain()
  }
  return {
    get url() {
      const at = server.address()
      if (at === null || typeof at === 'string') return null
      return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${at.port}`
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      again?.cancel()
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      let sweeping: Timer | null = null
      const sweep = () => {
        server.closeIdleConnections() // of answers that have ended meanwhile
        sweeping = clock.after(SWEEP_MS, sweep)
      }
      sweep()
      if (!(await within(clock, CLOSE_MS, closed))) server.closeAllConnections()
      sweeping!.cancel()
    },
  }
}

function httpServer(fetch: ReturnType<typeof httpApp>['fetch'], tls: DeskOptions['tls'], limits: object): Server {
  const common = { fetch, overrideGlobalObjects: false }
  if (!tls) return createAdaptorServer({ ...common, createServer, serverOptions: limits }) as Server
  try {
    const serverOptions = { ...limits, ...tls }
    return createAdaptorServer({ ...common, createServer: createTlsServer, serverOptions }) as Server
  } catch (error) {
    throw new SwitchhookError('SERVICE', `DESK_TLS cannot be used: ${(error as Error).message}`)
  }
}
